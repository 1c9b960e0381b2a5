import json
import types
from dataclasses import replace
from statistics import StatisticsError

import pytest

from search.launcher._racing_scheduler import RacingScheduler
from search.launcher._searcher import SchedulerSearcher
from search.launcher._trainable import TARGETS_DONE
from search.launcher._workers import _NodeMonitor
from search.report import list_racing_warnings, render_answer, render_report, render_status
from search.results import analyse_racing, build_results
from search.study import TrialRecord
from tests.search.conftest import worth
from trainables.outcome import Outcome
from trainables.transfer import Transfer

RACING = {"sampler": "random", "trials": 10, "targets": ["choice", "tagging", "answer"], "finalists.top": 1}
PAIRED = RACING | {"racing": {"rules": ["paired"], "seed_deviation": 0.001}}
ASHA = RACING | {"racing.rules": ["asha"]}


def states(study):
    return {record.number: record.state for record in study.get_trial_records()}


def test_trials_that_are_worse_everywhere_end_early_but_for_one_in_five(config, reopen, make_scheduler, worker):
    study = reopen(config(PAIRED))
    worker.drive(make_scheduler(study))
    best = None
    expected = {}
    for number, trial in [(job.number, job.trial) for job in worker.jobs if job.seed is None]:
        worse = best is not None and bool(trial.curriculum) and worth(trial) < best
        expected[number] = worse
        best = worth(trial) if best is None else max(best, worth(trial)) if not worse else best
    told = [record for record in study.get_trial_records() if expected.get(record.number)]
    assert len(told) > 2
    assert [record.spared is not None for record in told] == [place % 5 == 0 for place, _ in enumerate(told)]
    assert {record.state for record in told if record.spared} == {"complete"}
    for record in told:
        if record.state == "pruned":
            assert record.value is None and record.values == ()
            assert list(record.outcome.transfer.scores) == ["choice"]
            assert "paired test after choice, target 1 of 3: worse than trial" in record.pruned


def test_neither_the_baseline_nor_repeats_nor_the_first_trial_race(config, reopen, make_scheduler, worker):
    worker.among_best = lambda job: False
    study = reopen(config(ASHA))
    worker.drive(make_scheduler(study))
    assert states(study)[0] == "complete"
    assert {job.seed for job in worker.jobs if job.seed is not None} == {1, 2, 3}
    assert study.get_repeat_outcomes()


def test_a_trial_that_ended_early_takes_up_a_place_and_is_never_tried_again(
    config, reopen, make_scheduler, worker, failing_worker
):
    worker.among_best = lambda job: False
    settings = config(ASHA | {"trials": 6})
    worker.drive(make_scheduler(reopen(settings)))
    assert len(worker.trials) == 6
    again = failing_worker()
    again.drive(make_scheduler(reopen(settings)))
    assert again.trials == []
    more = failing_worker()
    more.drive(make_scheduler(reopen(config(ASHA | {"trials": 9}))))
    assert len(more.trials) == 3
    assert not {str(trial) for trial in more.trials} & {str(trial) for trial in worker.trials}


def test_every_trial_is_scored_on_as_many_targets_as_grace_says(config, reopen, make_scheduler, worker):
    worker.among_best = lambda job: False
    study = reopen(config(ASHA | {"racing.grace": 2}))
    worker.drive(make_scheduler(study))
    ended = [record for record in study.get_trial_records() if record.state == "pruned"]
    assert ended
    assert {len(record.outcome.transfer.scores) for record in ended} == {2}


def test_what_was_reported_is_kept_and_a_second_report_of_the_same_changes_nothing(config, reopen, outcome):
    study = reopen(config(ASHA))
    number, trial = study.ask()
    study.report(number, 1, 0.25)
    study.report(number, 1, 0.75)
    study.report(number, 2, 0.5)
    study.tell(number, outcome(trial, 0.5))
    (record,) = reopen(config(ASHA)).get_complete_trials()
    assert record.intermediate_values == {1000: 0.25, 2000: 0.5}


def test_seconds_of_trials_that_ended_early_are_spent(config, reopen, make_scheduler, worker):
    worker.among_best = lambda job: False
    scheduler = make_scheduler(reopen(config(ASHA | {"budget.stage_seconds": 24, "finalists.top": 0})))
    worker.drive(scheduler)
    document = build_results(scheduler.study)
    ended = [record for record in scheduler.study.get_trial_records() if record.state == "pruned"]
    assert ended
    # The stand-in trains two seconds a stage: those of the curriculum, and the one target that was done.
    assert all(record.outcome.trained_seconds == 2 * len(record.trial.curriculum) + 2 for record in ended)
    whole = [record for record in scheduler.study.get_trial_records() if record.state == "complete"]
    assert document["sharing"]["seconds_trained"] == sum(r.outcome.trained_seconds for r in [*ended, *whole]) >= 24
    assert scheduler.stop_reason.startswith("budget.stage_seconds")


