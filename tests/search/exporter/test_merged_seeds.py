"""The mean of a finalist's seeds: computed, scored, compared, kept where it is better."""

from dataclasses import replace

import pytest
import torch
from huggingface_hub import ModelCard
from transformers import AutoModelForMultipleChoice

from search.errors import UserError
from search.exporter import export
from search.exporter._merged_seeds import MergedSeeds, average_weights, check_mergeable, merge_seeds
from trainables.checkpoints import StageStore
from trainables.evaluation import Evaluation
from trainables.training import describe_head_weights


def test_the_mean_of_weights_is_taken_in_double_precision_and_integers_are_kept():
    torch.manual_seed(0)
    encoders = [{"a": torch.rand(3, 2), "n": torch.tensor([1, 2])} for _ in range(3)]
    before = [each["a"].clone() for each in encoders]
    encoder, head = average_weights((each, {"b": torch.ones(1) * n}) for n, each in enumerate(encoders))
    assert torch.equal(encoder["a"], torch.stack(before).double().mean(0).float())
    assert encoder["a"].dtype == torch.float32 and torch.equal(encoder["n"], torch.tensor([1, 2]))
    assert head["b"].item() == 1.0
    assert all(torch.equal(each["a"], was) for each, was in zip(encoders, before, strict=True))


def test_models_with_other_weights_have_no_mean():
    with pytest.raises(ValueError, match="other weights"):
        average_weights([({"a": torch.ones(1)}, {}), ({"b": torch.ones(1)}, {})])


@pytest.mark.parametrize("seeds", [0, 1])
def test_a_trial_with_fewer_than_two_seeds_is_refused(seeds, exported):
    repeats = dict(list(exported.study.get_repeat_outcomes()[0].items())[:seeds])
    with pytest.raises(UserError, match=r"trial 7 was repeated .*, and a mean needs two: choose a finalist by --trial"):
        check_mergeable(7, repeats)


def stored_weights(exported, seed: int, task: str):
    """Encoder and head of a target on a seed, from the store."""
    store, dataset = StageStore(exported.home.stages), exported.load_datasets()[task]
    outcome = exported.study.get_repeat_outcomes()[0][seed]
    (key,) = [run.key for run in outcome.stages if run.target and run.task == task]
    (like,) = describe_head_weights([dataset])
    return store.read_encoder(key, dataset.encoder.weights), store.read_head(key, like) or {}


@pytest.fixture
def merge(exported):
    """Merges the seeds of multiple choice, where the seeds have other scores by so much."""

    def make(by: float = 0.0):
        repeats = {
            seed: replace(outcome, transfer=shift(outcome.transfer, by))
            for seed, outcome in exported.study.get_repeat_outcomes()[0].items()
        }
        (stage,) = (stage for stage in exported.trial.targets if stage.task == "choice")
        return merge_seeds(
            stage,
            exported.trial,
            exported.load_datasets()["choice"],
            repeats,
            "transfer_dev",
            lambda seed, target: stored_weights(exported, seed, target.task),
        )

    return make


def shift(transfer, by):
    scores = {
        target: {
            split: {code: {name: x + by for name, x in row.items()} for code, row in rows.items()}
            for split, rows in s.items()
        }
        for target, s in transfer.scores.items()
    }
    return replace(transfer, scores=scores)


def test_a_mean_is_scored_like_any_model_and_compared_with_the_best_seed(merge, exported):
    merged, model = merge(by=-0.5)
    singles = {
        seed: outcome.transfer.restrict_to(["choice"]).objective("transfer_dev") - 0.5
        for seed, outcome in exported.study.get_repeat_outcomes()[0].items()
    }
    assert merged.best_value == pytest.approx(max(singles.values()))
    assert singles[merged.best_seed] == max(singles.values())
    assert merged.is_better and merged.seeds == (1, 2)
    wanted = average_weights(stored_weights(exported, seed, "choice") for seed in (1, 2))[0]
    state = model.base_model.state_dict()
    assert all(torch.equal(state[name], value) for name, value in wanted.items() if name in state)
    dataset = exported.load_datasets()["choice"]
    for split in ("dev", "test"):
        assert merged.transfer.scores["choice"][split] == Evaluation(dataset, split, exported.trial.languages).score(
            model
        )
    assert merged.value == merged.transfer.objective("transfer_dev")


