import json
import threading
import time
from dataclasses import replace
from importlib.metadata import version

import pytest

from tests.tiny_encoders import changed, permuted
from tests.trainables.outcomes import keys, only, trained
from trainables.checkpoints import StageStore
from trainables.curriculum import Noise
from trainables.encoders._encoder import hash_weights
from trainables.store import ASIDE_FOLDER, ENCODER_FILE, derive_random_seed, wait_for_claim
from trainables.store._eviction import list_stages_in_use
from trainables.store._leases import list_leases
from trainables.training._optimizer import DivergedError
from trainables.transfer import draw_language_pairs, format_language_pair
from trainables.trial import run_trial


def test_a_trial_with_a_store_comes_to_the_same_as_one_without(trial, store):
    without, fresh, stored = run_trial(trial, None), run_trial(trial, store), run_trial(trial, store)
    assert without.transfer == fresh.transfer == stored.transfer
    assert keys(without) == keys(fresh) == keys(stored)


def test_a_trial_trains_nothing_that_the_store_holds(trial, store):
    first, second = run_trial(trial, store), run_trial(trial, store)
    assert trained(first) == [True, True, True]
    assert trained(second) == [False, False, False]
    assert second.trained_seconds == 0
    assert second.asked_seconds == pytest.approx(first.asked_seconds)


def test_every_target_is_scored_in_every_language_it_has(trial):
    transfer = run_trial(trial, None).transfer
    assert set(transfer.languages("choice", "dev")) == {"en", "de", "sw"}
    assert set(transfer.languages("retrieval", "dev")) == {"de", "sw"}


def test_each_stage_is_reported_as_it_comes(trial, store):
    told = []
    outcome = run_trial(trial, store, on_stage=told.append)
    assert tuple(told) == outcome.stages
    assert [(stage.task, stage.target) for stage in told] == [
        ("facts_sw", False),
        ("choice", True),
        ("retrieval", True),
    ]


def test_a_stage_read_from_the_store_leads_to_the_same_bits_as_one_trained(trial, store, tmp_path):
    trial, other = only(trial, "choice"), StageStore(tmp_path / "other")
    run_trial(replace(trial, targets=()), store)
    read, fresh = run_trial(trial, store), run_trial(trial, other)
    assert trained(read) == [False, True]
    assert trained(fresh) == [True, True]
    for key in keys(fresh):
        assert hash_weights(store.read_encoder(key)) == hash_weights(other.read_encoder(key))
    assert hash_weights(store.read_head(key)) == hash_weights(other.read_head(key))
    assert read.transfer == fresh.transfer


def test_stages_are_found_by_another_trial_that_begins_alike(trial, store):
    run_trial(only(trial, "retrieval"), store)
    assert trained(run_trial(trial, store)) == [False, True, False]


def test_more_languages_are_scored_without_training(trial, store):
    trial = only(trial, "choice")
    run_trial(replace(trial, languages=("en", "de")), store)
    grown = run_trial(trial, store)
    assert trained(grown) == [False, False]
    assert set(grown.transfer.languages("choice", "dev")) == {"en", "de", "sw"}
    assert grown.transfer == run_trial(trial, None).transfer


def test_fewer_languages_are_not_padded_with_stored_ones(trial, store):
    trial = only(trial, "choice")
    run_trial(trial, store)
    assert set(run_trial(replace(trial, languages=("de",)), store).transfer.languages("choice", "dev")) == {"de"}


def test_another_split_is_scored_without_training(trial, store):
    trial = only(trial, "choice")
    run_trial(trial, store)
    outcome = run_trial(trial, store, splits=("dev", "test"))
    assert trained(outcome) == [False, False]
    assert set(outcome.transfer.scores["choice"]) == {"dev", "test"}


def test_scores_of_other_rows_are_not_believed(trial, store):
    trial = only(trial, "choice")
    first = run_trial(trial, store)
    key = first.stages[-1].key
    stale = store.read_scores(key, "dev") | {"data": "other rows", "scores": {"de": {"accuracy": 2.0}}}
    with wait_for_claim(store.location, key, lambda: False) as mine:
        store.add_scores(mine, "dev", stale)
    assert run_trial(trial, store).transfer == first.transfer


