"""Whatever happens to a store: told once, never used, set aside, trained again."""

import errno
import json
from pathlib import Path

import pytest

from tests.trainables.store.conftest import IDENTITY, KEY, RECORD_OF, WEIGHTS, add_scores, files_no_larger_than, publish
from trainables.checkpoints import StageStore
from trainables.store import (
    ASIDE_FOLDER,
    ENCODER_FILE,
    HEAD_FILE,
    RECORD_FILE,
    RECORD_FORMAT,
    Location,
    remove_leftovers,
    seal_document,
)
from trainables.store._leases import list_leases


def edit(store: StageStore, name: str, change) -> None:
    path = f"{KEY}/{name}"
    store.location.write(path, change(store.location.read(path)))


def weight_file(store: StageStore, name: str = ENCODER_FILE) -> str:
    return store.read_record(KEY)["files"][name]["at"]


def truncated(data: bytes) -> bytes:
    return data[: len(data) // 2]


def flipped(data: bytes) -> bytes:
    middle = len(data) - 3
    return data[:middle] + bytes([data[middle] ^ 4]) + data[middle + 1 :]


def usable(store: StageStore) -> bool:
    """As a trial finds out: the record first, then, maybe later, the weights."""
    return store.read_record(KEY, IDENTITY, weights=True) is not None and store.read_encoder(KEY) is not None


@pytest.mark.parametrize("change", [truncated, flipped, lambda data: b""])
@pytest.mark.parametrize("name", [ENCODER_FILE, HEAD_FILE])
def test_damaged_weights_are_told_once_set_aside_and_trained_again(store, url, notes, name, change):
    publish(store)
    add_scores(store, {"de": 1})
    edit(store, weight_file(store, name), change)
    for _ in range(3):
        assert not (usable(store) and store.read_head(KEY) is not None)
    assert store.read_record(KEY, IDENTITY, weights=True) is None
    assert len(notes) == 1 and KEY in notes[0] and name in notes[0]
    assert publish(store)
    assert usable(store) and store.read_head(KEY) is not None
    assert store.read_scores(KEY, "dev") == {"scores": {"de": 1}}
    assert len(store.list_damaged()) == 1
    fresh: list[str] = []
    assert usable(StageStore(url, fresh.append))
    assert fresh == []


@pytest.mark.parametrize(
    "change", [truncated, flipped, lambda data: b"", lambda data: b"[]", lambda data: data.replace(b"1.5", b"2.5")]
)
def test_a_garbled_record_is_told_once_set_aside_and_written_again(store, notes, change):
    publish(store)
    edit(store, RECORD_FILE, change)
    assert not usable(store)
    assert not usable(store)
    assert len(notes) == 1 and notes[0].startswith(f"stage store: stage {KEY}: {RECORD_FILE} is garbled (")
    assert publish(store)
    assert usable(store)
    assert len(store.list_damaged()) == 1


def test_a_folder_without_a_record_is_set_aside(local, notes):
    publish(local)
    local.location.remove(f"{KEY}/{RECORD_FILE}")
    assert not usable(local)
    assert notes == [f"stage store: stage {KEY}: it has no {RECORD_FILE}"]
    assert publish(local)
    assert usable(local)
    (aside,) = local.list_damaged()
    assert local.location.list_names(aside) == [ENCODER_FILE, HEAD_FILE]


def test_an_upload_that_never_ended_is_no_damage(s3_url, notes):
    store = StageStore(s3_url, notes.append)
    store.location.write(f"{KEY}/dead-{ENCODER_FILE}", b"half")
    assert not usable(store)
    assert publish(store)
    assert usable(store)
    assert notes == store.list_damaged() == []


def test_a_record_of_another_stage_is_set_aside(store, notes):
    publish(store)
    other = json.loads(store.location.read(f"{KEY}/{RECORD_FILE}"))
    other.pop("seal")
    store.location.write(f"{KEY}/{RECORD_FILE}", seal_document(other | {"identity": IDENTITY | {"task": "dates"}}))
    assert not usable(store)
    assert notes == [f"stage store: stage {KEY}: its record is another stage's"]
    assert publish(store)
    assert usable(store)


def test_garbled_scores_are_no_scores(store, notes):
    publish(store)
    add_scores(store, {"de": 1})
    edit(store, "scores-dev.json", truncated)
    assert store.read_scores(KEY, "dev") is None
    assert store.read_scores(KEY, "dev") is None
    assert len(notes) == 1 and "scores-dev.json is garbled" in notes[0]
    add_scores(store, {"de": 2})
    assert store.read_scores(KEY, "dev") == {"scores": {"de": 2}}


def test_a_stage_of_a_newer_version_is_left_alone(store, notes):
    publish(store)
    newer = json.loads(store.location.read(f"{KEY}/{RECORD_FILE}")) | {"format": RECORD_FORMAT + 1}
    newer.pop("seal")
    store.location.write(f"{KEY}/{RECORD_FILE}", seal_document(newer))
    before = store.location.read(f"{KEY}/{RECORD_FILE}")
    assert not usable(store)
    assert not publish(store)
    store.remove_weights(KEY)
    assert store.location.read(f"{KEY}/{RECORD_FILE}") == before
    assert len(store.location.list_names(KEY)) == 3
    assert len(notes) == 1 and "newer version" in notes[0]


def test_a_disk_that_is_full_costs_the_publication_only(local, notes):
    with files_no_larger_than(100):
        assert not publish(local)
    assert len(notes) == 1 and "could not be kept" in notes[0]
    assert local.list_stages() == list_leases(local.location) == local.location.list_names(ASIDE_FOLDER) == []
    assert publish(local)
    assert usable(local)


def test_a_store_that_cannot_be_written_to_is_read_and_told_once(local, folder, notes, monkeypatch):
    publish(local)

    def refuse(*arguments, **options):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Location, "create", refuse)
    assert usable(local)
    for key in ("other", "third"):
        with local.claim_turn(key, lambda: None) as (found, mine):
            assert found is mine is None
    assert len(notes) == 1 and folder in notes[0] and "Read-only file system" in notes[0]


