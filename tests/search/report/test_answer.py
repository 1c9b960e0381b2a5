import io

import pytest
from rich.console import Console

from search.exporter import render_rerun
from search.exporter._agreement import compare_scores
from search.exporter._exported_trial import ExportedTrial
from search.report import render_answer, render_status
from search.results import build_results


def told(lines) -> str:
    console = Console(file=io.StringIO(), width=200, highlight=False, markup=False)
    for line in lines:
        console.print(line)
    return console.file.getvalue()


def test_the_answer_names_the_best_curriculum_with_its_interval(config, reopen, make_scheduler, worker):
    study = reopen(config({"trials": 10}))
    worker.drive(make_scheduler(study))
    text = told(render_answer(study))
    assert "dates (0.001) > facts (0.001)" in text
    assert "then each target, rate 0.001, noise none" in text
    assert "transfer_dev 0.651 [0.649, 0.653] on dev over 3 fresh seeds, 95 % interval" in text
    assert "(measured 0.651, corrected for being the highest of 3 finalists)" in text
    assert "SEPARATED: significantly better than each other finalist on the same seeds" in text


def test_the_answer_compares_with_each_other_finalist(finished):
    lines = [line for line in told(render_answer(finished)).splitlines() if "] on dev against trial" in line]
    assert len(lines) == 2
    assert any("trial 0: no intermediate stage" in line for line in lines)


def test_the_answer_shows_every_family_against_the_baseline_on_test(finished):
    text = told(render_answer(finished))
    rows = {line.split("  ")[0]: line for line in text.splitlines()}
    assert "family (test, mean over targets)" in text
    assert {"Indo-European", "Niger-Congo", "Uralic", "all families", "unseen: wo"} <= rows.keys()
    assert "+0." in rows["Uralic"]


def test_an_answer_on_one_seed_says_that_it_is_unconfirmed(config, reopen, make_scheduler, worker):
    study = reopen(config({"finalists.top": 0}))
    worker.drive(make_scheduler(study))
    text = told(render_answer(study))
    assert "UNCONFIRMED: no finalist was repeated" in text
    assert "family (dev, mean over targets)" in text


def test_a_tie_is_called_one(config, reopen, make_scheduler, outcome):
    study = reopen(config({"trials": 2}))
    scheduler = make_scheduler(study)
    while (job := scheduler.next_job()) is not None:
        scheduler.handle_done(job, outcome(job.trial, 0.5, job.splits))
    assert "A TIE: at least one other finalist is not significantly worse" in told(render_answer(study))


def test_repeats_that_are_missing_leave_it_unconfirmed(config, reopen, make_scheduler, worker):
    study = reopen(config())
    worker.drive(make_scheduler(study), most=6 + 3)
    assert "UNCONFIRMED: a verdict needs another finalist, at least two fresh seeds" in told(render_answer(study))
    assert "on one seed against" in told(render_answer(study))


def test_failures_are_counted(config, reopen, make_scheduler, failing_worker):
    study = reopen(config())
    failing_worker(lambda job: job.number == 3).drive(make_scheduler(study))
    assert "of 5 (1 failed)" in told(render_answer(study))


@pytest.mark.parametrize(
    ("diverges", "text"), [(True, "sums: no complete trial yet, 6 failed"), (None, "sums: no complete trial yet")]
)
def test_without_a_complete_trial_the_answer_says_so(config, reopen, make_scheduler, failing_worker, diverges, text):
    study = reopen(config())
    if diverges:
        failing_worker(lambda job: True).drive(make_scheduler(study))
    assert told(render_answer(study)).strip() == text


def test_the_answer_tells_what_the_stage_tree_saved(config, reopen, outcome):
    study = reopen(config())
    number, trial = study.ask()
    study.tell(number, outcome(trial, 0.5, trained=False))
    assert "stages: 0 trained of 2 requested; training took 0 s, 4 s without shared stages" in told(
        render_answer(study)
    )


@pytest.mark.parametrize("failed", [0])
def test_the_answer_comes_without_a_baseline_too(config, reopen, make_scheduler, failing_worker, failed):
    study = reopen(config())
    failing_worker(lambda job: job.number == failed).drive(make_scheduler(study))
    text = told(render_answer(study))
    assert "all families" in text
    assert "(1 failed)" in text


@pytest.fixture
def best(finished) -> ExportedTrial:
    record = finished.get_complete_trials()[0]
    return ExportedTrial("sums", record.number, record.trial, 0, 1, {}, record.outcome.transfer.scores)


def test_a_rerun_with_the_same_scores_says_to_the_last_bit(best, outcome, finished):
    again = finished.get_complete_trials()[0].outcome
    text = told(render_rerun(best, {0: again}, compare_scores(best.scores, again.transfer, ({}, {}))))
    assert "seed 0: every score is the recorded one to the last bit" in text
    assert "mean over families" in text


def test_a_rerun_one_bit_away_says_that_scores_differ(best, outcome, finished):
    value = finished.get_complete_trials()[0].value
    again = outcome(best.trial, value + 1e-12)
    text = told(render_rerun(best, {0: again}, compare_scores(best.scores, again.transfer, ({}, {}))))
    assert "seed 0: dev scores differ by 0.0000 at most" in " ".join(text.split())


def test_a_rerun_on_other_seeds_compares_no_bits(best, outcome):
    text = told(render_rerun(best, {1: outcome(best.trial, 0.5), 2: outcome(best.trial, 0.6)}, None))
    assert "seed 1" in text
    assert "seed 2" in text
    assert "last bit" not in text


def test_trials_that_differ_in_the_noise_of_their_targets_alone_are_told_apart(config, reopen, make_scheduler, worker):
    changes = {
        "curriculum.max_length": 0,
        "space.noise": {
            "along": "targets",
            "methods": ["none", "freelb"],
            "magnitude": {"low": 0.1, "high": 0.2, "points": 2},
        },
    }
    study = reopen(config(changes))
    worker.drive(make_scheduler(study))
    text = told(render_status(build_results(study)))
    for magnitude in ("0.1", "0.2"):
        assert text.count(f"no intermediate stage; targets under freelb (3 steps) {magnitude}") == 1
    answered = told(render_answer(study))
    assert "targets under freelb" in answered
    assert "  no intermediate stage    gain" not in answered
