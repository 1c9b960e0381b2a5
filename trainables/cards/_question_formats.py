"""Row formats of extractive question answering, and of HotpotQA."""

import re
from collections.abc import Iterator, Sequence

from trainables.cards._cards import ColumnType, RowFormat, RowNotes
from trainables.cards._columns import is_blank
from trainables.cards._rows import Row
from trainables.validation import UnusableRowError

ANSWER_MOVED = "answer not at its offset, offset corrected"
ANSWER_NOT_FOUND = "answer that is not in its context, left out"
ANSWER_WITHOUT_TEXT = "answer without a text, left out"
ANSWER_YES_OR_NO = "answer is yes or no, row left out"


ANSWERS_TYPE: ColumnType = {"text": [str | None], "answer_start": [int | None]}
"""The answers of a question: texts, and first characters in the context; a question without an answer has empty lists."""


def _read_answers(answers: Row, notes: RowNotes) -> list[tuple[str, int]]:
    """Answers with their offsets, -1 for a missing offset; answers without a text are left out."""
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
    """The answers with their offsets corrected to the nearest occurrence; answers that do not occur in the context are left out.

    Several published conversions stripped white space without correcting the offsets. None if there were answers and none occurs.
    """
    read, anchored = _read_answers(answers, notes), []
    for text, start in read:
        place = start if start >= 0 and context.startswith(text, start) else _find_nearest(context, text, start)
        if place is None or is_blank(text):
            notes.add(ANSWER_NOT_FOUND)
            continue
        if place != start:
            notes.add(ANSWER_MOVED)
        anchored.append((text, place))
    return _to_answer_lists(anchored) if anchored or not read else None


def _find_nearest(context: str, text: str, start: int) -> int | None:
    """The occurrence of a text in another that is nearest to an offset; occurrences may overlap. None if there is none."""
    found = (match.start() for match in re.finditer(f"(?={re.escape(text)})", context))
    return min(found, key=lambda at: abs(at - start), default=None)


def adapt_question(row: Row, notes: RowNotes) -> Iterator[Row]:
    answers = anchor_answers(row["context"], row["answers"], notes)
    if answers is not None:
        yield row | {"answers": answers}


QUESTION_COLUMNS = {name: name for name in ("context", "question", "answers")}
QUESTION_FORMAT = RowFormat(
    columns=QUESTION_COLUMNS, column_types={"answers": ANSWERS_TYPE}, adapt=adapt_question, adapter_name="_answers"
)
"""SQuAD's format for training, with corrected offsets of the answers."""


def _adapt_scored_question(row: Row, notes: RowNotes) -> Iterator[Row]:
    yield row | {"answers": _to_answer_lists(_read_answers(row["answers"], notes))}


SCORED_QUESTION_FORMAT = RowFormat(
    columns=QUESTION_COLUMNS,
    column_types={"answers": ANSWERS_TYPE},
    adapt=_adapt_scored_question,
    adapter_name="_as_told",
)
"""SQuAD's format for scoring, which compares the texts of answers only."""


def _adapt_hotpot(row: Row, notes: RowNotes) -> Iterator[Row]:
    """The paragraphs with the supporting facts as context, and the first occurrence of the answer in them."""
    titles, texts = row["paragraphs"]["title"], row["paragraphs"]["sentences"]
    if len(titles) != len(texts):
        raise UnusableRowError("titles and paragraphs of different numbers, row left out")
    paragraphs = dict(zip(titles, texts, strict=True))
    titles = dict.fromkeys(title for title in row["supporting_facts"]["title"] if title in paragraphs)
    context = " ".join("".join(paragraphs[title]).strip() for title in titles)
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
    adapt=_adapt_hotpot,
    adapter_name="_hotpot",
)