def test_a_mean_that_is_worse_is_not_scored_on_test(merge):
    merged, _ = merge(by=0.5)
    assert not merged.is_better
    assert {*merged.transfer.scores["choice"]} == {"dev"}
    assert str(merged).endswith(": not written") and "not better than the best single seed" in str(merged)


def test_a_target_without_scores_on_dev_is_not_merged(exported):
    repeats = {
        seed: replace(outcome, transfer=replace(outcome.transfer, scores={"choice": {"dev": {}}}))
        for seed, outcome in exported.study.get_repeat_outcomes()[0].items()
    }
    stage = next(stage for stage in exported.trial.targets if stage.task == "choice")
    dataset = exported.load_datasets()["choice"]
    assert merge_seeds(stage, exported.trial, dataset, repeats, "transfer_dev", pytest.fail) is None


def test_an_export_writes_the_means_that_are_better_and_tells_of_all(exported, tmp_path):
    notes = exported.export(tmp_path / "out", merge_seeds=True)
    told = {note.split(",")[0]: note for note in notes}
    assert {*told} == {"inference", "choice", "tagging", "answer", "retrieval"}
    kept = {target for target, note in told.items() if note.endswith(f": written to merged/{target}")}
    folder = tmp_path / "out" / "merged"
    assert {path.name for path in folder.glob("*")} == kept
    assert {path.name for path in (tmp_path / "out" / "models").iterdir()} == {*told}
    text = (tmp_path / "out" / "README.md").read_text()
    assert all(f"(merged/{target}/README.md)" in text for target in kept)


def test_the_folder_of_a_mean_is_a_model_with_a_card_of_its_own_scores(exported, tmp_path, monkeypatch):
    monkeypatch.setattr(MergedSeeds, "is_better", property(lambda self: True))
    exported.export(tmp_path / "out", merge_seeds=True)
    folder = tmp_path / "out" / "merged" / "choice"
    wanted = average_weights(stored_weights(exported, seed, "choice") for seed in (1, 2))
    state = AutoModelForMultipleChoice.from_pretrained(folder).state_dict()
    assert all(torch.equal(state[f"roberta.{name}"], value) for name, value in wanted[0].items() if "pool" not in name)
    card = ModelCard.load(folder / "README.md")
    assert "The mean of the weights of seeds 1, 2 (Schmidt et al., ACL 2023). On dev it scores" in card.text
    assert all("fresh seeds" not in result.metric_name for result in card.data.eval_results)
    assert (tmp_path / "out" / "merged" / "retrieval" / "modules.json").exists()


def test_seeds_that_the_store_lacks_are_trained_again_to_the_same_mean(exported, tmp_path, monkeypatch):
    monkeypatch.setattr(MergedSeeds, "is_better", property(lambda self: True))
    exported.export(tmp_path / "one", merge_seeds=True)
    (key,) = [
        run.key for run in exported.study.get_repeat_outcomes()[0][2].stages if run.target and run.task == "choice"
    ]
    StageStore(exported.home.stages).remove_weights(key)
    exported.export(tmp_path / "two", merge_seeds=True)
    one, two = (
        AutoModelForMultipleChoice.from_pretrained(tmp_path / name / "merged" / "choice").state_dict()
        for name in ("one", "two")
    )
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_a_trial_that_was_not_repeated_is_refused_before_anything_is_written(finished, home, tmp_path):
    number = next(
        each.number for each in finished.get_complete_trials() if each.number not in finished.get_repeat_outcomes()
    )
    with pytest.raises(UserError, match="on no fresh seed"):
        export(finished, home.get_search_folder("sums"), home, tmp_path / "out", number, merge_seeds=True)
    assert not (tmp_path / "out").exists()