def test_a_forgotten_target_still_has_its_scores(trial, store):
    trial = only(trial, "choice")
    first = run_trial(trial, store)
    store.remove_weights(first.stages[-1].key)
    second = run_trial(trial, store)
    assert trained(second) == [False, False]
    assert second.transfer == first.transfer


def test_a_forgotten_target_that_is_to_be_kept_is_trained_to_the_same_bits(trial, store):
    trial = only(trial, "choice")
    key = run_trial(trial, store).stages[-1].key
    before = hash_weights(store.read_encoder(key)), hash_weights(store.read_head(key))
    store.remove_weights(key)
    assert trained(run_trial(trial, store, keep=True)) == [False, True]
    assert (hash_weights(store.read_encoder(key)), hash_weights(store.read_head(key))) == before


def test_a_target_to_be_kept_that_the_store_holds_is_not_trained(trial, store):
    trial = only(trial, "choice")
    run_trial(trial, store)
    assert trained(run_trial(trial, store, keep=True)) == [False, False]


def test_a_forgotten_intermediate_stage_is_trained_to_the_same_bits(trial, store):
    trial = replace(trial, targets=())
    (key,) = keys(run_trial(trial, store))
    before = hash_weights(store.read_encoder(key))
    store.remove_weights(key)
    assert trained(run_trial(trial, store)) == [True]
    assert hash_weights(store.read_encoder(key)) == before


def test_the_baseline_trains_targets_on_the_encoder_itself(trial, store, encoder):
    (run_of_target,) = run_trial(replace(only(trial, "retrieval"), curriculum=()), store).stages
    assert store.read_record(run_of_target.key)["identity"]["parent"] == encoder.hash
    assert hash_weights(store.read_encoder(run_of_target.key)) == hash_weights(encoder.weights)


def test_a_stage_changes_the_keys_of_what_follows_it(trial):
    changed = replace(trial, curriculum=(replace(trial.curriculum[0], seed=1),))
    first, second = keys(run_trial(trial, None)), keys(run_trial(changed, None))
    assert not set(first) & set(second)


def test_a_joint_stage_has_the_data_of_its_tasks_in_its_identity(trial, store):
    stage = replace(trial.curriculum[0], task="facts_sw+names", steps=2)
    (key,) = keys(run_trial(replace(trial, curriculum=(stage,), targets=()), store))
    assert store.read_record(key)["identity"]["data"].count("+") == 1


@pytest.mark.parametrize("other", ["activation", "vocabulary"])
def test_an_encoder_of_the_same_weights_that_computes_otherwise_is_served_nothing(trial, store, tmp_path, other):
    """It once was served the other's stages and scores."""
    if other == "vocabulary":
        folder = permuted(trial.encoder, tmp_path / "other")
    else:
        folder = changed(trial.encoder, tmp_path / "other", "config.json", hidden_act="relu")
    first, second = run_trial(trial, store), run_trial(replace(trial, encoder=folder), store)
    assert trained(second) == [True, True, True]
    assert not set(keys(first)) & set(keys(second))
    assert run_trial(replace(trial, encoder=folder), None).transfer == second.transfer


def test_stages_of_another_arithmetic_are_other_stages(trial, store, monkeypatch):
    first = run_trial(trial, store)
    monkeypatch.setattr("trainables.trial.get_arithmetic", lambda: "cuda bfloat16")
    second = run_trial(trial, store)
    assert trained(second) == [True, True, True]
    assert not set(keys(first)) & set(keys(second))
    assert store.read_record(keys(second)[0])["identity"]["arithmetic"] == "cuda bfloat16"


def test_a_record_and_a_run_tell_what_a_stage_was_trained_with(trial, store):
    trial = only(trial, "choice")
    first = run_trial(trial, store)
    told = store.read_record(keys(first)[0])["environment"]
    assert told["arithmetic"] == "cpu float32"
    assert told["torch"] == version("torch")
    assert told.keys() == {
        "arithmetic",
        "device",
        "threads",
        "stage_version",
        "torch",
        "transformers",
        "tokenizers",
        "xlt-search",
    }
    again = run_trial(trial, store)
    assert trained(again) == [False, False]
    assert [stage.environment for stage in (*first.stages, *again.stages)] == [told] * 4


