"""Row formats of multiple choice."""

from collections.abc import Iterator, Mapping, Sequence

from trainables.cards._cards import RowFormat, RowNotes
from trainables.cards._rows import Row
from trainables.validation import UnusableRowError


def make_choice_format(
    context: Sequence[str], options: Sequence[str], label: str = "label", first: int = 0
) -> RowFormat:
    """Multiple choice with each choice in a column.

    Args:
        context: columns that are joined by a space.
        options: the columns of the choices.
        label: the column with the number of the right choice.
        first: the number of the first choice.
    """

    def adapt(row: Row, notes: RowNotes) -> Iterator[Row]:
        yield {
            "context": " ".join(row[name] for name in context),
            "choices": [row[name] for name in options],
            "label": _check_choice(row["label"] - first, len(options), row["label"], label),
        }

    return RowFormat(
        columns={name: name for name in (*context, *options)} | {"label": label},
        adapt=adapt,
        adapter_name="columns.<locals>.adapt",
    )


def make_choice_list_format(columns: Mapping[str, str]) -> RowFormat:
    """Multiple choice with the choices in one list; the label is the number of the right one, from 0.

    Args:
        columns: the data set's columns of ``context``, ``choices`` and ``label``.
    """

    def adapt(row: Row, notes: RowNotes) -> Iterator[Row]:
        yield row | {"label": _check_choice(row["label"], len(row["choices"]), row["label"])}

    return RowFormat(columns=columns, column_types={"choices": [str | None]}, adapt=adapt, adapter_name="choice list")


def _check_choice(number: int, count: int, label: object, column: str = "label") -> int:
    """The number of the right choice; ValueError if there is no such choice."""
    if not 0 <= number < count:
        raise ValueError(f"column {column}: {label} is none of its {count} choices, which count from 0")
    return number


COPA_QUESTIONS = {"cause": "What was the cause of this?", "effect": "What happened as a result?"}
"""COPA's two questions, in the words of its paper (Roemmele et al., AAAI Spring Symposium 2011); English in every language."""


def _adapt_copa(row: Row, notes: RowNotes) -> Iterator[Row]:
    question = row["question"].strip().casefold()
    if question not in COPA_QUESTIONS:
        raise ValueError(f"column question: {row['question']!r} is none of {', '.join(COPA_QUESTIONS)}")
    context = f"{row['premise']} {COPA_QUESTIONS[question]}"
    yield {"context": context, "choices": [row["choice1"], row["choice2"]], "label": row["label"]}


COPA_FORMAT = RowFormat(
    columns={name: name for name in ("premise", "question", "choice1", "choice2", "label")},
    labels=("choice1", "choice2"),
    hub_order=("choice1", "choice2"),
    column_types={"question": str},
    adapt=_adapt_copa,
    adapter_name="_copa",
)


def _adapt_commonsense(row: Row, notes: RowNotes) -> Iterator[Row]:
    letters = [letter.strip().casefold() for letter in row["choices"]["label"]]
    answer = row["answerKey"].strip().casefold()
    options = _check_options(row["choices"]["text"], 5)
    if not answer:
        raise UnusableRowError("hidden label in column answerKey, row left out")
    if answer not in letters:
        raise ValueError(f"column answerKey: {row['answerKey']!r} is none of {', '.join(row['choices']['label'])}")
    yield {"context": row["question"], "choices": options, "label": letters.index(answer)}


def _check_options(options: Sequence[str], count: int) -> list[str]:
    """A row's choices; the row is unusable if their number differs from `count`."""
    if len(options) != count:
        raise UnusableRowError(f"other than {count} choices, row left out")
    return list(options)


COMMONSENSE_FORMAT = RowFormat(
    columns={name: name for name in ("question", "choices", "answerKey")},
    column_types={"choices": {"label": [str], "text": [str]}, "answerKey": str},
    adapt=_adapt_commonsense,
    adapter_name="_commonsense",
)


def _adapt_race(row: Row, notes: RowNotes) -> Iterator[Row]:
    options, answer = _check_options(row["options"], 4), row["answer"].strip().upper()
    if answer not in ("A", "B", "C", "D"):
        raise ValueError(f"column answer: {row['answer']!r} is none of A, B, C, D")
    yield {"context": f"{row['article']} {row['question']}", "choices": options, "label": "ABCD".index(answer)}


RACE_FORMAT = RowFormat(
    columns={name: name for name in ("article", "question", "options", "answer")},
    column_types={"options": [str | None], "answer": str},
    adapt=_adapt_race,
    adapter_name="race",
)


def _adapt_hellaswag(row: Row, notes: RowNotes) -> Iterator[Row]:
    endings = _check_options(row["endings"], 4)
    yield {"context": row["ctx"], "choices": endings, "label": _check_choice(row["label"], 4, row["label"])}


HELLASWAG_FORMAT = RowFormat(
    columns={name: name for name in ("ctx", "endings", "label")},
    column_types={"endings": [str | None]},
    adapt=_adapt_hellaswag,
    adapter_name="_hellaswag",
)
