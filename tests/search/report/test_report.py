import io

import pytest
from rich.console import Console

from search.report import build_report, render_report
from search.results import build_results

ROBUST = {
    "trials": 100,
    "generalized.pairs": "all",
    "curriculum.max_length": 1,
    "space.noise": {"methods": ["none", "freelb"], "magnitude": {"low": 0.1, "high": 0.2, "points": 2}},
}


@pytest.fixture
def robust(config, reopen, make_scheduler, worker):
    """A search over noise that tried its whole space: 1 baseline and 3 tasks, each with none or one of two magnitudes."""
    study = reopen(config(ROBUST))
    worker.drive(make_scheduler(study))
    return study


def text(study) -> str:
    console = Console(file=io.StringIO(), width=200, highlight=False, markup=False)
    for line in render_report(study):
        console.print(line)
    return console.file.getvalue()


def test_noise_is_told_by_method_and_magnitude_with_its_cost(robust):
    rows = {row["noise"]: row for row in build_report(robust)["noise"]}
    assert {name: row["trials"] for name, row in rows.items()} == {
        "none": 4,
        "freelb (3 steps) 0.1": 3,
        "freelb (3 steps) 0.2": 3,
    }
    assert [rows[name]["work"] for name in rows] == [3.0, 3.0, 1.0]
    values = [
        record.value
        for record in robust.get_complete_trials()
        if record.trial.curriculum and "freelb" in str(record.trial)
    ]
    assert rows["freelb (3 steps) 0.1"]["transfer"] == pytest.approx(sum(values) / len(values))
    assert rows["none"]["generalized"] == pytest.approx(rows["none"]["unmixed"] - 0.2)


def test_both_settings_of_the_best_trial_stand_side_by_side_on_fresh_seeds(robust):
    told = build_report(robust)["generalized"]
    assert (told["trial"], told["split"], told["seeds"]) == (robust.get_complete_trials()[0].number, "test", 3)
    assert set(told["targets"]) == {"choice"}
    assert told["targets"]["choice"]["unmixed"] - told["targets"]["choice"]["generalized"] == pytest.approx(0.2)
    assert len(told["families"]) == 6
    assert all(row["low"] <= row["mean"] <= row["high"] for row in told["families"])


def test_every_finalist_is_told_in_both_settings_with_its_gain_over_the_baseline(robust):
    *others, plain = build_report(robust)["generalized"]["finalists"]
    assert len(others) == 2
    assert (plain["trial"], plain["gain"], plain["told"]) == (0, None, "")
    assert all(row["unmixed"] - row["generalized"] == pytest.approx(0.2) for row in [*others, plain])
    for row in others:
        assert row["gain"]["mean"] == pytest.approx(row["generalized"] - plain["generalized"])
        assert row["gain"]["low"] <= row["gain"]["mean"] <= row["gain"]["high"]
    assert others[0]["told"] in text(robust)


def test_the_report_begins_with_the_answer(robust):
    told = text(robust)
    assert told.startswith("sums: trial ")
    assert "freelb (3 steps) 0.1" in told
    assert "two languages" in told
    assert "Uralic" in told


def test_a_search_without_noise_and_pairs_reports_its_answer_alone(finished):
    told = text(finished)
    assert "noise: mean over the trials" not in told
    assert "two languages" not in told
    assert build_report(finished)["generalized"] is None


def test_of_many_pairs_of_families_the_ends_are_shown(config, reopen, make_scheduler, worker):
    codes = ["en", "de", "fi", "sw", "tr", "ja", "zh"]
    study = reopen(config({"generalized.pairs": "all", "languages": codes, "trials": 1, "finalists.top": 0}))
    worker.drive(make_scheduler(study))
    assert len(build_report(study)["generalized"]["families"]) == 30
    assert "(dev, the search's own seed)" in text(study)
    assert "..." in text(study)


def test_a_search_without_a_complete_trial_can_be_reported(config, reopen):
    study = reopen(config())
    told = build_report(study)
    assert told.pop("racing")["rungs"] == [
        {"targets": ["choice"], "trials": 0, "correlation": None, "low": None, "high": None}
    ]
    assert told.pop("analysis")["answer"] == ["No trial is complete yet."]
    assert told == {"name": "sums", "noise": [], "generalized": None, "published": None}
    assert "no complete trial yet" in text(study)


def test_a_search_over_noise_in_one_language_has_no_column_for_two(config, reopen, make_scheduler, worker):
    study = reopen(config(ROBUST | {"generalized.pairs": 0, "trials": 6}))
    worker.drive(make_scheduler(study))
    assert "freelb (3 steps)" in text(study)
    assert "two languages" not in text(study)


def test_without_finalists_the_best_trial_is_reported_beside_the_baseline(config, reopen, make_scheduler, worker):
    study = reopen(config(ROBUST | {"finalists.top": 0}))
    worker.drive(make_scheduler(study))
    told = build_report(study)["generalized"]
    assert told["trial"] != 0
    assert [row["trial"] for row in told["finalists"]] == [told["trial"], 0]
    assert (told["split"], told["seeds"]) == ("dev", 0)


HUB = {
    "encoder": "FacebookAI/xlm-roberta-base",
    "benchmark": "xtreme",
    "targets": ["xnli", "pawsx"],
    "intermediate": {},
    "languages": ["en", "de", "th"],
    "curriculum": {"max_length": 0},
    "space.target.learning_rate": {"low": 1e-5, "high": 3e-5, "points": 3},
}


def test_a_published_benchmark_is_told_by_its_own_rule_and_by_ours(config, reopen, make_scheduler, worker):
    study = reopen(config(HUB | {"trials": 3, "finalists": {"top": 1, "seeds": 2}}))
    worker.drive(make_scheduler(study))
    told = build_report(study)["published"]
    assert (told["benchmark"], told["seeds"], told["targets"]) == ("xtreme", 2, ["xnli", "pawsx"])
    assert "tatoeba" in told["missing"]
    plain = next(row for row in told["trials"] if row["trial"] == 0)
    # The stand-in's English is a tenth above the others.
    assert plain["published"]["xnli"] == pytest.approx(plain["zero_shot"]["xnli"] + 0.1 / 3)
    assert plain["published_mean"] == pytest.approx(sum(plain["published"].values()) / 2)
    assert "fr" in told["missing_languages"]
    assert "not comparable with published tables" in text(study)


def test_a_number_of_another_task_than_the_published_one_is_told_as_such(config, reopen, make_scheduler, worker):
    changed = {"benchmark": "xtreme_r", "targets": ["xnli", "lareqa"], "trials": 3, "finalists": {"top": 1, "seeds": 2}}
    study = reopen(config(HUB | changed))
    worker.drive(make_scheduler(study))
    told = build_report(study)["published"]
    assert list(told["unlike"]) == ["lareqa"]
    assert f"lareqa is not the published task: {told['unlike']['lareqa']}" in " ".join(text(study).split())
    assert build_results(study)["unlike"] == told["unlike"]
