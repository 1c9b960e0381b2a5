"""Real searches on the miniature at equal wall time: ours against plain Ray Tune with `OptunaSearch` (TPE), one worker each, side by side.

``python -m tests.benchmarks.bench_search DIR [MINUTES] [REPEATS]`` runs what DIR lacks and prints the table; ``make bench`` runs one small repeat. Both
have the same space, in the same encoding (Lehmer categoricals, TPE's best), the same tables of rows and tokens, the same seed in a repeat, and the same
time from their first trial on; a trial counts if it was done by then. What each finds best by dev is trained on fresh seeds and scored on test.
"""

import json
import multiprocessing
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from search.cluster import set_ray_environment
from search.config import Config, load_config
from search.home import Home
from search.space import CurriculumSpace
from search.statistics import compute_interval
from trainables.curriculum import Trial

CONFIG = Path(__file__).parents[2] / "configs" / "miniature.yaml"
FRESH = 3
"""Seeds that what an arm found is confirmed on: a repeat's own, the same for both arms."""
START = 60.0
"""Seconds that the first trial may begin after the clock of either arm does: Ray starts."""
ARMS = ("ours", "plain")


@dataclass(frozen=True)
class Done:
    """A trial that was done: when, in seconds from the first trial's beginning, and its value on dev."""

    at: float
    value: float
    trial: dict[str, Any]


def settings(seed: int, small: Sequence[str]) -> list[str]:
    return [f"seed={seed}", "resources.workers=1", "sampler=curriculum", "finalists.top=0", "trials=100000", *small]


def ours(place: Path, data: Path, seed: int, minutes: float, small: Sequence[str]) -> list[Done]:
    """`xlt launch`, with an empty store."""
    from search.study import Study

    home = Home(place)
    place.mkdir(parents=True)
    (place / "data").symlink_to(data)
    words = [*settings(seed, small), f"budget.hours={(60 * minutes + START) / 3600}", f"name=s{seed}"]
    xlt = str(Path(sys.executable).with_name("xlt"))
    told = [xlt, "--home", str(place), "launch", str(CONFIG), *(f"--set={word}" for word in words)]
    subprocess.run(told, check=True, stdout=subprocess.DEVNULL, stderr=(place / "log").open("w"))
    study = Study.open(home.get_search_folder(f"s{seed}"))
    trials = [trial for trial in study._study.get_trials(deepcopy=False) if trial.datetime_complete]
    records = {record.number: record for record in study.get_complete_trials()}
    first = next(trial for trial in trials if trial.number in records)
    start = first.datetime_complete - timedelta(seconds=records[first.number].outcome.seconds)
    return [
        Done(
            (trial.datetime_complete - start).total_seconds(),
            records[trial.number].value,
            records[trial.number].trial.to_json(),
        )
        for trial in trials
        if trial.number in records
    ]


class Space:
    """What a user of `OptunaSearch` would write: a function of an Optuna trial; a class, as Tune pickles it."""

    def __init__(self, overrides: Sequence[str], file: Path, data: Path) -> None:
        self.overrides, self.constants = list(overrides), {"file": str(file), "data": str(data)}

    def __call__(self, ask: Any) -> dict[str, str]:
        trial = CurriculumSpace(load_config(CONFIG, self.overrides)).suggest(ask)
        return {"trial": json.dumps(trial.to_json()), **self.constants}


def plain_trainable(config: dict[str, Any]) -> None:
    """Trains every stage of a trial and scores it."""
    from ray import tune

    from trainables.worker import run_trial_in_worker

    trial, started = Trial.from_json(json.loads(config["trial"])), time.time()
    value = run_trial_in_worker(trial, None, ("dev",), 1, data=config["data"]).transfer.mean()
    with Path(config["file"]).open("a") as sink:
        sink.write(
            json.dumps({"started": started, "ended": time.time(), "value": value, "trial": trial.to_json()}) + "\n"
        )
    tune.report({"value": value})


def plain(place: Path, data: Path, seed: int, minutes: float, small: Sequence[str]) -> list[Done]:
    """Ray Tune as it comes, but for workers that live on from trial to trial."""
    place.mkdir(parents=True)
    set_ray_environment(None)
    import ray
    from ray import tune
    from ray.tune.search.optuna import OptunaSearch

    ray.init(
        num_cpus=1, include_dashboard=False, log_to_driver=False, runtime_env={"env_vars": {"OMP_NUM_THREADS": "1"}}
    )
    file = place / "trials.jsonl"
    space = Space(settings(seed, small), file, data)
    tune.Tuner(
        plain_trainable,
        tune_config=tune.TuneConfig(
            search_alg=OptunaSearch(space=space, metric="value", mode="max", seed=seed),
            num_samples=-1,
            time_budget_s=60 * minutes + START,
            max_concurrent_trials=1,
            reuse_actors=True,
        ),
        run_config=tune.RunConfig(storage_path=str(place / "tune"), verbose=0),
    ).fit()
    ray.shutdown()
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    start = rows[0]["started"]
    return [Done(row["ended"] - start, row["value"], row["trial"]) for row in rows]