def test_results_report_answer_and_status_tell_who_ended_early_and_whether_that_was_right(
    config, reopen, make_scheduler, worker
):
    study = reopen(config(PAIRED | {"seed": 1}))
    worker.drive(make_scheduler(study))
    document = build_results(study)
    ended = [trial for trial in document["trials"] if trial["state"] == "pruned"]
    assert ended and all(trial["pruned"] and trial["value"] is None for trial in ended)
    assert all(trial["targets"]["choice"]["scores"] and not trial["targets"]["answer"]["scores"] for trial in ended)
    told = document["racing"]
    assert (told["pruned"], told["spared"]) == (len(ended), 2)  # the first and the sixth that should have ended
    assert [row["targets"] for row in told["rungs"]] == [["choice"], ["choice", "tagging"]]
    assert f"{len(ended)} more ended early" in "\n".join(map(str, render_answer(study)))
    assert f"{len(ended)} pruned" in next(iter(render_status(document)))
    assert any(f"racing (paired): {len(ended)} trials ended early" in str(line) for line in render_report(study))


def with_targets(early, final):
    """A complete record whose objective after one of two targets, and whose final value, are these."""

    def scores(value):
        return {"dev": {"de": {"accuracy": value}}}

    transfer = Transfer(
        {"choice": scores(early), "tagging": scores(2 * final - early)},
        dict.fromkeys(("choice", "tagging"), "accuracy"),
    )
    outcome = Outcome(transfer=transfer, stages=(), seconds=0, scoring_seconds=0)
    return TrialRecord(0, "complete", final, None, outcome, None, {})


def test_early_values_that_rank_otherwise_are_warned_of(config):
    settings = config({"racing.rules": ["asha"]})
    good = analyse_racing([with_targets(n / 10, n / 20) for n in range(8)], settings)
    bad = analyse_racing([with_targets(n / 10, 0.5 - n / 20) for n in range(8)], settings)
    assert good["rungs"][0]["correlation"] == pytest.approx(1.0)
    assert bad["rungs"][0]["correlation"] == pytest.approx(-1.0)
    assert list(list_racing_warnings(good | {"pruned": 2})) == []
    assert list(list_racing_warnings(bad)) == []  # nobody ended early
    (warning,) = list_racing_warnings(bad | {"pruned": 2})
    assert "was not safe" in warning and "-1.00" in warning
    (few,) = list_racing_warnings(analyse_racing([], settings) | {"pruned": 2})
    assert "too few were trained to their end" in few


def test_targets_without_the_languages_that_count_foretell_nothing(config):
    record = with_targets(0.2, 0.3)
    scores = record.outcome.transfer.scores | {"choice": {"dev": {"en": {"accuracy": 0.2}}}}
    transfer = replace(record.outcome.transfer, scores=scores)
    told = analyse_racing([replace(record, outcome=replace(record.outcome, transfer=transfer))], config())
    assert told["rungs"][0]["trials"] == 0


def reporter(study, scheduler):
    """Ray Tune's scheduler over a scheduler, and a way to let a job report."""
    searcher = types.SimpleNamespace(scheduler=scheduler, jobs={})
    race = RacingScheduler(searcher)

    def report(job, done, value, outcome):
        searcher.jobs["t"] = job
        result = {TARGETS_DONE: done, "value": value, "partial": json.dumps(outcome.to_json())}
        return race.on_trial_result(None, types.SimpleNamespace(trial_id="t"), result)

    return report


def test_asha_ends_those_that_are_not_among_the_best_of_as_many_targets(config, reopen, make_scheduler, outcome):
    settings = config(ASHA | {"racing.reduction": 2})
    study = reopen(settings)
    scheduler = make_scheduler(study)
    first = scheduler.next_job()
    scheduler.handle_done(first, outcome(first.trial, 0.5))
    report = reporter(study, scheduler)

    def tried(value):
        job = scheduler.next_job()
        early = outcome(job.trial, value)
        decision = report(job, 1, value, replace(early, transfer=early.transfer.restrict_to(["choice"])))
        (scheduler.handle_done if decision == "CONTINUE" else scheduler.handle_pruned)(job, early)
        return decision

    # The first that is behind is spared.
    assert [tried(value) for value in (0.5, 0.6, 0.7, 0.2, 0.1)] == ["CONTINUE"] * 4 + ["STOP"]
    # Another launch knows what came before it: the study tells.
    again = reopen(settings)
    scheduler = make_scheduler(again)
    report = reporter(again, scheduler)
    assert tried(0.3) == "STOP"