def test_the_same_stage_draws_the_same_numbers_whatever_went_before_it(trial, store):
    """Common random numbers: two curricula of one seed share the order of the data, the head and the dropout of their targets."""
    plain = replace(only(trial, "choice"), curriculum=())
    still = replace(trial.curriculum[0], learning_rate=1e-30)
    moved = replace(only(trial, "choice"), curriculum=(still,))
    (one,), (_, other) = run_trial(plain, store).stages, run_trial(moved, store).stages
    assert one.key != other.key
    assert one.losses == other.losses


def test_another_seed_or_task_draws_other_numbers(trial):
    stage = trial.targets[0]
    told = {derive_random_seed(replace(stage, **field), "data") for field in ({}, {"seed": 1}, {"task": "tagging"})}
    assert len(told | {derive_random_seed(stage, "other data")}) == 4
    assert derive_random_seed(replace(stage, learning_rate=1.0, steps=1, batch_size=1), "data") == derive_random_seed(
        stage, "data"
    )


def test_a_record_tells_what_was_trained_and_its_losses(trial, store):
    (key,) = keys(run_trial(replace(trial, targets=()), store))
    record = store.read_record(key)
    assert record["identity"]["task"] == "facts_sw"
    assert len(record["losses"]) == trial.curriculum[0].steps


def test_a_stage_that_diverges_is_not_published(trial, store):
    stage = replace(trial.curriculum[0], learning_rate=1e20, steps=8)
    with pytest.raises(DivergedError):
        run_trial(replace(trial, curriculum=(stage,)), store)
    assert store.list_stages() == list_leases(store.location) == store.location.list_names(ASIDE_FOLDER) == []


def spoil(store: StageStore, key: str) -> None:
    """Flip a bit of a stage's weights, in a way that their size does not show."""
    data = bytearray(store.location.read(f"{key}/{ENCODER_FILE}"))
    data[-1] ^= 1
    store.location.write(f"{key}/{ENCODER_FILE}", bytes(data))


def test_a_damaged_stage_is_trained_again_when_somebody_trains_on_top_of_it(trial, store):
    first = run_trial(trial, store)
    spoil(store, keys(first)[0])
    store.location.remove(keys(first)[1])
    notes = []
    again = run_trial(trial, StageStore(store.location.url, notes.append))
    assert trained(again) == [True, True, False]
    assert keys(again) == keys(first)
    assert again.transfer == first.transfer
    assert notes == [f"stage store: stage {keys(first)[0]}: encoder.safetensors is not what was written"]
    assert trained(run_trial(trial, store)) == [False, False, False]


def test_a_damaged_stage_that_nobody_needs_is_let_be(trial, store):
    first = run_trial(trial, store)
    spoil(store, keys(first)[0])
    assert trained(run_trial(trial, store)) == [False, False, False]


def test_a_damaged_target_is_trained_again_for_another_split(trial, store):
    trial = only(trial, "choice")
    first = run_trial(trial, store)
    spoil(store, keys(first)[1])
    again = run_trial(trial, store, splits=("dev", "test"))
    assert trained(again) == [False, True]
    assert again.transfer.scores["choice"]["dev"] == first.transfer.scores["choice"]["dev"]


def test_a_store_that_cannot_be_written_to_costs_the_trial_nothing_but_sharing(trial, tmp_path):
    (tmp_path / "file").write_text("in the way")
    notes = []
    outcome = run_trial(trial, StageStore(tmp_path / "file", notes.append))
    assert outcome.transfer == run_trial(trial, None).transfer
    assert [what for note in notes for what in ("cannot be read", "cannot be written") if what in note] == [
        "cannot be read",
        "cannot be written",
    ]


def test_a_target_that_another_process_trains_comes_last(trial, store):
    first, second = trial.targets
    whole = run_trial(replace(trial, curriculum=(), targets=(first,)), None)
    order = []
    mine = wait_for_claim(store.location, keys(whole)[0], lambda: False)
    with mine:
        thread = threading.Thread(
            target=run_trial,
            args=(replace(trial, curriculum=()), store),
            kwargs={"on_stage": lambda run: order.append(run.task)},
        )
        thread.start()
        while not order:
            time.sleep(0.05)
        assert order == [second.task]
    thread.join(60)
    assert order == [second.task, first.task]


