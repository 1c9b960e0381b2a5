"""How rows of published data sets become rows of the task kinds."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from trainables.cards._cards import ColumnType, Row, RowFormat, RowNotes
from trainables.cards._columns import is_blank
from trainables.validation import UnusableRowError

ROWS_READ = "rows read"
ANSWER_MOVED = "answer elsewhere than its offset says, moved there"
ANSWER_NOT_FOUND = "answer that is not in its text, left out"
ANSWER_WITHOUT_TEXT = "answer without a text, left out"
ANSWER_YES_OR_NO = "answer yes or no, row left out"
ANSWER_OUTSIDE_SENTENCES = "answer in no sentence, left out"


def make_pair_format(
    text: str, text_pair: str, labels: Sequence[str], label: str = "label", *, hub_order: Sequence[str] = ()
) -> RowFormat:
    """Classification of two texts."""
    columns = {"text": text, "text_pair": text_pair, "label": label}
    return RowFormat(columns=columns, labels=tuple(labels), hub_order=tuple(hub_order))


def make_tagging_format(words: str, tags: str, labels: Sequence[str], *, hub_order: Sequence[str] = ()) -> RowFormat:
    """Tagging; a word of nothing keeps its tag."""

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
    )


ANSWERS_TYPE: ColumnType = {"text": [str | None], "answer_start": [int | None]}
"""Of a question: what is asked for, and from which character of the context; a question without an answer has empty lists."""


def _read_answers(answers: Row, notes: RowNotes) -> list[tuple[str, int]]:
    """Answers and their offsets, -1 for one that is not told; those without a text are left out."""
    if len(answers["text"]) != len(answers["answer_start"]):
        raise UnusableRowError("answers and offsets of different numbers, row left out")
    found = []
    for text, start in zip(answers["text"], answers["answer_start"], strict=True):
        if text is None:
            notes.add(ANSWER_WITHOUT_TEXT)
        else:
            found.append((text, -1 if start is None else start))
    if answers["text"] and not found:
        raise UnusableRowError("no answer with a text, row left out")
    return found


def _to_answer_lists(answers: Sequence[tuple[str, int]]) -> Row:
    return {"text": [text for text, _ in answers], "answer_start": [start for _, start in answers]}


def anchor_answers(context: str, answers: Row, notes: RowNotes) -> Row | None:
    """The answers with offsets at which they stand, the nearest to what was told; those nowhere are left out.

    Several published conversions stripped white space without moving the offsets. None if no answer is left of those there were.
    """
    told, kept = _read_answers(answers, notes), []
    for text, start in told:
        place = start if start >= 0 and context.startswith(text, start) else _find_nearest(context, text, start)
        if place is None or is_blank(text):
            notes.add(ANSWER_NOT_FOUND)
            continue
        if place != start:
            notes.add(ANSWER_MOVED)
        kept.append((text, place))
    return _to_answer_lists(kept) if kept or not told else None


def _find_nearest(context: str, text: str, start: int) -> int | None:
    """Where a text stands in another, as near to an offset as may be; occurrences may overlap."""
    found = (match.start() for match in re.finditer(f"(?={re.escape(text)})", context))
    return min(found, key=lambda at: abs(at - start), default=None)


def _answers(row: Row, notes: RowNotes) -> Iterator[Row]:
    answers = anchor_answers(row["context"], row["answers"], notes)
    if answers is not None:
        yield row | {"answers": answers}


_QUESTION_COLUMNS = {name: name for name in ("context", "question", "answers")}
_SENTENCE_TYPES: dict[str, ColumnType] = {"answers": ANSWERS_TYPE, "sentence_breaks": [[int]]}
QUESTION_FORMAT = RowFormat(columns=_QUESTION_COLUMNS, column_types={"answers": ANSWERS_TYPE}, adapt=_answers)
"""SQuAD's, for training: every answer where its offset says."""


def _as_told(row: Row, notes: RowNotes) -> Iterator[Row]:
    yield row | {"answers": _to_answer_lists(_read_answers(row["answers"], notes))}


SCORED_QUESTION_FORMAT = RowFormat(columns=_QUESTION_COLUMNS, column_types={"answers": ANSWERS_TYPE}, adapt=_as_told)
"""The same for scoring, which looks at the answers' texts alone, wherever they stand."""


