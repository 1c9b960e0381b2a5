"""Kills random processes of a search at random moments, launches it again, until it is done; then looks for what was lost.

``python -m tests.benchmarks.bench_kills [KILLS]`` (200 by default, some 40 minutes); ``make bench`` and the tests kill a few times.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from search.home import Home
from search.study import Study
from trainables.store import ASIDE_FOLDER, StageRecords
from trainables.store._leases import CLAIMS_FOLDER, list_leases

XLT = Path(sys.executable).with_name("xlt")
CONFIG = Path(__file__).parents[2] / "configs" / "miniature.yaml"
SETTINGS = {
    "training.intermediate.steps": 12,
    "training.target.steps": 12,
    "languages": "[en, de, sw]",
    "targets": "[choice, tagging]",
    "finalists.seeds": 2,
    "tracking.uri": "http://127.0.0.1:9",
}
QUICK = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "MLFLOW_HTTP_REQUEST_TIMEOUT": "2", "HF_HUB_OFFLINE": "1"}


@dataclass(slots=True)
class Toll:
    """What was killed, and what came of the search."""

    kills: Counter[str] = field(default_factory=Counter)
    launches: int = 0
    problems: list[str] = field(default_factory=list)
    stages: int = 0
    trials: int = 0


def command(home: Path, trials: int) -> list[str]:
    """A launch of a search that is quick and has everything: orders, joint stages, finalists, two workers."""
    settings = [f"--set={key}={value}" for key, value in SETTINGS.items()]
    return [str(XLT), "--home", str(home), "launch", str(CONFIG), f"--trials={trials}", *settings]


def ravage(home: Path, kills: int, trials: int, seed: int = 0) -> Toll:
    """Launch, kill, launch again, until there were so many kills and the search is done; then look at everything.

    Args:
        home: a new folder.
        kills: how many.
        trials: of the search; enough for it not to be over before the last kill.
        seed: of what is killed and when.
    """
    toll, rng, first_made = Toll(), random.Random(seed), {}
    while True:
        with (home / "launches.log").open("a", encoding="utf-8") as log:
            launch = subprocess.Popen(
                command(home, trials),
                stdout=subprocess.DEVNULL,
                stderr=log,
                env={**os.environ, **QUICK},
                start_new_session=True,
            )
        toll.launches += 1
        while launch.poll() is None:
            _let_it_work(launch, home, rng if toll.kills.total() < kills else None)
            if launch.poll() is None and toll.kills.total() < kills:
                _kill(launch, rng, toll)
                _remember(home, first_made, toll)
                print(
                    f"{toll.kills.total()} of {kills} kills, {toll.launches} launches, {len(first_made)} stages",
                    file=sys.stderr,
                )
        if toll.kills.total() >= kills and launch.returncode == 0:
            break
    _inspect(home, trials, first_made, toll)
    return toll


def _let_it_work(launch: subprocess.Popen[bytes], home: Path, rng: random.Random | None) -> None:
    """Wait for the moment of a kill: mostly soon after somebody claimed a stage, now and then any; without `rng` for the end."""
    claims = StageRecords(home / "stages").location
    before, starting = set(claims.list_names(CLAIMS_FOLDER)), rng is not None and rng.random() < 0.1
    while launch.poll() is None and not starting and (rng is None or set(claims.list_names(CLAIMS_FOLDER)) <= before):
        time.sleep(0.02)
    deadline = time.monotonic() + (rng.uniform(0.0, 10.0 if starting else 2.5) if rng else 0.0)
    while launch.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)


def _kill(launch: subprocess.Popen[bytes], rng: random.Random, toll: Toll) -> None:
    """Kill the driver (and what it leaves behind), a worker of trials, or, now and then, one of Ray's own processes."""
    driver = psutil.Process(launch.pid)
    started = driver.children(recursive=True)
    workers = [process for process in started if _name(process).startswith("ray::ImplicitFunc")]
    others = [process for process in started if process not in workers]
    victim = rng.choice(others) if others and rng.random() < 0.05 else rng.choice([driver, *workers])
    if victim is not driver:
        toll.kills["worker" if victim in workers else "of Ray's own"] += 1
        _end(victim)
        return
    toll.kills["driver"] += 1
    launch.send_signal(signal.SIGKILL)
    launch.wait(60)
    for process in started:
        _end(process)
    psutil.wait_procs(started, timeout=60)


def _name(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline()[:1])
    except psutil.Error:
        return ""


def _end(process: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess):
        process.kill()


def _remember(home: Path, first_made: dict[str, str], toll: Toll) -> None:
    """When each stage was made: never twice."""
    records = StageRecords(home / "stages", toll.problems.append)
    for entry in records.iterate_entries():
        made = first_made.setdefault(entry.key, entry.made.isoformat())
        if made != entry.made.isoformat():
            toll.problems.append(f"stage {entry.key} was published twice")


def _inspect(home: Path, trials: int, first_made: dict[str, str], toll: Toll) -> None:
    _remember(home, first_made, toll)
    study, records = (
        Study.open(Home(home).find_search("miniature")),
        StageRecords(home / "stages", toll.problems.append),
    )
    done = study.get_complete_trials()
    toll.trials, toll.stages = len(done), len(records.list_stages())
    if len(done) != trials:
        toll.problems.append(f"{len(done)} trials are complete, not {trials}")
    twice = [trial for trial, count in Counter(str(record.trial) for record in done).items() if count > 1]
    toll.problems += [f"run twice: {trial}" for trial in twice]
    outcomes = [record.outcome for record in done if record.outcome]
    outcomes += [outcome for by_seed in study.get_repeat_outcomes().values() for outcome in by_seed.values()]
    trained = Counter(stage.key for outcome in outcomes for stage in outcome.stages if stage.trained)
    toll.problems += [f"stage {key} was trained {count} times" for key, count in trained.items() if count > 1]
    toll.problems += [
        f"a repeat is missing: {n}" for n, seeds in study.get_repeat_outcomes().items() if len(seeds) != 2
    ]
    toll.problems += [f"left over: {path}" for path in list_leases(records.location)]
    toll.problems += [f"left over: {ASIDE_FOLDER}/{name}" for name in records.location.list_names(ASIDE_FOLDER)]
    toll.problems += [f"damaged: {name}" for name in records.list_damaged()]
    unkept = [key for key in study.get_stage_keys() if records.read_document(key, "stage.json") is None]
    toll.problems += [f"stage {key} is lost" for key in unkept]


def test_a_few_kills_lose_nothing(tmp_path) -> None:
    toll = ravage(tmp_path, kills=6, trials=8)
    print(f"\n{toll}")
    assert toll.problems == []


if __name__ == "__main__":
    many = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with TemporaryDirectory(prefix="xlt-kills-") as place:
        began = time.monotonic()
        found = ravage(Path(place), many, trials=max(10, int(many * 0.8)))
        print(json.dumps({"kills": dict(found.kills), "launches": found.launches, "trials": found.trials}), flush=True)
        print(f"{found.stages} stages, {time.monotonic() - began:.0f} s, {len(found.problems)} problems")
        print("\n".join(found.problems))
        raise SystemExit(bool(found.problems))
