"""The Optuna study of a search: what was tried, its state and value. The one truth; everything else is a view of it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.study import StudyDirection
from optuna.trial import FixedTrial, FrozenTrial, TrialState

from search.config import Config, validate
from search.design import designed
from search.documents import read
from search.home import SearchFolder
from search.likeness import like
from search.recorded import ERROR, INTERRUPTED, OUTCOME, PRUNED, REPEAT, SPARED, TARGET_STEP, TRIAL, TWIN, Recorded
from search.sampler import Candidate, CurriculumSampler
from search.sampler.untried import untried
from search.samplers import sampler
from search.space import CurriculumSpace, paths
from search.stored import Described
from search.views import Earlier, variance_over_seeds, view
from trainables.curriculum import Stage, Trial
from trainables.outcome import Outcome

FIRST = 3
"""Curricula of an earlier search that are tried first."""


class Study:
    """A search's study, on disk after every change."""

    def __init__(self, journal: Path, config: Config) -> None:
        """Open the study, or make it."""
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        journal.parent.mkdir(parents=True, exist_ok=True)
        self.space = CurriculumSpace(config)
        self.config = config
        self._study = _opened(journal, config)
        self.held: Callable[[], set[Described]] = set
        """Stages that the store has, of other searches too; asked by a sampler that wants to know."""
        self.earlier: Earlier | None = None
        """A search that this one learns from."""
        self._study.sampler = sampler(
            config,
            len(self._study.get_trials(deepcopy=False)),
            self._view,
            lambda: self.held(),
            lambda: variance_over_seeds(self.repeats(), config.objective),
        )
        self._asked: dict[int, optuna.Trial] = {}
        self._failed: set[int] = set()
        """Trials that failed while this object was there: none is tried twice in a launch."""

    @classmethod
    def open(cls, folder: SearchFolder) -> "Study":
        """The study of a search that is there, with the config it was last launched with."""
        return cls(folder.journal, validate(read(folder.config), str(folder.config), looking=True))

    def learn_from(self, earlier: "Study") -> None:
        """Believe what another search found, and try its best curricula first, as far as this space has them."""
        told = [
            (record.trial, record.value) for record in earlier.complete() if record.trial and record.value is not None
        ]
        if len(told) > 1:
            self.earlier = Earlier(earlier.config.name, [trial for trial, _ in told], [value for _, value in told])

    def _view(self, ask: Any) -> Candidate:
        trial = self.space.suggest(ask)
        seen = view(trial, self.config.prior.tasks)
        return replace(seen, beliefs={**seen.beliefs, **self.earlier.expects(trial)}) if self.earlier else seen

    def recorded(self) -> list[Recorded]:
        """Every trial by number, duplicates and interrupted ones too."""
        found = [Recorded.of(trial) for trial in _trials(self._study)]
        return [replace(each, trial=self.space.here(each.trial)) if each.trial else each for each in found]

    def complete(self) -> list[Recorded]:
        """The complete trials, best first, earlier ones first among equals."""
        found = [record for record in self.recorded() if record.state == "complete"]
        return sorted(found, key=lambda record: (-(record.value or 0.0), record.number))

    def recover(self) -> int:
        """Put trials that a dead launch left running, and failed ones, up again as they were; returns how many."""
        done: set[str] = set()
        again: dict[str, dict[str, Any]] = {}
        for trial in self._study.get_trials(deepcopy=False):
            # One that was killed before its first parameter has only those it was enqueued with.
            parameters = trial.params or trial.system_attrs.get("fixed_params", {})
            name = str(sorted(parameters.items()))
            if trial.state == TrialState.RUNNING:
                optuna.trial.Trial(self._study, trial._trial_id).set_user_attr(INTERRUPTED, True)
                self._study.tell(trial.number, state=TrialState.FAIL)
            if trial.state in (TrialState.RUNNING, TrialState.FAIL) and parameters and TWIN not in trial.user_attrs:
                again[name] = parameters
            if trial.state == TrialState.WAITING:
                again.pop(name, None)
            if trial.state in (TrialState.COMPLETE, TrialState.PRUNED):
                done.add(name)
        missing = [parameters for name, parameters in again.items() if name not in done]
        for parameters in missing:
            self._study.enqueue_trial(parameters)
        first = [self.space.baseline()]
        for known in self.earlier.trials if self.earlier and self.config.sampler != "orders" else ():
            parameters = like(self.space, known)
            if parameters is not None and parameters not in first and len(first) <= FIRST:
                first.append(parameters)
        for parameters in first:
            self._study.enqueue_trial(parameters, skip_if_exists=True)
        return len(missing)

    def ask(self, attempts: int = 2) -> tuple[int, Trial] | None:
        """The next trial that was not tried yet and its number, or None if every trial of the space was.

        When the sampler names tried ones `attempts` times in a row, the untried one is taken that is most like what it named. A trial
        that names a tried one is told to the study as failed, the state that no sampler learns from, under `TWIN`.
        """
        records = self.recorded()
        tried = {record.trial: record for record in records if record.state in ("complete", "running", "pruned")}
        tried |= {record.trial: record for record in records if record.number in self._failed}
        if self.config.sampler != "orders" and len(tried) >= self.space.size():
            return None
        while True:
            if self.config.sampler == "orders" and not self._waiting:
                rows = (row for row in designed(self.space) if self.space.suggest(FixedTrial(row)) not in tried)
                if (row := next(rows, None)) is None:
                    return None
                self._study.enqueue_trial(row)
            asked = self._study.ask()
            trial = self.space.suggest(asked)
            asked.set_user_attr(TRIAL, trial.to_json())
            twin = tried.get(trial)
            if twin is None:
                self._asked[asked.number] = asked
                return asked.number, trial
            asked.set_user_attr(TWIN, twin.number)
            self._study.tell(asked, state=TrialState.FAIL)
            attempts -= 1
            if attempts <= 0 and self.config.sampler != "orders":
                rng = Random(f"{self.config.seed}/{asked.number}")
                if (parameters := untried(self.space.suggest, tried, rng, near=asked.params)) is None:
                    return None
                self._study.enqueue_trial(parameters)

    @property
    def _waiting(self) -> bool:
        return any(trial.state == TrialState.WAITING for trial in self._study.get_trials(deepcopy=False))

    def tell(self, number: int, outcome: Outcome) -> float:
        """Record what a trial came to; returns its value."""
        values = [outcome.transfer.objective(self.config.objective)]
        if (second := self.config.second_objective) is not None:
            values.append(outcome.asked_seconds if second == "seconds" else outcome.transfer.objective(second))
        asked = self._asked.pop(number)
        asked.set_user_attr(OUTCOME, outcome.to_json())
        self._study.tell(asked, values)
        return values[0]

    def report(self, number: int, done: float, value: float) -> None:
        """Record what a trial came to when so many targets were done.

        A job that is run again, its worker having died, reports again; the first time counts.
        """
        step = round(done * TARGET_STEP)
        if step not in self._study.get_trials(deepcopy=False)[number].intermediate_values:
            self._asked[number].report(value, step)

    def tell_pruned(self, number: int, outcome: Outcome, why: str) -> None:
        """Record that a trial was ended early, and what it had come to."""
        asked = self._asked.pop(number)
        asked.set_user_attr(OUTCOME, outcome.to_json())
        asked.set_user_attr(PRUNED, why)
        self._study.tell(asked, state=TrialState.PRUNED)

    def spare(self, number: int, why: str) -> None:
        """Record that a trial was not ended early, so as to see whether that would have been right."""
        self._asked[number].set_user_attr(SPARED, why)

    def outlook(self, by: float, trials: int) -> float:
        """The probability that one of the next so many trials is better in truth than all before by so much, by ``sampler: curriculum``."""
        assert isinstance(self._study.sampler, CurriculumSampler), "checked by the config"
        return self._study.sampler.outlook(self._study, by, trials)

    def tell_failed(self, number: int, error: str) -> None:
        """Record why a trial came to nothing."""
        asked = self._asked.pop(number)
        asked.set_user_attr(ERROR, error)
        self._study.tell(asked, state=TrialState.FAIL)
        self._failed.add(number)

    def repeats(self) -> dict[int, dict[int, Outcome]]:
        """What finalists came to on fresh seeds: by trial number, by seed."""
        found: dict[int, dict[int, Outcome]] = {}
        for name, document in self._study.user_attrs.items():
            kind, _, place = name.partition("/")
            if kind == REPEAT:
                number, _, seed = place.partition("/")
                found.setdefault(int(number), {})[int(seed)] = Outcome.from_json(document)
        return found

    def paths(self) -> set[tuple[Stage, ...]]:
        """The stages of every trial and repeat that came to an end, as paths from the root of the stage tree."""
        done = {record.number: record.trial for record in self.complete() if record.trial}
        trials = [*done.values()]
        trials += [done[number].with_seed(seed) for number, seeds in self.repeats().items() for seed in seeds]
        ended = [record for record in self.recorded() if record.state == "pruned"]
        trials += [
            replace(
                record.trial,
                targets=tuple(stage for stage in record.trial.targets if stage.task in record.outcome.transfer.scores),
            )
            for record in ended
            if record.trial is not None and record.outcome is not None
        ]
        return {path for trial in trials for path in paths(trial)}

    def stage_keys(self) -> set[str]:
        """The stages of every trial and repeat that came to an end."""
        outcomes = [record.outcome for record in self.recorded()]
        outcomes += [outcome for by_seed in self.repeats().values() for outcome in by_seed.values()]
        return {stage.key for outcome in outcomes if outcome for stage in outcome.stages}

    def tell_repeat(self, number: int, seed: int, outcome: Outcome) -> None:
        """Record a finalist's outcome on a fresh seed."""
        self._study.set_user_attr(f"{REPEAT}/{number}/{seed}", outcome.to_json())


