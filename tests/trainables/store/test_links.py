"""Links, pipes, folders and whatever else is no plain file, anywhere in a store: refused or set aside, never followed, never waited for."""

import os
import socket
from pathlib import Path

import pytest

from tests.trainables.store.conftest import (
    HEAD_WEIGHTS,
    IDENTITY,
    KEY,
    NEIGHBOUR,
    RECORD_OF,
    WEIGHTS,
    add_scores,
    publish,
)
from trainables.store.folder import MisplacedError
from trainables.store.leases import claim
from trainables.store.place import Place
from trainables.store.records import ASIDE, DAMAGED, ENCODER, HEAD, RECORD, Records
from trainables.store.size import in_use, release, shrink, tidy
from trainables.store.tree import Store

OTHERS = ["link to a file", "link to a folder", "dangling link", "link to itself", "FIFO", "folder", "socket", "device"]


def put(kind: str, path: Path, outside: Path) -> None:
    """Something that is no plain file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    match kind:
        case "link to a file":
            path.symlink_to(outside / path.name if (outside / path.name).is_file() else outside / "keep.txt")
        case "link to a folder":
            path.symlink_to(outside)
        case "dangling link":
            path.symlink_to(outside / "nothing")
        case "link to itself":
            path.symlink_to(path.name)
        case "FIFO":
            os.mkfifo(path)
        case "socket":
            there = os.open(path.parent, os.O_RDONLY)
            with socket.socket(socket.AF_UNIX) as listening:
                listening.bind(f"/proc/self/fd/{there}/{path.name}")
            os.close(there)
        case "device":
            path.symlink_to("/dev/zero")
        case _:
            path.mkdir()
            (path / "keep.txt").write_bytes(b"inner")


@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize("name", [RECORD, ENCODER, HEAD])
def test_what_is_no_plain_file_in_a_stage_is_told_set_aside_and_trained_again(stages, outside, untouched, kind, name):
    notes: list[str] = []
    store = Store(stages, notes.append)
    publish(store)
    (stages / KEY / name).unlink()
    put(kind, stages / KEY / name, outside)
    assert None in (store.record(KEY, IDENTITY, weights=True), store.encoder(KEY), store.head(KEY))
    list(store.entries())
    assert publish(store)
    assert store.encoder(KEY) is not None and store.head(KEY) is not None
    assert len(notes) == 1 and KEY in notes[0] and name in notes[0]
    assert [entry.key for entry in Store(stages).entries()] == sorted([KEY, NEIGHBOUR]) and untouched()


@pytest.mark.parametrize("kind", OTHERS)
def test_what_is_no_plain_file_among_scores_is_told_and_written_anew(stages, outside, untouched, kind):
    notes: list[str] = []
    store = Store(stages, notes.append)
    publish(store)
    put(kind, stages / KEY / "scores-dev.json", outside)
    assert store.scores(KEY, "dev") is store.scores(KEY, "dev") is None
    add_scores(store, {"de": 1})
    assert store.scores(KEY, "dev") == {"scores": {"de": 1}}
    assert len(notes) == 1 and untouched()


@pytest.mark.parametrize("kind", OTHERS)
def test_what_is_no_folder_in_a_stages_place_is_no_stage(stages, outside, untouched, kind):
    notes: list[str] = []
    store = Store(stages, notes.append)
    put(kind, stages / KEY, outside)
    store.forget(KEY)
    assert [entry.key for entry in store.entries()] == [NEIGHBOUR]
    shrink(store, 0)
    if kind != "folder":
        assert not publish(store)
        add_scores(store, {"de": 1})
        assert notes and all("is a link" in note or "is no folder" in note for note in notes)
    assert untouched()


@pytest.mark.parametrize("service", [".aside", ".uses", ".claims", ".damaged"])
@pytest.mark.parametrize("kind", ["link to a folder", "dangling link", "link to a file", "FIFO"])
def test_a_folder_of_the_stores_own_that_is_a_link_is_refused(stages, outside, untouched, service, kind):
    notes: list[str] = []
    store = Store(stages, notes.append)
    put(kind, stages / service, outside)
    refused = pytest.raises(MisplacedError, match=rf"\{service} is (a link|no folder)")
    if service == DAMAGED:
        (stages / KEY).mkdir()
        (stages / KEY / RECORD).write_bytes(b"{")
        with refused:
            store.damaged()
    else:
        with refused:
            tidy(store)
        with pytest.raises(MisplacedError):
            release(store.place, "a")
    with store.turn(KEY, lambda: None) as (found, mine):
        assert found is None
        kept = mine is not None and store.publish(mine, RECORD_OF, WEIGHTS, HEAD_WEIGHTS)
    with store.in_use() as use:
        use.add(KEY)
    assert kept == (service == ".uses")
    assert kept or any(service in note for note in notes)
    assert untouched() and {path.name for path in outside.iterdir()} == {"keep.txt", "a.txt", "sub", ENCODER, RECORD}


def test_a_store_that_is_reached_through_a_link_is_a_store(tmp_path):
    (tmp_path / "disk" / "large").mkdir(parents=True)
    (tmp_path / "home").symlink_to(tmp_path / "disk")
    (tmp_path / "disk" / "stages").symlink_to(tmp_path / "disk" / "large")
    store = Store(tmp_path / "home" / "stages")
    assert publish(store)
    tidy(store)
    assert [entry.key for entry in store.entries()] == [KEY]
    assert (tmp_path / "disk" / "large" / KEY / RECORD).exists()


def test_of_files_that_are_hard_links_the_name_in_the_store_alone_goes(stages, outside):
    store = Store(stages)
    (stages / NEIGHBOUR / ENCODER).unlink()
    os.link(outside / ENCODER, stages / NEIGHBOUR / ENCODER)
    (stages / ASIDE / "dead").mkdir(parents=True)
    os.link(outside / "a.txt", stages / ASIDE / "dead" / "a.txt")
    (stages / ".uses").mkdir()
    os.link(outside / "sub" / "b.txt", stages / ".uses" / "dead")
    tidy(store)
    shrink(store, 0)
    assert not (stages / NEIGHBOUR / ENCODER).exists() and not os.listdir(stages / ASIDE)
    assert {path.name: path.read_bytes() for path in outside.rglob("*.txt")} == dict.fromkeys(
        ["keep.txt", "a.txt", "b.txt"], b"ten bytes."
    )


def test_what_is_written_replaces_a_link_and_is_not_written_through_it(stages, outside, untouched):
    place = Place(str(stages))
    (stages / KEY).mkdir()
    (stages / KEY / "x").symlink_to(outside / "keep.txt")
    with pytest.raises(OSError, match="symbolic links"):
        place.overwrite(f"{KEY}/x", b"longer than before")
    assert not place.create(f"{KEY}/x", b"new")
    place.write(f"{KEY}/x", b"new")
    assert place.read(f"{KEY}/x") == b"new" and untouched()


def test_folders_within_what_the_dead_were_writing_are_told_and_left(stages, outside, untouched):
    notes: list[str] = []
    (stages / ASIDE / "dead" / "deep").mkdir(parents=True)
    (stages / ASIDE / "linked").symlink_to(outside)
    (stages / ASIDE / "dead" / "victim").symlink_to(outside)
    os.mkfifo(stages / ASIDE / "pipe")
    tidy(Records(stages, notes.append))
    assert os.listdir(stages / ASIDE) == ["dead"] and os.listdir(stages / ASIDE / "dead") == ["deep"]
    assert len(notes) == 1 and f"{ASIDE}/dead could not be removed" in notes[0] and untouched()


@pytest.mark.parametrize("kind", [*OTHERS, "a hundred MB", "nothing"])
def test_leases_that_are_no_plain_files_are_waited_for_as_for_the_dead(stages, outside, untouched, kind):
    store = Store(stages)
    for path in (stages / ".claims" / f"{KEY}.0", stages / ".uses" / "dead"):
        if kind in OTHERS:
            put(kind, path, outside)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
            os.truncate(path, 10**8 if kind == "a hundred MB" else 0)
    assert in_use(store) <= {KEY, NEIGHBOUR}
    with claim(store.place, KEY, lambda: False) as mine:
        assert store.publish(mine, RECORD_OF, WEIGHTS, HEAD_WEIGHTS)
    tidy(store)
    assert untouched() and shrink(store, 0).after == 0
