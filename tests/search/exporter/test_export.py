from dataclasses import replace

import pytest

from search.errors import UserError
from search.exporter import export
from search.exporter._export import _find_synonyms
from search.exporter._model_card import build_model_card
from search.exporter._snippets import Usage
from search.exporter._training_sources import find_task_card
from trainables.curriculum import Noise


@pytest.fixture
def folder(home):
    return home.get_search_folder("sums")


def test_a_search_without_a_complete_trial_has_nothing_to_export(config, reopen, home, folder, tmp_path):
    with pytest.raises(UserError, match="no complete trial to export yet"):
        export(reopen(config()), folder, home, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_trial_that_is_not_complete_is_refused_with_those_that_are(
    config, reopen, make_scheduler, failing_worker, home, folder, tmp_path
):
    study = reopen(config({"trials": 3}))
    failing_worker(lambda job: job.number == 1).drive(make_scheduler(study))
    with pytest.raises(UserError, match="no complete trial 1; complete are: 0, 2"):
        export(study, folder, home, tmp_path / "out", 1)


@pytest.mark.parametrize("taken", ["file", "folder"])
def test_a_place_that_is_taken_is_left_as_it_is(finished, home, folder, tmp_path, taken):
    out = tmp_path / "out"
    if taken == "folder":
        out.mkdir()
    mine = out / "mine" if taken == "folder" else out
    mine.write_text("precious")
    with pytest.raises(UserError, match="exists already: name a new or empty folder"):
        export(finished, folder, home, out)
    assert mine.read_text() == "precious"


def test_an_export_that_fails_leaves_nothing_behind(finished, home, folder, tmp_path, monkeypatch):
    before = sorted(tmp_path.iterdir())

    def fails(*_):
        raise RuntimeError("no space left")

    monkeypatch.setattr("search.exporter._export._write_export", fails)
    with pytest.raises(RuntimeError, match="no space left"):
        export(finished, folder, home, tmp_path / "out")
    assert sorted(tmp_path.iterdir()) == before


@pytest.fixture
def page(finished):
    return card_of(finished)


def card_of(finished) -> str:
    from search.exporter._exported_trial import ExportedTrial

    record = finished.get_complete_trials()[0]
    best = ExportedTrial("sums", record.number, record.trial, 0, 1, {}, record.outcome.transfer.scores)
    usage = Usage(head="choice", architecture="XLMRobertaForMultipleChoice")
    return build_model_card(best, "choice", usage, record.outcome, finished.get_repeat_outcomes()[record.number])


def test_a_card_shows_families_on_the_trials_seed_and_on_fresh_ones(page, finished):
    best = finished.get_complete_trials()[0]
    (row,) = [line for line in page.splitlines() if line.startswith("| Uralic")]
    assert f"| {best.value:.3f} |" in row
    assert "[" in row
    assert "Repeated on fresh seeds: 1, 2, 3." in page


def test_a_card_says_what_makes_its_task_another_than_the_published_one(finished, page, monkeypatch):
    assert "published task" not in page
    monkeypatch.setattr(
        "search.exporter._model_card.find_task_card",
        lambda trial, task: replace(find_task_card(trial, task), published_difference="its contexts are cut by a saw"),
    )
    assert "metric: accuracy). Not the published task: its contexts are cut by a saw." in card_of(finished)


def test_a_card_names_the_curriculum_the_source_and_unseen_languages(page, finished, curriculum_of):
    best = finished.get_complete_trials()[0]
    for place, stage in enumerate(best.trial.curriculum, 1):
        assert f"{place}. {stage}, 100 steps" in page
    assert f"English: {best.value + 0.1:.3f} (dev). Unseen in pre-training: Wolof {best.value - 0.1:.3f}." in page


@pytest.mark.parametrize(("method", "kept"), [("augmentation", True), ("neftune", False)])
def test_a_trial_takes_its_synonyms_from_the_search_if_it_uses_any(finished, tmp_path, method, kept):
    noise = Noise(method=method, magnitude=0.1)
    trial = finished.get_complete_trials()[0].trial
    trial = replace(trial, targets=(replace(trial.targets[0], noise=noise),), synonyms=str(tmp_path / "given.json"))
    (tmp_path / "given.json").write_text("{}")
    assert _find_synonyms(trial, tmp_path / "own.json") == (str(tmp_path / "given.json") if kept else "")
    (tmp_path / "own.json").write_text("{}")
    (tmp_path / "given.json").unlink()
    assert _find_synonyms(trial, tmp_path / "own.json") == (str(tmp_path / "own.json") if kept else "")


def test_synonyms_that_are_gone_are_the_users_to_bring_back(finished, tmp_path):
    trial = finished.get_complete_trials()[0].trial
    noisy = replace(trial.targets[0], noise=Noise(method="augmentation", magnitude=0.1))
    with pytest.raises(UserError, match=r"neither .*own\.json nor .*given\.json"):
        _find_synonyms(replace(trial, targets=(noisy,), synonyms=str(tmp_path / "given.json")), tmp_path / "own.json")
