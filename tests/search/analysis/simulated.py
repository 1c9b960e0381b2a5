"""Results of searches that were never run, with effects that we know."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np

from search.analysis import Arm
from search.analysis._arms import ScoreArray
from trainables.curriculum import Stage, Trial
from trainables.languages import LANGUAGES, XTREME_R_LANGUAGES

HIGH, LOW = ("facts", "dates"), ("names", "swahili")
RESOURCES = dict.fromkeys(HIGH, "high") | dict.fromkeys(LOW, "low")
TARGETS = ("inference", "tagging", "answer")
CODES = tuple(code for code in XTREME_R_LANGUAGES if code != "ht")
FAMILIES = tuple(LANGUAGES[code].family for code in CODES)

Curriculum = tuple[str, ...]
"""Tasks in order; a joint stage's are joined by a plus."""
Planted = Callable[[Curriculum], float]


@dataclass(frozen=True)
class Noise:
    """Deviations of a score, each drawn anew for a curriculum; the size of those that we see on the miniature."""

    seed: float = 0.012
    """Of a seed with a curriculum."""
    shared: float = 0.008
    """Of a seed with every curriculum."""
    family: float = 0.004
    language: float = 0.008
    rest: float = 0.03
    """Of a seed, target and language."""
    tails: float = 0.0
    """Degrees of freedom of Student's t in place of the normal distribution; 0: normal."""


def square() -> list[Curriculum]:
    """None, each task alone, every order of two of them, each two mixed."""
    tasks = [*HIGH, *LOW]
    mixed = [(f"{one}+{other}",) for one, other in permutations(tasks, 2) if one < other]
    return [(), *((task,) for task in tasks), *permutations(tasks, 2), *mixed]


def search(
    rng: np.random.Generator,
    curricula: Sequence[Curriculum],
    seeds: int,
    planted: Planted = lambda curriculum: 0.0,
    noise: Noise = Noise(),
    languages: dict[str, float] | None = None,
) -> dict[str, Any]:
    """The results of a search whose trials were all repeated.

    Args:
        rng: of everything but what is planted.
        curricula: of its trials.
        seeds: fresh ones; 0: the search's own seed alone, on dev.
        planted: what a curriculum adds to every score.
        noise: what is added by chance.
        languages: how much of what is planted a language gets; all of it by default.
    """
    values = scores(rng, curricula, seeds, planted, noise, languages)
    trials = [_trial(number, tasks, values[number], seeds) for number, tasks in enumerate(curricula)]
    return {
        "name": "simulated",
        "seed": 0,
        "source_language": "en",
        "metrics": dict.fromkeys(TARGETS, "accuracy"),
        "objective": {"name": "transfer_dev", "direction": "maximize"},
        "second_objective": None,
        "best": 0,
        "verdict": "unconfirmed",
        "confirmed": None,
        "comparisons": [],
        "front": [],
        "sharing": {"stages_asked": 0, "stages_trained": 0, "seconds_asked": 0.0, "seconds_trained": 0.0},
        "trials": trials,
    }


def scores(
    rng: np.random.Generator,
    curricula: Sequence[Curriculum],
    seeds: int,
    planted: Planted = lambda curriculum: 0.0,
    noise: Noise = Noise(),
    languages: dict[str, float] | None = None,
) -> np.ndarray:
    """[curricula, seeds, targets, languages]: those of `search`."""
    share = np.array([1.0 if languages is None else languages.get(code, 0.0) for code in CODES])
    names = sorted(set(FAMILIES))
    family = np.array([names.index(name) for name in FAMILIES])
    count, every, each = len(curricula), max(seeds, 1), len(CODES)
    own = rng.uniform(0.3, 0.7, each) + np.array([planted(tasks) for tasks in curricula])[:, None] * share
    own = own + (_draw(rng, noise, (count, len(names))) * noise.family)[:, family]
    own = own + _draw(rng, noise, (count, each)) * noise.language
    by_seed = _draw(rng, noise, every) * noise.shared + _draw(rng, noise, (count, every)) * noise.seed
    rest = _draw(rng, noise, (count, every, len(TARGETS), each)) * noise.rest
    found: np.ndarray = own[:, None, None] + by_seed[..., None, None] + rest
    return found


def scored(values: np.ndarray, curricula: Sequence[Curriculum]) -> ScoreArray:
    """The same as the analysis has it."""
    arms = []
    for number, tasks in enumerate(curricula):
        stages = tuple(Stage(task=task, learning_rate=1e-3, steps=100) for task in tasks)
        trial = Trial(encoder="", benchmark="", curriculum=stages, targets=(), languages=())
        arms.append(Arm(number, trial, tuple("+".join(RESOURCES[each] for each in task.split("+")) for task in tasks)))
    seeds = tuple(range(1, values.shape[1] + 1))
    return ScoreArray(tuple(arms), seeds, "test", TARGETS, CODES, values)


def _draw(rng: np.random.Generator, noise: Noise, size: int | tuple[int, ...]) -> np.ndarray:
    if not noise.tails:
        return rng.standard_normal(size)
    return rng.standard_t(noise.tails, size) / np.sqrt(noise.tails / (noise.tails - 2))


def _trial(number: int, curriculum: Curriculum, values: np.ndarray, seeds: int) -> dict[str, Any]:
    def scores(split: str, place: int) -> dict[str, Any]:
        return {
            target: {split: {code: {"accuracy": float(values[place, layer, at])} for at, code in enumerate(CODES)}}
            for layer, target in enumerate(TARGETS)
        }

    none = {"method": "none", "magnitude": 0.0}
    own = scores("dev", 0)
    return {
        "number": number,
        "state": "complete",
        "value": float(values[0].mean()),
        "seconds": 1.0,
        "curriculum": [
            {
                "task": task,
                "resource": "+".join(RESOURCES[each] for each in task.split("+")),
                "learning_rate": 1e-3,
                "steps": 100,
                "noise": none,
            }
            for task in curriculum
        ],
        "targets": {
            target: {"learning_rate": 1e-3, "steps": 100, "noise": none, "scores": own[target]} for target in TARGETS
        },
        "families": {},
        "seeds": [
            {"seed": seed + 1, "scores": {t: both | scores("dev", seed)[t] for t, both in scores("test", seed).items()}}
            for seed in range(seeds)
        ],
    }
