"""``results.json``: the whole result of a search in one document (version 1)."""

import json
from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

from search.analysis import count_environments
from search.config import Config
from search.home import SearchFolder, write_atomically
from search.results._few_shot import describe_few_shot, describe_shots
from search.results._own_tasks import describe_own_tasks
from search.results._racing import analyse_racing
from search.results._verdict import decide_verdict
from search.study import FailedRepeat, Study, TrialRecord, find_pareto_front
from trainables.benchmarks import explain_published_differences, get_published_metrics
from trainables.curriculum import Noise, Stage, collect_non_defaults
from trainables.outcome import Outcome, StageRun

RESULTS_VERSION = 1


def build_results(study: Study, *, live: bool = True) -> dict[str, Any]:
    """The results of a search as JSON's own types, from its study alone.

    Args:
        study: the search's.
        live: whether a launch is running; without one, running trials of the study count as interrupted.
    """
    config, repeats, failed = study.config, study.get_repeat_outcomes(), study.get_failed_repeats()
    records = [
        record for record in study.get_trial_records() if record.state in ("complete", "pruned", "failed", "running")
    ]
    verdict = decide_verdict(study.get_complete_trials(), repeats, config)
    outcomes = [record.outcome for record in records if record.outcome is not None]
    outcomes += [outcome for by_seed in repeats.values() for outcome in by_seed.values()]
    return {
        "version": RESULTS_VERSION,
        "name": config.name,
        "seed": config.seed,
        "source_language": config.rules.source[0],
        **({"languages": config.rules.to_json()} if config.rules else {}),
        **describe_shots(config),
        **describe_own_tasks(config),
        "metrics": _list_main_metrics(outcomes, config),
        "unlike": explain_published_differences(config.benchmark, config.targets, config.rules.source),
        "objective": {"name": config.objective, "direction": "maximize"},
        "second_objective": _describe_second_objective(config),
        "best": verdict.best,
        "verdict": verdict.conclusion,
        "confirmed": verdict.confirmed_to_json(),
        "comparisons": [comparison.to_json() for comparison in verdict.comparisons],
        "front": _list_pareto_front(study) if config.second_objective else [],
        "racing": analyse_racing(records, config),
        "sharing": _sum_sharing(outcomes),
        "environments": count_environments(outcomes),
        "trials": [
            _describe_trial(record, repeats.get(record.number, {}), config, live)
            | _describe_failed_seeds(failed.get(record.number, {}))
            for record in records
        ],
    }


def _list_main_metrics(outcomes: list[Outcome], config: Config) -> dict[str, str]:
    """The main metric of every target that was scored."""
    metrics = {target: metric for outcome in outcomes for target, metric in outcome.transfer.metrics.items()}
    return {target: metrics[target] for target in config.targets if target in metrics}


def _describe_second_objective(config: Config) -> dict[str, str] | None:
    if config.second_objective is None:
        return None
    direction = "minimize" if config.second_objective == "seconds" else "maximize"
    return {"name": config.second_objective, "direction": direction}


def _list_pareto_front(study: Study) -> list[int]:
    return [record.number for record in find_pareto_front(study.get_complete_trials(), study.config)]


def write_results(study: Study, folder: SearchFolder) -> None:
    """Write `build_results` into the search's folder, in one step."""
    with write_atomically(folder.results) as file:
        file.write_text(serialize_results(study), encoding="utf-8")


def serialize_results(study: Study) -> str:
    """The text of ``results.json``."""
    return json.dumps(build_results(study), ensure_ascii=False, indent=1) + "\n"


def _sum_sharing(outcomes: list[Outcome]) -> dict[str, float]:
    stages = [stage for outcome in outcomes for stage in outcome.all_stages]
    return {
        "stages_asked": len(stages),
        "stages_trained": sum(stage.trained for stage in stages),
        "seconds_asked": round(sum(outcome.asked_seconds for outcome in outcomes), 3),
        "seconds_trained": round(sum(outcome.trained_seconds for outcome in outcomes), 3),
    }


