"""What is wrong with a set is told in one message: which set, configuration and split, what was found, what is needed."""

import shutil
from dataclasses import replace

import pytest

from tests import mirrors
from tests.mirrors import LABELS, PAIR, row
from trainables.benchmarks import get_task_catalogue, load_task
from trainables.benchmarks._intermediate import INTERMEDIATE_TASKS
from trainables.benchmarks.hub import read_labels, read_rows, silence_datasets
from trainables.cards import (
    QUESTION_FORMAT,
    DatasetPart,
    RowNotes,
    find_mirror,
    make_choice_format,
    make_tagging_format,
)
from trainables.validation import DataError


def refusal(part: DatasetPart = PAIR, language: str = "en", labels=LABELS) -> str:
    with pytest.raises(DataError) as refused:
        list(read_rows(part, language, labels, RowNotes()))
    told = str(refused.value)
    assert part.describe_source(language) in told or part.source.repository in told
    assert "\n" not in told
    return told


@pytest.mark.parametrize(
    ("labels", "names", "told"),
    [
        ([0, 1], ("true", "false"), ": labels true, false instead of no, yes"),
        ([0, 1], ("no", "yes", "maybe"), ": labels no, yes, maybe instead of no, yes"),
        (["no", "maybe"], None, ", row 1: column label: 'maybe' is none of no (0), yes (1)"),
        ([1, 2], None, ", row 1: column label: 2 is none of no (0), yes (1)"),
        ([-1, -1], LABELS, ": none of its 2 rows can be used: hidden label in column label, row left out (2)"),
        (["", "-1"], None, ": none of its 2 rows can be used: hidden label in column label, row left out (2)"),
        ([None, None], LABELS, ": no column label, or nothing in it; it has id, one, two, label"),
    ],
)
def test_labels_that_a_task_does_not_know(labels, names, told, write):
    write([row(number, label=label) for number, label in enumerate(labels)], names=names)
    assert f"some/set, configuration en, split train{told}" in refusal()


@pytest.mark.parametrize("task", ["commonsenseqa", "cosmosqa", "hellaswag"])
def test_choices_whose_right_one_is_hidden(task, at_mirror):
    part = replace(INTERMEDIATE_TASKS[task].parts.train[0], split="test")
    assert "split test: none of its 6 rows can be used: hidden label in column " in refusal(part, labels=())


def test_a_column_that_is_missing(write):
    write([{"id": 1, "one": "a", "label": 0}], names=None)
    assert refusal().endswith("split train: no column two; it has id, one, label")


def test_a_column_that_joins_languages_is_missing(write):
    write([{"one": "a", "two": "b", "label": 0}], names=None)
    assert "no column id; it has one, two, label" in refusal()


def test_columns_that_do_not_fit_each_other(write):
    write([{"one": ["a", "b"], "two": [0], "label": 0}], names=None)
    tagged = replace(PAIR, row_format=make_tagging_format("one", "two", LABELS, hub_order=LABELS), item_column=None)
    assert refusal(tagged).endswith(
        "none of its 1 rows can be used: words and tags of different numbers, row left out (1)"
    )


def test_values_of_another_kind(write):
    write([{"one": "a", "two": 1, "label": 0}], names=None)
    asked = replace(
        PAIR, row_format=replace(QUESTION_FORMAT, columns={"context": "one", "answers": "two"}), item_column=None
    )
    assert refusal(asked).endswith("split train, row 0: column two: 1 is no record of text, answer_start")


def test_a_label_that_is_no_choice(write):
    write([row(number, label=number) for number in range(3)], names=None)
    chosen = replace(PAIR, row_format=make_choice_format(["one"], ["one", "two"]))
    assert refusal(chosen, labels=()).endswith("row 2: column label: 2 is none of its 2 choices, which count from 0")


def test_a_split_without_rows_and_one_that_is_shorter_than_what_it_leaves_out(write):
    write([row(0)])
    assert refusal(replace(PAIR, skip=1)).endswith("split train: it has no rows after the first 1")
    assert refusal(replace(PAIR, contains_row=lambda row, language: False)).endswith("it has no rows in en")
    write([], names=LABELS)
    assert refusal().endswith("split train: it has no rows")


def test_a_configuration_and_a_split_that_are_missing(write, tmp_path):
    write([row(0)])
    write([row(0)], split="test")
    told = refusal(language="de")
    assert "some/set, configuration de, split train: BuilderConfig 'de' not found. Available: ['en']" in told
    assert f"(in {tmp_path / 'some' / 'set'}: " in told
    assert "xlt data fetch copies what is missing" in told
    told = refusal(replace(PAIR, split="dev"))
    assert "split dev: Bad split: dev. Available splits: ['test', 'train']" in told


def test_a_set_that_is_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("XLT_DATA", str(tmp_path))
    told = f"facebook/xnli: there is no {tmp_path / 'facebook' / 'xnli'}: xlt data fetch --to {tmp_path} copies it from the hub"
    with pytest.raises(DataError) as refused:
        load_task("xtreme_r", "xnli")
    assert str(refused.value) == told


