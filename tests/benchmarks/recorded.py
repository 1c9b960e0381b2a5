"""A world recorded from real runs: every curriculum of the miniature's five intermediate tasks, at two rates, on two seeds.

Recorded with two searches over the whole space, then ``python -m tests.benchmarks.recorded HOME NAME NAME``:
``xlt launch configs/miniature.yaml --name NAME --set seed=SEED --set sampler=random --set trials=1000 --set space.noise.methods=[none] --set finalists.top=0``.
A curriculum's true value is taken to be the mean over seeds, a trial's value that and noise with the spread that seeds had.
"""

import json
import math
import sys
from collections import defaultdict
from dataclasses import dataclass
from functools import cache, cached_property
from math import comb
from pathlib import Path
from random import Random
from statistics import fmean
from typing import Any

from search.sampler import Candidate, StageView
from search.space._space import unrank_subset

TABLE = Path(__file__).with_name("miniature_table.json")
Stages = tuple[tuple[str, int], ...]
"""Tasks, a joint stage's with ``+`` between, and the levels of their rates, in order."""


@cache
def read() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(TABLE.read_text())
    return table


@dataclass(frozen=True)
class Recorded:
    """The world; seeds differ in noise alone."""

    seed: int
    kind: str = "miniature"
    tasks: int = 5

    @cached_property
    def values(self) -> dict[Stages, float]:
        return {_key(row["stages"]): fmean(row["values"]) for row in read()["rows"]}

    @cached_property
    def noise(self) -> float:
        gaps = [one - other for one, other in (row["values"] for row in read()["rows"])]
        middle = fmean(gaps)  # a seed that is better for all moves nobody's rank
        return math.sqrt(fmean((gap - middle) ** 2 for gap in gaps) / 2)

    @cached_property
    def optimum(self) -> float:
        return max(self.values.values())

    @cached_property
    def mean(self) -> float:
        rng = Random("mean")
        return fmean(self.worth(self.ask(_Random(rng))) for _ in range(3000))

    def worth(self, stages: Stages) -> float:
        return self.values[stages]

    def parts(self, stages: Stages) -> list[tuple[Any, float]]:
        """What has to be trained, under what decides it; the unit is one training of the targets."""
        seconds, targets = read()["seconds"], read()["targets"]
        told: list[tuple[Any, float]] = [
            (stages[: n + 1], fmean(seconds[each] for each in task.split("+")) / targets)
            for n, (task, _) in enumerate(stages)
        ]
        return [*told, (("targets", stages), 1.0)]

    def ask(self, trial: Any) -> Stages:
        left, names = list(read()["tasks"]), []
        length = trial.suggest_int("length", 0, 2)
        if length > 1 and trial.suggest_categorical("joint", [False, True]):
            mixed = unrank_subset(trial.suggest_int("mixed.2", 0, comb(len(left), 2) - 1), len(left), 2)
            names = ["+".join(left[place] for place in mixed)]
        else:
            for place in range(length):
                names.append(left.pop(trial.suggest_categorical(f"task.{place}", list(range(len(left))))))
        return tuple((task, trial.suggest_int(f"rate.{place}", 0, 1)) for place, task in enumerate(names))

    def space(self, trial: Any) -> Candidate:
        stages = self.ask(trial)
        views = tuple(StageView(tuple(task.split("+")), {"rate": math.log(2.0) * level}) for task, level in stages)
        return Candidate(views, costs=self.parts(stages))


class _Random:
    """Answers at random."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng

    def suggest_int(self, name: str, low: int, high: int) -> int:
        return self.rng.randint(low, high)

    def suggest_categorical(self, name: str, choices: list[Any]) -> Any:
        return self.rng.choice(choices)


def _key(stages: list[list[Any]]) -> Stages:
    return tuple((task, level) for task, level in stages)


def record(home: Path, names: list[str]) -> dict[str, Any]:
    """The table of searches over the whole space, one a seed."""
    from search.home import Home
    from search.study import Study

    values: dict[Stages, list[float]] = defaultdict(list)
    seconds: dict[str, list[float]] = defaultdict(list)
    targets: list[float] = []
    for name in names:
        study = Study.open(Home(home).get_search_folder(name))
        rates = study.config.space.learning_rate.values
        for recorded in study.get_complete_trials():
            assert recorded.trial is not None and recorded.outcome is not None and recorded.value is not None
            stages = tuple((stage.task, rates.index(stage.learning_rate)) for stage in recorded.trial.curriculum)
            values[stages].append(round(recorded.value, 5))
            trained = [run for run in recorded.outcome.stages if run.trained]
            for run in trained:
                if not run.target and "+" not in run.task:
                    seconds[run.task].append(run.seconds)
            targets.append(sum(run.seconds for run in trained if run.target))
    assert {len(found) for found in values.values()} == {len(names)}, "a search is not done"
    return {
        "tasks": list(study.config.intermediate),
        "targets": round(fmean(targets), 2),
        "seconds": {task: round(fmean(found), 2) for task, found in seconds.items()},
        "rows": [
            {"stages": [list(stage) for stage in stages], "values": found} for stages, found in sorted(values.items())
        ],
    }


def _lines(table: dict[str, Any]) -> str:
    rows = ",\n  ".join(json.dumps(row) for row in table["rows"])
    head = "".join(f' "{key}": {json.dumps(table[key])},\n' for key in ("tasks", "targets", "seconds"))
    return f'{{\n{head} "rows": [\n  {rows}\n ]\n}}\n'


if __name__ == "__main__":
    TABLE.write_text(_lines(record(Path(sys.argv[1]), sys.argv[2:])))
