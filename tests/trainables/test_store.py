import json
import os
import subprocess
import sys
from dataclasses import fields, replace

import pytest
import torch

from trainables.curriculum import Noise, Stage
from trainables.store import RECORD, STAGE_VERSION, Store, identity, key

STAGE = Stage(task="facts", learning_rate=1e-3, steps=10)
OTHERS = {
    "task": "dates",
    "learning_rate": 2e-3,
    "steps": 11,
    "batch_size": 16,
    "max_length": 64,
    "noise": Noise(method="random_perturbation", magnitude=0.1),
    "seed": 1,
    "average": 0.5,
}
WEIGHTS = {"layer.weight": torch.arange(6.0).view(2, 3), "layer.bias": torch.tensor([-0.0, 1e-40])}
HEAD = {"classifier.weight": torch.ones(2)}


def key_of(stage: Stage = STAGE, parent: str = "root", data: str = "data") -> str:
    return key(identity(stage, parent, data))


def published(store: Store, head: dict = HEAD) -> Store:
    store.publish("k", {"seconds": 1.5, "losses": [0.5]}, WEIGHTS, head)
    return store


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "stages")


def test_a_field_at_its_default_does_not_enter_the_identity():
    assert set(identity(STAGE, "root", "data")) == {"version", "parent", "data", "task", "learning_rate", "steps"}


def test_every_field_of_a_stage_has_a_value_to_test_with():
    assert set(OTHERS) == {field.name for field in fields(Stage)}


@pytest.mark.parametrize("field", OTHERS)
def test_a_field_off_its_default_makes_another_key(field):
    assert key_of(replace(STAGE, **{field: OTHERS[field]})) != key_of()


def test_the_magnitude_of_the_noise_makes_another_key():
    keys = {key_of(replace(STAGE, noise=Noise(method="random_perturbation", magnitude=m))) for m in (0.1, 0.2)}
    assert len(keys) == 2


def test_another_parent_makes_another_key():
    assert key_of(parent="other") != key_of()


def test_other_data_make_another_key():
    assert key_of(data="other") != key_of()


def test_another_version_of_the_training_makes_another_key():
    described = identity(STAGE, "root", "data")
    assert described["version"] == STAGE_VERSION
    assert key(described | {"version": STAGE_VERSION + 1}) != key(described)


def test_the_order_of_an_identity_does_not_matter():
    described = identity(STAGE, "root", "data")
    assert key(dict(reversed(described.items()))) == key(described)


def test_an_identity_comes_back_from_json_with_its_key():
    described = identity(replace(STAGE, **OTHERS), "root", "data")
    assert key(json.loads(json.dumps(described))) == key(described)


def test_a_key_is_the_first_half_of_the_digest_of_the_identity():
    """The value is of ``printf '{"data": "data", "parent": "root"}' | sha256sum``."""
    assert key({"parent": "root", "data": "data"}) == "c88dc93da68de65d54b3204c3f646b02"


def test_a_key_is_the_same_in_a_process_that_hashes_otherwise():
    program = (
        "from trainables.curriculum import Stage; from trainables.store import identity, key;"
        "print(key(identity(Stage(task='facts', learning_rate=1e-3, steps=10), 'root', 'data')))"
    )
    other = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"
    environment = {**os.environ, "PYTHONHASHSEED": other, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == key_of()


def test_a_published_stage_is_read_back_bit_for_bit(store):
    published(store)
    for name, tensor in store.encoder("k").items():
        assert tensor.numpy().tobytes() == WEIGHTS[name].numpy().tobytes()
    assert store.encoder("k").keys() == WEIGHTS.keys()
    assert torch.equal(store.head("k")["classifier.weight"], HEAD["classifier.weight"])
    assert store.record("k") == {"seconds": 1.5, "losses": [0.5]}
    assert store.has_weights("k")


def test_a_stage_that_was_never_trained_has_no_record(store):
    assert store.record("k") is None
    assert not store.has_weights("k")


def test_a_folder_without_a_record_is_no_stage(store):
    published(store)
    (store.root / "k" / RECORD).unlink()
    assert store.record("k") is None
    assert not store.has_weights("k")


def test_an_intermediate_stage_keeps_no_head(store):
    published(store, head={})
    with pytest.raises(FileNotFoundError):
        store.head("k")


def test_who_comes_second_leaves_the_first_record(store):
    published(store).publish("k", {"seconds": 9.0}, WEIGHTS, HEAD)
    assert store.record("k") == {"seconds": 1.5, "losses": [0.5]}


def test_publishing_leaves_nothing_aside(store):
    published(published(store)).add_scores("k", "dev", {})
    assert [folder.name for folder in store.root.iterdir()] == ["k"]


def test_a_publication_that_fails_leaves_nothing(store):
    with pytest.raises(TypeError):
        store.publish("k", {"seconds": object()}, WEIGHTS, HEAD)
    assert list(store.root.iterdir()) == []


def unaware(store: Store, key: str) -> None:
    """What the loser of a race saw when it looked for the winner."""


def test_a_stage_that_loses_the_race_leaves_the_winner(store, monkeypatch):
    published(store)
    monkeypatch.setattr(Store, "record", unaware)
    store.publish("k", {"seconds": 9.0}, WEIGHTS, HEAD)
    monkeypatch.undo()
    assert store.record("k") == {"seconds": 1.5, "losses": [0.5]}


def test_scores_are_kept_by_split(store):
    published(store).add_scores("k", "dev", {"scores": {"de": {"accuracy": 0.5}}})
    assert store.scores("k", "dev") == {"scores": {"de": {"accuracy": 0.5}}}
    assert store.scores("k", "test") is None


def test_later_scores_take_the_place_of_earlier_ones(store):
    published(store).add_scores("k", "dev", {"scores": 1})
    store.add_scores("k", "dev", {"scores": 2})
    assert store.scores("k", "dev") == {"scores": 2}


def test_a_forgotten_stage_keeps_its_record_and_its_scores(store):
    published(store).add_scores("k", "dev", {"scores": 1})
    store.forget("k")
    assert not store.has_weights("k")
    assert store.record("k") == {"seconds": 1.5, "losses": [0.5]}
    assert store.scores("k", "dev") == {"scores": 1}


def test_a_stage_may_be_forgotten_twice(store):
    published(store)
    store.forget("k")
    store.forget("k")
    assert not store.has_weights("k")


def test_a_forgotten_stage_gets_its_weights_back_when_it_is_published_again(store):
    published(store).forget("k")
    published(store)
    assert store.has_weights("k")
    assert store.head("k").keys() == HEAD.keys()
