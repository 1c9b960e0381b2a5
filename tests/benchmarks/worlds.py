"""Synthetic worlds of curricula with a known optimum: what a curriculum is worth, and what its stages cost."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, pairwise, permutations, product
from random import Random
from statistics import fmean
from typing import Any

from search.sampler import Candidate, StageView

RATES = 3
"""Levels of a stage's rate; the middle one is right for half of the tasks."""
LONGEST = {4: 3, 5: 2, 6: 3, 9: 3}
Stages = tuple[tuple[str, int], ...]
"""A curriculum: tasks and the levels of their rates, in order."""


@dataclass(frozen=True)
class World:
    """One world."""

    kind: str
    tasks: int
    seed: int

    @cached_property
    def names(self) -> list[str]:
        return [chr(ord("a") + number) for number in range(self.tasks)]

    @cached_property
    def noise(self) -> float:
        return 0.6 if self.kind == "heavy noise" else 0.1

    @cached_property
    def drawn(self) -> Callable[..., float]:
        """A fixed standard normal number for each name."""
        numbers: dict[Any, float] = {}

        def draw(*name: Any) -> float:
            if name not in numbers:
                numbers[name] = Random(f"{self.kind}/{self.tasks}/{self.seed}/{name}").gauss(0, 1)
            return numbers[name]

        return draw

    def rate(self, task: str, level: int) -> float:
        """What a stage's rate is worth: best at the task's own level."""
        right = round(1 + self.drawn("rate", task) * 0.7)
        return -0.5 * abs(level - min(max(right, 0), RATES - 1))

    def worth(self, stages: Stages) -> float:
        """The true value of a curriculum, in units of the spread of its parts."""
        draw, names = self.drawn, [task for task, _ in stages]
        total = sum(self.rate(task, level) for task, level in stages)
        gains = sum(draw("gain", task) for task in names)
        match self.kind:
            case "additive" | "heavy noise":
                return total + gains
            case "precedence":
                return total + 0.3 * gains + sum(draw("before", *pair) for pair in combinations(names, 2))
            case "adjacency":
                return total + 0.3 * gains + sum(draw("next", *pair) for pair in pairwise(names))
            case "position":
                return total + sum(draw("place", place, task) for place, task in enumerate(names))
            case "forgetting":
                last = 1.5 * draw("last", names[-1]) if names else 0.0
                return (
                    total + sum(draw("gain", task) * 0.5 ** (len(names) - 1 - n) for n, task in enumerate(names)) + last
                )
            case "deceptive":
                best = max(permutations(self.names, min(3, self.tasks)), key=lambda names: draw("whole", *names))
                shared = next((n for n, (a, b) in enumerate(zip(names, best, strict=False)) if a != b), len(names))
                # The way to the best one leads down, but for its last step.
                return total + 0.5 * gains + (4.0 if tuple(names) == best else -0.5 * shared)
        raise AssertionError(self.kind)

    @cached_property
    def everything(self) -> list[float]:
        """The values of all curricula, the best rates for the optimum among them."""
        return [self.worth(stages) for stages in self.all()]

    def all(self) -> Iterator[Stages]:
        """Every curriculum."""
        for length in range(LONGEST[self.tasks] + 1):
            for names in permutations(self.names, length):
                for levels in product(range(RATES), repeat=length):
                    yield tuple(zip(names, levels, strict=True))

    @cached_property
    def optimum(self) -> float:
        return max(self.everything)

    @cached_property
    def mean(self) -> float:
        """Of a curriculum at random: lengths alike, as a sampler draws them."""
        rng = Random(f"mean/{self.seed}")
        return fmean(self.worth(self.random(rng)) for _ in range(3000))

    def random(self, rng: Random) -> Stages:
        names = rng.sample(self.names, rng.randint(0, LONGEST[self.tasks]))
        return tuple((task, rng.randrange(RATES)) for task in names)

    def cost(self, task: str) -> float:
        """Of training a stage: tasks differ by up to four times."""
        return 2.0 ** Random(f"cost/{self.seed}/{task}").uniform(-1, 1)

    TARGETS = 1.0
    """What the targets on top of a curriculum cost."""

    def parts(self, stages: Stages) -> list[tuple[Any, float]]:
        """What has to be trained, under what decides it."""
        told: list[tuple[Any, float]] = [(stages[: n + 1], self.cost(task)) for n, (task, _) in enumerate(stages)]
        return [*told, (("targets", stages), self.TARGETS)]

    def ask(self, trial: Any) -> Stages:
        """A curriculum as a search asks for it: the order in Lehmer digits, rates where their stages are."""
        left, names = list(self.names), []
        for place in range(trial.suggest_int("length", 0, LONGEST[self.tasks])):
            names.append(left.pop(trial.suggest_categorical(f"task.{place}", list(range(len(left))))))
        return tuple((task, trial.suggest_int(f"rate.{place}", 0, RATES - 1)) for place, task in enumerate(names))

    def space(self, trial: Any) -> Candidate:
        """The same for our sampler."""
        stages = self.ask(trial)
        views = tuple(StageView((task,), {"rate": math.log(2.0) * level}) for task, level in stages)
        return Candidate(views, costs=self.parts(stages))


KINDS = ("additive", "precedence", "adjacency", "position", "forgetting", "deceptive", "heavy noise")
