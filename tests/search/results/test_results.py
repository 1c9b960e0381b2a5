import json
from dataclasses import replace

import pytest

from search.results import build_results, write_results

TRIAL = {"number", "state", "value", "seconds", "curriculum", "targets", "families", "seeds"}


def test_results_have_the_keys_that_tools_rely_on(finished):
    document = build_results(finished)
    assert {"version", "name", "objective", "best", "verdict", "sharing", "trials"} <= document.keys()
    assert document["version"] == 1
    assert document["name"] == "sums"
    assert document["objective"] == {"name": "transfer_dev", "direction": "maximize"}
    assert (document["seed"], document["source_language"]) == (0, "en")
    assert document["metrics"] == {"choice": "accuracy", "tagging": "accuracy"}
    assert document["verdict"] in ("separated", "tie", "unconfirmed")
    assert set(document["sharing"]) == {"stages_asked", "stages_trained", "seconds_asked", "seconds_trained"}
    assert len(document["trials"]) == 6
    assert all(trial.keys() == TRIAL for trial in document["trials"])


def test_a_trial_tells_its_curriculum_targets_and_families(config, reopen, make_scheduler, worker):
    settings = config(
        {
            "trials": 10,
            "curriculum.max_length": 1,
            "space.noise": {"methods": ["random_perturbation"], "magnitude": 0.2},
        }
    )
    study = reopen(settings)
    worker.drive(make_scheduler(study))
    (trial,) = [t for t in build_results(study)["trials"] if [s["task"] for s in t["curriculum"]] == ["facts_sw"]]
    assert trial["curriculum"] == [
        {
            "task": "facts_sw",
            "resource": "low",
            "learning_rate": 0.001,
            "steps": 100,
            "noise": {"method": "random_perturbation", "magnitude": 0.2, "native": {"epsilon": 0.4}},
            "key": "facts_sw/facts_sw",
            "trained": True,
            "seconds": 2,
            "losses": [],
        }
    ]
    assert set(trial["targets"]) == {"choice", "tagging"}
    target = trial["targets"]["choice"]
    assert target["learning_rate"] == 0.001
    assert target["noise"] == {"method": "none", "magnitude": 0.0}
    assert set(target["scores"]["dev"]) == {"en", "de", "fi", "sw", "wo"}
    assert set(target["scores"]["dev"]["de"]) == {"accuracy"}
    assert set(trial["families"]["choice"]) == {"Indo-European", "Uralic", "Niger-Congo"}


def test_families_leave_out_the_source_and_unseen_languages(finished):
    for trial in build_results(finished)["trials"]:
        scores = trial["targets"]["choice"]["scores"]["dev"]
        assert trial["families"]["choice"]["Niger-Congo"] == scores["sw"]["accuracy"]
        assert trial["families"]["choice"]["Indo-European"] == scores["de"]["accuracy"]


def test_a_joint_stage_names_the_resource_of_each_of_its_tasks(config, reopen, make_scheduler, worker):
    study = reopen(config({"curriculum.joint": True, "trials": 11}))
    worker.drive(make_scheduler(study))
    stages = [stage for trial in build_results(study)["trials"] for stage in trial["curriculum"]]
    resources = {stage["task"]: stage["resource"] for stage in stages if "+" in stage["task"]}
    assert resources
    assert all(resource == ("high+low" if "facts_sw" in task else "high+high") for task, resource in resources.items())


def test_finalists_tell_their_fresh_seeds_with_test_scores(finished):
    document = build_results(finished)
    best = next(trial for trial in document["trials"] if trial["number"] == document["best"])
    assert [seed["seed"] for seed in best["seeds"]] == [1, 2, 3]
    assert all(set(seed["scores"]["choice"]) == {"dev", "test"} for seed in best["seeds"])
    assert all(set(trial["targets"]["choice"]["scores"]) == {"dev"} for trial in document["trials"])


def test_a_failed_trial_tells_its_cause_and_no_scores(config, reopen, make_scheduler, failing_worker):
    study = reopen(config())
    failing_worker(lambda job: job.number == 1).drive(make_scheduler(study))
    (failed,) = [trial for trial in build_results(study)["trials"] if trial["state"] == "failed"]
    assert "loss is nan" in failed["error"]
    assert failed["value"] is None
    assert failed["families"] == {}
    assert all(target["scores"] == {} for target in failed["targets"].values())
    assert all({"key", "losses"}.isdisjoint(stage) for stage in [*failed["curriculum"], *failed["targets"].values()])


def test_interrupted_trials_and_duplicates_are_left_out(config, reopen, make_scheduler, worker):
    reopen(config({"curriculum.max_length": 0})).ask()
    study = reopen(config({"curriculum.max_length": 0}))
    worker.drive(make_scheduler(study))
    assert {"interrupted"} < {record.state for record in study.get_trial_records()}
    assert [trial["state"] for trial in build_results(study)["trials"]] == ["complete"]


def test_a_search_without_a_trial_has_results_too(config, reopen):
    document = build_results(reopen(config()))
    assert (document["best"], document["verdict"], document["trials"]) == (None, "unconfirmed", [])
    assert document["metrics"] == {}


