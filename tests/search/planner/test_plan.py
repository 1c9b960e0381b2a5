import json
from collections import Counter
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from search.config import dump_config
from search.planner import explain_new_stages, format_new_stage_reasons, plan, render_plan
from trainables.store import ENCODER_FILE, RECORD_FILE, RECORD_FORMAT, STAGE_VERSION, seal_document


def test_a_plan_of_the_whole_space_shares_what_can_be_shared(config):
    """Ten trials: 1 empty, 3 of one stage, 6 of two; two targets each."""
    foreseen = plan(config({"trials": 10}), None)
    assert (foreseen.space, foreseen.trials) == (10, 10)
    assert foreseen.stages_asked == 10 * 2 + 3 * 1 + 6 * 2
    assert foreseen.stages_distinct == len(foreseen.new_stages) == 10 * 2 + 3 + 6
    told = foreseen.to_json()
    assert told["steps_asked"] == 10 * 2 * 50 + (3 + 12) * 100
    assert told["steps_distinct"] == told["steps_new"] == 10 * 2 * 50 + (3 + 6) * 100


def test_a_plan_tells_what_training_holds_in_memory(config, paper):
    foreseen = plan(config({}), None)
    assert "a trial holds 22 MiB for 1,438,464 weights" in told(paper, render_plan(foreseen, config({}), None))
    assert foreseen.to_json()["memory_bytes"] == 16 * foreseen.encoder_weights == 16 * 1_438_464


