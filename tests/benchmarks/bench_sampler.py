"""What it costs to find a good curriculum: our sampler, TPE, Optuna's Gaussian process and random search, in worlds with a known optimum.

``python -m tests.benchmarks.bench_sampler FILE [SEEDS] [TASKS ...]`` appends one JSON line a run to FILE and prints the table of what is in it; ``make bench``
runs a few. A world's unit of cost is the targets' training; the level of a run is where the true value of its best trial by noisy value lies between
the mean of curricula at random (0) and the optimum (1). With the tree a stage is paid for once, without it each time.
"""

import json
import math
import sys
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from itertools import product
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import optuna

from search.sampler import CurriculumSampler
from tests.benchmarks.recorded import Recorded
from tests.benchmarks.worlds import KINDS, World

LEVELS = (0.8, 0.9, 0.95)
BUDGET = 300.0
"""Cost at which a run is given up: its cost to a level that it has not reached counts as infinite."""
MOST = 250
"""Trials, likewise."""

Searched = World | Recorded
Sampler = Callable[[Searched, int], optuna.samplers.BaseSampler]

SAMPLERS: dict[str, tuple[Sampler, bool]] = {
    "curriculum, tree": (lambda world, seed: CurriculumSampler(world.space, seed=seed), True),
    "curriculum": (lambda world, seed: CurriculumSampler(world.space, seed=seed, per_cost=False), False),
    "tpe, tree": (lambda world, seed: optuna.samplers.TPESampler(seed=seed), True),
    "tpe": (lambda world, seed: optuna.samplers.TPESampler(seed=seed), False),
    "gp": (lambda world, seed: optuna.samplers.GPSampler(seed=seed), False),
    "random, tree": (lambda world, seed: optuna.samplers.RandomSampler(seed=seed), True),
    "random": (lambda world, seed: optuna.samplers.RandomSampler(seed=seed), False),
}
"""By name: the sampler, and whether stages are shared."""
RECORDED = (Recorded.kind, Recorded.tasks)
REFERENCE = "tpe"
"""Ray Tune's `OptunaSearch` as it comes: TPE, every trial paid for in full."""


def run(world: Searched, sampler: optuna.samplers.BaseSampler, tree: bool, seed: int) -> list[float]:
    """Cost at which each level is reached."""
    noise = Random(f"noise/{seed}")
    study = optuna.create_study(direction="maximize", sampler=sampler)
    held: set[Hashable] = set()
    spent, best, reached = 0.0, (-math.inf, -math.inf), [math.inf] * len(LEVELS)
    for _ in range(MOST):
        trial = study.ask()
        stages = world.ask(trial)
        worth = world.worth(stages)
        value = worth + noise.gauss(0, world.noise)
        parts = world.parts(stages)
        spent += sum(cost for part, cost in parts if not (tree and part in held))
        held |= {part for part, _ in parts}
        study.tell(trial, value)
        best = max(best, (value, worth))
        level = (best[1] - world.mean) / (world.optimum - world.mean)
        for place, wanted in enumerate(LEVELS):
            if level >= wanted - 1e-9 and math.isinf(reached[place]) and spent <= BUDGET:
                reached[place] = spent
        if spent > BUDGET or not any(map(math.isinf, reached)):
            break
    return reached


def world_of(kind: str, tasks: int, seed: int) -> Searched:
    return Recorded(seed) if kind == Recorded.kind else World(kind, tasks, seed)


def measure(names: Sequence[str], worlds: Sequence[tuple[str, int]], seeds: int, file: Path) -> None:
    """Run what the file lacks.

    Args:
        names: of samplers.
        worlds: kinds, and how many tasks.
        seeds: of each.
        file: of runs, one a line.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    there = {tuple(row[key] for key in ("sampler", "kind", "tasks", "seed")) for row in read(file)}
    for seed, (kind, count), name in product(range(seeds), worlds, names):
        if (name, kind, count, seed) in there:
            continue
        world, (make, tree) = world_of(kind, count, seed), SAMPLERS[name]
        started = time.monotonic()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            reached = run(world, make(world, seed), tree, seed)
        row = {"sampler": name, "kind": kind, "tasks": count, "seed": seed, "reached": reached}
        with file.open("a") as sink:
            sink.write(json.dumps(row | {"seconds": round(time.monotonic() - started, 2)}) + "\n")


def read(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """The median, and the order statistics that hold it between them with 95 % (binomial)."""
    ordered, count = sorted(values), len(values)
    half = 0.98 * math.sqrt(count)
    low, high = max(0, math.floor(count / 2 - half)), min(count - 1, math.ceil(count / 2 + half) - 1)
    return median(ordered), ordered[low], ordered[high]


def table(rows: Sequence[dict[str, Any]]) -> None:
    """Medians over worlds and seeds, then by world at 90 %, and how our sampler compares with the reference."""
    found: dict[tuple[str, str], list[list[float]]] = defaultdict(list)
    for row in rows:
        for kind in (row["kind"], f"{row['tasks']} tasks", "all"):
            found[row["sampler"], kind].append(row["reached"])
    names = [name for name in SAMPLERS if (name, "all") in found]
    print("cost to 80, 90 and 95 %: median [95 % interval]")
    for name in names:
        told = [interval([reached[place] for reached in found[name, "all"]]) for place in range(len(LEVELS))]
        cells = [f"{middle:6.1f} [{low:6.1f}, {high:6.1f}]" for middle, low, high in told]
        print(f"{name:18} {'  '.join(cells)}  ({len(found[name, 'all'])} runs)")
    print("\ncost to 90 %, median by world")
    worlds = sorted({kind for _, kind in found} - {"all"})
    print(f"{'':18}" + "".join(f"{kind:>13}" for kind in worlds))
    for name in names:
        runs = [[reached[1] for reached in found[name, kind]] for kind in worlds]
        print(f"{name:18}" + "".join(f"{median(costs):13.1f}" if costs else f"{'-':>13}" for costs in runs))


def test_our_sampler_finds_a_good_curriculum_for_less_than_tpe(tmp_path):
    file = tmp_path / "runs.jsonl"
    measure(["curriculum, tree", REFERENCE], [("additive", 4), ("precedence", 4), RECORDED], 3, file)
    rows = read(file)
    table(rows)
    ours, theirs = (
        median(r["reached"][0] for r in rows if r["sampler"] == name) for name in ("curriculum, tree", REFERENCE)
    )
    assert ours < theirs


if __name__ == "__main__":
    place = Path(sys.argv[1])
    seeds = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    counts = [int(word) for word in sys.argv[3:]] or [4, 6, 9]
    measure(list(SAMPLERS), [*product(KINDS, counts), RECORDED], seeds, place)
    table(read(place))