def test_sharing_counts_asked_and_trained_stages_of_trials_and_repeats(config, reopen, outcome):
    study = reopen(config())
    number, trial = study.ask()
    study.tell(number, outcome(trial, 0.5, trained=False))
    study.tell_repeat(number, 1, outcome(trial, 0.5, ("dev", "test")))
    assert build_results(study)["sharing"] == {
        "stages_asked": 4,
        "stages_trained": 2,
        "seconds_asked": 8,
        "seconds_trained": 4,
    }


def test_the_file_is_the_document_and_takes_its_place_in_one_step(finished, home):
    folder = home.get_search_folder("sums")
    write_results(finished, folder)
    assert json.loads(folder.results.read_text()) == build_results(finished)
    assert not [path for path in folder.path.iterdir() if path.name.startswith(".results")]


def test_what_no_launch_runs_any_more_was_interrupted(config, reopen):
    study = reopen(config())
    study.ask()
    assert [trial["state"] for trial in build_results(study)["trials"]] == ["running"]
    assert [trial["state"] for trial in build_results(study, live=False)["trials"]] == ["interrupted"]


def test_a_noise_tells_its_options_and_its_native_parameters(config, reopen, make_scheduler, worker):
    methods = [{"method": "smart", "magnitude": 0.2, "norm": "linf", "weight": 3}]
    study = reopen(config({"trials": 4, "curriculum.max_length": 1, "space.noise.methods": methods}))
    worker.drive(make_scheduler(study))
    (noise, *_) = [stage["noise"] for trial in build_results(study)["trials"] for stage in trial["curriculum"]]
    assert noise == {
        "method": "smart",
        "magnitude": 0.2,
        "weight": 3.0,
        "steps": 1,
        "norm": "linf",
        "native": {"epsilon": 0.4},
    }


def test_two_languages_at_once_are_told_by_pair_and_by_families(config, reopen, make_scheduler, worker):
    study = reopen(config({"generalized.pairs": "all"}))
    worker.drive(make_scheduler(study))
    trial = build_results(study)["trials"][0]
    assert set(trial["generalized"]) == {"choice"}
    told = trial["generalized"]["choice"]
    assert len(told["scores"]["dev"]) == 20
    assert told["families"].keys() == {
        f"{one} > {other}"
        for one in ("Indo-European", "Uralic", "Niger-Congo")
        for other in ("Indo-European", "Uralic", "Niger-Congo")
        if one != other
    }
    assert told["mean"] == pytest.approx(trial["value"] - 0.2)
    assert all("generalized" in seed for seed in trial["seeds"])


def ran(outcome):
    """The outcome with losses in every stage, and what is retained in intermediate ones."""
    kept = {"dates": {"accuracy": 0.75}}
    return replace(
        outcome,
        stages=tuple(
            replace(stage, seconds=1.23456, losses=[[5, 0.5]], retained={} if stage.target else kept)
            for stage in outcome.stages
        ),
    )


def test_stages_tell_their_keys_costs_and_losses_and_what_is_retained_once_they_ran(config, reopen, outcome):
    study = reopen(config())
    number, trial = study.ask()
    while not trial.curriculum:
        study.tell(number, outcome(trial, 0.5))
        number, trial = study.ask()
    study.tell(number, ran(outcome(trial, 0.5, trained=False)))
    study.tell_repeat(number, 1, ran(outcome(trial.with_seed(1), 0.5, ("dev", "test"))))
    (told,) = [each for each in build_results(study)["trials"] if each["number"] == number]
    stages = [*told["curriculum"], *told["targets"].values()]
    assert [stage["key"] for stage in stages] == [run.key for run in outcome(trial, 0.5).stages]
    for stage in stages:
        assert (stage["trained"], stage["seconds"], stage["losses"]) == (False, 1.235, [[5, 0.5]])
    assert all(stage["retained"] == {"dates": {"accuracy": 0.75}} for stage in told["curriculum"])
    assert all("retained" not in target for target in told["targets"].values())
    (seed,) = told["seeds"]
    assert [(stage["task"], stage["target"]) for stage in seed["stages"]] == [
        *((stage.task, False) for stage in trial.curriculum),
        *((stage.task, True) for stage in trial.targets),
    ]
    assert all(stage["trained"] and stage["losses"] and stage["seconds"] == 1.235 for stage in seed["stages"])
    assert ["retained" in stage for stage in seed["stages"]] == [not stage["target"] for stage in seed["stages"]]


def test_a_trial_that_was_ended_early_tells_the_stages_that_ran(config, reopen, outcome):
    study = reopen(config({"racing.rules": ["paired"]}))
    number, trial = study.ask()
    early = outcome(trial, 0.5)
    early = replace(early, transfer=early.transfer.restrict_to(["choice"]), stages=early.stages[:1])
    study.tell_pruned(number, early, "clearly worse")
    (told,) = build_results(study)["trials"]
    assert {"key", "losses"} <= told["targets"]["choice"].keys()
    assert "key" not in told["targets"]["tagging"]