def _hotpot(row: Row, notes: RowNotes) -> Iterator[Row]:
    """The paragraphs that hold the supporting facts; an answer wherever it stands first."""
    titles, texts = row["paragraphs"]["title"], row["paragraphs"]["sentences"]
    if len(titles) != len(texts):
        raise UnusableRowError("titles and paragraphs of different numbers, row left out")
    told = dict(zip(titles, texts, strict=True))
    titles = dict.fromkeys(title for title in row["supporting_facts"]["title"] if title in told)
    context = " ".join("".join(told[title]).strip() for title in titles)
    if row["answer"].strip().casefold() in ("yes", "no"):
        raise UnusableRowError(ANSWER_YES_OR_NO)
    if is_blank(row["answer"]) or (start := context.find(row["answer"])) < 0:
        notes.add(ANSWER_NOT_FOUND)
    else:
        answers = {"text": [row["answer"]], "answer_start": [start]}
        yield {"context": context, "question": row["question"], "answers": answers}


HOTPOT_FORMAT = RowFormat(
    columns={
        "question": "question",
        "answer": "answer",
        "supporting_facts": "supporting_facts",
        "paragraphs": "context",
    },
    column_types={
        "answer": str,
        "supporting_facts": {"title": [str]},
        "paragraphs": {"title": [str], "sentences": [[str]]},
    },
    adapt=_hotpot,
)

_SENTENCE_ENDS = re.compile(r"[.!?。！？।؟]+[\"')\]”’»]*\s+|[。！？]")


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Where a text's sentences begin and end, by their punctuation; Thai, which has none, is one."""
    cuts = [0, *(match.end() for match in _SENTENCE_ENDS.finditer(text)), len(text)]
    return [(start, stop) for start, stop in pairwise(cuts) if text[start:stop].strip()]


def _find_answer_sentence(row: Row) -> str | None:
    """The sentence that the first answer begins in; None for a question without an answer."""
    if not row["answers"]["answer_start"]:
        return None
    context, at = row["context"], row["answers"]["answer_start"][0]
    for start, stop in row.get("sentence_breaks") or split_sentences(context):
        if start <= at < stop:
            return str(context[start:stop]).strip()
    return None


def _question_and_sentence(row: Row, notes: RowNotes) -> Iterator[Row]:
    for told in _answers(row, notes):
        if (sentence := _find_answer_sentence(told)) is None:
            notes.add(ANSWER_OUTSIDE_SENTENCES)
        else:
            yield {"query": told["question"], "candidate": sentence, "candidate_pair": told["context"]}


QUESTION_SENTENCE_FORMAT = RowFormat(
    columns=_QUESTION_COLUMNS, column_types=_SENTENCE_TYPES, optional=("sentence_breaks",), adapt=_question_and_sentence
)
"""LAReQA's training pairs out of SQuAD (Roy et al., EMNLP 2020): a question, and the sentence with its answer in its context."""


def _lareqa_query(row: Row, notes: RowNotes) -> Iterator[Row]:
    yield {"query": row["question"], "answered_by": row["id"]}


LAREQA_QUERY_FORMAT = RowFormat(
    columns={"id": "id", "question": "question"}, column_types={"id": str}, adapt=_lareqa_query
)


def _lareqa_candidates(row: Row, notes: RowNotes) -> Iterator[Row]:
    """Every sentence of the context; those that repeat with the next question of the context are joined by `merge_candidates`."""
    answers = anchor_answers(row["context"], row["answers"], notes)
    answer = _find_answer_sentence(row | {"answers": answers}) if answers else None
    if answer is None:
        notes.add(ANSWER_OUTSIDE_SENTENCES)
    for start, stop in row.get("sentence_breaks") or split_sentences(row["context"]):
        sentence = row["context"][start:stop].strip()
        right = [row["id"]] if sentence == answer else []
        yield {"candidate": sentence, "candidate_pair": row["context"], "answers": right}


LAREQA_CANDIDATES_FORMAT = RowFormat(
    columns={name: name for name in ("context", "answers", "id")},
    column_types=_SENTENCE_TYPES | {"id": str},
    optional=("sentence_breaks",),
    adapt=_lareqa_candidates,
)


def merge_candidates(rows: Sequence[Row]) -> Iterator[Row]:
    """Candidates that read alike in the same context as one, which answers what each of them does."""
    found: dict[tuple[str, str | None], Row] = {}
    for row in rows:
        known = found.setdefault((row["candidate"], row["candidate_pair"]), row | {"answers": []})
        known["answers"] = [*known["answers"], *row["answers"]]
    yield from found.values()


