"""``results.json``: everything of a search that another tool may want, in one document (version 1)."""

import json
from dataclasses import asdict
from itertools import zip_longest
from typing import Any

from search import racing
from search.config import Config
from search.home import SearchFolder, written_aside
from search.recorded import Recorded, front
from search.study import Study
from search.verdict import judge
from trainables.benchmarks.catalogue import published_metrics
from trainables.curriculum import Noise, Stage, off_default
from trainables.outcome import Outcome

VERSION = 1


def document(study: Study, *, live: bool = True) -> dict[str, Any]:
    """The results of a search as JSON's own types, from its study alone.

    Args:
        study: the search's.
        live: whether a launch is running; without one, what the study has as running was interrupted.
    """
    config, repeats = study.config, study.repeats()
    records = [record for record in study.recorded() if record.state in ("complete", "pruned", "failed", "running")]
    verdict = judge(study.complete(), repeats, config)
    outcomes = [record.outcome for record in records if record.outcome is not None]
    outcomes += [outcome for by_seed in repeats.values() for outcome in by_seed.values()]
    return {
        "version": VERSION,
        "name": config.name,
        "objective": {"name": config.objective, "direction": "maximize"},
        "second_objective": _second(config),
        "best": verdict.best,
        "verdict": verdict.word,
        "confirmed": asdict(verdict.value) if verdict.value else None,
        "comparisons": [comparison.to_json() for comparison in verdict.comparisons],
        "front": _front(study) if config.second_objective else [],
        "racing": racing.document(records, config),
        "sharing": _sharing(outcomes),
        "trials": [_trial(record, repeats.get(record.number, {}), config, live) for record in records],
    }


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
        file.write_text(json.dumps(document(study), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _sharing(outcomes: list[Outcome]) -> dict[str, float]:
    stages = [stage for outcome in outcomes for stage in outcome.stages]
    return {
        "stages_asked": len(stages),
        "stages_trained": sum(stage.trained for stage in stages),
        "seconds_asked": round(sum(outcome.asked_seconds for outcome in outcomes), 3),
        "seconds_trained": round(sum(outcome.trained_seconds for outcome in outcomes), 3),
    }


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
                "published": repeat.transfer.published(published_metrics(config.benchmark)),
                **_generalized(repeat),
            }
            for seed, repeat in sorted(repeats.items())
        ],
    }
    if config.second_objective is not None:
        described["second_value"] = record.values[1] if record.values else None
    told = {"error": record.error, "pruned": record.pruned, "spared": record.spared}
    described |= {name: why for name, why in told.items() if why is not None}
    if trial is not None:
        runs = outcome.stages if outcome else ()
        stages = [(stage, run.native if run else {}) for stage, run in zip_longest(trial.stages, runs)]
        described["curriculum"] = [_stage(stage, native, config) for stage, native in stages[: len(trial.curriculum)]]
        described["targets"] = {
            stage.task: {
                "learning_rate": stage.learning_rate,
                "steps": stage.steps,
                "noise": _noise(stage.noise, native),
                "scores": outcome.transfer.scores.get(stage.task, {}) if outcome else {},
            }
            for stage, native in stages[len(trial.curriculum) :]
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


def _stage(stage: Stage, native: dict[str, float], config: Config) -> dict[str, Any]:
    return {
        "task": stage.task,
        "resource": "+".join(config.resource(task) for task in stage.tasks),
        "learning_rate": stage.learning_rate,
        "steps": stage.steps,
        "noise": _noise(stage.noise, native),
    }


def _noise(noise: Noise, native: dict[str, float]) -> dict[str, Any]:
    """Method and magnitude always, what else is not at its default, and the method's own parameters where they are known."""
    return (
        {"method": noise.method, "magnitude": noise.magnitude}
        | off_default(noise)
        | ({"native": native} if native else {})
    )
