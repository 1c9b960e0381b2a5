"""How much sharper a comparison of two curricula is for trials that share their random numbers seed by seed.

Run it: ``python -m tests.benchmarks.bench_pairs FILE [SEEDS]``. Each curriculum runs on the same seeds on the miniature at the demo's
sizes, dev alone; FILE gets a line a trial and is taken up where it ends. Printed is, for each pair of curricula, the correlation of their
values over seeds, and the deviation of the difference on one seed and of the difference of two seeds drawn apart.
"""

import json
import sys
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from statistics import correlation, fmean, stdev

from search.config import StageSettings, load_config
from search.space import CurriculumSpace
from trainables.curriculum import Stage, Trial
from trainables.worker import run_trial_in_worker

CONFIG = Path(__file__).parents[2] / "configs" / "miniature.yaml"
RATE, SEEDS = 1e-3, 12
CURRICULA = ("none", "facts+names", "facts_sw", "facts > names", "names > facts")
PAIRS = (("facts+names", "none"), ("facts_sw", "none"), ("names > facts", "facts > names"))


class _Middle:
    """Answers a space with its baseline."""

    def __init__(self, parameters: dict) -> None:
        self.parameters = parameters

    def suggest_int(self, name: str, low: int, high: int) -> int:
        return self.parameters.get(name, low)

    def suggest_categorical(self, name: str, choices: list) -> object:
        return self.parameters.get(name, choices[0])


def trial_of(name: str) -> Trial:
    """The curriculum before the targets, as the demo trains both."""
    config = load_config(CONFIG)
    space = CurriculumSpace(config)
    plain, length = space.suggest(_Middle(space.make_baseline_parameters())), config.training.intermediate
    tasks = [] if name == "none" else name.split(" > ")
    return Trial(
        encoder=plain.encoder,
        benchmark=plain.benchmark,
        curriculum=tuple(_stage(task, length) for task in tasks),
        targets=plain.targets,
        languages=plain.languages,
    )


def _stage(task: str, length: StageSettings) -> Stage:
    assert length.steps is not None
    return Stage(
        task=task,
        learning_rate=RATE,
        steps=length.steps,
        batch_size=length.batch_size,
        max_length=length.max_length,
        warmup=length.warmup,
        weight_decay=length.weight_decay,
        average=length.average,
    )


def measure(file: Path, seeds: int) -> dict[str, dict[int, float]]:
    """The mean transfer (dev) of every curriculum and seed, those in the file from there."""
    values: dict[str, dict[int, float]] = {name: {} for name in CURRICULA}
    for line in map(json.loads, file.read_text().splitlines() if file.exists() else ()):
        values[line["curriculum"]][line["seed"]] = line["value"]
    for seed in range(1, seeds + 1):
        for name in CURRICULA:
            if seed not in values[name]:
                outcome = run_trial_in_worker(trial_of(name).with_seed(seed), None, ("dev",), 1)
                values[name][seed] = outcome.transfer.mean()
                with file.open("a") as lines:
                    found = {"curriculum": name, "seed": seed, "value": values[name][seed]}
                    print(json.dumps(found | {"targets": outcome.transfer.target_means()}), file=lines)
    return values


def compared(one: dict[int, float], other: dict[int, float]) -> dict[str, float]:
    """Correlation over seeds, and what a difference spreads by on one seed and on two."""
    seeds = sorted(one.keys() & other.keys())
    paired = [one[seed] - other[seed] for seed in seeds]
    apart = [one[first] - other[second] for first, second in permutations(seeds, 2)]
    return {
        "mean": fmean(paired),
        "correlation": correlation([one[seed] for seed in seeds], [other[seed] for seed in seeds]),
        "paired": stdev(paired),
        "apart": (sum((gap - fmean(apart)) ** 2 for gap in apart) / len(apart)) ** 0.5,
    }


def rows(values: dict[str, dict[int, float]]) -> Iterator[str]:
    """The table."""
    yield f"{'pair':<36} {'difference':>10} {'correlation':>12} {'sd paired':>10} {'sd apart':>10}"
    for one, other in PAIRS:
        found = compared(values[one], values[other])
        yield (
            f"{f'{one} - {other}':<36} {found['mean']:>+10.4f} {found['correlation']:>12.2f} "
            f"{found['paired']:>10.4f} {found['apart']:>10.4f}"
        )


def test_pairs_of_curricula_are_compared(tmp_path: Path) -> None:
    table = list(rows(measure(tmp_path / "pairs.jsonl", 3)))
    print("\n" + "\n".join(table))
    assert len(table) == 1 + len(PAIRS)


if __name__ == "__main__":
    print("\n".join(rows(measure(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else SEEDS))))
