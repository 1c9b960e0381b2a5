"""How rows of published data sets become rows of the task kinds."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from trainables.benchmarks.cards import Form, Notes, Row, Shape
from trainables.benchmarks.columns import blank
from trainables.validation._errors import UnusableRowError

READ = "rows read"
REANCHORED = "answer elsewhere than its offset says, moved there"
NOWHERE = "answer that is not in its text, left out"
NO_TEXT = "answer without a text, left out"
NO_SPAN = "answer yes or no, row left out"
OUTSIDE = "answer in no sentence, left out"


def pair(
    text: str, text_pair: str, labels: Sequence[str], label: str = "label", *, hub_order: Sequence[str] = ()
) -> Shape:
    """Classification of two texts."""
    columns = {"text": text, "text_pair": text_pair, "label": label}
    return Shape(columns=columns, labels=tuple(labels), hub_order=tuple(hub_order))


def tags(words: str, tags: str, labels: Sequence[str], *, hub_order: Sequence[str] = ()) -> Shape:
    """Tagging; a word of nothing keeps its tag."""

    def adapt(row: Row, notes: Notes) -> Iterator[Row]:
        if len(row["words"]) != len(row["tags"]):
            raise UnusableRowError("words and tags of different numbers, row left out")
        if not row["words"]:
            raise UnusableRowError("sentence without words, row left out")
        yield row

    return Shape(
        columns={"words": words, "tags": tags},
        labels=tuple(labels),
        hub_order=tuple(hub_order),
        forms={"words": [str | None]},
        adapt=adapt,
    )


ANSWERS: Form = {"text": [str | None], "answer_start": [int | None]}
"""Of a question: what is asked for, and from which character of the context; a question without an answer has empty lists."""


def _told(answers: Row, notes: Notes) -> list[tuple[str, int]]:
    """Answers and their offsets, -1 for one that is not told; those without a text are left out."""
    if len(answers["text"]) != len(answers["answer_start"]):
        raise UnusableRowError("answers and offsets of different numbers, row left out")
    found = []
    for text, start in zip(answers["text"], answers["answer_start"], strict=True):
        if text is None:
            notes.add(NO_TEXT)
        else:
            found.append((text, -1 if start is None else start))
    if answers["text"] and not found:
        raise UnusableRowError("no answer with a text, row left out")
    return found


def _listed(answers: Sequence[tuple[str, int]]) -> Row:
    return {"text": [text for text, _ in answers], "answer_start": [start for _, start in answers]}


def anchored(context: str, answers: Row, notes: Notes) -> Row | None:
    """The answers with offsets at which they stand, the nearest to what was told; those nowhere are left out.

    Several published conversions stripped white space without moving the offsets. None if no answer is left of those there were.
    """
    told, kept = _told(answers, notes), []
    for text, start in told:
        place = start if start >= 0 and context.startswith(text, start) else _nearest(context, text, start)
        if place is None or blank(text):
            notes.add(NOWHERE)
            continue
        if place != start:
            notes.add(REANCHORED)
        kept.append((text, place))
    return _listed(kept) if kept or not told else None


def _nearest(context: str, text: str, start: int) -> int | None:
    """Where a text stands in another, as near to an offset as may be; occurrences may overlap."""
    found = (match.start() for match in re.finditer(f"(?={re.escape(text)})", context))
    return min(found, key=lambda at: abs(at - start), default=None)


def _answers(row: Row, notes: Notes) -> Iterator[Row]:
    answers = anchored(row["context"], row["answers"], notes)
    if answers is not None:
        yield row | {"answers": answers}


_ASKED_OF = {name: name for name in ("context", "question", "answers")}
_SENTENCES: dict[str, Form] = {"answers": ANSWERS, "sentence_breaks": [[int]]}
QUESTIONS = Shape(columns=_ASKED_OF, forms={"answers": ANSWERS}, adapt=_answers)
"""SQuAD's, for training: every answer where its offset says."""


def _as_told(row: Row, notes: Notes) -> Iterator[Row]:
    yield row | {"answers": _listed(_told(row["answers"], notes))}


