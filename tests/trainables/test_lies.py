"""Weights and scores in a store that are sealed, and wrong: told, set aside or written anew, and the trial comes to what it came to."""

import hashlib
import json
import pickle
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load, save

from tests.trainables.outcomes import keys, only, trained
from trainables.checkpoints import StageStore
from trainables.curriculum import Stage
from trainables.data import load_encoded_dataset
from trainables.encoders._encoder import hash_weights
from trainables.evaluation._retention import RETENTION_SCORES
from trainables.store import ENCODER_FILE, HEAD_FILE, RECORD_FILE, seal_document
from trainables.training import describe_head_weights
from trainables.trial import run_trial


def reseal(store: StageStore, key: str, name: str, change) -> None:
    """Change a sealed document; its seal is true again."""
    document = json.loads(store.location.read(f"{key}/{name}"))
    del document["seal"]
    store.location.write(f"{key}/{name}", seal_document(change(document)))


def forge(store: StageStore, key: str, name: str, content: bytes) -> None:
    """Put another file in the place of weights, with size, checksum and seal to it."""
    store.location.write(f"{key}/{name}", content)
    file = {"at": name, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    reseal(store, key, RECORD_FILE, lambda record: record | {"files": record["files"] | {name: file}})


def every(change):
    return lambda data: save({name: change(tensor).contiguous() for name, tensor in load(data).items()})


def one(change):
    """The last weight changed: one number of it is enough."""

    def changed(data: bytes) -> bytes:
        weights = load(data)
        name = max(weights)
        return save(weights | {name: change(weights[name].clone())})

    return changed


def with_number(number: float):
    def put(tensor: torch.Tensor) -> torch.Tensor:
        tensor.view(-1)[-1] = number
        return tensor

    return one(put)


HUGE = (2**60).to_bytes(8, "little")
WRONG = {
    "other shapes": every(lambda tensor: torch.zeros(*tensor.shape, 2)),
    "one other shape": one(lambda tensor: tensor.view(1, *tensor.shape)),
    "no shape": one(lambda tensor: torch.tensor(0.0)),
    "three tensors": lambda data: save(dict(list(load(data).items())[:1])),
    "one tensor more": lambda data: save(load(data) | {"more": torch.zeros(1)}),
    "other names": lambda data: save({f"x.{name}": tensor for name, tensor in load(data).items()}),
    "not a number": with_number(float("nan")),
    "infinity": with_number(float("-inf")),
    "int32": every(lambda tensor: tensor.to(torch.int32)),
    "float16": every(lambda tensor: tensor.half()),
    "float64": one(lambda tensor: tensor.double()),
    "bool": one(lambda tensor: tensor.bool()),
    "no tensor": lambda data: save({}),
    "empty file": lambda data: b"",
    "a header of 2**60 bytes": lambda data: HUGE + data[8:],
    "a tensor of 100 GB": lambda data: _claims(100 * 2**30),
    "tensors over each other": lambda data: _header(
        {name: {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]} for name in load(data)}, bytes(4)
    ),
    "deep header": lambda data: (200_000).to_bytes(8, "little") + b"[" * 200_000,
    "pickle": lambda data: pickle.dumps(load(data)),
    "text": lambda data: b"no weights at all",
}


def _header(header: dict, data: bytes) -> bytes:
    told = json.dumps(header).encode()
    return len(told).to_bytes(8, "little") + told + data


