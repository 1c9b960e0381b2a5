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
from trainables.checkpoints import StageStore
from trainables.store import (
    ASIDE_FOLDER,
    DAMAGED_FOLDER,
    ENCODER_FILE,
    HEAD_FILE,
    RECORD_FILE,
    Location,
    StageRecords,
    UnexpectedFileError,
    remove_launch_leases,
    remove_leftovers,
    shrink_store,
    wait_for_claim,
)
from trainables.store._eviction import list_stages_in_use

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
@pytest.mark.parametrize("name", [RECORD_FILE, ENCODER_FILE, HEAD_FILE])
def test_what_is_no_plain_file_in_a_stage_is_told_set_aside_and_trained_again(stages, outside, untouched, kind, name):
    notes: list[str] = []
    store = StageStore(stages, notes.append)
    publish(store)
    (stages / KEY / name).unlink()
    put(kind, stages / KEY / name, outside)
    assert None in (store.read_record(KEY, IDENTITY, weights=True), store.read_encoder(KEY), store.read_head(KEY))
    list(store.iterate_entries())
    assert publish(store)
    assert store.read_encoder(KEY) is not None and store.read_head(KEY) is not None
    assert len(notes) == 1 and KEY in notes[0] and name in notes[0]
    assert [entry.key for entry in StageStore(stages).iterate_entries()] == sorted([KEY, NEIGHBOUR]) and untouched()


@pytest.mark.parametrize("kind", OTHERS)
def test_what_is_no_plain_file_among_scores_is_told_and_written_anew(stages, outside, untouched, kind):
    notes: list[str] = []
    store = StageStore(stages, notes.append)
    publish(store)
    put(kind, stages / KEY / "scores-dev.json", outside)
    assert store.read_scores(KEY, "dev") is store.read_scores(KEY, "dev") is None
    add_scores(store, {"de": 1})
    assert store.read_scores(KEY, "dev") == {"scores": {"de": 1}}
    assert len(notes) == 1 and untouched()


@pytest.mark.parametrize("kind", OTHERS)
def test_what_is_no_folder_in_a_stages_place_is_no_stage(stages, outside, untouched, kind):
    notes: list[str] = []
    store = StageStore(stages, notes.append)
    put(kind, stages / KEY, outside)
    store.remove_weights(KEY)
    assert [entry.key for entry in store.iterate_entries()] == [NEIGHBOUR]
    shrink_store(store, 0)
    if kind != "folder":
        assert not publish(store)
        add_scores(store, {"de": 1})
        assert notes and all("is a link" in note or "is no folder" in note for note in notes)
    assert untouched()


@pytest.mark.parametrize("service", [".aside", ".uses", ".claims", ".damaged"])
@pytest.mark.parametrize("kind", ["link to a folder", "dangling link", "link to a file", "FIFO"])
def test_a_folder_of_the_stores_own_that_is_a_link_is_refused(stages, outside, untouched, service, kind):
    notes: list[str] = []
    store = StageStore(stages, notes.append)
    put(kind, stages / service, outside)
    refused = pytest.raises(UnexpectedFileError, match=rf"\{service} is (a link|no folder)")
    if service == DAMAGED_FOLDER:
        (stages / KEY).mkdir()
        (stages / KEY / RECORD_FILE).write_bytes(b"{")
        with refused:
            store.list_damaged()
    else:
        with refused:
            remove_leftovers(store)
        with pytest.raises(UnexpectedFileError):
            remove_launch_leases(store.location, "a")
    with store.claim_turn(KEY, lambda: None) as (found, mine):
        assert found is None
        kept = mine is not None and store.publish(mine, RECORD_OF, WEIGHTS, HEAD_WEIGHTS)
    with store.open_use_lease() as use:
        use.add(KEY)
    assert kept == (service == ".uses")
    assert kept or any(service in note for note in notes)
    assert untouched() and {path.name for path in outside.iterdir()} == {
        "keep.txt",
        "a.txt",
        "sub",
        ENCODER_FILE,
        RECORD_FILE,
    }


