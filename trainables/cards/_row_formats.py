"""Row formats of classification, tagging, translation and plain text."""

from collections.abc import Iterator, Mapping, Sequence

from trainables.cards._cards import RowFormat, RowNotes
from trainables.cards._rows import Row
from trainables.validation import UnusableRowError


def make_pair_format(
    text: str, text_pair: str, labels: Sequence[str], label: str = "label", *, hub_order: Sequence[str] = ()
) -> RowFormat:
    """Classification of two texts."""
    columns = {"text": text, "text_pair": text_pair, "label": label}
    return RowFormat(columns=columns, labels=tuple(labels), hub_order=tuple(hub_order))


def make_tagging_format(words: str, tags: str, labels: Sequence[str], *, hub_order: Sequence[str] = ()) -> RowFormat:
    """Tagging; an empty word keeps its tag."""

    def adapt(row: Row, notes: RowNotes) -> Iterator[Row]:
        if len(row["words"]) != len(row["tags"]):
            raise UnusableRowError("words and tags of different numbers, row left out")
        if not row["words"]:
            raise UnusableRowError("sentence without words, row left out")
        yield row

    return RowFormat(
        columns={"words": words, "tags": tags},
        labels=tuple(labels),
        hub_order=tuple(hub_order),
        column_types={"words": [str | None]},
        adapt=adapt,
        adapter_name="tags.<locals>.adapt",
    )


TRANSLATION_FORMAT = RowFormat(columns={name: name for name in ("source_sentence", "target_sentence")})
MTEB_TRANSLATION_FORMAT = RowFormat(columns={"source_sentence": "sentence1", "target_sentence": "sentence2"})
PLAIN_TEXT_FORMAT = RowFormat(columns={"text": "text"})


def make_ranking_format(labels: Sequence[str], *, hub_order: Sequence[str]) -> RowFormat:
    """XGLUE's web pages: the query, title and snippet, and the grade of their relevance."""
    columns = {"query": "query", "title": "web_page_title", "snippet": "web_page_snippet", "label": "relavance_label"}
    return _make_query_format(columns, labels, hub_order, group_by="text", adapter_name="graded.<locals>.adapt")


def make_news_format(labels: Sequence[str], *, hub_order: Sequence[str]) -> RowFormat:
    """XGLUE's news: title and body."""
    return make_pair_format("news_title", "news_body", labels, "news_category", hub_order=hub_order)


def make_advertisement_format(labels: Sequence[str], *, hub_order: Sequence[str]) -> RowFormat:
    """XGLUE's query and advertisement; title and description are joined."""
    columns = {"query": "query", "title": "ad_title", "description": "ad_description", "label": "relevance_label"}
    return _make_query_format(columns, labels, hub_order, adapter_name="advertisement.<locals>.adapt")


def _make_query_format(
    columns: Mapping[str, str],
    labels: Sequence[str],
    hub_order: Sequence[str],
    *,
    adapter_name: str,
    group_by: str | None = None,
) -> RowFormat:
    """A query, and the title of what was found with the text below it."""
    query, title, text, label = columns

    def adapt(row: Row, notes: RowNotes) -> Iterator[Row]:
        yield {"text": row[query], "text_pair": f"{row[title]} {row[text]}".strip(), "label": row[label]}

    return RowFormat(
        columns=columns,
        labels=tuple(labels),
        hub_order=tuple(hub_order),
        group_by=group_by,
        adapt=adapt,
        adapter_name=adapter_name,
    )