@pytest.mark.parametrize("size", [200, 0])
def test_a_file_that_is_cut_short(size, write):
    file = write([row(0)])
    file.write_bytes(file.read_bytes()[:size])
    told = refusal()
    assert "some/set, configuration en, split train: Parquet " in told
    assert "remove what is broken there; xlt data fetch copies what is missing" in told


def test_a_file_that_is_gone(write):
    file = write([row(0)])
    write([row(0)], split="test")
    file.unlink()
    told = refusal()
    assert f"Unable to find '{file}' (in " in told
    assert len(told) < 600


def test_datasets_says_nothing_of_its_own_beside_a_message(write, capfd):
    silence_datasets()
    file = write([row(0)])
    file.write_bytes(file.read_bytes()[:200])
    capfd.readouterr()
    refusal()
    assert capfd.readouterr() == ("", "")


CCG = INTERMEDIATE_TASKS["ccg"].parts.train[0]
LICENCE = "local/ccg: on no hub (LDC2005T13: to be licensed): put your copy into "
WANTED = "train.tsv (a word, a tab and its tag a line, an empty line after each sentence)"


def test_a_licensed_set_is_read_from_its_file(at_mirror):
    data = load_task("xtreme", "ccg")
    rows = list(data.train)
    assert data.labels == (".", "N", "N/N", "NP")
    assert len(rows) == 16
    assert rows[0]["words"][-1] == "."
    assert data.labels[rows[0]["tags"][-1]] == "."
    assert all(len(each["words"]) == len(each["tags"]) for each in rows)


def test_a_licensed_set_that_is_missing(tmp_path, monkeypatch):
    monkeypatch.delenv("XLT_DATA", raising=False)
    assert refusal(CCG) == f"{LICENCE}FOLDER/local/ccg/{WANTED}, and name FOLDER by --data or XLT_DATA"
    monkeypatch.setenv("XLT_DATA", str(tmp_path))
    assert refusal(CCG) == f"{LICENCE}{tmp_path}/local/ccg/{WANTED}"
    (tmp_path / "local" / "ccg").mkdir(parents=True)
    told = refusal(CCG)
    assert (
        f"split train: there is no {tmp_path}/local/ccg/train.tsv; expected: a word, a tab and its tag a line" in told
    )


@pytest.mark.parametrize("line", ["barks", "barks\tS\tNP"])
def test_a_broken_line_of_a_licensed_set(line, tmp_path, monkeypatch):
    monkeypatch.setenv("XLT_DATA", str(tmp_path))
    file = mirrors.write_ccg(tmp_path, sentences=1)
    whole = file.read_text(encoding="utf-8")
    file.write_text(f"{whole}The\tNP/N\n{line}\n", encoding="utf-8")
    count = len(line.split())
    told = (
        f"line {len(whole.splitlines()) + 2} of {file} has {count} columns; expected: a word, a tab and its tag a line"
    )
    assert told in refusal(CCG, labels=(".", "N", "N/N", "NP", "NP/N"))


def test_a_licensed_set_in_another_encoding(tmp_path, monkeypatch):
    monkeypatch.setenv("XLT_DATA", str(tmp_path))
    file = mirrors.write_ccg(tmp_path, sentences=1)
    lines = len(file.read_text(encoding="utf-8").splitlines())
    file.write_bytes(file.read_bytes() + "Café\tN\n".encode("latin-1"))
    assert f"line {lines + 1} of {file} is not in UTF-8" in refusal(CCG, labels=(".", "N", "N/N", "NP"))
    with pytest.raises(DataError, match="is not in UTF-8"):
        read_labels(INTERMEDIATE_TASKS["ccg"])


def test_a_word_of_a_licensed_set_without_its_tag_takes_its_sentence_along(tmp_path, monkeypatch):
    monkeypatch.setenv("XLT_DATA", str(tmp_path))
    file = mirrors.write_ccg(tmp_path, sentences=2)
    file.write_text(f"{file.read_text(encoding='utf-8')}barks\t\n", encoding="utf-8")
    labels, notes = read_labels(INTERMEDIATE_TASKS["ccg"]), RowNotes()
    assert labels == (".", "N", "N/N", "NP")
    assert len(list(read_rows(CCG, "en", labels, notes, train=True))) == 2
    assert notes["hidden label in column tags, row left out"] == 1


def test_no_mirror_is_meant_where_no_folder_is_named(monkeypatch, tmp_path, mirror):
    data = get_task_catalogue("xtreme_r")["xnli"].parts.test[0].source
    monkeypatch.delenv("XLT_DATA", raising=False)
    assert find_mirror(data) is None
    monkeypatch.setenv("XLT_DATA", "relative")
    monkeypatch.chdir(tmp_path)
    shutil.copytree(mirror / data.repository / "sw", tmp_path / "relative" / data.repository / "sw")
    assert find_mirror(data) == tmp_path / "relative" / data.repository
