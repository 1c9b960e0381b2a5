"""Files of a user's own: every form is read alike, and what is wrong is said with file, line and what to do."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from trainables.benchmarks import get_task_catalogue, load_task
from trainables.benchmarks.hub import load_table as load_own_table
from trainables.benchmarks.hub import resolve_task as resolve_own_task
from trainables.own_tasks import OwnTask
from trainables.validation import DataError

ROWS = [
    ("good 'thing', \"quoted\"", "positive", "en", "train", "a"),
    ("bad", "negative", "en", "train", "b"),
    ("fine\nsecond line", "positive", "en", "train", "c"),
    ("well", "positive", "en", "dev", "h"),
    ("worse", "negative", "en", "test", "i"),
    ("gut", "positive", "de", "dev", "d"),
    ("mbaya", "negative", "sw", "dev", "e"),
    ("schlecht", "negative", "de", "test", "f"),
    ("nzuri", "positive", "sw", "test", "g"),
]
NAMES = ("text", "label", "language", "split", "item")
COLUMNS = tuple((name, name) for name in NAMES)


def own_task(*files: Path | str, kind: str = "classification", columns=COLUMNS, target: bool = True, **more) -> OwnTask:
    return OwnTask(
        name="mine", kind=kind, files=tuple(map(str, files)), columns=tuple(columns), is_target=target, **more
    )


def records() -> list[dict[str, str]]:
    return [dict(zip(NAMES, row, strict=True)) for row in ROWS]


def write_csv(path: Path, newline: str = "\n", encoding: str = "utf-8") -> Path:
    quoted = [[f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row] for row in ROWS]
    text = newline.join([",".join(NAMES), *(",".join(row) for row in quoted), ""])
    path.write_bytes(text.encode(encoding))
    return path


def write_jsonl(path: Path) -> Path:
    path.write_text("".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in records()), encoding="utf-8")
    return path


def write_parquet(path: Path) -> Path:
    pq.write_table(pa.Table.from_pylist(records()), path)
    return path


WRITERS = {
    "csv": lambda folder: write_csv(folder / "rows.csv"),
    "csv with Windows line ends and a byte order mark": lambda folder: write_csv(
        folder / "rows.csv", "\r\n", "utf-8-sig"
    ),
    "jsonl": lambda folder: write_jsonl(folder / "rows.jsonl"),
    "parquet": lambda folder: write_parquet(folder / "rows.parquet"),
}


@pytest.mark.parametrize("form", WRITERS)
def test_every_form_gives_the_same_rows(form, tmp_path):
    own, notes = resolve_own_task(own_task(WRITERS[form](tmp_path)))
    assert own.labels == ("negative", "positive")
    assert notes == ()
    assert sorted(own.rows) == [
        ("dev", "de", 1),
        ("dev", "en", 1),
        ("dev", "sw", 1),
        ("test", "de", 1),
        ("test", "en", 1),
        ("test", "sw", 1),
        ("train", "en", 3),
    ]
    data = load_task("", "mine", (own,))
    train = [(row["text"], own.labels[row["label"]]) for row in data.train]
    assert [(text.replace("\r\n", "\n"), label) for text, label in train] == [row[:2] for row in ROWS[:3]]
    (row,) = data.evaluation["test"]["sw"]
    assert (row["text"], row["label"], row["item"]) == ("nzuri", 1, "g")


def test_tabs_are_read_without_quotes(tmp_path):
    file = tmp_path / "rows.tsv"
    file.write_text('text\tlabel\nsay "hi\tyes\nno" \tno\n', encoding="utf-8")
    table = load_own_table(own_task(file, columns=(("text", "text"), ("label", "label")), target=False))
    assert [row["text"] for row in table.iterate_rows("train", "en")] == ['say "hi', 'no" ']


def test_paths_say_language_and_split(tmp_path):
    for split, language in (
        ("train", "en"),
        ("validation", "en"),
        ("test", "sw"),
        ("validation", "sw"),
        ("TEST", "en"),
    ):
        folder = tmp_path / language
        folder.mkdir(exist_ok=True)
        (folder / f"part.{split}.conll").write_text(
            f"# a comment\n{split}{language}\tO\nOslo\tB-LOC\n\n{split}x{language} O\n", encoding="utf-8"
        )
    columns = (("words", "words"), ("tags", "tags"))
    own, _ = resolve_own_task(own_task(tmp_path / "{language}/*.{split}.conll", kind="tagging", columns=columns))
    assert own.labels == ("B-LOC", "O")
    assert {(split, code): count for split, code, count in own.rows} == dict.fromkeys(
        (("train", "en"), ("dev", "en"), ("dev", "sw"), ("test", "sw"), ("test", "en")), 2
    )
    data = load_task("", "mine", (own,))
    assert [row["words"] for row in data.train] == [["trainen", "Oslo"], ["trainxen"]]


def test_what_a_target_lacks_is_cut_by_content_alone(tmp_path):
    rows = [{"text": f"text {n}", "label": "ab"[n % 2], "item": str(n // 2)} for n in range(2000)]
    columns = [(name, name) for name in ("text", "label", "item")]
    file = tmp_path / "rows.jsonl"

    def parts(rows, **more):
        file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
        table = load_own_table(own_task(file, columns=columns, **more))
        return {
            split: [row["text"] for row in table.iterate_rows(split, "en")] for split in ("train", "dev", "test")
        }, table

    first, table = parts(rows)
    assert 1700 < len(first["train"]) < 1900 and 60 < len(first["dev"]) < 150 and 60 < len(first["test"]) < 150
    assert sum(map(len, first.values())) == 2000
    assert sum(" is " in note for note in table.notes) == 2
    side = {text: split for split, texts in first.items() for text in texts}
    assert all(side[f"text {2 * n}"] == side[f"text {2 * n + 1}"] for n in range(1000)), "one item, one side"
    turned, _ = parts(rows[::-1])
    assert {split: set(texts) for split, texts in turned.items()} == {
        split: set(texts) for split, texts in first.items()
    }
    other, _ = parts(rows, split_seed=1)
    assert set(other["dev"]) != set(first["dev"])
    whole, table = parts(rows, target=False)
    assert len(whole["train"]) == 2000
    assert not any(" rows of " in note and " is " in note for note in table.notes)


def test_a_language_with_a_test_set_alone_gives_half_of_it_for_dev(tmp_path):
    rows = [{"text": f"en {n}", "label": "ab"[n % 2], "language": "en", "split": "train"} for n in range(50)]
    rows += [{"text": f"sw {n}", "label": "ab"[n % 2], "language": "sw", "split": "test"} for n in range(400)]
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    own, notes = resolve_own_task(own_task(file, columns=COLUMNS[:4]))
    dev, test = own.count_rows("dev", "sw"), own.count_rows("test", "sw")
    assert dev + test == 400 and 150 < dev < 250
    assert f"sw: dev is {dev} of the 400 rows of test" in notes


def test_an_intermediate_task_trains_in_all_its_languages(tmp_path):
    rows = [{"text": f"{code} {n}", "label": "ab"[n % 2], "language": code} for code in ("sw", "de") for n in range(5)]
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    own, _ = resolve_own_task(own_task(file, columns=COLUMNS[:3], target=False))
    card = get_task_catalogue("", (own,))["mine"]
    assert (card.train, card.language, card.is_scored) == (10, "mul", False)
    assert [row["language"] for row in load_task("", "mine", (own,)).train] == ["de"] * 5 + ["sw"] * 5
    with pytest.raises(DataError, match="its training rows are in de, sw, and none is in en"):
        resolve_own_task(own_task(file, columns=COLUMNS[:3]))


HEADER = "text,label,language,split\n"
GOOD = HEADER + "yes,a,en,train\nno,b,en,train\n"


def utf_16(text: str) -> bytes:
    return text.encode("utf-16")


BAD = {
    "empty": (b"", "rows.csv is empty: write its rows"),
    "a header alone": (HEADER.encode(), "rows.csv has no rows"),
    "UTF-16": (utf_16(GOOD), "rows.csv is in UTF-16: save it in UTF-8"),
    "mixed encodings": (GOOD.encode() + "café,a,en,test\n".encode("latin-1"), "line 4: byte 0xe9 is not UTF-8"),
    "no such column": (b"sentence,label,language,split\nx,a,en,train\n", "no column text; it has sentence, label"),
    "a column twice": (b"text,text,label,language,split\n", "line 1: column 'text' occurs more than once"),
    "a separator too many": (GOOD.encode() + b"a, b,a,en,test\n", "line 4: 5 cells, and the header has 4"),
    "an open quote": (GOOD.encode() + b'"a,a,en,test\n', "line 4: unexpected end of data"),
    "a quote in quotes": (GOOD.encode() + b'"a "b" c",a,en,test\n', "line 4: .*double the quotes"),
    "an unknown split": (
        GOOD.encode() + b"x,a,en,heldout\n",
        "line 4: split 'heldout' is none of train, training, dev",
    ),
    "an unknown language": (GOOD.encode() + b"x,a,klingon,test\n", "line 4: 'klingon' is not a language code"),
    "no language": (GOOD.encode() + b"x,a,,test\n", "line 4: no language in column language: write its code"),
    "no split": (GOOD.encode() + b"x,a,en,\n", "line 4: split '' is none of train"),
    "no source language": (HEADER.encode() + b"x,a,sw,train\ny,b,sw,train\n", "none is in en"),
    "no training rows": (
        HEADER.encode() + b"x,a,en,dev\ny,b,en,test\n",
        "mine: it has no training rows: add rows whose",
    ),
    "the text for the label": (
        HEADER.encode() + b"".join(b"a%d,text %d,en,train\n" % (n % 3, n) for n in range(30)) + b"a,b,en,dev\n",
        "30 different labels in 30 training rows, as if it were the text: correct label under tasks.mine.columns",
    ),
    "semicolons": (b"text;label\nx;a\n", "line 1: no comma between .*, but semicolon: save it with commas"),
    "one label": (
        HEADER.encode() + b"x,a,en,train\ny,a,en,train\n",
        "the label 'a' alone.* correct the column of labels",
    ),
    "no label": (HEADER.encode() + b"x,,en,train\ny,,en,train\n", "have no label"),
    "labels that differ in case": (
        HEADER.encode() + b"x,a,en,train\ny,A,en,train\n",
        "'a' and 'A' differ in case or blanks",
    ),
    "training rows among the test rows": (
        GOOD.encode() + b"yes,a,en,test\nother,b,en,test\n",
        "1 of 2 rows are training rows",
    ),
}


@pytest.mark.parametrize("fault", BAD)
def test_what_is_wrong_with_a_file_is_said(fault, tmp_path):
    content, message = BAD[fault]
    file = tmp_path / "rows.csv"
    file.write_bytes(content)
    with pytest.raises(DataError, match=message) as raised:
        resolve_own_task(own_task(file, columns=COLUMNS[:4]))
    assert "\n" not in str(raised.value)
    assert "rows.csv" in str(raised.value) or "mine" in str(raised.value)


def test_labels_that_the_training_rows_lack_are_refused_by_line(tmp_path):
    file = tmp_path / "rows.csv"
    file.write_text(GOOD + "x,a,sw,test\nz,c,sw,test\n")
    own, _ = resolve_own_task(own_task(file, columns=COLUMNS[:4]))
    splits = load_task("", "mine", (own,)).evaluation
    with pytest.raises(
        DataError,
        match=r"rows\.csv, line 5: column label: 'c' is none of a \(0\), b \(1\); correct it, or list every label under tasks\.mine\.labels",
    ):
        [list(rows["sw"]) for rows in splits.values() if "sw" in rows]


def test_of_many_labels_the_first_are_listed(tmp_path):
    file = tmp_path / "rows.csv"
    rows = "".join(f"text {n},label {n % 25:02},en,train\n" for n in range(100))
    file.write_text(f"{HEADER}{rows}z,c,sw,dev\nx,c,sw,test\n")
    own, _ = resolve_own_task(own_task(file, columns=COLUMNS[:4]))
    with pytest.raises(DataError, match=r"none of label 00 \(0\), .*label 19 \(19\) and 5 more; correct it"):
        list(load_task("", "mine", (own,)).evaluation["test"]["sw"])


def test_what_is_cut_in_several_languages_is_one_note(tmp_path):
    rows = [f"text {n},{'ab'[n % 2]},en,train\n" for n in range(20)]
    rows += [f"{code} {n},{'ab'[n % 2]},{code},test\n" for code in ("sw", "de") for n in range(40)]
    file = tmp_path / "rows.csv"
    file.write_text(HEADER + "".join(rows))
    own, notes = resolve_own_task(own_task(file, columns=COLUMNS[:4]))
    counts = {code: own.count_rows("dev", code) for code in ("de", "sw")}
    assert f"dev is cut from test in 2 languages: de {counts['de']} of 40, sw {counts['sw']} of 40" in notes


@pytest.mark.parametrize("name", ["language", "Lang"])
def test_a_column_that_seems_to_say_the_language_and_is_not_listed_is_told(name, tmp_path):
    file = tmp_path / "rows.csv"
    file.write_text(GOOD.replace("language", name))
    note = f"column {name} is not read; to read it, write language: {name} under tasks.mine.columns"
    assert note in load_own_table(own_task(file, columns=COLUMNS[:2])).notes
    assert note not in load_own_table(own_task(file, columns=COLUMNS[:2], language="de", target=False)).notes
    if name == "language":
        assert not load_own_table(own_task(file, columns=COLUMNS[:4], target=False)).notes


def test_a_missing_file_and_a_pattern_that_matches_nothing_are_said_with_what_is_there(tmp_path):
    with pytest.raises(
        DataError, match=f"mine: there is no file {tmp_path}/rows.csv; .* has nothing; correct tasks.mine.files"
    ):
        load_own_table(own_task(tmp_path / "rows.csv"))
    (tmp_path / "train.txt").touch()
    with pytest.raises(DataError, match=r"no file matches .*\{split\}\.csv; .* has train\.txt"):
        load_own_table(own_task(tmp_path / "{split}.csv"))
    with pytest.raises(DataError, match="is a folder: name its files"):
        load_own_table(own_task(tmp_path))
    with pytest.raises(DataError, match=r"\.txt is not read; write one of \.csv, "):
        load_own_table(own_task(tmp_path / "train.txt"))


def test_half_a_parquet_file_is_said(tmp_path):
    file = write_parquet(tmp_path / "rows.parquet")
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(DataError, match=r"rows\.parquet is no whole parquet file"):
        load_own_table(own_task(file))


@pytest.mark.parametrize(
    ("line", "why"), [("{", "not JSON"), ("[1]", "list instead of an object"), ("NaN", "not JSON")]
)
def test_a_line_that_is_no_object_is_said(line, why, tmp_path):
    file = tmp_path / "rows.jsonl"
    file.write_text(f"{json.dumps(records()[0])}\n{line}\n")
    with pytest.raises(DataError, match=f"line 2: .*{why}"):
        load_own_table(own_task(file))


def test_rows_that_occur_twice_are_counted(tmp_path):
    file = tmp_path / "rows.csv"
    file.write_text(GOOD + "yes,a,en,train\nyes,a,en,train\n")
    assert (
        "train in en: 2 of 4 rows repeat an earlier one"
        in load_own_table(own_task(file, columns=COLUMNS[:4], target=False)).notes
    )


def test_a_file_that_changed_is_read_again(tmp_path):
    file = tmp_path / "rows.csv"
    file.write_text(GOOD)
    own = own_task(file, columns=COLUMNS[:4], target=False)
    first, _ = resolve_own_task(own)
    source = load_task("", "mine", (first,)).train.source
    file.write_text(GOOD + "maybe,a,en,train\n")
    second, _ = resolve_own_task(own)
    assert (first.count_rows("train", "en"), second.count_rows("train", "en")) == (2, 3)
    assert load_task("", "mine", (second,)).train.source != source


def test_a_task_survives_json():
    own = own_task("/a.csv", columns=COLUMNS, labels=("a", "b"), rows=(("train", "en", 3),), splits=(("dev", "x"),))
    assert OwnTask.from_json(json.loads(json.dumps(own.to_json()))) == own
