"""Row formats of dense retrieval: LAReQA and Mewsli-X."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from trainables.cards._cards import ColumnType, RowFormat, RowNotes
from trainables.cards._question_formats import ANSWERS_TYPE, QUESTION_COLUMNS, adapt_question, anchor_answers
from trainables.cards._rows import Row

ANSWER_OUTSIDE_SENTENCES = "answer in no sentence of its context, left out"


_SENTENCE_TYPES: dict[str, ColumnType] = {"answers": ANSWERS_TYPE, "sentence_breaks": [[int]]}
_SENTENCE_ENDS = re.compile(r"[.!?。！？।؟]+[\"')\]”’»]*\s+|[。！？]")


def split_sentences(text: str) -> list[tuple[int, int]]:
    """The sentences of a text by their punctuation: first character, and the one after the last. A Thai text is one sentence."""
    cuts = [0, *(match.end() for match in _SENTENCE_ENDS.finditer(text)), len(text)]
    return [(start, stop) for start, stop in pairwise(cuts) if text[start:stop].strip()]


def _find_answer_sentence(row: Row) -> str | None:
    """The sentence in which the first answer begins; None for a question without an answer."""
    if not row["answers"]["answer_start"]:
        return None
    context, at = row["context"], row["answers"]["answer_start"][0]
    for start, stop in row.get("sentence_breaks") or split_sentences(context):
        if start <= at < stop:
            return str(context[start:stop]).strip()
    return None


def _adapt_question_sentence(row: Row, notes: RowNotes) -> Iterator[Row]:
    for question in adapt_question(row, notes):
        if (sentence := _find_answer_sentence(question)) is None:
            notes.add(ANSWER_OUTSIDE_SENTENCES)
        else:
            yield {"query": question["question"], "candidate": sentence, "candidate_pair": question["context"]}


QUESTION_SENTENCE_FORMAT = RowFormat(
    columns=QUESTION_COLUMNS,
    column_types=_SENTENCE_TYPES,
    optional=("sentence_breaks",),
    adapt=_adapt_question_sentence,
    adapter_name="_question_and_sentence",
)
"""LAReQA's training pairs from SQuAD (Roy et al., EMNLP 2020): a question, and the sentence with the answer and its context."""


def _adapt_lareqa_query(row: Row, notes: RowNotes) -> Iterator[Row]:
    yield {"query": row["question"], "answered_by": row["id"]}


LAREQA_QUERY_FORMAT = RowFormat(
    columns={"id": "id", "question": "question"},
    column_types={"id": str},
    adapt=_adapt_lareqa_query,
    adapter_name="_lareqa_query",
)


def _adapt_lareqa_candidates(row: Row, notes: RowNotes) -> Iterator[Row]:
    """Every sentence of the context; the sentences of several questions about one context are merged by `merge_candidates`."""
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
    adapt=_adapt_lareqa_candidates,
    adapter_name="_lareqa_candidates",
)


def merge_candidates(rows: Sequence[Row]) -> Iterator[Row]:
    """Candidates with equal text and context merged into one, with the answers of all."""
    found: dict[tuple[str, str | None], Row] = {}
    for row in rows:
        merged = found.setdefault((row["candidate"], row["candidate_pair"]), row | {"answers": []})
        merged["answers"] = [*merged["answers"], *row["answers"]]
    yield from found.values()


_CONTEXT_TYPE: ColumnType = {"text": str, "sentence_spans": [{"start": int, "end": int}]}
_MENTION_TYPE: ColumnType = {"mention_span": {"start": int, "end": int, "text": str}, "entity_id": str}


def format_mention(row: Row) -> str:
    """A mention, then its sentence with the mention in braces, as in the baseline of Mewsli-X."""
    context, span = row["context"], row["mention"]["mention_span"]
    inside = [s for s in context["sentence_spans"] if s["start"] <= span["start"] and span["end"] <= s["end"]]
    start, stop = (inside[0]["start"], inside[0]["end"]) if inside else (0, len(context["text"]))
    left, right = context["text"][start : span["start"]], context["text"][span["end"] : stop]
    left, right = (re.sub(r"\{(.*?)\}", r"(\1)", side) for side in (left, right))
    return " ".join(f"{span['text']}: {left} {{ {span['text']} }} {right}".split())


def format_description(entity: Row) -> str:
    """The description of an entity without line breaks."""
    return " ".join(entity["description"].split())


def _adapt_mewsli_pair(row: Row, notes: RowNotes) -> Iterator[Row]:
    yield {
        "query": format_mention(row["mention"]),
        "candidate": format_description(row["entity"]),
        "candidate_pair": None,
    }


MEWSLI_PAIR_FORMAT = RowFormat(
    columns={"mention": "contextual_mention", "entity": "entity"},
    column_types={"mention": {"context": _CONTEXT_TYPE, "mention": _MENTION_TYPE}, "entity": {"description": str}},
    adapt=_adapt_mewsli_pair,
    adapter_name="_mewsli_pair",
)


def _adapt_mewsli_query(row: Row, notes: RowNotes) -> Iterator[Row]:
    yield {"query": format_mention(row), "answered_by": row["mention"]["entity_id"]}


MEWSLI_QUERY_FORMAT = RowFormat(
    columns={"context": "context", "mention": "mention"},
    column_types={"context": _CONTEXT_TYPE, "mention": _MENTION_TYPE},
    adapt=_adapt_mewsli_query,
    adapter_name="_mewsli_query",
)


def _adapt_mewsli_candidates(row: Row, notes: RowNotes) -> Iterator[Row]:
    yield {"candidate": format_description(row), "candidate_pair": None, "answers": [row["entity_id"]]}


MEWSLI_CANDIDATES_FORMAT = RowFormat(
    columns={name: name for name in ("entity_id", "description")},
    column_types={"entity_id": str},
    adapt=_adapt_mewsli_candidates,
    adapter_name="_mewsli_candidates",
)