def test_of_an_encoder_that_is_not_here_a_plan_tells_no_memory(config, tmp_path, paper, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    settings = config({"encoder": "nobody/nothing"})
    foreseen = plan(settings, None)
    assert foreseen.to_json()["memory_bytes"] is None
    assert "a trial holds" not in told(paper, render_plan(foreseen, settings, None))


def test_a_plan_runs_no_more_trials_than_the_space_holds(config):
    foreseen = plan(config({"trials": 10_000}), None)
    assert foreseen.trials == foreseen.space == 10


def test_a_plan_of_one_trial_is_the_baseline(config):
    foreseen = plan(config({"trials": 1}), None)
    assert (foreseen.stages_asked, foreseen.stages_distinct, foreseen.to_json()["steps_asked"]) == (2, 2, 100)


@pytest.mark.parametrize(
    ("top", "seeds", "trials", "repeats"), [(2, 3, 6, 9), (0, 3, 6, 0), (2, 0, 6, 0), (5, 3, 2, 6), (1, 1, 1, 1)]
)
def test_finalists_and_the_baseline_are_repeated_on_each_seed(config, top, seeds, trials, repeats):
    assert plan(config({"finalists": {"top": top, "seeds": seeds}, "trials": trials}), None).repeats == repeats


def test_without_a_trained_stage_the_cost_is_unknown(config, tmp_path):
    assert plan(config(), None).seconds is None
    assert plan(config(), tmp_path / "stages").seconds is None


def test_the_cost_is_what_steps_cost_before_repeats_included(config, tmp_path):
    """Two targets of 50 steps, on the search's own seed and on two fresh ones."""
    keep(tmp_path, "a" * 32, {"task": "names", "parent": "root"}, seconds=10.0, steps=100)
    keep(tmp_path, "b" * 32, {"task": "names", "parent": "root", "learning_rate": 1.0}, seconds=30.0, steps=100)
    keep(tmp_path, "scored", {"task": "retrieval", "parent": "root"}, seconds=0.0, steps=0)
    (tmp_path / "unfinished").mkdir()
    foreseen = plan(config({"trials": 1, "finalists": {"top": 1, "seeds": 2}}), str(tmp_path))
    assert foreseen.seconds == pytest.approx(3 * 100 * 0.2)


def test_a_stage_costs_what_stages_most_like_it_cost(config, tmp_path):
    keep(tmp_path, "a" * 32, {"task": "names", "parent": "root"}, seconds=100.0, steps=100)
    keep(tmp_path, "b" * 32, {"task": "choice", "parent": "root"}, seconds=10.0, steps=100)
    costs = {stage.path[-1].task: stage.seconds for stage in plan(config({"trials": 1}), str(tmp_path)).tree}
    assert costs == {"choice": pytest.approx(5.0), "tagging": pytest.approx(27.5)}


def keep(store: Path, key: str, identity: dict, seconds: float, steps: int, weights: bool = True) -> None:
    """A stage in a store, as plans see it."""
    identity = {"version": STAGE_VERSION, "data": "data", "learning_rate": 1e-3, "steps": steps, **identity}
    record = {
        "format": RECORD_FORMAT,
        "made": "2026-01-01T00:00:00+00:00",
        "files": {ENCODER_FILE: {"at": ENCODER_FILE, "bytes": 1, "sha256": "0" * 64}},
        "identity": identity,
        "path": ["miniature", identity["task"]],
        "seconds": seconds,
        "losses": [1.0] * steps,
    }
    (store / key).mkdir()
    (store / key / RECORD_FILE).write_bytes(seal_document(record))
    if weights:
        (store / key / ENCODER_FILE).write_bytes(b"w")


@pytest.fixture
def facts_and_target(tmp_path) -> Path:
    """The stage facts and the target choice on top of it."""
    keep(tmp_path, "f" * 32, {"task": "facts", "parent": "root"}, seconds=1.0, steps=100)
    keep(
        tmp_path, "c" * 32, {"task": "choice", "parent": "f" * 32, "target": True}, seconds=1.0, steps=50, weights=False
    )
    return tmp_path


def fresh(config, store: Path) -> set[str]:
    """The stages that a plan of the whole space would train, those that it would not left out."""
    foreseen = plan(config({"trials": 10}), str(store))
    return {" > ".join(part.task for part in stage.path) for stage in foreseen.tree} - {
        " > ".join(part.task for part in stage.path) for stage in foreseen.new_stages
    }


def test_what_the_store_has_is_not_new(config, facts_and_target):
    assert fresh(config, facts_and_target) == {"facts", "facts > choice"}


def test_an_intermediate_stage_without_weights_is_new(config, facts_and_target):
    (facts_and_target / ("f" * 32) / ENCODER_FILE).unlink()
    assert fresh(config, facts_and_target) == {"facts > choice"}


def test_stages_of_another_encoder_are_no_help(config, facts_and_target, encoder_folder):
    foreseen = plan(config({"trials": 10, "encoder": encoder_folder}), str(facts_and_target))
    assert len(foreseen.new_stages) == foreseen.stages_distinct


def test_what_makes_stages_new_beside_another_search_is_named(config):
    before = plan(config({"trials": 10}), None)
    known = [stage.path for stage in before.tree]
    assert explain_new_stages(before.tree, known) == {}
    now = plan(config({"trials": 10, "training.intermediate.steps": 120}), None)
    assert explain_new_stages(now.tree, known) == {
        "steps 120 instead of 100": 3,
        "the stage before it is new": 6 + 9 * 2,
    }
    rate = plan(config({"trials": 10, "space.target.learning_rate": 2e-3}), None)
    assert explain_new_stages(rate.tree, known) == {"learning_rate 0.002 instead of 0.001": 20}
    seeds = [tuple(replace(part, seed=1) for part in path) for path in known]
    assert explain_new_stages(before.tree, seeds)["seed 0 instead of 1"] == 5


def test_a_task_that_another_search_had_not_is_named(config):
    known = [stage.path for stage in plan(config({"trials": 10}), None).tree if stage.path[0].task != "facts_sw"]
    assert explain_new_stages(plan(config({"trials": 10}), None).tree, known) == {
        "facts_sw was not trained there": 1,
        "the stage before it is new": 2 + 2 + 4,
    }


def told(console, lines) -> str:
    for line in lines:
        console.print(line)
    return console.file.getvalue()


@pytest.fixture
def paper() -> Console:
    return Console(file=StringIO(), width=160)


def test_a_plan_is_drawn_as_a_tree(config, facts_and_target, paper):
    settings = config({"trials": 10})
    text = told(paper, render_plan(plan(settings, str(facts_and_target)), settings, None))
    assert "35 requested, 29 distinct (17% shared), 27 to train" in text
    assert "facts (0.001), 100 steps, in the store  [2 targets, 1 new" in text
    assert text.count("dates (0.001), 100 steps") == 3


def test_a_space_of_one_trial_is_one_trial(config, paper):
    foreseen = plan(config(), None)
    assert f"{foreseen.space} different trials" in told(paper, render_plan(foreseen, config(), None))
    assert "1 different trial " in told(paper, render_plan(replace(foreseen, space=1), config(), None))


def test_a_large_tree_says_how_much_of_it_is_left_out(config, paper):
    settings = config({"trials": 10})
    text = told(paper, render_plan(plan(settings, None), settings, 4))
    assert "and 5 intermediate stages more: --full draws them all" in text
    assert text.count("100 steps") == 4


def test_reasons_are_counted(paper):
    text = told(
        paper,
        format_new_stage_reasons(Counter({"steps 2 instead of 1": 3, "facts was not trained there": 1}), "before"),
    )
    assert text.splitlines() == [
        "new beside before:",
        "  3 stages: steps 2 instead of 1",
        "  1 stage: facts was not trained there",
    ]
    assert list(format_new_stage_reasons(Counter(), "before")) == ["every stage is one of before's"]


def test_the_languages_are_those_that_are_scored(config):
    assert plan(config(), None).languages == 5
    assert plan(config({"languages": None}), None).languages == 49


def test_a_plan_is_the_same_each_time(config):
    settings = config({"curriculum.joint": True, "space.learning_rate": {"low": 1e-4, "high": 1e-3}})
    assert plan(settings, None) == plan(settings, None)


def test_a_plan_speaks_json(config):
    foreseen = plan(config(), None)
    told = json.loads(json.dumps(foreseen.to_json()))
    assert told["stages_distinct"] == len(told["tree"]) == foreseen.stages_distinct
    assert {"path", "target", "trials", "stored", "seconds"} == told["tree"][0].keys()


def noisy(config, **changes):
    return config(
        {"trials": 1, "finalists.top": 0, "space.target.noise": {"methods": ["freelb"], "magnitude": 0.1}} | changes
    )


def test_passes_are_counted_by_what_the_method_takes(config):
    told = plan(noisy(config), None).to_json()
    assert told["forward_passes"] == told["backward_passes"] == 2 * 50 * 3
    adversarial = {"methods": ["adversarial"], "magnitude": 0.1}
    told = plan(noisy(config, **{"space.target.noise": adversarial}), None).to_json()
    assert (told["forward_passes"], told["backward_passes"], told["ascent_passes"]) == (400, 100, 300)


def test_equal_compute_takes_as_much_work_as_plain_steps(config):
    foreseen = plan(noisy(config, **{"training.equal": "compute"}), None)
    assert foreseen.to_json()["steps_new"] == 2 * 17
    assert foreseen.relative_work == 3.0


def test_a_method_costs_what_its_passes_do_where_only_plain_stages_were_trained(config, tmp_path):
    keep(tmp_path, "a" * 32, {"task": "names", "parent": "root"}, seconds=10.0, steps=100)
    assert plan(noisy(config), str(tmp_path)).seconds == pytest.approx(2 * 50 * 0.1 * 3)


def test_the_plan_says_what_a_step_is_worth(config, paper):
    for line in render_plan(plan(noisy(config), None), noisy(config), None):
        paper.print(line)
    assert "300 forward, 300 backward (a step costs 3.00 times one without noise)" in paper.file.getvalue()


def test_another_noise_is_named_as_what_makes_stages_new(config):
    known = [stage.path for stage in plan(config({"trials": 1, "finalists.top": 0}), None).tree]
    why = explain_new_stages(plan(noisy(config), None).tree, known)
    assert why == {"noise freelb (3 steps) 0.1 instead of none": 2}


def test_a_plan_counts_the_trials_that_are_there(finished, config, home, paper):
    folder = home.get_search_folder("sums")
    over = plan(config(), None, folder)
    assert (over.trials_done, over.trials, over.repeats, over.tree, over.is_done) == (6, 0, 0, (), True)
    text = told(paper, render_plan(over, config(), None))
    assert "nothing: 6 trials and their repeats are done; to add trials: xlt launch ... --trials 7" in text
    done = {record.trial for record in finished.get_complete_trials()}
    more = plan(config({"trials": 9}), None, folder)
    assert (more.trials_done, more.trials, more.repeats) == (6, 3, 9)
    tasks = {tuple(stage.task for stage in trial.curriculum) for trial in done}
    planned = {tuple(s.task for s in stage.path[:-1]) for stage in more.tree if stage.target}
    assert len(planned) == 3
    assert not planned & tasks
    assert "3 more (6 are done), then 9 repeats" in told(paper, render_plan(more, config({"trials": 9}), None))


def test_a_plan_of_a_used_up_space_says_so(config, reopen, make_scheduler, worker, home, paper):
    settings = config({"trials": 20, "finalists.top": 0})
    worker.drive(make_scheduler(reopen(settings)))
    home.get_search_folder("sums").config.write_text(dump_config(settings))
    foreseen = plan(settings, None, home.get_search_folder("sums"))
    assert (foreseen.trials_done, foreseen.trials) == (10, 0)
    assert "and the space holds no further one" in told(paper, render_plan(foreseen, settings, None))


def test_trials_that_are_taken_up_again_are_planned_as_they_are(config, reopen, outcome, home):
    settings = config({"trials": 4})
    study = reopen(settings)
    number, trial = study.ask()
    study.tell(number, outcome(trial, 0.4))
    failed, left = study.ask(), study.ask()
    study.tell_failed(failed[0], "the loss is nan")
    home.get_search_folder("sums").config.write_text(dump_config(settings))
    foreseen = plan(settings, None, home.get_search_folder("sums"))
    assert (foreseen.trials_done, foreseen.trials) == (1, 3)
    planned = {stage.path[:-1] for stage in foreseen.tree if stage.target}
    assert {failed[1].curriculum, left[1].curriculum} < planned


def test_repeats_that_are_missing_are_planned_alone(finished, config, home):
    foreseen = plan(config({"finalists.seeds": 5}), None, home.get_search_folder("sums"))
    assert (foreseen.trials, foreseen.repeats, foreseen.is_done) == (0, 3 * 2, False)


def test_a_plan_with_another_space_is_a_new_search_and_says_why(finished, config, home):
    foreseen = plan(config({"training.target.steps": 60}), None, home.get_search_folder("sums"))
    assert (foreseen.trials_done, foreseen.trials) == (0, 6)
    assert "training.target.steps: was 50, is 60" in foreseen.refusal


def test_a_design_that_is_half_done_is_planned_from_there(config, reopen, make_scheduler, worker, home):
    settings = config({"sampler": "orders", "trials": 10, "orders.design": "full", "finalists.top": 0})
    worker.drive(make_scheduler(reopen(settings)), most=4)
    home.get_search_folder("sums").config.write_text(dump_config(settings))
    foreseen = plan(settings, None, home.get_search_folder("sums"))
    assert (foreseen.trials_done, foreseen.trials) == (4, 6)
    worker.jobs.clear()
    worker.drive(make_scheduler(reopen(settings)))
    assert {trial.curriculum for trial in worker.trials} == {stage.path[:-1] for stage in foreseen.tree if stage.target}