def _claims(size: int) -> bytes:
    return _header({"x": {"dtype": "F32", "shape": [size // 4], "data_offsets": [0, size]}}, bytes(8))


@pytest.fixture
def choice(trial):
    """One intermediate stage and one target."""
    return only(trial, "choice")


@pytest.fixture
def fresh(choice):
    """The target once more, so that it is to be trained on the stored stage."""
    return replace(choice, targets=(replace(choice.targets[0], seed=1),))


@pytest.fixture
def true(fresh):
    return run_trial(fresh, None)


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_weights_of_an_intermediate_stage_are_trained_again(choice, fresh, true, store, wrong):
    first, _ = keys(run_trial(choice, store))
    before = hash_weights(store.read_encoder(first))
    forge(store, first, ENCODER_FILE, WRONG[wrong](store.location.read(f"{first}/{ENCODER_FILE}")))
    notes: list[str] = []
    outcome = run_trial(fresh, StageStore(store.location.url, notes.append))
    assert outcome.transfer == true.transfer
    assert trained(outcome) == [True, True]
    assert len(notes) == 1 and f"stage {first}: {ENCODER_FILE} " in notes[0] and "\n" not in notes[0]
    assert len(store.list_damaged()) == 1 and hash_weights(store.read_encoder(first)) == before
    assert run_trial(fresh, StageStore(store.location.url, notes.append)).transfer == true.transfer and len(notes) == 1


@pytest.mark.parametrize("name", [ENCODER_FILE, HEAD_FILE])
@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_weights_of_a_target_are_trained_again_before_they_are_scored(choice, store, wrong, name):
    whole = run_trial(choice, store)
    key = keys(whole)[-1]
    forge(store, key, name, WRONG[wrong](store.location.read(f"{key}/{name}")))
    store.location.remove(f"{key}/scores-dev.json")
    notes: list[str] = []
    assert run_trial(choice, StageStore(store.location.url, notes.append)).transfer == whole.transfer
    assert len(notes) == 1 and f"stage {key}: {name} " in notes[0]
    assert len(store.list_damaged()) == 1 and store.read_scores(key, "dev") is not None


def test_a_target_whose_record_tells_of_no_head_is_not_scored_with_a_fresh_one(choice, store):
    whole = run_trial(choice, store)
    key = keys(whole)[-1]
    reseal(store, key, RECORD_FILE, lambda record: record | {"files": {ENCODER_FILE: record["files"][ENCODER_FILE]}})
    store.location.remove(f"{key}/scores-dev.json")
    assert run_trial(choice, store).transfer == whole.transfer
    assert store.read_head(key) is not None


@pytest.mark.parametrize("wrong", ["other shapes", "not a number", "other names", "empty file", "int32"])
def test_wrong_heads_of_an_intermediate_stage_are_trained_again_once_they_are_needed(choice, store, wrong):
    stages = (*choice.curriculum, Stage(task="names", learning_rate=1e-3, steps=3, batch_size=4, max_length=48))
    two = replace(choice, curriculum=stages, targets=())
    first, _ = keys(run_trial(two, store))
    forge(store, first, HEAD_FILE, WRONG[wrong](store.location.read(f"{first}/{HEAD_FILE}")))
    notes: list[str] = []
    outcome = run_trial(replace(two, retention=20), StageStore(store.location.url, notes.append))
    told = [stage.retained for stage in outcome.stages]
    assert told == [stage.retained for stage in run_trial(replace(two, retention=20), None).stages]
    assert trained(outcome) == [True, False]
    assert len(notes) == 1 and f"stage {first}: {HEAD_FILE} " in notes[0]


def test_weights_that_are_not_finite_are_not_kept(choice, store, monkeypatch):
    notes: list[str] = []
    monkeypatch.setattr(
        "trainables.trial.extract_encoder_weights",
        lambda model, parent: {name: each * torch.nan for name, each in parent.items()},
    )
    run_trial(replace(choice, targets=()), StageStore(store.location.url, notes.append))
    assert store.list_stages() == [] and len(notes) == 1 and "not finite" in notes[0]


@pytest.mark.parametrize("kinds", [("facts_sw",), ("choice",), ("names", "initials"), ("facts_sw", "choice", "names")])
def test_heads_are_foreseen_as_training_makes_them(trial, store, kinds):
    """Without their numbers, and without making any."""
    stage = replace(trial.curriculum[0], task="+".join(kinds), max_length=48)
    state = torch.get_rng_state()
    tasks = {kind: load_encoded_dataset(trial.benchmark, kind, trial.encoder, 48) for kind in kinds}
    like = dict(zip(kinds, describe_head_weights(list(tasks.values())), strict=True))
    assert torch.equal(torch.get_rng_state(), state)
    key = keys(run_trial(replace(trial, curriculum=(stage,), targets=()), store))[0]
    kept = store.read_head(key)
    assert {name: (each.shape, each.dtype) for name, each in kept.items()} == {
        f"{kind}/{name}": (each.shape, each.dtype) for kind in kinds for name, each in like[kind].items()
    }


def all_are(score):
    return lambda scores: {code: dict.fromkeys(row, score) for code, row in scores.items()}


SCORES = {
    "50": all_are(50.0),
    "below zero": all_are(-0.01),
    "a little above one": all_are(1.001),
    "infinity in digits": all_are(10**400),
    "text": all_are("0.5"),
    "true": all_are(True),
    "nothing": all_are(None),
    "a list": all_are([0.5]),
    "no language": lambda scores: {},
    "a language missing": lambda scores: {"en": scores["en"]},
    "a language more": lambda scores: scores | {"../x": scores["en"]},
    "no metric": lambda scores: {code: {} for code in scores},
    "another metric": lambda scores: {code: {"f1": 0.5} for code in scores},
    "a metric of control signs": lambda scores: {code: row | {"\x1b[2J": 0.5} for code, row in scores.items()},
    "a number": lambda scores: 0.5,
    "a row of a number": lambda scores: dict.fromkeys(scores, 0.5),
    "null": lambda scores: None,
}


@pytest.mark.parametrize("wrong", SCORES)
def test_wrong_scores_are_told_once_and_scored_again(choice, store, wrong):
    whole = run_trial(choice, store)
    key = keys(whole)[-1]
    reseal(store, key, "scores-dev.json", lambda document: document | {"scores": SCORES[wrong](document["scores"])})
    notes: list[str] = []
    outcome = run_trial(choice, StageStore(store.location.url, notes.append))
    assert outcome.transfer == whole.transfer and trained(outcome) == [False, False]
    assert len(notes) == 1 and f"stage {key}: its scores on dev " in notes[0] and notes[0].isprintable()
    assert (
        run_trial(choice, StageStore(store.location.url, notes.append)).transfer == whole.transfer and len(notes) == 1
    )


def test_scores_without_scores_are_scored_again(choice, store):
    whole = run_trial(choice, store)
    reseal(
        store,
        keys(whole)[-1],
        "scores-dev.json",
        lambda document: (
            document | {"scores": 1} and {name: value for name, value in document.items() if name != "scores"}
        ),
    )
    assert run_trial(choice, store).transfer == whole.transfer


@pytest.mark.parametrize("wrong", [{"accuracy": 50.0}, {"accuracy": "x"}, {}, 5, None])
def test_wrong_scores_of_what_was_retained_are_measured_again(choice, store, wrong):
    measured = replace(choice, targets=(), retention=20)
    whole = run_trial(measured, store)
    (key,) = keys(whole)
    reseal(
        store,
        key,
        f"scores-{RETENTION_SCORES}.json",
        lambda document: document | {"scores": dict.fromkeys(document["scores"], wrong)},
    )
    notes: list[str] = []
    again = run_trial(measured, StageStore(store.location.url, notes.append))
    assert [stage.retained for stage in again.stages] == [stage.retained for stage in whole.stages]
    assert trained(again) == [False] and len(notes) == 1