QUESTIONS_SCORED = Shape(columns=_ASKED_OF, forms={"answers": ANSWERS}, adapt=_as_told)
"""The same for scoring, which looks at the answers' texts alone, wherever they stand."""


def _hotpot(row: Row, notes: Notes) -> Iterator[Row]:
    """The paragraphs that hold the supporting facts; an answer wherever it stands first."""
    titles, texts = row["paragraphs"]["title"], row["paragraphs"]["sentences"]
    if len(titles) != len(texts):
        raise UnusableRowError("titles and paragraphs of different numbers, row left out")
    told = dict(zip(titles, texts, strict=True))
    titles = dict.fromkeys(title for title in row["supporting_facts"]["title"] if title in told)
    context = " ".join("".join(told[title]).strip() for title in titles)
    if row["answer"].strip().casefold() in ("yes", "no"):
        raise UnusableRowError(NO_SPAN)
    if blank(row["answer"]) or (start := context.find(row["answer"])) < 0:
        notes.add(NOWHERE)
    else:
        answers = {"text": [row["answer"]], "answer_start": [start]}
        yield {"context": context, "question": row["question"], "answers": answers}


HOTPOT = Shape(
    columns={
        "question": "question",
        "answer": "answer",
        "supporting_facts": "supporting_facts",
        "paragraphs": "context",
    },
    forms={
        "answer": str,
        "supporting_facts": {"title": [str]},
        "paragraphs": {"title": [str], "sentences": [[str]]},
    },
    adapt=_hotpot,
)

_ENDS = re.compile(r"[.!?。！？।؟]+[\"')\]”’»]*\s+|[。！？]")


def sentences(text: str) -> list[tuple[int, int]]:
    """Where a text's sentences begin and end, by their punctuation; Thai, which has none, is one."""
    cuts = [0, *(match.end() for match in _ENDS.finditer(text)), len(text)]
    return [(start, stop) for start, stop in pairwise(cuts) if text[start:stop].strip()]


def _sentence_of(row: Row) -> str | None:
    """The sentence that the first answer begins in; None for a question without an answer."""
    if not row["answers"]["answer_start"]:
        return None
    context, at = row["context"], row["answers"]["answer_start"][0]
    for start, stop in row.get("sentence_breaks") or sentences(context):
        if start <= at < stop:
            return str(context[start:stop]).strip()
    return None


def _question_and_sentence(row: Row, notes: Notes) -> Iterator[Row]:
    for told in _answers(row, notes):
        if (sentence := _sentence_of(told)) is None:
            notes.add(OUTSIDE)
        else:
            yield {"query": told["question"], "candidate": sentence, "candidate_pair": told["context"]}


QUESTION_AND_SENTENCE = Shape(
    columns=_ASKED_OF, forms=_SENTENCES, optional=("sentence_breaks",), adapt=_question_and_sentence
)
"""LAReQA's training pairs out of SQuAD (Roy et al., EMNLP 2020): a question, and the sentence with its answer in its context."""


def _lareqa_query(row: Row, notes: Notes) -> Iterator[Row]:
    yield {"query": row["question"], "answered_by": row["id"]}


LAREQA_QUERY = Shape(columns={"id": "id", "question": "question"}, forms={"id": str}, adapt=_lareqa_query)


def _lareqa_candidates(row: Row, notes: Notes) -> Iterator[Row]:
    """Every sentence of the context; those that repeat with the next question of the context are joined by `merged`."""
    answers = anchored(row["context"], row["answers"], notes)
    answer = _sentence_of(row | {"answers": answers}) if answers else None
    if answer is None:
        notes.add(OUTSIDE)
    for start, stop in row.get("sentence_breaks") or sentences(row["context"]):
        sentence = row["context"][start:stop].strip()
        right = [row["id"]] if sentence == answer else []
        yield {"candidate": sentence, "candidate_pair": row["context"], "answers": right}


LAREQA_CANDIDATES = Shape(
    columns={name: name for name in ("context", "answers", "id")},
    forms=_SENTENCES | {"id": str},
    optional=("sentence_breaks",),
    adapt=_lareqa_candidates,
)


