"""Whether the sampler's model is right about noise, and about what a search that goes on still finds: in worlds with a known truth.

``python -m tests.benchmarks.bench_outlook noise [SEEDS] [WORLDS ...]`` fits the deviation of a value over seeds to searches of 50 trials whose space has joint stages.
``python -m tests.benchmarks.bench_outlook outlook [SEEDS] [WORLDS ...]`` asks searches of 50 trials, on their way, for the probability of an improvement and
counts how often it came. ``make bench`` runs a few. True values of curricula at random have a deviation of 0.05, a measurement one of 0.014.
"""

import math
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, permutations
from pathlib import Path
from random import Random
from statistics import fmean, median, pstdev

import optuna

from search.config import validate_config
from search.launcher._writable_study import WritableStudy
from search.sampler import CurriculumSampler
from search.study import select_last_records
from tests.benchmarks.worlds import World
from tests.search.conftest import DOCUMENT, changed, scored
from trainables.curriculum import Trial

TRIALS, SPREAD, NOISE = 50, 0.05, 0.014
WORLDS = ("additive", "precedence", "adjacency", "position", "forgetting")
ASKED_AT = (10, 15, 20, 25, 30, 35, 40)
IMPROVEMENTS = (0.005, 0.01, 0.02)
TASKS = ("facts", "dates", "initials", "facts_sw", "names")
FIRST_SEED = 100
"""Of the table of improvements: the model's priors were chosen on earlier ones."""
EDGES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0)


@dataclass(frozen=True)
class Asked:
    """What a search said of its rest, and what came."""

    kind: str
    seed: int
    trials: int
    by: float
    predicted: float
    came: bool


@dataclass(frozen=True)
class Scaled:
    """A world whose values have the spread of real ones."""

    world: World

    @cached_property
    def unit(self) -> float:
        rng = Random(self.world.seed)
        return SPREAD / pstdev(self.world.worth(self.world.random(rng)) for _ in range(400))

    def of(self, trial: Trial, rates: Sequence[float]) -> float:
        """The true value of a trial of the config below; a joint stage is worth the mean over the orders of its tasks."""
        places = [[self.world.names[TASKS.index(task)] for task in stage.tasks] for stage in trial.curriculum]
        levels = [rates.index(stage.learning_rate) for stage in trial.curriculum]
        if len(places) == 1:
            orders = [tuple((task, levels[0]) for task in order) for order in permutations(places[0])]
            return 0.5 + self.unit * fmean(self.world.worth(order) for order in orders)
        return 0.5 + self.unit * self.world.worth(tuple((name, at) for (name,), at in zip(places, levels, strict=True)))


def searched(kind: str, seed: int, folder: Path) -> WritableStudy:
    """A search of which every trial is told with noise: five tasks, two places, joint stages, three rates."""
    changes = {
        "targets": ["choice"],
        "intermediate": {task: {} for task in TASKS},
        "languages": ["en", "de", "fi"],
        "curriculum.joint": True,
        "space.learning_rate": {"low": 1e-4, "high": 1e-3, "points": 3},
        "trials": TRIALS,
        "seed": seed,
        "sampler": "curriculum",
    }
    study = WritableStudy(folder / f"{kind}-{seed}.journal", validate_config(changed(DOCUMENT, changes), "bench"))
    study.recover()
    truth, noise = Scaled(World(kind, len(TASKS), seed)), Random(f"noise/{seed}")
    for _ in range(TRIALS):
        asked = study.ask()
        assert asked is not None
        number, trial = asked
        value = truth.of(trial, study.config.space.learning_rate.values) + noise.gauss(0, NOISE)
        study.tell(number, scored(trial, value))
    return study


def fitted(study: WritableStudy) -> float:
    """The deviation of a value over seeds that the search's model has."""
    seen = study.proposer.build_study(select_last_records(study.get_trial_records()))
    sampler = seen.sampler
    assert isinstance(sampler, CurriculumSampler)
    model = sampler._fit_model(sampler._read_history(seen, None))
    return model.deviation * math.sqrt(model.noise)