def test_a_final_result_is_no_matter_of_the_race(config, reopen, make_scheduler):
    scheduler = make_scheduler(reopen(config(ASHA)))
    race = RacingScheduler(types.SimpleNamespace(scheduler=scheduler, jobs={}))
    assert race.on_trial_result(None, types.SimpleNamespace(trial_id="t"), {"outcome": "{}"}) == "CONTINUE"


def test_within_a_target_only_asha_looks_and_only_where_all_trials_report(config, reopen, make_scheduler, outcome):
    racing = {"rules": ["asha", "paired"], "parts": 2, "grace": 0.5, "reduction": 3, "seed_deviation": 0.0}
    scheduler = make_scheduler(reopen(config(RACING | {"racing": racing})))
    first = scheduler.next_job()
    scheduler.handle_done(first, outcome(first.trial, 0.5))
    race = RacingScheduler(types.SimpleNamespace(scheduler=scheduler, jobs={}))
    assert race.milestones == {500: 0.5, 1500: 1.5}
    job = scheduler.next_job()
    half = outcome(job.trial, 0.1)
    half = replace(half, transfer=half.transfer.restrict_to(["choice"]))
    assert scheduler.handle_report(job, 0.5, half, True)  # half trained: no pair for what is trained
    scheduler.study.record_spared(job.number, "to see")
    scheduler.handle_done(job, outcome(job.trial, 0.1))
    job = scheduler.next_job()
    assert scheduler.handle_report(job, 0.5, half, True)
    assert not scheduler.handle_report(job, 1.0, half, True)


def test_a_trial_that_nobody_ended_but_ray_has_failed(config, reopen, make_scheduler, outcome):
    scheduler = make_scheduler(reopen(config(ASHA)))
    job = scheduler.next_job()
    scheduler.handle_pruned(job, outcome(job.trial, 0.1))
    (record,) = scheduler.study.get_trial_records()
    assert (record.state, record.error) == ("failed", "stopped before it was done")


def test_a_trial_is_not_ended_when_nothing_is_left_that_it_could_be_scored_on(config, reopen, make_scheduler, outcome):
    scheduler = make_scheduler(reopen(config(ASHA)))
    first = scheduler.next_job()
    scheduler.handle_done(first, outcome(first.trial, 0.5))
    for _ in range(3):
        job = scheduler.next_job()
        assert scheduler.handle_report(job, 3, outcome(job.trial, 0.1), False)
        scheduler.handle_done(job, outcome(job.trial, 0.1))


def test_targets_without_a_dev_set_count_for_nothing(config):
    small = {
        "encoder": "namespace/name",
        "benchmark": "xtreme",
        "languages": None,
        "intermediate": {"mnli": {}},
        "curriculum.max_length": 1,
    }
    settings = config({**small, "targets": ["xnli", "tatoeba", "pawsx"]})
    assert settings.scored_targets == ("xnli", "pawsx")


def test_an_interrupted_trial_that_was_pruned_when_it_ran_again_is_taken_up_no_more(
    config, reopen, make_scheduler, worker
):
    worker.among_best = lambda job: False
    study = reopen(config(ASHA | {"trials": 4, "finalists.top": 0}))
    for _ in range(3):
        scheduler = make_scheduler(study)
        worker.do(scheduler, scheduler.next_job())
        if scheduler.next_job() is None:
            break
        study = reopen(study.config)  # killed
    worker.drive(make_scheduler(study))
    again = reopen(study.config)
    assert again.recover() == 0
    assert not any(record.state == "running" for record in again.get_trial_records())


def test_a_worst_family_of_nothing_is_no_score():
    with pytest.raises(StatisticsError):
        Transfer({"choice": {"dev": {"en": {"accuracy": 0.5}}}}, {"choice": "accuracy"}).objective("worst_family_dev")


def test_a_job_whose_worker_could_not_be_used_again_is_run_by_another(config, reopen, make_scheduler, monkeypatch):
    """Ray errs a trial whose worker did not let go of the one before, without a word to the searcher."""
    scheduler = make_scheduler(reopen(config(ASHA)))
    searcher = SchedulerSearcher(scheduler)
    searcher.set_search_properties(None, None, {"stages": None})
    first = searcher.suggest("one")
    watch = _NodeMonitor(searcher)
    watch._checked_at -= 60
    monkeypatch.setattr("search.launcher._workers.ray.nodes", lambda: [{"Alive": True}])
    states = {"one": "ERROR", "two": "RUNNING"}
    watch.on_step_begin(
        1, [types.SimpleNamespace(trial_id=name, status=state, error_file=None) for name, state in states.items()]
    )
    assert not scheduler.running_jobs
    assert searcher.suggest("three")["trial"] == first["trial"]
