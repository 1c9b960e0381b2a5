"""What others left under the name of a table: it is made anew, and nothing elsewhere is opened, changed or removed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from trainables.cards import TaskData
from trainables.data import ArrowTable
from trainables.data._table_cache import TableCache
from trainables.data._task_tables import TaskTables

KEY = "ab" * 16
ROWS = [{"text": "ab", "number": 1}, {"text": "b", "number": 2}]


def left(file: str, content: bytes):
    return lambda place: (place / file).write_bytes(content)


def piped(file: str):
    return lambda place: [(place / file).unlink(), os.mkfifo(place / file)]


def foldered(file: str):
    return lambda place: [(place / file).unlink(), (place / file).mkdir()]


def linked(file: str):
    def spoil(place: Path) -> None:
        outside = place.parents[2] / "outside"
        shutil.copy(place / file, outside / file)
        (place / file).unlink()
        (place / file).symlink_to(outside / file)

    return spoil


def linked_folder(place: Path) -> None:
    outside = place.parents[2] / "outside"
    shutil.copytree(place, outside / "table")
    shutil.rmtree(place)
    place.symlink_to(outside / "table")


def linked_above(place: Path) -> None:
    outside = place.parents[2] / "outside"
    shutil.copytree(place.parent, outside / "tables")
    shutil.rmtree(place.parent)
    place.parent.symlink_to(outside / "tables")


def arrow(change: Callable[[pa.Table], pa.Table]):
    """Change the rows as whoever knows their format can."""

    def spoil(place: Path) -> None:
        with pa.OSFile(str(place / "rows.arrow")) as file:
            changed = change(pa.ipc.open_stream(file).read_all())
        with pa.OSFile(str(place / "rows.arrow"), "wb") as file, pa.ipc.new_stream(file, changed.schema) as writer:
            writer.write_table(changed)

    return spoil


def offset(place: int, value: int):
    """Let a text begin elsewhere."""

    def change(table: pa.Table) -> pa.Table:
        texts = table.column("text").combine_chunks()
        _, offsets, data = texts.buffers()
        changed = np.frombuffer(offsets, dtype=np.int32).copy()
        changed[place] = value
        other = pa.Array.from_buffers(texts.type, len(texts), [None, pa.py_buffer(changed.tobytes()), data])
        return table.set_column(table.column_names.index("text"), "text", other)

    return arrow(change)


def typed(kind: pa.DataType):
    """Another type for the texts."""
    return arrow(
        lambda table: table.set_column(
            table.column_names.index("text"), "text", table.column("text").combine_chunks().cast(kind)
        )
    )


def noted(told: str):
    return arrow(lambda table: table.replace_schema_metadata({"huggingface": told}))


ODD_METADATA = {
    "features of a number": '{"info": {"features": {"text": 5}}}',
    "list": "[1]",
    "deep": '{"info":' + "[" * 100_000,
    "garbled": "{",
    "no features": '{"info": {"features": 5}}',
    "unknown type": '{"info": {"features": {"text": {"_type": "Nothing"}}}}',
    "picture": '{"info": {"features": {"text": {"_type": "Image"}, "number": {"dtype": "int64", "_type": "Value"}}}}',
}

SPOILT = {
    **{f"offset {place} {value}": offset(place, value) for place, value in
       [(1, 2**31 - 100), (1, -5), (1, 1000), (1, 4)]},
    "no utf-8": lambda place: (place / "rows.arrow").write_bytes((place / "rows.arrow").read_bytes().replace(b"ab", b"\xff\xfe")),
    **{f"type {kind}": typed(kind) for kind in (pa.binary(), pa.dictionary(pa.int32(), pa.string()), pa.string_view())},
    "names of columns": lambda place: (place / "rows.arrow").write_bytes((place / "rows.arrow").read_bytes().replace(b"number", b"numb\xffr")),
    "two of a name": arrow(lambda table: table.rename_columns(["text", "text"])),
    "counts of texts": left("about.json", b'{"fingerprint": "a", "notes": {"x": "\\u001b[2J"}}'),
    "counts of digits": left("about.json", b'{"fingerprint": "a", "notes": {"x": ' + b"9" * 400 + b"}}"),
    "digits beyond": left("about.json", b'{"fingerprint": "a", "notes": {"x": ' + b"9" * 5000 + b"}}"),
    "deep": left("about.json", b"[" * 200_000),
    "garbled": left("about.json", b"\xff{"),
    "list": left("about.json", b"[]"),
    "number": left("about.json", b"5"),
    "other types": left("about.json", b'{"fingerprint": 5, "notes": []}'),
    "no notes": left("about.json", b'{"fingerprint": "a"}'),
    "garbled rows": left("rows.arrow", b"\x00" * 1000),
    "text for rows": left("rows.arrow", b"[1]"),
    "half of the rows": lambda place: os.truncate(place / "rows.arrow", 100),
    "no rows": lambda place: (place / "rows.arrow").unlink(),
    **{f"{name} {file}": make(file) for file in ("about.json", "rows.arrow")
       for name, make in {"pipe": piped, "folder": foldered, "link": linked}.items()},
    "linked": linked_folder,
    "linked above": linked_above,
    "pipe for a table": lambda place: [shutil.rmtree(place), os.mkfifo(place)],
    "file for a table": lambda place: [shutil.rmtree(place), place.write_text("a")],
    "file above": lambda place: [shutil.rmtree(place.parent), place.parent.write_text("a")],
}  # fmt: skip


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_what_is_no_table_is_made_anew(tmp_path, spoil):
    (tmp_path / "outside").mkdir()
    tabled = TaskTables(
        TaskData("classification", ("a", "b"), None), TableCache(tmp_path / "data"), lambda what, rows: None
    )
    first = tabled.load_rows(ROWS, "train")
    assert list(first.table) == ROWS
    about = first.metadata
    (place,) = (tmp_path / "data").glob("*/*")
    spoil(place)
    outside = tree(tmp_path / "outside")
    again = tabled.load_rows(ROWS, "train")
    assert (list(again.table), again.metadata) == (ROWS, about)
    assert tree(tmp_path / "outside") == outside
    assert not place.is_symlink()
    told = []
    again = TaskTables(tabled.data, tabled.table_cache, lambda what, rows: told.append(what)).load_rows(ROWS, "train")
    assert list(again.table) == ROWS
    assert told == []


@pytest.mark.parametrize("told", ODD_METADATA.values(), ids=ODD_METADATA)
def test_what_a_schema_says_of_its_columns_is_ignored(tmp_path, told):
    shelf = TableCache(tmp_path)
    shelf.put(KEY, ROWS, dict)
    noted(told)(tmp_path / KEY[:2] / KEY)
    found = shelf.find(KEY, numbers=["number"])
    assert found is not None
    assert list(found.table) == ROWS


def test_numbers_some_of_which_are_missing_are_none(tmp_path):
    shelf = TableCache(tmp_path)
    shelf.put(KEY, [{"number": 1}, {"number": None}], dict)
    assert shelf.find(KEY) is not None
    assert shelf.find(KEY, numbers=["number"]) is None


def test_a_link_for_a_table_is_not_followed_by_whoever_opens_it(tmp_path):
    shelf = TableCache(tmp_path)
    shelf.put(KEY, ROWS, dict)
    place = tmp_path / KEY[:2] / KEY
    folder = os.open(place, os.O_RDONLY)
    try:
        assert list(ArrowTable.open_file(Path("rows.arrow"), folder)) == ROWS
        (place / "linked").symlink_to("rows.arrow")
        with pytest.raises(OSError, match="symbolic"):
            ArrowTable.open_file(Path("linked"), folder)
    finally:
        os.close(folder)


GARBLING = """
import random, sys
from pathlib import Path
from trainables.data._table_cache import TableCache
shelf, rng = TableCache(Path(sys.argv[1])), random.Random(0)
key = "ab" * 16
rows = [{"text": f"text {n}" * (n % 3), "ids": list(range(n % 5)), "one": {"a": [str(n)]}, "number": n} for n in range(40)]
shelf.keep(key, rows, dict)
file = shelf._place(key) / "rows.arrow"
sound, taken = file.read_bytes(), 0
for _ in range(1000):
    data = bytearray(sound)
    for _ in range(rng.choice([1, 1, 2, 8])):
        data[rng.randrange(len(data))] = rng.choice([0, 1, 127, 128, 255, rng.randrange(256)])
    file.write_bytes(data)
    found = shelf.find(key, numbers=["number"])
    if found is not None:
        taken += 1
        list(found.table), found.table.take([len(found.table) - 1]) if len(found.table) else [], found.table.column("number")
