"""The design of `sampler: orders`: curricula that differ only in order."""

from collections.abc import Iterator, Sequence
from itertools import combinations, permutations

from search.config import Config
from search.space._nearest_parameters import find_nearest_parameters
from search.space._space import CurriculumSpace, Parameters
from trainables.curriculum import JOINT_SEPARATOR, Stage, Trial


def iterate_design(space: CurriculumSpace) -> Iterator[Parameters]:
    """The parameters of the trials of the design, the baseline first, without repetition."""
    seen = set()
    for row in _iterate_orders(space.config):
        if row not in seen:
            seen.add(row)
            yield _make_parameters(space, row)


def count_design_trials(space: CurriculumSpace) -> int:
    """Number of trials of the design."""
    if space.config.orders.design == "full":
        return space.count_trials()
    return len(set(_iterate_orders(space.config)))


def explain_incomplete_design(config: Config) -> str:
    """A warning if the design has more trials than ``trials`` allows; empty otherwise."""
    if config.sampler != "orders" or (most := count_design_trials(CurriculumSpace(config))) <= config.trials:
        return ""
    return (
        f"trials: {config.trials:,} of the {most:,} trials of the design; the design is balanced only when all are done"
    )


def _iterate_orders(config: Config) -> Iterator[tuple[str, ...]]:
    """Curricula as task names, joint ones with `JOINT_SEPARATOR` between."""
    tasks, longest = list(config.intermediate), config.curriculum.max_length
    yield ()
    if config.orders.design == "full":
        for length in range(1, longest + 1):
            yield from permutations(tasks, length)
            if length > 1 and config.curriculum.joint:
                yield from ((JOINT_SEPARATOR.join(mixed),) for mixed in combinations(tasks, length))
        return
    if longest:
        yield from ((task,) for task in tasks)
        rows = [tuple(row[:longest]) for row in build_williams_square(tasks)]
        if 1 < longest < len(tasks):
            rows += [row[::-1] for row in rows]  # what comes after another comes before it too
        yield from rows
        if longest > 1 and config.curriculum.joint:
            yield from ((JOINT_SEPARATOR.join(sorted(row, key=tasks.index)),) for row in rows)


def build_williams_square(tasks: Sequence[str]) -> list[list[str]]:
    """Orders in which every task is equally often at each position, and equally often right after each other task.

    A Latin square balanced for carry-over (Williams, Aust. J. Sci. Res. A 2, 1949): as many orders as tasks, twice as many if
    the number of tasks is odd.
    """
    count = len(tasks)
    first = [(place + 1) // 2 if place % 2 else (count - place // 2) % count for place in range(count)]
    square = [[tasks[(step + shift) % count] for step in first] for shift in range(count)]
    return square + [row[::-1] for row in square] if count % 2 and count > 1 else square


def _make_parameters(space: CurriculumSpace, row: tuple[str, ...]) -> Parameters:
    stages = tuple(Stage(task=task, learning_rate=1.0, steps=1) for task in row)
    found = find_nearest_parameters(space, Trial(encoder="", benchmark="", curriculum=stages, targets=(), languages=()))
    assert found is not None, "every row of the design is a trial of the space"
    return found