_CONTEXT_TYPE: ColumnType = {"text": str, "sentence_spans": [{"start": int, "end": int}]}
_MENTION_TYPE: ColumnType = {"mention_span": {"start": int, "end": int, "text": str}, "entity_id": str}


def format_mention(told: Row) -> str:
    """A mention in its sentence, marked by braces and put first, as Mewsli-X's own baseline has it."""
    context, span = told["context"], told["mention"]["mention_span"]
    inside = [s for s in context["sentence_spans"] if s["start"] <= span["start"] and span["end"] <= s["end"]]
    start, stop = (inside[0]["start"], inside[0]["end"]) if inside else (0, len(context["text"]))
    left, right = context["text"][start : span["start"]], context["text"][span["end"] : stop]
    left, right = (re.sub(r"\{(.*?)\}", r"(\1)", side) for side in (left, right))
    return " ".join(f"{span['text']}: {left} {{ {span['text']} }} {right}".split())


def format_description(entity: Row) -> str:
    """What describes an entity, without the line breaks."""
    return " ".join(entity["description"].split())


def _mewsli_pair(row: Row, notes: RowNotes) -> Iterator[Row]:
    yield {
        "query": format_mention(row["mention"]),
        "candidate": format_description(row["entity"]),
        "candidate_pair": None,
    }


MEWSLI_PAIR_FORMAT = RowFormat(
    columns={"mention": "contextual_mention", "entity": "entity"},
    column_types={"mention": {"context": _CONTEXT_TYPE, "mention": _MENTION_TYPE}, "entity": {"description": str}},
    adapt=_mewsli_pair,
)


def _mewsli_query(row: Row, notes: RowNotes) -> Iterator[Row]:
    yield {"query": format_mention(row), "answered_by": row["mention"]["entity_id"]}


MEWSLI_QUERY_FORMAT = RowFormat(
    columns={"context": "context", "mention": "mention"},
    column_types={"context": _CONTEXT_TYPE, "mention": _MENTION_TYPE},
    adapt=_mewsli_query,
)


def _mewsli_candidates(row: Row, notes: RowNotes) -> Iterator[Row]:
    yield {"candidate": format_description(row), "candidate_pair": None, "answers": [row["entity_id"]]}


MEWSLI_CANDIDATES_FORMAT = RowFormat(
    columns={name: name for name in ("entity_id", "description")},
    column_types={"entity_id": str},
    adapt=_mewsli_candidates,
)

TRANSLATION_FORMAT = RowFormat(columns={name: name for name in ("source_sentence", "target_sentence")})
MTEB_TRANSLATION_FORMAT = RowFormat(columns={"source_sentence": "sentence1", "target_sentence": "sentence2"})
PLAIN_TEXT_FORMAT = RowFormat(columns={"text": "text"})


def make_ranking_format(labels: Sequence[str], *, hub_order: Sequence[str]) -> RowFormat:
    """XGLUE's web pages: the query, title and snippet, and how well they fit."""

    def adapt(row: Row, notes: RowNotes) -> Iterator[Row]:
        page = f"{row['title']} {row['snippet']}".strip()
        yield {"text": row["query"], "text_pair": page, "label": row["label"]}

    columns = {"query": "query", "title": "web_page_title", "snippet": "web_page_snippet", "label": "relavance_label"}
    return RowFormat(columns=columns, labels=tuple(labels), hub_order=tuple(hub_order), group_by="text", adapt=adapt)


def make_news_format(labels: Sequence[str], *, hub_order: Sequence[str]) -> RowFormat:
    """XGLUE's news: title and body."""
    return make_pair_format("news_title", "news_body", labels, "news_category", hub_order=hub_order)


def make_advertisement_format(labels: Sequence[str], *, hub_order: Sequence[str]) -> RowFormat:
    """XGLUE's query and advertisement, whose title and description are one text."""

    def adapt(row: Row, notes: RowNotes) -> Iterator[Row]:
        text = f"{row['title']} {row['description']}".strip()
        yield {"text": row["query"], "text_pair": text, "label": row["label"]}

    columns = {"query": "query", "title": "ad_title", "description": "ad_description", "label": "relevance_label"}
    return RowFormat(columns=columns, labels=tuple(labels), hub_order=tuple(hub_order), adapt=adapt)
