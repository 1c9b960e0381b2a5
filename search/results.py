"""``results.json``: everything of a search that another tool may want, in one document (version 1)."""

import json
from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

from search import racing
from search.attributes import FailedRepeat
from search.config import Config
from search.home import SearchFolder, written_aside
from search.provenance import environments
from search.recorded import Recorded, front
from search.study import Study
from search.verdict import judge
from trainables.benchmarks.catalogue import published_metrics, unlike_published
from trainables.curriculum import Noise, Stage, off_default
from trainables.languages import SOURCE_LANGUAGE
from trainables.outcome import Outcome, StageRun

VERSION = 1


def document(study: Study, *, live: bool = True) -> dict[str, Any]:
    """The results of a search as JSON's own types, from its study alone.

    Args:
        study: the search's.
        live: whether a launch is running; without one, what the study has as running was interrupted.
    """
    config, repeats, failed = study.config, study.repeats(), study.failed_repeats()
    records = [record for record in study.recorded() if record.state in ("complete", "pruned", "failed", "running")]
    verdict = judge(study.complete(), repeats, config)
    outcomes = [record.outcome for record in records if record.outcome is not None]
    outcomes += [outcome for by_seed in repeats.values() for outcome in by_seed.values()]
    return {
        "version": VERSION,
        "name": config.name,
        "seed": config.seed,
        "source_language": SOURCE_LANGUAGE,
        "metrics": _metrics(outcomes, config),
        "unlike": unlike_published(config.benchmark, config.targets),
        "objective": {"name": config.objective, "direction": "maximize"},
        "second_objective": _second(config),
        "best": verdict.best,
        "verdict": verdict.word,
        "confirmed": verdict.confirmed(),
        "comparisons": [comparison.to_json() for comparison in verdict.comparisons],
        "front": _front(study) if config.second_objective else [],
        "racing": racing.document(records, config),
        "sharing": _sharing(outcomes),
        "environments": environments(outcomes),
        "trials": [
            _trial(record, repeats.get(record.number, {}), config, live) | _failed_seeds(failed.get(record.number, {}))
            for record in records
        ],
    }


def _metrics(outcomes: list[Outcome], config: Config) -> dict[str, str]:
    """The main metric of every target that was scored."""
    told = {target: metric for outcome in outcomes for target, metric in outcome.transfer.metrics.items()}
    return {target: told[target] for target in config.targets if target in told}


def _second(config: Config) -> dict[str, str] | None:
    if config.second_objective is None:
        return None
    direction = "minimize" if config.second_objective == "seconds" else "maximize"
    return {"name": config.second_objective, "direction": direction}


def _front(study: Study) -> list[int]:
    return [record.number for record in front(study.complete(), study.config)]


def write(study: Study, folder: SearchFolder) -> None:
    """Write `document` into the search's folder, in one step."""
    with written_aside(folder.results) as file:
        file.write_text(text(study), encoding="utf-8")


def text(study: Study) -> str:
    """What ``results.json`` holds."""
    return json.dumps(document(study), ensure_ascii=False, indent=1) + "\n"


def _sharing(outcomes: list[Outcome]) -> dict[str, float]:
    stages = [stage for outcome in outcomes for stage in outcome.stages]
    return {
        "stages_asked": len(stages),
        "stages_trained": sum(stage.trained for stage in stages),
        "seconds_asked": round(sum(outcome.asked_seconds for outcome in outcomes), 3),
        "seconds_trained": round(sum(outcome.trained_seconds for outcome in outcomes), 3),
    }


def _failed_seeds(failed: Mapping[int, FailedRepeat]) -> dict[str, Any]:
    """Repeats on fresh seeds that came to nothing, where there are any."""
    return {"failed_seeds": [{"seed": seed, **told} for seed, told in sorted(failed.items())]} if failed else {}


def _trial(record: Recorded, repeats: dict[int, Outcome], config: Config, live: bool) -> dict[str, Any]:
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
                "families": _families(repeat),
                "scores": repeat.transfer.scores,
                "stages": [{"task": run.task, "target": run.target} | _ran(run) for run in repeat.stages],
                "published": repeat.transfer.published(published_metrics(config.benchmark)),
                **_generalized(repeat),
            }
            for seed, repeat in sorted(repeats.items())
        ],
    }
    if config.second_objective is not None:
        described["second_value"] = record.values[1] if record.values else None
    told = {"error": record.error, "failure": record.failure, "pruned": record.pruned, "spared": record.spared}
    described |= {name: why for name, why in told.items() if why is not None}
    if trial is not None:
        runs = outcome.stages if outcome else ()
        stages = list(zip_longest(trial.stages, runs))
        described["curriculum"] = [_stage(stage, run, config) for stage, run in stages[: len(trial.curriculum)]]
        described["targets"] = {
            stage.task: {
                "learning_rate": stage.learning_rate,
                "steps": stage.steps,
                "noise": _noise(stage.noise, run),
                "scores": outcome.transfer.scores.get(stage.task, {}) if outcome else {},
                **_ran(run),
            }
            for stage, run in stages[len(trial.curriculum) :]
        }
    if outcome is not None:
        described["families"] = _families(outcome)
        described |= _generalized(outcome)
    return described


def _generalized(outcome: Outcome) -> dict[str, Any]:
    """Targets of two texts in two languages: scores by pair of languages, means by pair of families; nothing if none was asked for."""
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


def _families(outcome: Outcome) -> dict[str, dict[str, float]]:
    return {target: outcome.transfer.families(target) for target in outcome.transfer.scores}


def _stage(stage: Stage, run: StageRun | None, config: Config) -> dict[str, Any]:
    return {
        "task": stage.task,
        "resource": "+".join(config.resource(task) for task in stage.tasks),
        "learning_rate": stage.learning_rate,
        "steps": stage.steps,
        "noise": _noise(stage.noise, run),
        **_ran(run),
    }


def _ran(run: StageRun | None) -> dict[str, Any]:
    """What a stage cost and how it went, once it ran; what is retained, where that was measured."""
    if run is None:
        return {}
    told = {"key": run.key, "trained": run.trained, "seconds": round(run.seconds, 3), "losses": run.losses}
    return told | ({"retained": run.retained} if run.retained else {})


def _noise(noise: Noise, run: StageRun | None) -> dict[str, Any]:
    """Method and magnitude always, what else is not at its default, and the method's own parameters where they are known."""
    return (
        {"method": noise.method, "magnitude": noise.magnitude}
        | off_default(noise)
        | ({"native": run.native} if run is not None and run.native else {})
    )
