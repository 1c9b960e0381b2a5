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

from search.config import Config
from search.errors import UserError
from search.launcher._candidates import EarlierSearch, build_candidate, estimate_seed_variance
from search.launcher._proposals import Proposer, get_directions
from search.sampler import Candidate, SampledTrial
from search.space import Parameters, PathSignature, find_nearest_parameters
from search.study import (
    DUPLICATE_ATTRIBUTE,
    ERROR_ATTRIBUTE,
    FAILED_REPEAT_ATTRIBUTE,
    FAILURE_ATTRIBUTE,
    INTERRUPTED_ATTRIBUTE,
    OUTCOME_ATTRIBUTE,
    PRUNED_ATTRIBUTE,
    REPEAT_ATTRIBUTE,
    SPARED_ATTRIBUTE,
    STEPS_PER_TARGET,
    TRIAL_ATTRIBUTE,
    FailedRepeat,
    JournalBackend,
    LabelledTrial,
    Study,
    convert_replay_errors,
    describe_trial,
    label_parameters,
    make_trial_identity,
    select_last_records,
    unlabel_parameters,
    uses_choice_positions,
)
from trainables.curriculum import Trial
from trainables.outcome import Outcome

RETRIED_STATES = ("failed", "interrupted")
"""States of trials that are run again."""
MAX_EARLIER_CURRICULA = 3
"""Curricula of an earlier search that are tried first."""


