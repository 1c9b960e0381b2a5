import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.trainables.store.conftest import KEY, RECORD_OF, WEIGHTS, stage_key
from trainables.checkpoints import StageStore
from trainables.store import (
    ASIDE_FOLDER,
    STAGE_VERSION,
    LeaseMonitor,
    StageEntry,
    UseLease,
    remove_leftovers,
    shrink_store,
    wait_for_claim,
)
from trainables.store._eviction import list_stages_in_use, select_least_valuable
from trainables.store._leases import STALE_SECONDS

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ENTRY = StageEntry(
    key="a",
    identity={"version": STAGE_VERSION},
    path=("miniature",),
    seconds=10.0,
    steps=1,
    made=NOW,
    bytes=100,
    files=("encoder.safetensors",),
)


def keys(entries) -> list[str]:
    return [entry.key for entry in entries]


def test_what_is_cheapest_to_train_again_by_byte_goes_first():
    entries = [ENTRY, replace(ENTRY, key="b", seconds=1.0), replace(ENTRY, key="c", seconds=5.0, bytes=10)]
    assert keys(select_least_valuable(entries, 0, ())) == ["b", "a", "c"]
    assert keys(select_least_valuable(entries, 110, ())) == ["b"]
    assert keys(select_least_valuable(entries, 210, ())) == []


def test_among_equals_the_older_goes_first():
    entries = [ENTRY, replace(ENTRY, key="old", made=NOW - timedelta(days=1))]
    assert keys(select_least_valuable(entries, 100, ())) == ["old"]


def test_stages_of_another_version_of_the_program_go_first():
    dear = replace(ENTRY, key="old", seconds=1e6, identity={"version": STAGE_VERSION - 1})
    assert keys(select_least_valuable([ENTRY, dear], 100, ())) == ["old"]


def test_what_is_needed_stays_and_what_has_no_weights_is_not_counted():
    entries = [ENTRY, replace(ENTRY, key="b"), replace(ENTRY, key="gone", bytes=0, files=())]
    assert keys(select_least_valuable(entries, 0, {"a"})) == ["b"]


def stage(store: StageStore, key: str, seconds: float) -> None:
    with wait_for_claim(store.location, key, lambda: False) as mine:
        store.publish(mine, RECORD_OF | {"seconds": seconds}, WEIGHTS, {})


@pytest.fixture
def filled(store) -> StageStore:
    for number in range(4):
        stage(store, stage_key(number), 4.0 - number)
    return store


def test_entries_tell_what_there_is(filled):
    entry = next(iter(filled.iterate_entries()))
    assert (entry.key, entry.seconds, entry.steps, entry.path) == (stage_key(0), 4.0, 2, ("miniature", "facts (0.001)"))
    assert entry.bytes == filled.read_record(stage_key(0))["files"]["encoder.safetensors"]["bytes"]


def test_a_store_shrinks_to_its_size_and_keeps_records_and_scores(filled):
    one = next(iter(filled.iterate_entries())).bytes
    with wait_for_claim(filled.location, stage_key(3), lambda: False) as mine:
        filled.add_scores(mine, "dev", {"scores": 1})
    shrunk = shrink_store(filled, 2 * one)
    assert keys(shrunk.evicted) == [stage_key(3), stage_key(2)]
    assert (shrunk.before, shrunk.after) == (4 * one, 2 * one)
    assert keys(entry for entry in filled.iterate_entries() if entry.bytes) == [stage_key(0), stage_key(1)]
    assert len(list(filled.iterate_entries())) == 4
    assert filled.read_scores(stage_key(3), "dev") == {"scores": 1}


def test_a_dry_run_takes_nothing(filled):
    assert len(shrink_store(filled, 0, dry_run=True).evicted) == 4
    assert all(entry.bytes for entry in filled.iterate_entries())


def test_weights_of_running_trials_are_never_taken(filled):
    with UseLease(filled.location) as use, wait_for_claim(filled.location, stage_key(1), lambda: False):
        use.add(stage_key(3))
        use.add(stage_key(2))
        assert list_stages_in_use(filled) == {stage_key(1), stage_key(2), stage_key(3)}
        assert keys(shrink_store(filled, 0).evicted) == [stage_key(0)]
    assert list_stages_in_use(filled) == set()


def test_a_tidy_store_has_nothing_of_the_dead_and_all_of_the_living(store):
    stage(store, KEY, 1.0)
    store.location.create(".claims/dead.0", b"dead")
    store.location.create(".uses/dead", b"dead")
    store.location.write(f"{ASIDE_FOLDER}/dead.0/encoder.safetensors", b"half")
    with wait_for_claim(store.location, "living", lambda: False) as mine:
        store.location.write(f"{ASIDE_FOLDER}/{mine.token}/encoder.safetensors", b"half")
        remove_leftovers(store)
        assert store.location.list_names(".claims") == ["living.0"]
        assert store.location.list_names(".uses") == []
        assert store.location.list_names(ASIDE_FOLDER) == [mine.token]
    assert store.read_record(KEY, weights=True) is not None


def test_uploads_of_the_dead_are_removed_from_an_object_store(s3_url):
    store = StageStore(s3_url)
    stage(store, KEY, 1.0)
    store.location.write(f"{KEY}/dead-encoder.safetensors", b"half")
    store.location.write(f"{stage_key(7)}/dead-encoder.safetensors", b"half")
    remove_leftovers(store)
    assert len(store.location.list_names(KEY)) == 2
    assert store.list_stages() == [KEY]
    assert store.read_record(KEY, weights=True) is not None


def test_garbled_records_cost_no_weights(s3_url):
    """A record that cannot be read may tell of every file there is."""
    store = StageStore(s3_url)
    stage(store, KEY, 1.0)
    store.location.write(f"{KEY}/stage.json", b"{")
    remove_leftovers(store)
    assert len(store.location.list_names(KEY)) == 2


def test_leases_of_the_dead_protect_nothing_once_they_were_watched(filled):
    filled.location.create(".uses/dead", f"dead 0000000001 {stage_key(3)} ".encode())
    watch = LeaseMonitor(filled.location)
    assert list_stages_in_use(filled, watch) == {stage_key(3)}
    time.sleep(STALE_SECONDS + 0.05)
    assert list_stages_in_use(filled, watch) == set()
    assert keys(shrink_store(filled, 0, watch).evicted)[0] == stage_key(3)


def test_a_lease_that_does_not_tell_yet_protects_everything(filled):
    filled.location.create(".uses/new", b"")
    assert keys(shrink_store(filled, 0).evicted) == []


def test_a_stray_file_among_the_leases_does_no_harm(filled):
    filled.location.create(".uses/.DS_Store", bytes(range(256)))
    with UseLease(filled.location) as use:
        use.add(stage_key(0))
        assert stage_key(0) in list_stages_in_use(filled)