print(taken)
"""


def test_garbled_rows_are_rows_or_none_and_never_end_the_process(tmp_path):
    done = subprocess.run([sys.executable, "-c", GARBLING, tmp_path], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert 0 < int(done.stdout) < 1000


@pytest.mark.parametrize(
    "about",
    [
        b"{}",
        b'{"texts": 1, "tokens": 1, "plain": -1}',
        b'{"texts": 1, "tokens": ' + b"9" * 400 + b', "plain": 1}',
        b'{"what": "a", "texts": 1, "tokens": "x", "plain": 1}',
        b'{"texts": null, "tokens": 1, "plain": 1}',
    ],
)
def test_features_whose_counts_are_other_things_are_made_anew(tmp_path, encoder, about):
    tabled = TaskTables(TaskData("classification", ("a", "b"), None), TableCache(tmp_path), lambda what, rows: None)
    rows = tabled.load_rows([{"text": "a", "label": 0}], "train")
    before = tabled.load_features(rows, "train", encoder, 16)
    (place,) = (file.parent for file in tmp_path.glob("*/*/about.json") if "tokens" in file.read_text())
    (place / "about.json").write_bytes(about)
    again = tabled.load_features(rows, "train", encoder, 16)
    assert (list(again.table), again.metadata) == (list(before.table), before.metadata)
