"""Kinds of rows besides labels of one text: numbers, several labels, choices in columns; and how labels may be written."""

from pathlib import Path

import pytest

from trainables.benchmarks import get_task_catalogue, load_task
from trainables.benchmarks.hub import resolve_task
from trainables.own_tasks import CHOICE_COLUMN, OwnTask
from trainables.validation import DataError


def resolve(folder: Path, text: str, **more: object) -> OwnTask:
    file = folder / "rows.csv"
    file.write_text(text, encoding="utf-8")
    columns = more.pop("columns", ("text", "label"))
    pairs = tuple(each if isinstance(each, tuple) else (each, each) for each in columns)
    return resolve_task(OwnTask(name="mine", files=(str(file),), columns=pairs, **more))[0]


def test_regression_reads_numbers_and_has_no_labels(tmp_path):
    own = resolve(tmp_path, "text,label\na,1.5\nb, 2\nc,\n", kind="regression", metric="spearman")
    assert own.labels == ()
    assert [row["label"] for row in load_task("", "mine", (own,)).train] == [1.5, 2.0]
    assert get_task_catalogue("", (own,))["mine"].metric == "spearman"


def test_several_labels_stand_in_one_cell(tmp_path):
    text = 'text,labels\na,joy;anger\nb,\nc,"[""joy""]"\n'
    own = resolve(tmp_path, text, kind="multi_label", columns=("text", "labels"))
    assert own.labels == ("anger", "joy")
    assert [row["labels"] for row in load_task("", "mine", (own,)).train] == [[1, 0], [], [1]]


def test_choices_have_a_column_each(tmp_path):
    columns = ("context", (f"{CHOICE_COLUMN}1", "x"), (f"{CHOICE_COLUMN}2", "y"), "label")
    own = resolve(tmp_path, "context,x,y,label\nwho,I,you,1\n", kind="multiple_choice", columns=columns)
    (row,) = load_task("", "mine", (own,)).train
    assert (row["context"], row["choices"], row["label"]) == ("who", ["I", "you"], 1)
    wrong = resolve(tmp_path, "context,x,y,label\nwho,I,you,2\n", kind="multiple_choice", columns=columns)
    with pytest.raises(
        DataError, match=r"rows\.csv, line 2: .*2 is none of its 2 choices, which count from 0; correct it$"
    ):
        list(load_task("", "mine", (wrong,)).train)


WRONG = {
    "no number": ("regression", "text,label\na,1\nb,high\n", r"rows\.csv, line 3: column label: 'high' is no number"),
    "an infinite number": ("regression", "text,label\na,inf\n", r"line 2: column label: 'inf' is not finite"),
    "an empty column": ("classification", "text,label\n,a\n,b\n", r"rows\.csv: column text is empty in every row"),
    "another case in dev": (
        "classification",
        "text,label,split\na,x,train\nb,y,train\nc,X,dev\n",
        r"rows\.csv, line 4: label 'X' differs from 'x' in case or blanks alone: write 'x'",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_said_with_its_line(tmp_path, what):
    kind, text, message = WRONG[what]
    columns = ("text", "label", "split") if "split" in text else ("text", "label")
    with pytest.raises(DataError, match=message):
        resolve(tmp_path, text, kind=kind, columns=columns)


def test_neither_half_of_a_small_test_set_is_empty(tmp_path):
    lines = [
        "a,x,train,en",
        "c,x,dev,en",
        "b,y,train,en",
        *(f"{code}{n},x,test,{code}" for code in ("de", "sw", "fi", "tr") for n in (1, 2)),
    ]
    own = resolve(
        tmp_path,
        "\n".join(["text,label,split,language", *lines]),
        kind="classification",
        columns=("text", "label", "split", "language"),
        is_target=True,
    )
    assert {
        code: (own.count_rows("dev", code), own.count_rows("test", code)) for code in ("de", "sw", "fi", "tr")
    } == dict.fromkeys(("de", "sw", "fi", "tr"), (1, 1))
