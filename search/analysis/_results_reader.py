"""Read trials from ``results.json``."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any

from trainables.curriculum import Noise, Stage, Trial


def read_trial(trial: Mapping[str, Any]) -> Trial:
    """A trial with its curriculum and targets; encoder, benchmark and languages are empty."""
    curriculum = tuple(read_stage(stage["task"], stage) for stage in trial["curriculum"])
    targets = tuple(read_stage(task, stage) for task, stage in trial["targets"].items())
    return Trial(encoder="", benchmark="", curriculum=curriculum, targets=targets, languages=())


def list_failures(trials: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Trials and finalists' repeats that failed: the ``run`` in words, ``trial``, ``seed`` (None: the trial itself), the ``error``, and the
    file of the ``failure`` in the search's folder, None where older versions kept none."""
    failures = []
    for trial in trials:
        own = [(None, trial)] if trial.get("error") is not None else []
        for seed, entry in [*own, *((repeat["seed"], repeat) for repeat in trial.get("failed_seeds", ()))]:
            run = f"trial {trial['number']}" if seed is None else f"trial {trial['number']}, seed {seed}"
            words = {"run": run, "trial": trial["number"], "seed": seed}
            failures.append(words | {"error": entry["error"], "failure": entry.get("failure")})
    return failures


def read_stage(task: str, entry: Mapping[str, Any]) -> Stage:
    """A stage with its learning rate, steps and noise."""
    known = {field.name for field in fields(Noise)}
    noise = Noise(**{name: value for name, value in entry["noise"].items() if name in known})
    return Stage(task=task, learning_rate=entry["learning_rate"], steps=entry.get("steps", 0), noise=noise)


def iterate_stages(trial: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    """Task, the stage's entry, and whether it is a target."""
    yield from ((stage["task"], stage, False) for stage in trial["curriculum"])
    yield from ((task, stage, True) for task, stage in trial["targets"].items())


def describe_curriculum(trial: Mapping[str, Any]) -> str:
    """The curriculum of a trial's entry as text."""
    return " > ".join(str(read_stage(stage["task"], stage)) for stage in trial["curriculum"]) or "no intermediate stage"