def merged(rows: Sequence[Row]) -> Iterator[Row]:
    """Candidates that read alike in the same context as one, which answers what each of them does."""
    found: dict[tuple[str, str | None], Row] = {}
    for row in rows:
        known = found.setdefault((row["candidate"], row["candidate_pair"]), row | {"answers": []})
        known["answers"] = [*known["answers"], *row["answers"]]
    yield from found.values()


_CONTEXT: Form = {"text": str, "sentence_spans": [{"start": int, "end": int}]}
_MENTION: Form = {"mention_span": {"start": int, "end": int, "text": str}, "entity_id": str}


def mention(told: Row) -> str:
    """A mention in its sentence, marked by braces and put first, as Mewsli-X's own baseline has it."""
    context, span = told["context"], told["mention"]["mention_span"]
    inside = [s for s in context["sentence_spans"] if s["start"] <= span["start"] and span["end"] <= s["end"]]
    start, stop = (inside[0]["start"], inside[0]["end"]) if inside else (0, len(context["text"]))
    left, right = context["text"][start : span["start"]], context["text"][span["end"] : stop]
    left, right = (re.sub(r"\{(.*?)\}", r"(\1)", side) for side in (left, right))
    return " ".join(f"{span['text']}: {left} {{ {span['text']} }} {right}".split())


def description(entity: Row) -> str:
    """What describes an entity, without the line breaks."""
    return " ".join(entity["description"].split())


def _mewsli_pair(row: Row, notes: Notes) -> Iterator[Row]:
    yield {"query": mention(row["mention"]), "candidate": description(row["entity"]), "candidate_pair": None}


MEWSLI_PAIR = Shape(
    columns={"mention": "contextual_mention", "entity": "entity"},
    forms={"mention": {"context": _CONTEXT, "mention": _MENTION}, "entity": {"description": str}},
    adapt=_mewsli_pair,
)


def _mewsli_query(row: Row, notes: Notes) -> Iterator[Row]:
    yield {"query": mention(row), "answered_by": row["mention"]["entity_id"]}


MEWSLI_QUERY = Shape(
    columns={"context": "context", "mention": "mention"},
    forms={"context": _CONTEXT, "mention": _MENTION},
    adapt=_mewsli_query,
)


def _mewsli_candidates(row: Row, notes: Notes) -> Iterator[Row]:
    yield {"candidate": description(row), "candidate_pair": None, "answers": [row["entity_id"]]}


MEWSLI_CANDIDATES = Shape(
    columns={name: name for name in ("entity_id", "description")}, forms={"entity_id": str}, adapt=_mewsli_candidates
)

TRANSLATIONS = Shape(columns={name: name for name in ("source_sentence", "target_sentence")})
TRANSLATIONS_MTEB = Shape(columns={"source_sentence": "sentence1", "target_sentence": "sentence2"})
PLAIN_TEXT = Shape(columns={"text": "text"})


def graded(labels: Sequence[str], *, hub_order: Sequence[str]) -> Shape:
    """XGLUE's web pages: the query, title and snippet, and how well they fit."""

    def adapt(row: Row, notes: Notes) -> Iterator[Row]:
        page = f"{row['title']} {row['snippet']}".strip()
        yield {"text": row["query"], "text_pair": page, "label": row["label"]}

    columns = {"query": "query", "title": "web_page_title", "snippet": "web_page_snippet", "label": "relavance_label"}
    return Shape(columns=columns, labels=tuple(labels), hub_order=tuple(hub_order), together="text", adapt=adapt)


def news(labels: Sequence[str], *, hub_order: Sequence[str]) -> Shape:
    """XGLUE's news: title and body."""
    return pair("news_title", "news_body", labels, "news_category", hub_order=hub_order)


def advertisement(labels: Sequence[str], *, hub_order: Sequence[str]) -> Shape:
    """XGLUE's query and advertisement, whose title and description are one text."""

    def adapt(row: Row, notes: Notes) -> Iterator[Row]:
        text = f"{row['title']} {row['description']}".strip()
        yield {"text": row["query"], "text_pair": text, "label": row["label"]}

    columns = {"query": "query", "title": "ad_title", "description": "ad_description", "label": "relevance_label"}
    return Shape(columns=columns, labels=tuple(labels), hub_order=tuple(hub_order), adapt=adapt)
