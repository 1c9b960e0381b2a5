"""Stores that somebody else prepared: nothing outside a stage's own folder is removed, moved, read or written, and nothing waits."""

import hashlib
from contextlib import suppress

import pytest

from tests.trainables.store.conftest import KEY, NEIGHBOUR, plant, publish, sound, stage_key
from trainables.checkpoints import StageStore
from trainables.store import (
    ENCODER_FILE,
    HEAD_FILE,
    RECORD_FILE,
    Location,
    UseLease,
    is_claimed,
    remove_leftovers,
    shrink_store,
)
from trainables.store._eviction import list_stages_in_use
from trainables.store._leases import list_leases


def at(path: str, name: str = "e") -> dict:
    return sound(files={name: {"at": path, "bytes": 10, "sha256": hashlib.sha256(b"ten bytes.").hexdigest()}})


PATHS = [
    "",
    ".",
    "..",
    "/",
    "../../victim",
    "../../victim/keep.txt",
    "../../victim/sub",
    f"../../victim/{ENCODER_FILE}",
    f"../{NEIGHBOUR}/{ENCODER_FILE}",
    f"x/../../../victim/{ENCODER_FILE}",
    f"./{ENCODER_FILE}",
    f"{ENCODER_FILE}/",
    f"//{ENCODER_FILE}",
    RECORD_FILE,
    "scores-dev.json",
    "*",
    "~",
    f"{ENCODER_FILE}\n",
    f"{ENCODER_FILE}\x00",
    f"dead-{ENCODER_FILE}",
    f"../0123456789abcdef-{ENCODER_FILE}",
    f"0123456789abcdef-../{ENCODER_FILE}",
    "．．/victim",
    "x" * 5000,
]


@pytest.mark.parametrize("name", ["e", ENCODER_FILE, HEAD_FILE])
@pytest.mark.parametrize("path", [*PATHS, "VICTIM"], ids=ascii)
def test_a_record_that_names_anything_but_its_own_files_is_garbled(stages, outside, untouched, path, name):
    plant(stages / KEY, at(path if path != "VICTIM" else str(outside / "keep.txt"), name))
    notes: list[str] = []
    store = StageStore(stages, notes.append)
    store.remove_weights(KEY)
    assert [entry.key for entry in store.iterate_entries()] == [NEIGHBOUR]
    shrink_store(store, 10)
    assert store.read_record(KEY) is store.read_encoder(KEY) is store.read_head(KEY) is None
    assert len(notes) == 1 and "stage.json is garbled (files" in notes[0] and "\n" not in notes[0]
    assert publish(store)
    assert store.read_encoder(KEY) is not None
    assert len(store.list_damaged()) == 1
    assert (stages / NEIGHBOUR / ENCODER_FILE).exists() and untouched()


def test_files_as_the_program_names_them_are_those_of_the_stage(stages):
    for key, path in (
        (KEY, ENCODER_FILE),
        (stage_key(1), f"0123456789abcdef-{ENCODER_FILE}"),
        (stage_key(2), f"{'a' * 24}-{ENCODER_FILE}"),
    ):
        plant(stages / key, at(path, ENCODER_FILE))
        (stages / key / path).write_bytes(b"ten bytes.")
    store = StageStore(stages)
    assert {entry.key: entry.bytes for entry in store.iterate_entries()} == dict.fromkeys(
        [KEY, NEIGHBOUR, stage_key(1), stage_key(2)], 10
    )
    store.remove_weights(stage_key(2))
    assert sorted(path.name for path in (stages / stage_key(2)).iterdir()) == [RECORD_FILE]


@pytest.mark.parametrize("path", PATHS[1:], ids=ascii)
@pytest.mark.parametrize("where", ["folder", "s3", "memory"])
def test_no_path_leads_out_of_a_place(request, tmp_path, where, path):
    if where == "s3":
        url = request.getfixturevalue("s3_url")
    else:
        url = str(tmp_path / "stages") if where == "folder" else f"memory://{abs(hash(request.node.nodeid))}/stages"
    outer, place = Location(url.rpartition("/")[0]), Location(url)
    for name in ("victim/keep.txt", f"stages/{KEY}/{ENCODER_FILE}", f"stages/{KEY}/plain"):
        outer.write(name, b"ten bytes.")
    for deed in (
        place.remove,
        place.read,
        place.size,
        place.list_names,
        place.list_sizes,
        lambda each: place.move(each, "x/y"),
    ):
        with suppress(OSError):
            deed(f"{KEY}/{path}")
    assert outer.read("victim/keep.txt") == b"ten bytes."
    if path not in (".", "/", f"./{ENCODER_FILE}", f"{ENCODER_FILE}/", f"//{ENCODER_FILE}"):
        assert place.read(f"{KEY}/plain") == b"ten bytes."


CLAIMS = ["²", "٣", "９", "9" * 220, "00", "01", "-1", "+1", "1_0", "1.5", "0x1", "", " 1", "1e3", "①", "1\n"]


@pytest.mark.parametrize("generation", CLAIMS, ids=ascii)
def test_a_claim_whose_name_the_program_does_not_write_is_nobodys(stages, generation):
    store = StageStore(stages)
    (stages / ".claims").mkdir()
    (stages / ".claims" / f"{KEY}.{generation}").write_bytes(b"x")
    assert not is_claimed(store.location, KEY)
    assert publish(store)


def test_a_claim_of_ten_thousand_digits_in_an_object_store_is_nobodys():
    store = StageStore("memory://digits/stages")
    store.location.create(f".claims/{KEY}.{'9' * 10_000}", b"x")
    assert not is_claimed(store.location, KEY)
    assert publish(store)


def test_claims_that_no_generation_follows_cost_the_publication_alone(stages):
    notes: list[str] = []
    store = StageStore(stages, notes.append)
    (stages / ".claims").mkdir()
    (stages / ".claims" / f"{KEY}.999999999").write_bytes(b"dead")
    with store.claim_turn(KEY, lambda: None) as (found, mine):
        assert found is mine is None
    assert len(notes) == 1 and "there is no generation after" in notes[0]


@pytest.mark.parametrize("words", ["../../victim", "*", "", "\x00", "../" * 50 + "etc/passwd", KEY * 1000])
def test_a_use_may_name_anything(stages, untouched, words):
    store = StageStore(stages)
    (stages / ".uses").mkdir()
    (stages / ".uses" / "dead").write_bytes(f"dead 0000000001 {words} ".encode())
    shrink_store(store, 0)
    remove_leftovers(store)
    assert list_leases(store.location) == [] and untouched()
    assert shrink_store(store, 0).after == 0
    with UseLease(store.location) as use:
        use.add(words)
        list_stages_in_use(store)
    assert untouched()
