"""Runs trials in worker processes without Ray, and kills some of them if asked to."""

import multiprocessing
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait

from trainables.curriculum import Trial
from trainables.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Ran:
    """What a set of trials came to."""

    outcomes: list[Outcome]
    """In the order of the trials."""
    seconds: float
    """Wall time from the first trial to the last, the start of the workers apart."""
    kills: int

    @property
    def scores(self) -> list[object]:
        return [outcome.transfer.scores for outcome in self.outcomes]

    @property
    def trained(self) -> float:
        """Seconds of training that was done."""
        return sum(outcome.trained_seconds for outcome in self.outcomes)


def serve(channel: Connection, store: str | None) -> None:
    """A worker: trials in, outcomes out."""
    from trainables.worker import run_trial_in_worker

    channel.send(None)
    while (trial := channel.recv()) is not None:
        channel.send(run_trial_in_worker(trial, store, ("dev",), 1))


class Worker:
    """A worker process, the trial it is at, and when it is to be killed."""

    def __init__(self, store: str | None) -> None:
        context = multiprocessing.get_context("spawn")
        self.channel, other = context.Pipe()
        self.process = context.Process(target=serve, args=(other, store), daemon=True)
        self.process.start()
        other.close()
        self.at: int | None = None

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.channel.close()


def run_all(trials: Sequence[Trial], store: str | None, workers: int = 1, kills: int = 0, seed: int = 0) -> Ran:
    """Run trials, each to its end.

    Args:
        trials: what to run, in this order.
        store: folder or URL of the stage store, or None.
        workers: processes at the same time.
        kills: how many workers to kill, each at a random moment of a trial; the trial is run again by another.
        seed: of the moments.
    """
    rng, done = random.Random(seed), dict[int, Outcome]()
    todo, crew = list(range(len(trials)))[::-1], [Worker(store) for _ in range(workers)]
    for worker in crew:
        worker.channel.recv()
    began, killed, next_kill = time.monotonic(), 0, rng.uniform(0.0, 0.5)
    while len(done) < len(trials):
        for worker in crew:
            if worker.at is None and todo:
                worker.at = todo.pop()
                worker.channel.send(trials[worker.at])
        for channel in wait([worker.channel for worker in crew], timeout=0.01):
            worker = next(worker for worker in crew if worker.channel is channel)
            outcome = worker.channel.recv()
            if outcome is not None and worker.at is not None:
                done[worker.at], worker.at = outcome, None
        if killed < kills and time.monotonic() - began > next_kill:
            victim = rng.choice([worker for worker in crew if worker.at is not None] or crew)
            victim.end()
            todo += [] if victim.at is None else [victim.at]
            crew[crew.index(victim)] = Worker(store)
            killed, next_kill = killed + 1, time.monotonic() - began + rng.uniform(0.0, 8.0)
    seconds = time.monotonic() - began
    for worker in crew:
        worker.end()
    return Ran([done[number] for number in range(len(trials))], seconds, killed)