def test_a_store_that_is_reached_through_a_link_is_a_store(tmp_path):
    (tmp_path / "disk" / "large").mkdir(parents=True)
    (tmp_path / "home").symlink_to(tmp_path / "disk")
    (tmp_path / "disk" / "stages").symlink_to(tmp_path / "disk" / "large")
    store = StageStore(tmp_path / "home" / "stages")
    assert publish(store)
    remove_leftovers(store)
    assert [entry.key for entry in store.iterate_entries()] == [KEY]
    assert (tmp_path / "disk" / "large" / KEY / RECORD_FILE).exists()


def test_of_files_that_are_hard_links_the_name_in_the_store_alone_goes(stages, outside):
    store = StageStore(stages)
    (stages / NEIGHBOUR / ENCODER_FILE).unlink()
    os.link(outside / ENCODER_FILE, stages / NEIGHBOUR / ENCODER_FILE)
    (stages / ASIDE_FOLDER / "dead").mkdir(parents=True)
    os.link(outside / "a.txt", stages / ASIDE_FOLDER / "dead" / "a.txt")
    (stages / ".uses").mkdir()
    os.link(outside / "sub" / "b.txt", stages / ".uses" / "dead")
    remove_leftovers(store)
    shrink_store(store, 0)
    assert not (stages / NEIGHBOUR / ENCODER_FILE).exists() and not os.listdir(stages / ASIDE_FOLDER)
    assert {path.name: path.read_bytes() for path in outside.rglob("*.txt")} == dict.fromkeys(
        ["keep.txt", "a.txt", "b.txt"], b"ten bytes."
    )


def test_what_is_written_replaces_a_link_and_is_not_written_through_it(stages, outside, untouched):
    place = Location(str(stages))
    (stages / KEY).mkdir()
    (stages / KEY / "x").symlink_to(outside / "keep.txt")
    with pytest.raises(OSError, match="symbolic links"):
        place.overwrite(f"{KEY}/x", b"longer than before")
    assert not place.create(f"{KEY}/x", b"new")
    place.write(f"{KEY}/x", b"new")
    assert place.read(f"{KEY}/x") == b"new" and untouched()


def test_folders_within_what_the_dead_were_writing_are_told_and_left(stages, outside, untouched):
    notes: list[str] = []
    (stages / ASIDE_FOLDER / "dead" / "deep").mkdir(parents=True)
    (stages / ASIDE_FOLDER / "linked").symlink_to(outside)
    (stages / ASIDE_FOLDER / "dead" / "victim").symlink_to(outside)
    os.mkfifo(stages / ASIDE_FOLDER / "pipe")
    remove_leftovers(StageRecords(stages, notes.append))
    assert os.listdir(stages / ASIDE_FOLDER) == ["dead"] and os.listdir(stages / ASIDE_FOLDER / "dead") == ["deep"]
    assert len(notes) == 1 and f"{ASIDE_FOLDER}/dead could not be removed" in notes[0] and untouched()


@pytest.mark.parametrize("kind", [*OTHERS, "a hundred MB", "nothing"])
def test_leases_that_are_no_plain_files_are_waited_for_as_for_the_dead(stages, outside, untouched, kind):
    store = StageStore(stages)
    for path in (stages / ".claims" / f"{KEY}.0", stages / ".uses" / "dead"):
        if kind in OTHERS:
            put(kind, path, outside)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
            os.truncate(path, 10**8 if kind == "a hundred MB" else 0)
    assert list_stages_in_use(store) <= {KEY, NEIGHBOUR}
    with wait_for_claim(store.location, KEY, lambda: False) as mine:
        assert store.publish(mine, RECORD_OF, WEIGHTS, HEAD_WEIGHTS)
    remove_leftovers(store)
    assert untouched() and shrink_store(store, 0).after == 0
