"""Is the miniature worth searching on? Curricula of the miniature at the demo's sizes, each on several seeds.

``python -m tests.benchmarks.bench_world [SEEDS]`` prints the table of docs/miniature.md; ``make bench`` runs it on two seeds. Takes about
25 s a row and seed on one core; two processes share the seeds.
"""

import itertools
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from statistics import fmean, stdev
from tempfile import mkdtemp
from typing import Any

from search.config import load_config
from search.space import CurriculumSpace
from trainables.curriculum import Stage, Trial

CONFIG = Path(__file__).parents[2] / "configs" / "miniature.yaml"
CURRICULA = ("", "facts", "facts+facts_sw", "facts_sw+names", "names", "initials", "facts>initials", "initials>facts")


class Fixed:
    """Answers the space's questions: the middle of everything but the curriculum."""

    def suggest_int(self, name: str, low: int, high: int) -> int:
        return low if name == "length" else (low + high + 1) // 2

    def suggest_categorical(self, name: str, choices: Any) -> Any:
        return choices[0]


def trial(curriculum: str) -> Trial:
    """The trial of a curriculum as a search would run it, at the upper rate and without noise."""
    config = load_config(CONFIG)
    plain = CurriculumSpace(config).suggest(Fixed())
    length = config.training.intermediate
    stages = tuple(
        Stage(
            task=task,
            learning_rate=config.space.learning_rate.values[-1],
            steps=length.steps,
            batch_size=length.batch_size,
            max_length=length.max_length,
        )
        for task in curriculum.split(">")
        if task
    )
    return Trial(
        encoder=plain.encoder,
        benchmark=plain.benchmark,
        curriculum=stages,
        targets=plain.targets,
        languages=plain.languages,
    )


def run(job: tuple[str, int, str]) -> dict[str, float]:
    """One curriculum on one seed: the figures of its row."""
    from trainables.worker import run_trial_in_worker

    curriculum, seed, stages = job
    outcome = run_trial_in_worker(trial(curriculum).with_seed(seed), stages, ("dev",), 1)
    transfer = outcome.transfer
    inference = transfer.languages("inference", "dev")
    families = transfer.family_means()
    return {
        "mean": transfer.mean(),
        "inference en": inference["en"],
        "inference zero-shot": fmean(score for code, score in inference.items() if code != "en"),
        "best family": max(families.values()),
        "worst family": min(families.values()),
        **transfer.target_means(),
        "seconds": outcome.seconds,
    }


def table(seeds: int) -> list[str]:
    """The rows: mean and, for the mean transfer, standard deviation over seeds."""
    stages = mkdtemp(prefix="xlt-bench-")
    jobs = [(curriculum, seed, stages) for seed in range(1, seeds + 1) for curriculum in CURRICULA]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        found = dict(zip(jobs, pool.map(run, jobs), strict=True))
    rows = []
    for curriculum in CURRICULA:
        mine = [found[curriculum, seed, stages] for seed in range(1, seeds + 1)]
        spread = stdev(row["mean"] for row in mine) if seeds > 1 else 0.0
        cells = [f"{name} {fmean(row[name] for row in mine):.3f}" for name in mine[0]]
        each = " ".join(f"{row['mean']:.3f}" for row in mine)
        rows.append(f"{curriculum or 'none':16} sd {spread:.4f}  {', '.join(cells)}  [{each}]")
    for one, other in itertools.combinations(CURRICULA, 2):
        gaps = [found[other, seed, stages]["mean"] - found[one, seed, stages]["mean"] for seed in range(1, seeds + 1)]
        if seeds > 1 and (one == "" or sorted(one.split(">")) == sorted(other.split(">"))):
            error = stdev(gaps) / seeds**0.5
            rows.append(
                f"{other} minus {one or 'none'}: {fmean(gaps):+.4f}, {fmean(gaps) / error:+.1f} standard errors"
            )
    return rows


def test_the_world_is_worth_searching_on() -> None:
    rows = table(2)
    print("\n" + "\n".join(rows))
    assert len(rows) > len(CURRICULA)


if __name__ == "__main__":
    print("\n".join(table(int(sys.argv[1]) if len(sys.argv) > 1 else 5)))