def search(arm: str, place: Path, data: Path, seed: int, minutes: float, small: Sequence[str]) -> None:
    """Run an arm and write what it did by then."""
    found = (ours if arm == "ours" else plain)(place / f"{arm}-{seed}", data, seed, minutes, small)
    told = [asdict(done) for done in found if done.at <= 60 * minutes]
    (place / f"{arm}-{seed}.json").write_text(json.dumps(told))


def confirmed(place: Path, data: Path, best: Sequence[Trial], repeat: int) -> list[list[float]]:
    """Transfer on test of each trial on fresh seeds of the repeat; what is the same is trained once."""
    from trainables.worker import run_trial_in_worker

    store, seeds = str(place / "confirmed"), range(1000 * (repeat + 1), 1000 * (repeat + 1) + FRESH)
    return [
        [
            run_trial_in_worker(trial.with_seed(seed), store, ("test",), 1, data=str(data)).transfer.mean("test")
            for seed in seeds
        ]
        for trial in best
    ]


def measure(place: Path, minutes: float, repeats: int, small: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Run what is missing; a row a repeat."""
    from rich.console import Console

    from search.data import prepare_data

    home = Home(place)
    config: Config = load_config(CONFIG, settings(0, small))
    prepare_data(config, home, Console(stderr=True))
    spawn, rows = multiprocessing.get_context("spawn"), []
    for seed in range(repeats):
        file = place / f"row-{seed}.json"
        if not file.exists():
            told = {arm: place / f"{arm}-{seed}.json" for arm in ARMS}
            if not all(path.exists() for path in told.values()):
                for arm in ARMS:
                    shutil.rmtree(place / f"{arm}-{seed}", ignore_errors=True)
                arms = [
                    spawn.Process(target=search, args=(arm, place, home.data, seed, minutes, small)) for arm in ARMS
                ]
                for process in arms:
                    process.start()
                for process in arms:
                    process.join()
                assert not any(process.exitcode for process in arms), "an arm did not come to its end"
            found = {arm: [Done(**row) for row in json.loads(path.read_text())] for arm, path in told.items()}
            best = {arm: max(done, key=lambda each: each.value) for arm, done in found.items()}
            test = confirmed(place, home.data, [Trial.from_json(best[arm].trial) for arm in ARMS], seed)
            row = {
                arm: {
                    "trials": len(found[arm]),
                    "dev": best[arm].value,
                    "words": str(Trial.from_json(best[arm].trial)),
                    "test": scores,
                    "reached": min((d.at for d in found[arm] if d.value >= best[other].value), default=None),
                }
                for arm, other, scores in zip(ARMS, reversed(ARMS), test, strict=True)
            }
            file.write_text(json.dumps(row))
        rows.append(json.loads(file.read_text()))
    return rows


def table(rows: Sequence[dict[str, Any]], minutes: float) -> None:
    """Both arms in each repeat, then their differences."""
    for seed, row in enumerate(rows):
        for arm in ARMS:
            told, mean = row[arm], sum(row[arm]["test"]) / FRESH
            reached = "never" if told["reached"] is None else f"after {told['reached']:.0f} s"
            print(
                f"{seed} {arm:5} {told['trials']:3} trials, dev {told['dev']:.3f}, test {mean:.3f} over {FRESH} fresh seeds; "
                f"the other's dev value {reached}; {told['words']}"
            )
    for what in ("dev", "test"):
        gaps = [_mean(row["ours"][what]) - _mean(row["plain"][what]) for row in rows]
        print(f"{what}: ours - plain {compute_interval(gaps).format_signed()}, {len(rows)} repeats of {minutes:g} min")


def _mean(value: float | list[float]) -> float:
    return sum(value) / len(value) if isinstance(value, list) else value


SMALL = (
    "targets=[choice, tagging]",
    "languages=[en, de, sw]",
    "training.target.steps=4",
    "training.intermediate.steps=4",
)


def test_both_arms_search_and_are_confirmed(tmp_path):
    rows = measure(tmp_path, 0.5, 1, SMALL)
    table(rows, 0.5)
    assert all(rows[0][arm]["trials"] > 1 and len(rows[0][arm]["test"]) == FRESH for arm in ARMS)


def main() -> None:
    folder = Path(sys.argv[1]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    minutes = float(sys.argv[2]) if len(sys.argv) > 2 else 6.0
    table(measure(folder, minutes, int(sys.argv[3]) if len(sys.argv) > 3 else 5), minutes)


if __name__ == "__main__":
    from tests.benchmarks import bench_search  # Ray's workers look for what they run in the module of this name

    bench_search.main()