def _trained(trial: Trial, outcome: Outcome) -> tuple[Stage, ...]:
    """The targets of a trial that ended early which were done by then."""
    done = {run.task for run in outcome.stages if run.target and run.whole}
    return tuple(stage for stage in trial.targets if stage.task in done)


def began(folder: SearchFolder) -> bool:
    """Whether a trial of the search was ever run. Reads alone: `Study` writes that it was opened."""
    study = optuna.load_study(study_name=folder.name, storage=_storage(folder.journal))
    return bool(_trials(study))


def stage_versions(folder: SearchFolder) -> set[str]:
    """The versions of the program's stages that the search's trials are made of, "1" where none was recorded. Reads alone."""
    study = optuna.load_study(study_name=folder.name, storage=_storage(folder.journal))
    outcomes = [trial.user_attrs[OUTCOME] for trial in _trials(study) if OUTCOME in trial.user_attrs]
    runs = [run for outcome in outcomes for run in outcome["stages"] if run["seconds"]]
    return {run.get("environment", {}).get("stage_version", "1") for run in runs}


def _opened(journal: Path, config: Config) -> optuna.Study:
    """The study that is there, or a new one in place of one that looked at other objectives and never began."""
    storage, second = _storage(journal), config.second_objective
    directions = [StudyDirection.MAXIMIZE]
    if second is not None:
        directions.append(StudyDirection.MINIMIZE if second == "seconds" else StudyDirection.MAXIMIZE)
    study = optuna.create_study(study_name=config.name, storage=storage, directions=directions, load_if_exists=True)
    if study.directions != directions:
        assert not _trials(study), "a search's objectives do not change"
        optuna.delete_study(study_name=config.name, storage=storage)
        return _opened(journal, config)
    return study


def _trials(study: optuna.Study) -> list[FrozenTrial]:
    """Those that began."""
    return [trial for trial in study.get_trials(deepcopy=False) if trial.state != TrialState.WAITING]


def _storage(journal: Path) -> JournalStorage:
    # An open-file lock dies with its holder; the default symlink lock would outlive a SIGKILL.
    return JournalStorage(JournalFileBackend(str(journal), lock_obj=JournalFileOpenLock(str(journal))))
