"""Records that the program did not write, their seals true: told once and passed over, whatever is in which field."""

import json
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from search.planner import CostModel
from search.space import collect_trained_paths, select_stages_on_encoder
from tests.trainables.store.conftest import IDENTITY, KEY, NEIGHBOUR, plant, publish, sound
from trainables.checkpoints import StageStore
from trainables.store import (
    CPU_ARITHMETIC,
    ENCODER_FILE,
    HEAD_FILE,
    RECORD_FILE,
    STAGE_VERSION,
    StageEntry,
    StageRecords,
    seal_document,
    shrink_store,
)
from trainables.validation import escape_controls

STRANGE = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**18, -(10**400), 1e308, -1e308, 1e-320, "", "\x1b[2J", "\ud800", "../..", 2**63])
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
)
ANY = st.recursive(
    STRANGE, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)
CURRENT = IDENTITY | {"version": STAGE_VERSION, "learning_rate": 1e-3, "steps": 2, "noise": {"method": "r3f"}}


def read(entries: list[StageEntry]) -> None:
    """What plans and launches make of the stages of a store."""
    CostModel(entries)
    collect_trained_paths(select_stages_on_encoder("miniature", entries), CPU_ARITHMETIC)
    for entry in entries:
        _ = entry.is_current, entry.stage, entry.parent, entry.made < entry.made


def survives(stages: Path, record: bytes) -> list[str]:
    """Plant a record, do all that a store does, and return the notes."""
    shutil.rmtree(stages / KEY, ignore_errors=True)
    shutil.rmtree(stages / ".damaged", ignore_errors=True)
    (stages / KEY).mkdir(parents=True)
    (stages / KEY / RECORD_FILE).write_bytes(record)
    (stages / KEY / ENCODER_FILE).write_bytes(b"ten bytes.")
    notes: list[str] = []
    store = StageStore(stages, notes.append)
    entries = list(store.iterate_entries())
    assert NEIGHBOUR in [entry.key for entry in entries]
    read(entries)
    shrink_store(store, 0, dry_run=True)
    for _ in range(2):
        store.read_record(KEY, IDENTITY, weights=True), store.read_encoder(KEY), store.read_head(KEY)
    publish(store)
    store.remove_weights(KEY)
    assert (stages / NEIGHBOUR / ENCODER_FILE).read_bytes() == b"ten bytes."
    assert len(notes) <= 3 and all(note == escape_controls(note) and "\n" not in note for note in notes)
    assert sorted(os.listdir(stages.parent)) == ["stages"]
    return notes


@pytest.fixture(scope="module")
def shared(tmp_path_factory) -> Path:
    stages = tmp_path_factory.mktemp("home") / "stages"
    plant(stages / NEIGHBOUR, sound())
    (stages / NEIGHBOUR / ENCODER_FILE).write_bytes(b"ten bytes.")
    return stages


FEW = settings(
    max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)


@FEW
@given(field=st.sampled_from(sorted([*sound(), "native", "environment"])), value=ANY)
@example("made", "2026-11-27T15:00:00")
@example("made", "9999-12-31T23:59:59-23:00")
@example("made", "0001-01-01T00:00:00+23:00")
@example("files", None)
@example("path", 5)
@example("path", [])
@example("seconds", "x")
@example("seconds", -1)
@example("seconds", 10**4000)
@example("losses", [1e308, 1e308])
@example("losses", [True])
@example("format", "1")
@example("format", True)
@example("format", 10**4000)
@example("native", {"reached": "x"})
@example("environment", {"torch": 5})
@example("identity", {})
def test_any_value_in_any_field(shared, field, value):
    notes = survives(shared, seal_document(sound() | {field: value}))
    for note in notes:
        assert f"stage {KEY}: " in note


@FEW
@given(
    field=st.sampled_from(["at", "bytes", "sha256", "other"]),
    value=ANY,
    name=st.sampled_from([ENCODER_FILE, HEAD_FILE, "e"]),
)
@example("bytes", -1, ENCODER_FILE)
@example("bytes", 10**30, ENCODER_FILE)
@example("bytes", 10**15, ENCODER_FILE)
@example("bytes", True, HEAD_FILE)
@example("sha256", "0" * 63, ENCODER_FILE)
def test_any_value_in_any_field_of_a_file(shared, field, value, name):
    file = {"at": name, "bytes": 10, "sha256": "0" * 64} | {field: value}
    survives(shared, seal_document(sound(files=sound()["files"] | {name: file})))


@FEW
@given(field=st.sampled_from(sorted([*CURRENT, "target", "arithmetic", "batch_size"])), value=ANY)
@example("noise", {"method": "nobody's"})
@example("noise", {"method": "adversarial", "steps": -1})
@example("noise", {"method": "freelb", "steps": 10**400})
@example("steps", 10**400)
@example("parent", KEY)
@example("parent", NEIGHBOUR)
@example("version", "2")
@example("task", ["facts"])
def test_any_value_in_any_field_of_an_identity(shared, field, value):
    survives(shared, seal_document(sound(identity=CURRENT | {field: value})))


def test_stages_that_are_each_others_parents_are_read(tmp_path):
    plant(tmp_path / KEY, sound(identity=CURRENT | {"parent": NEIGHBOUR}))
    plant(tmp_path / NEIGHBOUR, sound(identity=CURRENT | {"parent": KEY}))
    read(list(StageRecords(tmp_path).iterate_entries()))


DOCUMENTS = {
    "deep": b"[" * 200_000,
    "deep within": b'{"made": ' + b'{"a":' * 100_000,
    "deep and whole": b'{"seal": 1, "x": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "a hundred MB": b" " * 10**8,
    "no document": b"\x80\x04K\x01.",
    "UTF-16": json.dumps(sound()).encode("utf-16"),
    "a list": b"[1, 2]",
    "a number": b"5",
    "no seal": json.dumps(sound()).encode(),
    "a seal of another type": json.dumps(sound() | {"seal": [1]}).encode(),
    "not a number": seal_document(sound(seconds=float("nan"))),
    "infinity": seal_document(sound(seconds=float("inf"))),
    "infinity in digits": seal_document(sound(seconds=12345.5)).replace(b"12345.5", b"1e400"),
    "5,000 digits": seal_document(sound()).replace(b"1.5", b"9" * 5000),
    "nothing": b"",
    "a key twice": b'{"made": 1, ' + seal_document(sound()).strip()[1:],
    "a long date": seal_document(sound(made="2" * 10**6)),
}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_any_document(tmp_path, document):
    stages = tmp_path / "home" / "stages"
    plant(stages / NEIGHBOUR, sound())
    (stages / NEIGHBOUR / ENCODER_FILE).write_bytes(b"ten bytes.")
    notes = survives(stages, DOCUMENTS[document])
    if document != "a key twice":
        assert "garbled" in notes[0] and all(len(note) < 400 for note in notes)
