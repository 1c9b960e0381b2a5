"""When a launch will be done: from the stages of the tree that are still to train, and from what such stages took so far."""

import heapq
import time
from collections.abc import Iterable, Sequence
from itertools import islice
from random import Random
from statistics import fmean, median

from search.agenda import Agenda, Event, Job, Place, place_of
from search.costs import Costs
from search.design import designed
from search.plan import Path
from search.recorded import finalists, fresh_seeds
from search.sampler.candidate import Drawn
from search.sampler.untried import untried
from search.space import CurriculumSpace, paths
from search.stored import Described, described, on_top_of, stored
from search.study import Study
from trainables.curriculum import Trial
from trainables.store.records import Entry

DRAWN = 200
"""Trials drawn in place of those that the sampler will choose; where more are ahead, the others cost as much as these."""


class Remaining:
    """Foresees what is left of a launch, job by job as they end."""

    def __init__(self, agenda: Agenda, study: Study, entries: Sequence[Entry] = ()) -> None:
        """Begin before the first job.

        Args:
            agenda: the launch's.
            study: the search's.
            entries: of the stage store: they need not be trained, and tell what stages took.
        """
        self.agenda, self.study, self.config = agenda, study, study.config
        own = on_top_of(self.config.encoder, entries)
        self._costs = Costs(own)
        self._known: set[Described] = stored(own, self.config.resources.arithmetic)
        self._known |= {self._described(path) for path in study.paths()} if self.config.store.enabled else set()
        self._drawn = _drawn(study, agenda.left)
        self._asked = agenda.left
        self._new: dict[Place, list[Path]] = {}
        """The stages that a job that runs was the first to ask for."""
        self._scoring: list[float] = []
        """Seconds that scoring a target took on one split, job by job."""
        self._besides: list[float] = []
        """Seconds that jobs took besides training and scoring."""
        self._first_besides: list[float] = []
        """The same of each worker's first job, which reads everything: from its worker's start on."""
        self._jobs = 0

    def ended(self, event: Event) -> float | None:
        """Learn from a job that ended; returns the seconds that are left, or None while nothing tells."""
        for job in (event.job, *self.agenda.running.values()):
            self._new.setdefault(place_of(job), self._first(job.trial, job.splits, self._known))
        del self._new[place_of(event.job)]
        self._jobs += 1
        if event.outcome is not None:
            self._learn(event)
        return self._seconds() if self._costs.known else None

    def _learn(self, event: Event) -> None:
        job, outcome = event.job, event.outcome
        assert outcome is not None
        stages = {stage.task: stage for stage in job.trial.targets}
        for run, stage in zip(outcome.stages, job.trial.curriculum, strict=False):
            if run.trained and stage.steps:
                self._costs.learn(stage, run.seconds)
        trained = [run for run in outcome.stages if run.target and run.trained and run.whole]
        for run in trained:
            if stages[run.task].steps:
                self._costs.learn(stages[run.task], run.seconds)
        if trained:
            self._scoring.append(outcome.scoring_seconds / len(trained) / len(job.splits))
        worked = outcome.trained_seconds + outcome.scoring_seconds
        if self._jobs > self.config.resources.workers:
            self._besides.append(max(0.0, event.seconds - worked))
        else:
            self._first_besides.append(max(0.0, outcome.seconds - worked))

    def _seconds(self) -> float:
        known = set(self._known)
        running = [self._left(job) for job in self.agenda.running.values()]
        trials = [self._cost(self._first(job.trial, job.splits, known), job.splits) for job in self.agenda.again]
        ahead = self.agenda.trials_ahead
        drawn = self._drawn[self._asked - self.agenda.left :][:ahead]
        foreseen = [self._cost(self._first(trial, ("dev",), known), ("dev",)) for trial in drawn]
        foreseen += [fmean(foreseen[-20:])] * (ahead - len(foreseen)) if foreseen else []
        repeats = [self._cost(self._first(job.trial, job.splits, known), job.splits) for job in self._repeats(drawn)]
        return self._made(running, [*trials, *foreseen]) + self._made([], repeats)

    def _repeats(self, drawn: Sequence[Trial]) -> list[Job]:
        """The repeats that are ahead: of the finalists as they stand, and of any trials while there are too few."""
        if self.agenda.repeats is not None:
            return list(self.agenda.repeats)
        count = self.agenda.repeats_ahead // max(1, self.config.finalists.seeds)
        chosen = [record.trial for record in finalists(self.study.complete(), self.config) if record.trial]
        return [
            Job(number=-1, trial=trial.with_seed(seed), seed=seed, splits=("dev", "test"))
            for seed in fresh_seeds(self.config)
            for trial in [*chosen, *drawn][:count]
        ]

    def _first(self, trial: Trial, splits: Sequence[str], known: set[Described]) -> list[Path]:
        """The stages of a trial that are not known yet, and known from now on."""
        found = []
        for path in paths(trial, test="test" in splits):
            if (name := self._described(path)) not in known:
                found.append(path)
                if self.config.store.enabled:
                    known.add(name)
        return found

    def _described(self, path: Path) -> Described:
        return described(path, path[-1].task in self.config.targets)

    def _cost(self, new: Iterable[Path], splits: Sequence[str]) -> float:
        """Seconds that a worker is at a job."""
        new = list(new)
        scored = sum(path[-1].task in self.config.targets for path in new) * len(splits)
        training = sum(self._costs.of(path[-1]) or 0.0 for path in new)
        besides = median(self._besides) if self._besides else min(self._first_besides, default=0.0)
        return training + scored * _mean(self._scoring) + besides

    def _left(self, job: Job) -> float:
        """Seconds that a job which runs will run still: a tenth of it at least, as nothing is heard of it before its end."""
        whole = self._cost(self._new[place_of(job)], job.splits)
        return max(whole / 10, whole - (time.monotonic() - self.agenda.begun[place_of(job)]))

    def _made(self, running: Sequence[float], jobs: Sequence[float]) -> float:
        """Seconds until all are done, each worker taking the next job when it is free."""
        workers = [*running, *[0.0] * (self.config.resources.workers - len(running))]
        heapq.heapify(workers)
        for seconds in jobs:
            heapq.heapreplace(workers, workers[0] + seconds)
        return max(workers)


def _mean(values: Sequence[float]) -> float:
    return fmean(values) if values else 0.0


def _drawn(study: Study, count: int) -> list[Trial]:
    """Trials like those that will be asked for: of a design the very ones, else untried ones at random."""
    space, rng = CurriculumSpace(study.config), Random(study.config.seed)
    seen = {record.trial for record in study.recorded() if record.ended}
    if study.config.sampler == "orders":
        rows = (space.suggest(Drawn(rng, row)) for row in designed(space))
        return list(islice((trial for trial in rows if trial not in seen), count))
    first = [space.suggest(Drawn(rng, space.baseline()))]
    found = [trial for trial in first if trial not in seen][:count]
    seen.update(found)
    while len(found) < min(count, DRAWN) and (parameters := untried(space.suggest, seen, rng)) is not None:
        found.append(space.suggest(Drawn(rng, parameters)))
        seen.add(found[-1])
    return found
