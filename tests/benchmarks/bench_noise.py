"""Robust-training methods on the miniature: what each is worth at each magnitude, for equal steps and for equal compute.

``python -m tests.benchmarks.bench_noise FILE [SEEDS]`` trains what FILE (one JSON document a line) lacks, then prints the tables; ``make
bench`` does it for two methods on two seeds. Four trained targets in English without any curriculum, scored on test in 49
languages, and in two languages at once on 49 pairs. A run takes 20 to 60 s on one core.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, replace
from multiprocessing import get_context
from pathlib import Path
from statistics import fmean
from typing import Any

from scipy.stats import spearmanr

from search.config import load_config
from search.statistics import Interval, compute_interval
from tests.benchmarks.bench_world import CONFIG, trial
from trainables.curriculum import Noise, Trial
from trainables.languages import LANGUAGES, SOURCE_LANGUAGE, XTREME_R_LANGUAGES
from trainables.noise_methods import NOISE_METHODS, count_passes, make_default_noise, match_compute
from trainables.transfer import Transfer

MAGNITUDES, WEIGHTS, PAIRS = (0.03, 0.1, 0.3), (0.3, 1.0, 3.0), 49
TARGETS = ("inference", "choice", "tagging", "answer")


def noises(methods: Iterable[str] = NOISE_METHODS) -> Iterator[Noise]:
    """Every method at every magnitude, or weight."""
    for name in methods:
        card = NOISE_METHODS[name]
        if card.magnitude:
            yield from (make_default_noise(name, magnitude, 1.0 if card.weight else 0.0) for magnitude in MAGNITUDES)
        elif card.weight:
            yield from (make_default_noise(name, weight=weight) for weight in WEIGHTS)
        else:
            yield make_default_noise(name)


def noisy(noise: Noise, equal: str, seed: int) -> Trial:
    """The targets under a noise, without any curriculum."""
    plain = trial("").with_seed(seed)
    targets = tuple(
        replace(stage, noise=noise, steps=match_compute(stage.steps, noise) if equal == "compute" else stage.steps)
        for stage in plain.targets
        if stage.task in TARGETS
    )
    return replace(plain, targets=targets, pairs=PAIRS)


def run(job: tuple[dict[str, Any], str, int]) -> dict[str, Any]:
    """One noise on one seed: its line of the file."""
    from trainables.worker import run_trial_in_worker

    noise, equal, seed = job
    outcome = run_trial_in_worker(noisy(Noise(**noise), equal, seed), None, ("test",), 1)
    transfer = asdict(outcome.transfer)
    return {"noise": noise, "equal": equal, "seed": seed, "seconds": outcome.trained_seconds, "transfer": transfer}


def jobs(methods: Iterable[str], seeds: int) -> list[tuple[dict[str, Any], str, int]]:
    """What is to be run, a seed after the other, so that a kill leaves balanced data."""
    return [
        (asdict(noise), equal, seed)
        for seed in range(1, seeds + 1)
        for noise in noises(methods)
        for equal in (
            ("steps",)
            if count_passes(noise).forward_equivalents == count_passes(Noise()).forward_equivalents
            else ("steps", "compute")
        )
    ]


def complete(file: Path, wanted: Sequence[tuple[dict[str, Any], str, int]]) -> list[dict[str, Any]]:
    """The lines of all that is wanted, run where the file lacks them."""
    lines = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    found = {_name(line["noise"], line["equal"], line["seed"]): line for line in lines}
    missing = [job for job in wanted if _name(*job) not in found]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool, file.open("a", encoding="utf-8") as out:
        for number, line in enumerate(pool.map(run, missing), 1):
            found[_name(line["noise"], line["equal"], line["seed"])] = line
            out.write(json.dumps(line) + "\n")
            out.flush()
            print(
                f"{number} of {len(missing)}: {Noise(**line['noise'])}, {line['equal']}, seed {line['seed']}",
                file=sys.stderr,
            )
    return [found[_name(*job)] for job in wanted]


def _name(noise: dict[str, Any], equal: str, seed: int) -> str:
    return f"{Noise(**noise)} {equal} {seed}"


def distance(code: str) -> int:
    """Steps from English: 0 the branch, 1 the family in Latin script, 2 the family, 3 other families in Latin script, 4 others."""
    here, there = LANGUAGES[SOURCE_LANGUAGE], LANGUAGES[code]
    if there.branch == here.branch:
        return 0
    return (1 if there.family == here.family else 3) + (there.script != here.script)


def seen() -> list[str]:
    return [code for code in XTREME_R_LANGUAGES if LANGUAGES[code].seen and code not in (SOURCE_LANGUAGE, "ht")]


def tables(lines: Sequence[dict[str, Any]]) -> Iterator[str]:
    """One row a noise: means, and gains over plain training paired by seed, with 95 % intervals; then gains by distance and family."""
    groups: dict[tuple[str, str], dict[int, dict[str, Any]]] = {}
    for line in lines:
        groups.setdefault((str(Noise(**line["noise"])), line["equal"]), {})[line["seed"]] = line
    plain = {seed: Transfer(**line["transfer"]) for seed, line in groups["none", "steps"].items()}
    families = list(plain[1].family_means("test"))
    spent = fmean(line["seconds"] for line in groups["none", "steps"].values())
    for (name, equal), by_seed in groups.items():
        transfers = {seed: Transfer(**line["transfer"]) for seed, line in by_seed.items()}

        def gain(of: Any, transfers: dict[int, Transfer] = transfers) -> Interval:
            return compute_interval([of(transfers[seed]) - of(plain[seed]) for seed in transfers])

        mean, paired = (lambda t: t.mean("test")), (lambda t: fmean(t.generalized_means("test").values()))
        english = lambda t: fmean(t.source_scores("test").values())  # noqa: E731 - beside its likes
        yield (
            f"{name:34} {equal:8} time {fmean(line['seconds'] for line in by_seed.values()) / spent:4.2f}  "
            f"zero-shot {fmean(map(mean, transfers.values())):.3f} gain {gain(mean).format_signed()}  "
            f"two languages {fmean(map(paired, transfers.values())):.3f} gain {gain(paired).format_signed()}  English gain {gain(english).format_signed()}"
        )
        if name == "none":
            continue
        near = [
            gain(lambda t, step=step: _of_languages(t, [c for c in seen() if distance(c) == step])) for step in range(5)
        ]
        slopes = [_slope(transfers[seed], plain[seed]) for seed in transfers]
        yield f"{'':8}by distance 0 to 4: {', '.join(told.format_signed() for told in near)}; rank correlation with distance {compute_interval(slopes).format_signed()}"
        yield f"{'':8}" + ", ".join(
            f"{family} {gain(lambda t, family=family: t.family_means('test')[family]).mean:+.3f}" for family in families
        )


def _of_languages(transfer: Transfer, codes: Sequence[str]) -> float:
    """Mean over targets of the mean over languages."""
    return fmean(fmean(transfer.languages(target, "test")[code] for code in codes) for target in transfer.scores)


def _slope(one: Transfer, plain: Transfer) -> float:
    """Spearman's correlation of a language's gain with its distance from English, on one seed."""
    gains = [_of_languages(one, [code]) - _of_languages(plain, [code]) for code in seen()]
    return float(spearmanr([distance(code) for code in seen()], gains).statistic)


def test_methods_are_compared(tmp_path: Path) -> None:
    assert load_config(CONFIG).targets[:4] == TARGETS
    rows = list(tables(complete(tmp_path / "noise.jsonl", jobs(("none", "neftune"), 2))))
    print("\n" + "\n".join(rows))
    assert len(rows) == 1 + 3 * 3


if __name__ == "__main__":
    wanted = jobs(NOISE_METHODS, int(sys.argv[2]) if len(sys.argv) > 2 else 5)
    print("\n".join(tables(complete(Path(sys.argv[1]), wanted))))