def test_scores_come_in_the_order_of_the_targets_whatever_was_trained_first(trial, store, monkeypatch):
    monkeypatch.setattr(StageStore, "is_claimed", lambda store, key: True)
    plain = run_trial(trial, None)
    outcome = run_trial(trial, store)
    assert list(outcome.transfer.scores) == list(plain.transfer.scores)
    assert [stage.task for stage in outcome.stages] == [stage.task for stage in plain.stages]


def test_a_running_trial_marks_the_stages_it_needs(trial, store):
    seen = []
    run_trial(trial, store, on_stage=lambda stage: seen.append((stage.key, list_stages_in_use(store))))
    trunk = seen[0][0]
    assert all(trunk in needed for key, needed in seen[1:])
    assert list_stages_in_use(store) == set()


def test_a_target_is_not_found_where_its_task_was_an_intermediate_stage(trial, store):
    """An intermediate stage keeps its heads under their tasks' names: a target restored from it would have a random one."""
    target = trial.targets[0]
    run_trial(replace(trial, curriculum=(target,), targets=()), store)
    outcome = run_trial(replace(trial, curriculum=(), targets=(target,)), store)
    assert trained(outcome) == [True]
    assert outcome.transfer == run_trial(replace(trial, curriculum=(), targets=(target,)), None).transfer


def test_targets_of_two_texts_are_scored_in_two_languages_besides(trial, store):
    plain = run_trial(trial, store).transfer
    outcome = run_trial(replace(trial, pairs=4), store)
    assert outcome.transfer.scores == plain.scores
    assert set(outcome.transfer.generalized) == {"choice"}
    assert set(outcome.transfer.generalized["choice"]["dev"]) == {
        format_language_pair(*pair) for pair in draw_language_pairs(("en", "de", "sw"), 4, 0)
    }
    assert not any(trained(outcome))
    assert plain.generalized == {}


def test_scores_in_two_languages_are_read_from_the_store(trial, store, monkeypatch):
    paired = replace(trial, pairs=4)
    first = run_trial(paired, store)
    monkeypatch.setattr("trainables.evaluation._evaluation.score_language_pairs", None)
    assert run_trial(paired, store).transfer == first.transfer


def test_other_pairs_are_scored_without_training(trial, store):
    run_trial(replace(trial, pairs=2), store)
    other = run_trial(replace(trial, pairs=2, pairs_seed=1), store)
    assert not any(trained(other))
    assert other.transfer == run_trial(replace(trial, pairs=2, pairs_seed=1), None).transfer


def augmented(trial, synonyms: str = ""):
    noise = Noise(method="augmentation", magnitude=1.0)
    stages = tuple(replace(stage, noise=noise) for stage in trial.curriculum)
    return replace(trial, curriculum=stages, synonyms=synonyms)


def test_augmentation_takes_the_benchmarks_own_synonyms_or_those_of_a_file(trial, tmp_path):
    file = tmp_path / "synonyms.json"
    file.write_text(json.dumps({"zambia": ["Oz"]}))
    own, other = run_trial(augmented(trial), None), run_trial(augmented(trial, str(file)), None)
    assert keys(own)[0] != keys(other)[0]
    assert own.stages[0].native["scale"] == other.stages[0].native["scale"] == 1.0


def test_the_file_of_the_synonyms_may_lie_anywhere(trial, store, tmp_path):
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "synonyms.json").write_text(json.dumps({"kenya": ["Oz"]}))
    first = run_trial(augmented(trial, str(tmp_path / "here" / "synonyms.json")), store)
    second = run_trial(augmented(trial, str(tmp_path / "there" / "synonyms.json")), store)
    assert keys(first) == keys(second)
    assert not any(trained(second))


def test_synonyms_do_not_touch_stages_without_augmentation(trial):
    assert keys(run_trial(trial, None)) == keys(run_trial(replace(trial, synonyms="nowhere.json"), None))


def test_native_parameters_come_back_from_the_store(trial, store):
    noise = Noise(method="random_perturbation", magnitude=0.3)
    noisy = replace(trial, curriculum=tuple(replace(stage, noise=noise) for stage in trial.curriculum))
    first, second = run_trial(noisy, store), run_trial(noisy, store)
    assert first.stages[0].native.keys() == {"standard_deviation"}
    assert second.stages[0].native == first.stages[0].native
