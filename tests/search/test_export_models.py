"""Models out of the store, or trained again where it gave them up: real trials of a tiny encoder, without Ray."""

from dataclasses import replace

import pytest
import torch
from transformers import AutoModelForMultipleChoice

from search.errors import UserError
from search.exporter import export
from tests.trainables.test_lies import WRONG, forge
from trainables.checkpoints import StageStore
from trainables.store import ENCODER_FILE, HEAD_FILE
from trainables.trial import run_trial

CHANGES = {
    "targets": ["choice"],
    "languages": ["en", "de", "sw"],
    "training": {"intermediate": {"steps": 2, "max_length": 48}, "target": {"steps": 3, "max_length": 48}},
    "trials": 1,
    "finalists": {"top": 0},
}


@pytest.fixture
def make(config, reopen, home, encoder_folder):
    """Makes a search of one trial, which is the baseline, that was run with its stages in the home's store."""
    torch.set_num_threads(1)

    def make():
        study = reopen(config(CHANGES | {"encoder": encoder_folder}))
        study.recover()
        number, trial = study.ask()
        study.tell(number, run_trial(trial, StageStore(home.stages), data=str(home.data)))
        return study

    return make


def elsewhere(monkeypatch) -> None:
    """From now on this machine computes in another way than the one that the search ran on."""
    monkeypatch.setattr("trainables.trial.get_arithmetic", lambda: "cuda bfloat16")
    monkeypatch.setattr("trainables.training._stage_node.describe_environment", lambda: {"arithmetic": "cuda bfloat16"})


def weights(folder) -> dict[str, torch.Tensor]:
    return AutoModelForMultipleChoice.from_pretrained(folder, dtype=torch.float32).state_dict()


def target_key(study) -> str:
    return study.get_complete_trials()[0].outcome.stages[-1].key


@pytest.mark.usefixtures("without_pages")
class TestExport:
    def test_weights_of_the_store_are_written_without_being_scored_again(self, make, home, tmp_path, monkeypatch):
        """As on a head node without a GPU, for a search that ran on GPUs."""
        study = make()
        monkeypatch.setattr(
            "search.exporter._target_models.retrain_trial", lambda *_, **__: pytest.fail("trained again")
        )
        monkeypatch.setattr("trainables.evaluation._scoring.score_languages", lambda *_: pytest.fail("scored again"))
        best = export(study, home.get_search_folder("sums"), home, tmp_path / "out")
        kept = StageStore(home.stages).read_encoder(target_key(study))
        written = weights(tmp_path / "out" / "models" / "choice")
        assert all(torch.equal(written[f"roberta.{name}"], value) for name, value in kept.items() if "pool" not in name)
        assert best.scores == study.get_complete_trials()[0].outcome.transfer.scores
        assert best.environment["arithmetic"] == "cpu float32"

    def test_weights_that_are_gone_are_trained_again_to_the_same_bits(self, make, home, tmp_path):
        study, notes = make(), []
        export(study, home.get_search_folder("sums"), home, tmp_path / "one", tell=notes.append)
        StageStore(home.stages).remove_weights(target_key(study))
        export(study, home.get_search_folder("sums"), home, tmp_path / "two", tell=notes.append)
        one, two = (weights(tmp_path / name / "models" / "choice") for name in ("one", "two"))
        assert all(torch.equal(one[name], two[name]) for name in one)
        assert notes == []

    @pytest.mark.parametrize("name", [ENCODER_FILE, HEAD_FILE])
    @pytest.mark.parametrize("wrong", ["other shapes", "three tensors", "not a number", "int32", "empty file"])
    def test_weights_that_are_another_models_are_trained_again(self, make, home, tmp_path, wrong, name):
        study, store = make(), StageStore(home.stages)
        export(study, home.get_search_folder("sums"), home, tmp_path / "one")
        key = target_key(study)
        forge(store, key, name, WRONG[wrong](store.location.read(f"{key}/{name}")))
        export(study, home.get_search_folder("sums"), home, tmp_path / "two")
        one, two = (weights(tmp_path / folder / "models" / "choice") for folder in ("one", "two"))
        assert all(torch.equal(one[each], two[each]) for each in one) and len(store.list_damaged()) == 1

    def test_where_they_come_out_otherwise_on_other_arithmetic_it_is_told_how_far(
        self, make, home, tmp_path, monkeypatch
    ):
        study, notes = make(), []
        StageStore(home.stages).remove_weights(target_key(study))
        elsewhere(monkeypatch)
        moved(monkeypatch, by=0.01)
        export(study, home.get_search_folder("sums"), home, tmp_path / "out", tell=notes.append)
        (note,) = notes
        assert note.startswith(
            "the model of choice is no longer in the stage store and was trained again: dev scores differ"
        )
        assert "by 0.0100 at most" in note
        assert "within the tolerance of 0.05 where runs differ in arithmetic (cpu float32, now cuda bfloat16)" in note

    def test_beyond_the_tolerance_nothing_is_written(self, make, home, tmp_path, monkeypatch):
        study = make()
        StageStore(home.stages).remove_weights(target_key(study))
        elsewhere(monkeypatch)
        moved(monkeypatch, by=0.2)
        with pytest.raises(UserError, match=r"by \+0\.2000 on average, beyond the tolerance"):
            export(study, home.get_search_folder("sums"), home, tmp_path / "out")
        assert not (tmp_path / "out").exists()

    def test_on_the_same_arithmetic_one_bit_is_too_much(self, make, home, tmp_path, monkeypatch):
        study = make()
        StageStore(home.stages).remove_weights(target_key(study))
        moved(monkeypatch, by=1e-12)
        with pytest.raises(UserError, match="the same bits are due"):
            export(study, home.get_search_folder("sums"), home, tmp_path / "out")


def moved(monkeypatch, by: float) -> None:
    """What is trained again scores otherwise by so much."""
    from search.exporter._target_models import retrain_trial

    train = retrain_trial

    def again(trial, **named):
        outcome = train(trial, **named)
        scores = {
            target: {
                split: {code: {name: x + by for name, x in metrics.items()} for code, metrics in languages.items()}
                for split, languages in splits.items()
            }
            for target, splits in outcome.transfer.scores.items()
        }
        return replace(outcome, transfer=replace(outcome.transfer, scores=scores))

    monkeypatch.setattr("search.exporter._target_models.retrain_trial", again)