def test_a_server_that_is_down_costs_no_more_than_training(s3_url, notes, monkeypatch):
    import botocore.exceptions

    store = StageStore(s3_url, notes.append)

    def down(*arguments, **options):
        raise botocore.exceptions.EndpointConnectionError(endpoint_url="http://127.0.0.1:9")

    for name in ("cat_file", "pipe_file", "ls", "info"):
        monkeypatch.setattr(store.location.filesystem, name, down, raising=True)
    with store.claim_turn(KEY, lambda: store.read_record(KEY, IDENTITY, weights=True)) as (found, mine):
        assert found is mine is None
    assert any("cannot be written to" in note and "127.0.0.1:9" in note for note in notes)


STORED = Path(__file__).parent / "format_1"


def test_a_stage_as_it_lay_on_disk_when_this_was_written_is_read(notes):
    store = StageStore(STORED, notes.append)
    assert store.list_stages() == [KEY]
    record = store.read_record(KEY, IDENTITY, weights=True)
    assert {name: record[name] for name in RECORD_OF} == RECORD_OF
    assert all((store.read_encoder(KEY)[name] == tensor).all() for name, tensor in WEIGHTS.items())
    assert store.read_head(KEY)["classifier.weight"].tolist() == [1, 1]
    assert store.read_scores(KEY, "dev") == {"scores": {"de": {"accuracy": 0.5}}}
    assert notes == []


def test_scores_outlive_a_garbled_record(store):
    publish(store)
    add_scores(store, {"de": 1})
    edit(store, RECORD_FILE, truncated)
    assert publish(store)
    assert usable(store)
    assert store.read_scores(KEY, "dev") == {"scores": {"de": 1}}


def test_scores_without_a_stage_are_no_damage(local, notes):
    publish(local)
    add_scores(local, {"de": 1})
    for name in (RECORD_FILE, ENCODER_FILE, HEAD_FILE):
        local.location.remove(f"{KEY}/{name}")
    assert not usable(local)
    assert publish(local)
    assert usable(local)
    assert local.read_scores(KEY, "dev") == {"scores": {"de": 1}}
    assert notes == local.list_damaged() == []


def test_a_record_that_cannot_be_read_just_now_is_not_set_aside(local, notes, monkeypatch):
    publish(local)
    read = Location.read

    def fail(place, path, *limits):
        if path.endswith(RECORD_FILE):
            raise OSError(errno.EIO, "Input/output error")
        return read(place, path, *limits)

    monkeypatch.setattr(Location, "read", fail)
    assert not usable(local)
    assert not publish(local)
    monkeypatch.undo()
    assert usable(local)
    assert local.list_damaged() == []
    assert any("Input/output error" in note for note in notes)


def test_a_record_that_lacks_something_is_garbled(store, notes):
    publish(store)
    record = json.loads(store.location.read(f"{KEY}/{RECORD_FILE}"))
    del record["seal"], record["losses"]
    store.location.write(f"{KEY}/{RECORD_FILE}", seal_document(record))
    assert not usable(store)
    assert notes == [f"stage store: stage {KEY}: {RECORD_FILE} is garbled (losses: Field required)"]
    assert list(store.iterate_entries()) == []


def test_scores_of_a_newer_versions_stage_are_left_alone(store):
    publish(store)
    add_scores(store, {"de": 1})
    newer = json.loads(store.location.read(f"{KEY}/{RECORD_FILE}")) | {"format": RECORD_FORMAT + 1}
    del newer["seal"], newer["files"], newer["identity"]
    store.location.write(f"{KEY}/{RECORD_FILE}", seal_document(newer))
    assert store.read_record(KEY, IDENTITY) is None
    add_scores(store, {"de": 2})
    assert store.read_scores(KEY, "dev") == {"scores": {"de": 1}}
    remove_leftovers(store)
    assert list(store.iterate_entries()) == []
    assert len(store.location.list_names(KEY)) == 4


@pytest.mark.parametrize("wrong", [{"losses": [float("inf")]}, {"seconds": float("nan")}, {"path": []}])
def test_a_record_that_would_be_garbled_is_not_written(local, notes, wrong):
    assert not publish(local, **wrong)
    assert local.list_stages() == [] and len(notes) == 1 and "it could not be kept" in notes[0]