def foretold(kind: str, tasks: int, seed: int) -> list[Asked]:
    """What a search says on its way, and what came: of the same search, which goes on."""
    world = World(kind, tasks, seed)
    unit, noise, said = Scaled(world).unit, Random(f"noise/{seed}"), []
    study = optuna.create_study(direction="maximize", sampler=CurriculumSampler(world.space, seed=seed))
    assert isinstance(study.sampler, CurriculumSampler)
    truth: list[float] = []
    while len(truth) < TRIALS:
        if len(truth) in ASKED_AT:
            gained = study.sampler.draw_improvements(study, TRIALS - len(truth))
            said += [(len(truth), by, float((gained > by).mean())) for by in IMPROVEMENTS]
        trial = study.ask()
        truth.append(unit * world.worth(world.ask(trial)))
        study.tell(trial, truth[-1] + noise.gauss(0, NOISE))
    return [Asked(kind, seed, at, by, chance, max(truth[at:]) > max(truth[:at]) + by) for at, by, chance in said]


def noise_table(worlds: Sequence[str], seeds: int) -> None:
    print(f"fitted deviation over seeds, {NOISE} in truth: {seeds} searches of {TRIALS} trials a world")
    for kind in worlds:
        with tempfile.TemporaryDirectory() as folder:
            studies = [searched(kind, seed, Path(folder)) for seed in range(seeds)]
            found = [fitted(study) for study in studies]
            duplicates = fmean(sum(r.state == "duplicate" for r in study.get_trial_records()) for study in studies)
        within = sum(NOISE / 1.5 <= each <= NOISE * 1.5 for each in found)
        print(
            f"{kind:12} median {median(found):.4f}, from {min(found):.4f} to {max(found):.4f},"
            f" within a factor of 1.5: {within} of {seeds}, duplicates a search: {duplicates:.1f}",
            flush=True,
        )


def outlook_table(asked: Sequence[Asked]) -> None:
    print("probability of an improvement within the rest of a search: predicted, and how often it came")
    for low, high in pairwise(EDGES):
        some = [each for each in asked if low <= each.predicted < high or each.predicted == high == 1.0]
        if some:
            mean, came = fmean(each.predicted for each in some), fmean(each.came for each in some)
            searches = len({(each.kind, each.seed) for each in some})
            print(f"{low:.2f} to {high:.2f}: {mean:.3f} {came:.3f} ({len(some)} predictions of {searches} searches)")
    stops: dict[tuple[str, int, float], Asked] = {}
    for each in asked:
        if each.predicted < 0.05:
            stops.setdefault((each.kind, each.seed, each.by), each)
    if stops:
        said = fmean(each.predicted for each in stops.values())
        print(
            f"first below 0.05: {said:.3f} {fmean(each.came for each in stops.values()):.3f} ({len(stops)} stops,"
            f" after {fmean(each.trials for each in stops.values()):.0f} trials of {TRIALS})"
        )


def test_the_fitted_noise_of_searches_with_joint_stages_is_right(tmp_path):
    found = [fitted(searched("additive", seed, tmp_path)) for seed in range(3)]
    assert NOISE / 1.5 < median(found) < NOISE * 1.5


def test_what_is_said_to_be_improbable_seldom_comes():
    asked = [each for seed in range(FIRST_SEED, FIRST_SEED + 4) for each in foretold("adjacency", 4, seed)]
    outlook_table(asked)
    low = [each.came for each in asked if each.predicted < 0.1]
    high = [each.came for each in asked if each.predicted > 0.6]
    assert low
    assert high
    assert fmean(low) < 0.1 < 0.5 < fmean(high)


if __name__ == "__main__":
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    seeds = int(sys.argv[2]) if len(sys.argv) > 2 else 12
    worlds = sys.argv[3:] or WORLDS
    if sys.argv[1] == "noise":
        noise_table(worlds, seeds)
    else:
        outlook_table(
            [
                each
                for kind in worlds
                for seed in range(FIRST_SEED, FIRST_SEED + seeds)
                for each in foretold(kind, 4, seed)
            ]
        )
