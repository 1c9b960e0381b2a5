"""What others left under the name of a table: it is made anew, and nothing elsewhere is opened, changed or removed."""

import os
import shutil
from pathlib import Path

import pytest

from trainables.tabled import Tabled
from trainables.tables import Shelf
from trainables.tasks import TaskData

KEY = "ab" * 16
ROWS = [{"text": "a", "number": 1}, {"text": "b", "number": 2}]


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


SPOILT = {
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
    tabled = Tabled(TaskData("classification", ("a", "b"), None), Shelf(tmp_path / "data"), lambda what, rows: None)
    first = tabled.rows(ROWS, "train")
    assert list(first.table) == ROWS
    about = first.about
    (place,) = (tmp_path / "data").glob("*/*")
    spoil(place)
    outside = tree(tmp_path / "outside")
    again = tabled.rows(ROWS, "train")
    assert (list(again.table), again.about) == (ROWS, about)
    assert tree(tmp_path / "outside") == outside
    assert not place.is_symlink()
    told = []
    again = Tabled(tabled.data, tabled.shelf, lambda what, rows: told.append(what)).rows(ROWS, "train")
    assert list(again.table) == ROWS
    assert told == []


@pytest.mark.parametrize(
    "about",
    [b"{}", b'{"what": "a", "texts": 1, "tokens": "x", "plain": 1}', b'{"texts": null, "tokens": 1, "plain": 1}'],
)
def test_features_whose_counts_are_other_things_are_made_anew(tmp_path, encoder, about):
    tabled = Tabled(TaskData("classification", ("a", "b"), None), Shelf(tmp_path), lambda what, rows: None)
    rows = tabled.rows([{"text": "a", "label": 0}], "train")
    before = tabled.features(rows, "train", encoder, 16)
    (place,) = (file.parent for file in tmp_path.glob("*/*/about.json") if "tokens" in file.read_text())
    (place / "about.json").write_bytes(about)
    again = tabled.features(rows, "train", encoder, 16)
    assert (list(again.table), again.about) == (list(before.table), before.about)
