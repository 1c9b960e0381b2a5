import threading

import pytest
import torch

from tests.trainables.store.conftest import HEAD_WEIGHTS, IDENTITY, KEY, WEIGHTS, add_scores, publish
from trainables.checkpoints import StageStore
from trainables.store import ASIDE_FOLDER, DAMAGED_FOLDER, wait_for_claim
from trainables.store._leases import list_leases


def test_a_published_stage_is_read_back_bit_for_bit(store, url):
    assert publish(store)
    fresh = StageStore(url)
    for name, tensor in fresh.read_encoder(KEY).items():
        assert tensor.numpy().tobytes() == WEIGHTS[name].numpy().tobytes()
    assert fresh.read_encoder(KEY).keys() == WEIGHTS.keys()
    assert torch.equal(fresh.read_head(KEY)["classifier.weight"], HEAD_WEIGHTS["classifier.weight"])
    record = fresh.read_record(KEY, IDENTITY, weights=True)
    assert (record["seconds"], record["losses"], record["identity"]) == (1.5, [0.5, 0.25], IDENTITY)


def test_a_stage_that_was_never_trained_has_nothing(store, notes):
    assert store.read_record(KEY) is None
    assert store.read_encoder(KEY) is None
    assert store.read_head(KEY) is None
    assert store.read_scores(KEY, "dev") is None
    assert notes == []


def test_an_intermediate_stage_keeps_no_head(store):
    publish(store, head={})
    assert store.read_head(KEY) is None
    assert store.read_record(KEY, weights=True) is not None


def test_publishing_leaves_the_stage_and_nothing_else(store):
    publish(store)
    publish(store)
    add_scores(store, {})
    assert store.list_stages() == [KEY]
    assert list_leases(store.location) == []
    assert store.location.list_names(ASIDE_FOLDER) == store.location.list_names(DAMAGED_FOLDER) == []


def test_who_comes_second_leaves_the_first_record(store):
    publish(store)
    assert publish(store, seconds=9.0)
    assert store.read_record(KEY)["seconds"] == 1.5


def test_a_publication_that_fails_leaves_nothing(local):
    assert not publish(local, seconds=object())
    assert local.list_stages() == []
    assert local.location.list_names(ASIDE_FOLDER) == []


def test_scores_are_kept_by_split_and_later_ones_take_their_place(store):
    publish(store)
    add_scores(store, {"de": {"accuracy": 0.5}})
    assert store.read_scores(KEY, "dev") == {"scores": {"de": {"accuracy": 0.5}}}
    assert store.read_scores(KEY, "test") is None
    add_scores(store, {"de": {"accuracy": 0.25}})
    assert store.read_scores(KEY, "dev") == {"scores": {"de": {"accuracy": 0.25}}}


def test_a_forgotten_stage_keeps_its_record_and_its_scores(store, notes):
    publish(store)
    add_scores(store, {"de": 1})
    store.remove_weights(KEY)
    store.remove_weights(KEY)
    assert store.read_record(KEY, IDENTITY) is not None
    assert store.read_record(KEY, IDENTITY, weights=True) is None
    assert store.read_encoder(KEY) is None
    assert store.read_scores(KEY, "dev") == {"scores": {"de": 1}}
    assert notes == []


def test_a_forgotten_stage_gets_its_weights_back_when_it_is_published_again(store):
    publish(store)
    add_scores(store, {"de": 1})
    store.remove_weights(KEY)
    assert publish(store)
    assert store.read_record(KEY, IDENTITY, weights=True) is not None
    assert store.read_head(KEY).keys() == HEAD_WEIGHTS.keys()
    assert store.read_scores(KEY, "dev") == {"scores": {"de": 1}}


def test_other_bits_in_the_place_of_forgotten_ones_are_believed(store, notes):
    """Another type of machine may train the stage to other last bits."""
    publish(store)
    store.remove_weights(KEY)
    publish(store, weights={name: tensor + 1 for name, tensor in WEIGHTS.items()})
    assert store.read_encoder(KEY)["layer.weight"][0, 0] == 1
    assert notes == []


def turn(store: StageStore, made: list[str], name: str) -> None:
    with store.claim_turn(KEY, lambda: store.read_record(KEY, IDENTITY, weights=True)) as (found, mine):
        if found is None:
            made.append(name)
            store.publish(
                mine, {"identity": IDENTITY, "path": ["miniature"], "seconds": 1.0, "losses": []}, WEIGHTS, {}
            )


def test_of_many_that_need_a_stage_one_makes_it_and_the_others_get_it(url):
    made: list[str] = []
    threads = [threading.Thread(target=turn, args=(StageStore(url), made, f"{n}")) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(made) == 1
    assert list_leases(StageStore(url).location) == []


def test_a_turn_that_fails_lets_the_next_one_have_it(store):
    with pytest.raises(RuntimeError), store.claim_turn(KEY, lambda: None):
        raise RuntimeError
    made: list[str] = []
    turn(store, made, "next")
    assert made == ["next"]


def test_a_stage_is_busy_while_somebody_trains_it(store):
    assert not store.is_claimed(KEY)
    with wait_for_claim(store.location, KEY, lambda: False):
        assert store.is_claimed(KEY)
    assert not store.is_claimed(KEY)


def test_who_overslept_does_not_touch_what_another_published_meanwhile(store):
    """A holder that stood still long enough to lose its claim wakes up and publishes all the same."""
    sleeper = wait_for_claim(store.location, KEY, lambda: False)
    publish(store)
    record = {"identity": IDENTITY, "path": ["miniature"], "seconds": 9.0, "losses": []}
    store.publish(sleeper, record, {name: tensor + 1 for name, tensor in WEIGHTS.items()}, HEAD_WEIGHTS)
    assert store.read_record(KEY, weights=True)["seconds"] == 1.5
    assert store.read_encoder(KEY)["layer.weight"][0, 0] == 0