class WritableStudy(Study):
    """A search's study, on disk after every change. Its launch holds the search's lock: nobody else writes meanwhile."""

    def __init__(self, journal: Path, config: Config) -> None:
        """Open the study, or make it."""
        super().__init__(_open_study(journal, config), config, journal.parent)
        self.held: Callable[[], Iterable[PathSignature]] = set
        """Stages that the store had when the search began, of other searches; asked by a sampler that wants to know."""
        self.earlier: EarlierSearch | None = None
        """A search that this one learns from."""
        self.proposer = Proposer(
            self.space,
            self._view,
            lambda: self.held(),
            lambda: estimate_seed_variance(self.get_repeat_outcomes(), config.objective),
        )
        self._uses_positions = uses_choice_positions(self._study.get_trials(deepcopy=False))
        """Whether the study has its choices by their place, as earlier versions recorded them."""
        self._check_order()
        self._asked: dict[int, optuna.Trial] = {}

    def learn_from(self, earlier: Study) -> None:
        """Believe what another search found, and try its best curricula first, as far as this space has them."""
        told = [
            (record.trial, record.value)
            for record in earlier.get_complete_trials()
            if record.trial and record.value is not None
        ]
        if len(told) > 1:
            self.earlier = EarlierSearch(
                earlier.config.name, [trial for trial, _ in told], [value for _, value in told]
            )

    def _view(self, ask: Any) -> Candidate:
        trial = self.space.suggest(ask)
        seen = build_candidate(trial, self.config.prior.tasks)
        return replace(seen, beliefs={**seen.beliefs, **self.earlier.predict_belief(trial)}) if self.earlier else seen

    def recover(self) -> int:
        """Put trials that a dead launch left running, and failed ones, up again as they were; returns how many."""
        known: set[object] = set()
        done: set[object] = set()
        again: dict[object, Parameters] = {}
        for trial in self._study.get_trials(deepcopy=False):
            parameters = self._read_parameters(trial)
            name = make_trial_identity(parameters)
            if trial.state == TrialState.RUNNING:
                optuna.trial.Trial(self._study, trial._trial_id).set_user_attr(INTERRUPTED_ATTRIBUTE, True)
                self._study.tell(trial.number, state=TrialState.FAIL)
            if (
                trial.state in (TrialState.RUNNING, TrialState.FAIL)
                and parameters
                and DUPLICATE_ATTRIBUTE not in trial.user_attrs
            ):
                again[name] = parameters
            if trial.state == TrialState.WAITING:
                again.pop(name, None)
            if trial.state in (TrialState.COMPLETE, TrialState.PRUNED):
                done.add(name)
            known.add(name)
        missing = [parameters for name, parameters in again.items() if name not in done]
        first = [self.space.make_baseline_parameters()]
        for curriculum in self.earlier.trials if self.earlier and self.config.sampler != "orders" else ():
            alike = find_nearest_parameters(self.space, curriculum)
            if alike is not None and alike not in first and len(first) <= MAX_EARLIER_CURRICULA:
                first.append(alike)
        for parameters in [*missing, *(each for each in first if make_trial_identity(each) not in known)]:
            self._enqueue(parameters)
        return len(missing)

    def ask(self) -> tuple[int, Trial] | None:
        """The next trial that was not tried yet and its number, or None if every trial of the space was; first those to take up again."""
        while True:
            tried = select_last_records(self.get_trial_records())
            if not self._waiting:
                if (parameters := self.proposer.next(tried)) is None:
                    return None
                self._enqueue(parameters)
            asked = self._study.ask()
            trial = self.space.suggest(asked if self._uses_positions else LabelledTrial(asked, self.config))
            chosen = unlabel_parameters(self.config, asked.params)
            twins = [record for record in tried if record.parameters == chosen and record.state not in RETRIED_STATES]
            if not twins:
                self._describe(asked, trial)
                self._asked[asked.number] = asked
                return asked.number, trial
            # Only a study of an earlier version has such a one waiting.
            asked.set_user_attr(DUPLICATE_ATTRIBUTE, twins[0].number)
            self._study.tell(asked, state=TrialState.FAIL)

    def _describe(self, asked: optuna.Trial, trial: Trial) -> None:
        """Say what a trial is, unless that is said: one of an earlier version waits without, one of a refused launch may have changed."""
        told = json.loads(json.dumps(trial.to_json()))
        if asked.user_attrs.get(TRIAL_ATTRIBUTE) != told:
            for name, value in {TRIAL_ATTRIBUTE: told, **describe_trial(trial, asked.params)}.items():
                asked.set_user_attr(name, value)

    def _enqueue(self, parameters: Parameters) -> None:
        """Have these parameters tried next, and those drawn that are missing among them."""
        trial = self.space.suggest(drawn := SampledTrial(Random(f"{self.config.seed}/rest"), parameters))
        attributes = {TRIAL_ATTRIBUTE: trial.to_json(), **describe_trial(trial, drawn.values)}
        chosen = drawn.values if self._uses_positions else label_parameters(self.config, drawn.values)
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
        asked.set_user_attr(OUTCOME_ATTRIBUTE, outcome.to_json())
        self._study.tell(asked, values)
        return values[0]

    def report(self, number: int, done: float, value: float) -> None:
        """Record what a trial came to when so many targets were done.

        A job that is run again, its worker having died, reports again; the first time counts.
        """
        step = round(done * STEPS_PER_TARGET)
        if step not in self._study.get_trials(deepcopy=False)[number].intermediate_values:
            self._asked[number].report(value, step)

    def tell_pruned(self, number: int, outcome: Outcome, why: str) -> None:
        """Record that a trial was ended early, and what it had come to."""
        asked = self._asked.pop(number)
        asked.set_user_attr(OUTCOME_ATTRIBUTE, outcome.to_json())
        asked.set_user_attr(PRUNED_ATTRIBUTE, why)
        self._study.tell(asked, state=TrialState.PRUNED)

    def record_spared(self, number: int, why: str) -> None:
        """Record that a trial was not ended early, so as to see whether that would have been right."""
        self._asked[number].set_user_attr(SPARED_ATTRIBUTE, why)

    def estimate_improvement_probability(self, by: float, trials: int) -> float:
        """The probability that one of the next so many trials is better in truth than all before by so much, by ``sampler: curriculum``."""
        return self.proposer.estimate_improvement_probability(select_last_records(self.get_trial_records()), by, trials)

    def tell_failed(self, number: int, error: str, file: str | None = None) -> None:
        """Record why a trial came to nothing, and which file of the search's folder tells more."""
        asked = self._asked.pop(number)
        asked.set_user_attr(ERROR_ATTRIBUTE, error)
        if file is not None:
            asked.set_user_attr(FAILURE_ATTRIBUTE, file)
        self._study.tell(asked, state=TrialState.FAIL)

    def tell_repeat(self, number: int, seed: int, outcome: Outcome) -> None:
        """Record a finalist's outcome on a fresh seed."""
        self._study.set_user_attr(f"{REPEAT_ATTRIBUTE}/{number}/{seed}", outcome.to_json())

    def tell_repeat_failed(self, number: int, seed: int, error: str, file: str | None = None) -> None:
        """Record why a finalist's repeat came to nothing."""
        self._study.set_user_attr(f"{FAILED_REPEAT_ATTRIBUTE}/{number}/{seed}", FailedRepeat(error=error, failure=file))

    def _check_order(self) -> None:
        """Parameters name tasks by their place in the config.

        Raises:
            UserError: when the tasks stand in another order than before.
        """
        for record in self.get_trial_records():
            if record.trial is None or not record.parameters:
                continue
            tasks = [stage.task for stage in record.trial.curriculum]
            known = self.space.suggest(SampledTrial(Random(0), record.parameters)).curriculum
            if tasks != [stage.task for stage in known]:
                raise UserError(
                    f"search {self.config.name!r} began with the tasks under intermediate in another order: put them back in that of the "
                    "config.yaml in its folder, or take a new name (--name)"
                )


def _open_study(journal: Path, config: Config) -> optuna.Study:
    """The study that is there, or a new one in place of one that looked at other objectives and never began."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    records = JournalBackend(journal, writable=True)
    with convert_replay_errors(records):
        storage = JournalStorage(records)
        names = [study.study_name for study in storage.get_all_studies()]
    name = config.name if config.name in names or not names else names[0]
    # Of a trial that is taken up again every parameter is given: samplers are asked elsewhere (`search.proposals`).
    sampler = optuna.samplers.RandomSampler(seed=config.seed)
    wanted = get_directions(config)
    if name in names:
        study = optuna.load_study(study_name=name, storage=storage, sampler=sampler)
        if study.directions == wanted:
            return _set_metric_names(study, config)
        assert not any(trial.state != TrialState.WAITING for trial in study.trials), (
            "a search's objectives do not change"
        )
        optuna.delete_study(study_name=name, storage=storage)
    return _set_metric_names(
        optuna.create_study(study_name=name, storage=storage, sampler=sampler, directions=wanted), config
    )


def _set_metric_names(study: optuna.Study, config: Config) -> optuna.Study:
    """With the objectives' names, for Optuna's own tools."""
    names: list[str] = [objective for objective in (config.objective, config.second_objective) if objective is not None]
    if study.metric_names != names:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            study.set_metric_names(names)
    return study