def _describe_failed_seeds(failed: Mapping[int, FailedRepeat]) -> dict[str, Any]:
    """Failed repeats on fresh seeds, if any."""
    return {"failed_seeds": [{"seed": seed, **failure} for seed, failure in sorted(failed.items())]} if failed else {}


def _describe_trial(record: TrialRecord, repeats: dict[int, Outcome], config: Config, live: bool) -> dict[str, Any]:
    trial, outcome = record.trial, record.outcome
    described: dict[str, Any] = {
        "number": record.number,
        "state": "interrupted" if record.state == "running" and not live else record.state,
        "value": record.value,
        "seconds": None if outcome is None else round(outcome.seconds, 3),
        "curriculum": [],
        "targets": {},
        "families": {},
        "seeds": [
            {
                "seed": seed,
                "value": repeat.transfer.objective(config.objective),
                "families": _average_families(repeat),
                "scores": repeat.transfer.scores,
                "stages": [{"task": run.task, "target": run.target} | _describe_run(run) for run in repeat.stages],
                "published": repeat.transfer.published_means(get_published_metrics(config.benchmark)),
                **_describe_language_pairs(repeat),
                **describe_few_shot(repeat),
            }
            for seed, repeat in sorted(repeats.items())
        ],
    }
    if config.second_objective is not None:
        described["second_value"] = record.values[1] if record.values else None
    reasons = {"error": record.error, "failure": record.failure, "pruned": record.pruned, "spared": record.spared}
    described |= {name: why for name, why in reasons.items() if why is not None}
    if trial is not None:
        runs = outcome.stages if outcome else ()
        stages = list(zip_longest(trial.stages, runs))
        described["curriculum"] = [
            _describe_stage(stage, run, config) for stage, run in stages[: len(trial.curriculum)]
        ]
        described["targets"] = {
            stage.task: {
                "learning_rate": stage.learning_rate,
                "steps": stage.steps,
                "noise": _describe_noise(stage.noise, run),
                "scores": outcome.transfer.scores.get(stage.task, {}) if outcome else {},
                **_describe_run(run),
            }
            for stage, run in stages[len(trial.curriculum) :]
        }
    if outcome is not None:
        described["families"] = _average_families(outcome)
        described |= _describe_language_pairs(outcome) | describe_few_shot(outcome)
    return described


def _describe_language_pairs(outcome: Outcome) -> dict[str, Any]:
    """Targets with two texts in two languages: scores by pair of languages, means by pair of families; empty if none was requested."""
    transfer = outcome.transfer
    return (
        {
            "generalized": {
                target: {
                    "scores": scores,
                    "mean": transfer.generalized_means().get(target),
                    "families": {
                        " > ".join(families): mean for families, mean in transfer.family_pairs(target).items()
                    },
                }
                for target, scores in transfer.generalized.items()
            }
        }
        if transfer.generalized
        else {}
    )


def _average_families(outcome: Outcome) -> dict[str, dict[str, float]]:
    return {target: outcome.transfer.families(target) for target in outcome.transfer.scores}


def _describe_stage(stage: Stage, run: StageRun | None, config: Config) -> dict[str, Any]:
    return {
        "task": stage.task,
        "resource": "+".join(config.get_resource(task) for task in stage.tasks),
        "learning_rate": stage.learning_rate,
        "steps": stage.steps,
        "noise": _describe_noise(stage.noise, run),
        **_describe_run(run),
    }


def _describe_run(run: StageRun | None) -> dict[str, Any]:
    """Key, cost and losses of a stage that ran, and retention where it was measured."""
    if run is None:
        return {}
    described = {"key": run.key, "trained": run.trained, "seconds": round(run.seconds, 3), "losses": run.losses}
    return described | ({"retained": run.retained} if run.retained else {})


def _describe_noise(noise: Noise, run: StageRun | None) -> dict[str, Any]:
    """Method and magnitude, other fields that differ from their defaults, and native parameters where known."""
    return (
        {"method": noise.method, "magnitude": noise.magnitude}
        | collect_non_defaults(noise)
        | ({"native": run.native} if run is not None and run.native else {})
    )
