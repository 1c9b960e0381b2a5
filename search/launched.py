"""A search's study in the hands of its launch: the only one that writes to it."""

import json
import warnings
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import optuna
from optuna.storages import JournalStorage
from optuna.trial import TrialState

from search.attributes import (
    ERROR,
    FAILED_REPEAT,
    FAILURE,
    INTERRUPTED,
    OUTCOME,
    PRUNED,
    REPEAT,
    SPARED,
    TRIAL,
    TWIN,
    FailedRepeat,
)
from search.config import Config
from search.errors import UserError
from search.journal import Journal, replayed
from search.likeness import like
from search.proposals import Proposals, directions
from search.recorded import TARGET_STEP, by_place, identity
from search.sampler import Candidate
from search.sampler.candidate import Drawn
from search.space import Parameters
from search.stored import Described
from search.study import Study
from search.views import Earlier, variance_over_seeds, view
from search.words import Worded, described, in_places, plain, worded
from trainables.curriculum import Trial
from trainables.outcome import Outcome

AGAIN = ("failed", "interrupted")
"""States of trials that are run again."""
FIRST = 3
"""Curricula of an earlier search that are tried first."""


class LaunchedStudy(Study):
    """A search's study, on disk after every change. Its launch holds the search's lock: nobody else writes meanwhile."""

    def __init__(self, journal: Path, config: Config) -> None:
        """Open the study, or make it."""
        super().__init__(_opened(journal, config), config, journal.parent)
        self.held: Callable[[], Iterable[Described]] = set
        """Stages that the store had when the search began, of other searches; asked by a sampler that wants to know."""
        self.earlier: Earlier | None = None
        """A search that this one learns from."""
        self.proposals = Proposals(
            self.space,
            self._view,
            lambda: self.held(),
            lambda: variance_over_seeds(self.repeats(), config.objective),
        )
        self._in_places = in_places(self._study.get_trials(deepcopy=False))
        """Whether the study has its choices by their place, as earlier versions recorded them."""
        self._check_order()
        self._asked: dict[int, optuna.Trial] = {}

    def learn_from(self, earlier: Study) -> None:
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

    def recover(self) -> int:
        """Put trials that a dead launch left running, and failed ones, up again as they were; returns how many."""
        known: set[object] = set()
        done: set[object] = set()
        again: dict[object, Parameters] = {}
        for trial in self._study.get_trials(deepcopy=False):
            parameters = self._parameters(trial)
            name = identity(parameters)
            if trial.state == TrialState.RUNNING:
                optuna.trial.Trial(self._study, trial._trial_id).set_user_attr(INTERRUPTED, True)
                self._study.tell(trial.number, state=TrialState.FAIL)
            if trial.state in (TrialState.RUNNING, TrialState.FAIL) and parameters and TWIN not in trial.user_attrs:
                again[name] = parameters
            if trial.state == TrialState.WAITING:
                again.pop(name, None)
            if trial.state in (TrialState.COMPLETE, TrialState.PRUNED):
                done.add(name)
            known.add(name)
        missing = [parameters for name, parameters in again.items() if name not in done]
        first = [self.space.baseline()]
        for curriculum in self.earlier.trials if self.earlier and self.config.sampler != "orders" else ():
            alike = like(self.space, curriculum)
            if alike is not None and alike not in first and len(first) <= FIRST:
                first.append(alike)
        for parameters in [*missing, *(each for each in first if identity(each) not in known)]:
            self._enqueue(parameters)
        return len(missing)

    def ask(self) -> tuple[int, Trial] | None:
        """The next trial that was not tried yet and its number, or None if every trial of the space was; first those to take up again."""
        while True:
            tried = by_place(self.recorded())
            if not self._waiting:
                if (parameters := self.proposals.next(tried)) is None:
                    return None
                self._enqueue(parameters)
            asked = self._study.ask()
            trial = self.space.suggest(asked if self._in_places else Worded(asked, self.config))
            chosen = plain(self.config, asked.params)
            twins = [record for record in tried if record.parameters == chosen and record.state not in AGAIN]
            if not twins:
                self._describe(asked, trial)
                self._asked[asked.number] = asked
                return asked.number, trial
            # Only a study of an earlier version has such a one waiting.
            asked.set_user_attr(TWIN, twins[0].number)
            self._study.tell(asked, state=TrialState.FAIL)

    def _describe(self, asked: optuna.Trial, trial: Trial) -> None:
        """Say what a trial is, unless that is said: one of an earlier version waits without, one of a refused launch may have changed."""
        told = json.loads(json.dumps(trial.to_json()))
        if asked.user_attrs.get(TRIAL) != told:
            for name, value in {TRIAL: told, **described(trial, asked.params)}.items():
                asked.set_user_attr(name, value)

    def _enqueue(self, parameters: Parameters) -> None:
        """Have these parameters tried next, and those drawn that are missing among them."""
        trial = self.space.suggest(drawn := Drawn(Random(f"{self.config.seed}/rest"), parameters))
        attributes = {TRIAL: trial.to_json(), **described(trial, drawn.values)}
        chosen = drawn.values if self._in_places else worded(self.config, drawn.values)
        self._study.enqueue_trial(chosen, user_attrs=attributes)

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
        return self.proposals.outlook(by_place(self.recorded()), by, trials)

    def tell_failed(self, number: int, error: str, file: str | None = None) -> None:
        """Record why a trial came to nothing, and which file of the search's folder tells more."""
        asked = self._asked.pop(number)
        asked.set_user_attr(ERROR, error)
        if file is not None:
            asked.set_user_attr(FAILURE, file)
        self._study.tell(asked, state=TrialState.FAIL)

    def tell_repeat(self, number: int, seed: int, outcome: Outcome) -> None:
        """Record a finalist's outcome on a fresh seed."""
        self._study.set_user_attr(f"{REPEAT}/{number}/{seed}", outcome.to_json())

    def tell_repeat_failed(self, number: int, seed: int, error: str, file: str | None = None) -> None:
        """Record why a finalist's repeat came to nothing."""
        self._study.set_user_attr(f"{FAILED_REPEAT}/{number}/{seed}", FailedRepeat(error=error, failure=file))

    def _check_order(self) -> None:
        """Parameters name tasks by their place in the config.

        Raises:
            UserError: when the tasks stand in another order than before.
        """
        for record in self.recorded():
            if record.trial is None or not record.parameters:
                continue
            tasks = [stage.task for stage in record.trial.curriculum]
            known = self.space.suggest(Drawn(Random(0), record.parameters)).curriculum
            if tasks != [stage.task for stage in known]:
                raise UserError(
                    f"search {self.config.name!r} began with the tasks under intermediate in another order: put them back in that of the "
                    "config.yaml in its folder, or take a new name (--name)"
                )


def _opened(journal: Path, config: Config) -> optuna.Study:
    """The study that is there, or a new one in place of one that looked at other objectives and never began."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    records = Journal(journal, writes=True)
    with replayed(records):
        storage = JournalStorage(records)
        names = [study.study_name for study in storage.get_all_studies()]
    name = config.name if config.name in names or not names else names[0]
    # Of a trial that is taken up again every parameter is given: samplers are asked elsewhere (`search.proposals`).
    sampler = optuna.samplers.RandomSampler(seed=config.seed)
    wanted = directions(config)
    if name in names:
        study = optuna.load_study(study_name=name, storage=storage, sampler=sampler)
        if study.directions == wanted:
            return _named(study, config)
        assert not any(trial.state != TrialState.WAITING for trial in study.trials), (
            "a search's objectives do not change"
        )
        optuna.delete_study(study_name=name, storage=storage)
    return _named(optuna.create_study(study_name=name, storage=storage, sampler=sampler, directions=wanted), config)


def _named(study: optuna.Study, config: Config) -> optuna.Study:
    """With the objectives' names, for Optuna's own tools."""
    names: list[str] = [objective for objective in (config.objective, config.second_objective) if objective is not None]
    if study.metric_names != names:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            study.set_metric_names(names)
    return study
