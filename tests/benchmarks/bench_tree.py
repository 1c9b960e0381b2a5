"""What the stage tree saves, what it costs, and that it changes no bit.

``python -m tests.benchmarks.bench_tree`` prints all three (some 30 minutes); ``make bench`` runs them small.
"""

import itertools
import sys
from collections.abc import Sequence
from statistics import median
from tempfile import TemporaryDirectory

from tests.benchmarks.pool import run_all
from trainables.benchmarks.miniature._cards import MINIATURE_TASKS
from trainables.checkpoints import StageStore
from trainables.curriculum import Noise, Stage, Trial
from trainables.outcome import Outcome
from trainables.trial import run_trial

TASKS = ("facts", "dates", "facts_sw", "names")
TARGETS = ("inference", "choice", "tagging", "answer", "retrieval")
LANGUAGES = ("en", "de", "fi", "ja", "sw", "th", "tr", "wo")


def trial(
    curriculum: Sequence[str],
    steps: int,
    target_steps: int,
    encoder: str = "miniature",
    targets: Sequence[str] = TARGETS,
    rate: float = 1e-3,
    target_rate: float = 1.5e-3,
    noise: Noise | None = None,
) -> Trial:
    """A trial of the miniature."""
    return Trial(
        encoder=encoder,
        benchmark="miniature",
        curriculum=tuple(Stage(task=task, learning_rate=rate, steps=steps, max_length=64) for task in curriculum),
        targets=tuple(
            Stage(task=task, learning_rate=target_rate, steps=target_steps, max_length=64, noise=noise or Noise())
            if MINIATURE_TASKS[task].train
            else Stage(task=task, learning_rate=0.0, steps=0, batch_size=1, max_length=64)
            for task in targets
        ),
        languages=LANGUAGES,
    )


def ordered_subsets(tasks: Sequence[str], longest: int) -> list[tuple[str, ...]]:
    """Every order of every subset, shortest first."""
    return [order for length in range(longest + 1) for order in itertools.permutations(tasks, length)]


def varied(**sizes: object) -> list[Trial]:
    """Twenty-five trials: orders, lengths, rates, joint stages."""
    orders = [trial(order, **sizes) for order in ordered_subsets(TASKS[1:], 2)]
    slower = [trial(order, rate=5e-4, **sizes) for order in ordered_subsets(TASKS[1:], 2)[1:]]
    joint = [trial((task,), **sizes) for task in ("dates+names", "facts_sw+names", "dates+facts_sw+names")]
    mixed = [trial(("dates", "facts_sw+names"), **sizes), trial(("facts_sw+names", "dates"), **sizes)]
    longest = [trial(("dates", "facts_sw", "names"), **sizes)]
    return orders + slower + joint + mixed + longest


def differences(trials: Sequence[Trial]) -> dict[str, int]:
    """Trials whose scores differ in any bit from those without a store, by the way that they were run."""
    plain = run_all(trials, None).scores
    found = {}
    with TemporaryDirectory(prefix="xlt-tree-") as place:
        ways = {
            "store empty, one worker": run_all(trials, f"{place}/one"),
            "store full": run_all(trials, f"{place}/one"),
            "two workers": run_all(trials, f"{place}/two", workers=2),
            "other order": run_all(trials[::-1], f"{place}/order"),
            "no store, two workers": run_all(trials, None, workers=2),
            "killed": run_all(trials, f"{place}/killed", workers=2, kills=5),
        }
        for way, ran in ways.items():
            scores = ran.scores[::-1] if way == "other order" else ran.scores
            found[way] = sum(mine != theirs for mine, theirs in zip(scores, plain, strict=True))
    return found


def saving(steps: int, target_steps: int, ways: int, workers: int = 2) -> str:
    """All orders of up to three of four tasks, with and without the store, the targets' rate and noise varied so many ways."""
    recipes = [
        {"target_rate": rate, "noise": noise}
        for rate in (1.5e-3, 1e-3)
        for noise in (Noise(), Noise(method="random_perturbation", magnitude=0.2))
    ][:ways]
    trials = [trial(order, steps, target_steps, **recipe) for order in ordered_subsets(TASKS, 3) for recipe in recipes]
    with TemporaryDirectory(prefix="xlt-tree-") as place:
        with_store, without = run_all(trials, place, workers), run_all(trials, None, workers)
    assert with_store.scores == without.scores
    return (
        f"{len(trials)} trials, stages of {steps} steps, targets of {target_steps}: trained {without.trained:.0f} s "
        f"without, {with_store.trained:.0f} s with, ratio {without.trained / with_store.trained:.2f}; wall "
        f"{without.seconds:.0f} s without, {with_store.seconds:.0f} s with, ratio {without.seconds / with_store.seconds:.2f}"
    )


def overhead(repeats: int = 20) -> str:
    """Our own milliseconds: of a trial whose stages all exist, and of a stage that is trained."""
    one = trial(("facts_sw", "names"), 10, 10)

    def own(outcome: Outcome) -> float:
        return 1000 * (outcome.seconds - outcome.trained_seconds - outcome.scoring_seconds)

    with TemporaryDirectory(prefix="xlt-tree-") as place:
        store = StageStore(place)
        run_trial(one, store)
        again = [own(run_trial(one, store)) for _ in range(repeats)]
        fresh = [own(run_trial(one.with_seed(seed), store)) / 7 for seed in range(1, 1 + repeats // 2)]
    return (
        f"a trial whose seven stages exist: median {median(again):.1f} ms, longest {max(again):.1f} ({repeats} times); "
        f"a stage that is trained: median {median(fresh):.1f} ms, longest {max(fresh):.1f} ({len(fresh)} trials)"
    )


def test_the_tree_changes_no_bit() -> None:
    found = differences(varied(steps=10, target_steps=10, targets=("choice", "retrieval")))
    print(f"\n{found}")
    assert set(found.values()) == {0}


def test_the_tree_saves_and_costs_little() -> None:
    print(f"\n{saving(10, 10, 1)}\n{overhead()}")


if __name__ == "__main__":
    if "exactness" in sys.argv or len(sys.argv) == 1:
        print(differences(varied(steps=20, target_steps=20)), flush=True)
    if "overhead" in sys.argv or len(sys.argv) == 1:
        print(overhead(), flush=True)
    if "saving" in sys.argv or len(sys.argv) == 1:
        for steps, ways in ((7, 1), (70, 1), (7, 4), (70, 4)):
            print(saving(steps, 7, ways), flush=True)
