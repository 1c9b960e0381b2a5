"""The study of a search as its launch writes it."""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import optuna
from optuna.trial import TrialState

from search.config import Config
from search.errors import UserError
from search.launcher._candidates import build_candidate
from search.launcher._earlier_search import EarlierSearch
from search.launcher._open_study import open_writable_study
from search.launcher._proposals import Proposer
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
    LabelledTrial,
    Study,
    describe_trial,
    estimate_seed_variance,
    label_parameters,
    make_trial_identity,
    select_last_records,
    unlabel_parameters,
    uses_choice_positions,
)
from trainables.curriculum import Trial
from trainables.outcome import Outcome

RETRIED_STATES = ("failed", "interrupted")
"""States of trials that run again in the next launch."""
MAX_EARLIER_CURRICULA = 3
"""Curricula of an earlier search that are tried first."""


class WritableStudy(Study):
    """The study of a search, written to disk after every change. The launch holds the search's lock, so that nobody else writes."""

    def __init__(self, journal: Path, config: Config) -> None:
        """Open the study, or create it.

        Raises:
            UserError: if the journal is damaged, or the config lists the intermediate tasks in another order than before.
        """
        super().__init__(open_writable_study(journal, config), config, journal.parent)
        self.list_stored_paths: Callable[[], Iterable[PathSignature]] = set
        """Returns the stages of other searches that the store had when this search began; called only by samplers that use them."""
        self.earlier: EarlierSearch | None = None
        """The search that this one learns from."""
        self.proposer = Proposer(
            self.space,
            self._build_candidate,
            lambda: self.list_stored_paths(),
            lambda: estimate_seed_variance(self.get_repeat_outcomes(), config.objective),
        )
        self._uses_positions = uses_choice_positions(self._study.get_trials(deepcopy=False))
        """Whether the journal records choices by position, as earlier versions did, and not by name."""
        self._check_task_order()
        self._open_trials: dict[int, optuna.Trial] = {}

    def learn_from(self, earlier: Study) -> None:
        """Use the trials of an earlier search as prior belief, and try its best curricula first where this space contains them."""
        values = [
            (record.trial, record.value)
            for record in earlier.get_complete_trials()
            if record.trial and record.value is not None
        ]
        if len(values) > 1:
            self.earlier = EarlierSearch(
                earlier.config.name, [trial for trial, _ in values], [value for _, value in values]
            )

    def _build_candidate(self, suggester: Any) -> Candidate:
        trial = self.space.suggest(suggester)
        candidate = build_candidate(trial, self.config.prior.tasks)
        if self.earlier is None:
            return candidate
        return replace(candidate, beliefs={**candidate.beliefs, **self.earlier.predict_belief(trial)})

    def recover(self) -> int:
        """Enqueue interrupted and failed trials with the same parameters, then the trials that every search starts with.

        Returns:
            The number of interrupted and failed trials.
        """
        known: set[object] = set()
        done: set[object] = set()
        retried: dict[object, Parameters] = {}
        for trial in self._study.get_trials(deepcopy=False):
            parameters = self._read_parameters(trial)
            identity = make_trial_identity(parameters)
            if trial.state == TrialState.RUNNING:
                optuna.trial.Trial(self._study, trial._trial_id).set_user_attr(INTERRUPTED_ATTRIBUTE, True)
                self._study.tell(trial.number, state=TrialState.FAIL)
            if (
                trial.state in (TrialState.RUNNING, TrialState.FAIL)
                and parameters
                and DUPLICATE_ATTRIBUTE not in trial.user_attrs
            ):
                retried[identity] = parameters
            if trial.state == TrialState.WAITING:
                retried.pop(identity, None)
            if trial.state in (TrialState.COMPLETE, TrialState.PRUNED):
                done.add(identity)
            known.add(identity)
        missing = [parameters for identity, parameters in retried.items() if identity not in done]
        first = (each for each in self._list_first_parameters() if make_trial_identity(each) not in known)
        for parameters in [*missing, *first]:
            self._enqueue(parameters)
        return len(missing)

    def _list_first_parameters(self) -> list[Parameters]:
        """The baseline, then the best curricula of the earlier search that this space contains."""
        first = [self.space.make_baseline_parameters()]
        for curriculum in self.earlier.trials if self.earlier and self.config.sampler != "orders" else ():
            nearest = find_nearest_parameters(self.space, curriculum)
            if nearest is not None and nearest not in first and len(first) <= MAX_EARLIER_CURRICULA:
                first.append(nearest)
        return first

    def ask(self) -> tuple[int, Trial] | None:
        """Start the next trial: enqueued trials first, then what the sampler proposes.

        Returns:
            Its number and the trial; None if every trial of the space was tried.
        """
        while True:
            tried = select_last_records(self.get_trial_records())
            if not self._has_waiting_trials:
                if (parameters := self.proposer.propose(tried)) is None:
                    return None
                self._enqueue(parameters)
            started = self._study.ask()
            trial = self.space.suggest(started if self._uses_positions else LabelledTrial(started, self.config))
            chosen = unlabel_parameters(self.config, started.params)
            same = [record for record in tried if record.parameters == chosen and record.state not in RETRIED_STATES]
            if not same:
                self._describe(started, trial)
                self._open_trials[started.number] = started
                return started.number, trial
            # Only studies of earlier versions have enqueued trials that were tried already.
            started.set_user_attr(DUPLICATE_ATTRIBUTE, same[0].number)
            self._study.tell(started, state=TrialState.FAIL)

    def _describe(self, started: optuna.Trial, trial: Trial) -> None:
        """Write what a trial is, unless it was written when the trial was enqueued. Trials that an earlier version enqueued have no
        description; that of a launch which was refused may be out of date."""
        description = json.loads(json.dumps(trial.to_json()))
        if started.user_attrs.get(TRIAL_ATTRIBUTE) != description:
            for name, value in {TRIAL_ATTRIBUTE: description, **describe_trial(trial, started.params)}.items():
                started.set_user_attr(name, value)

    def _enqueue(self, parameters: Parameters) -> None:
        """Have these parameters tried next; parameters that are missing are drawn."""
        trial = self.space.suggest(drawn := SampledTrial(Random(f"{self.config.seed}/rest"), parameters))
        attributes = {TRIAL_ATTRIBUTE: trial.to_json(), **describe_trial(trial, drawn.values)}
        chosen = drawn.values if self._uses_positions else label_parameters(self.config, drawn.values)
        self._study.enqueue_trial(chosen, user_attrs=attributes)

    @property
    def _has_waiting_trials(self) -> bool:
        return any(trial.state == TrialState.WAITING for trial in self._study.get_trials(deepcopy=False))

    def tell(self, number: int, outcome: Outcome) -> float:
        """Record the outcome of a trial; returns its value."""
        values = [outcome.transfer.objective(self.config.objective)]
        if (second := self.config.second_objective) is not None:
            values.append(outcome.asked_seconds if second == "seconds" else outcome.transfer.objective(second))
        trial = self._open_trials.pop(number)
        trial.set_user_attr(OUTCOME_ATTRIBUTE, outcome.to_json())
        self._study.tell(trial, values)
        return values[0]

    def report(self, number: int, targets_done: float, value: float) -> None:
        """Record an intermediate value of a trial.

        A job that runs again because its worker died reports again; its first report counts.
        """
        step = round(targets_done * STEPS_PER_TARGET)
        if step not in self._study.get_trials(deepcopy=False)[number].intermediate_values:
            self._open_trials[number].report(value, step)

    def tell_pruned(self, number: int, outcome: Outcome, why: str) -> None:
        """Record that a trial was ended early, with its outcome so far."""
        trial = self._open_trials.pop(number)
        trial.set_user_attr(OUTCOME_ATTRIBUTE, outcome.to_json())
        trial.set_user_attr(PRUNED_ATTRIBUTE, why)
        self._study.tell(trial, state=TrialState.PRUNED)

    def record_spared(self, number: int, why: str) -> None:
        """Record that a trial was spared from pruning, to check whether pruning it would have been right."""
        self._open_trials[number].set_user_attr(SPARED_ATTRIBUTE, why)

    def estimate_improvement_probability(self, by: float, trials: int) -> float:
        """The probability that one of the next `trials` trials improves on the best true value by more than `by`, by ``sampler: curriculum``."""
        return self.proposer.estimate_improvement_probability(select_last_records(self.get_trial_records()), by, trials)

    def tell_failed(self, number: int, error: str, file: str | None = None) -> None:
        """Record why a trial failed, and the file of its traceback relative to the search's folder."""
        trial = self._open_trials.pop(number)
        trial.set_user_attr(ERROR_ATTRIBUTE, error)
        if file is not None:
            trial.set_user_attr(FAILURE_ATTRIBUTE, file)
        self._study.tell(trial, state=TrialState.FAIL)

    def tell_repeat(self, number: int, seed: int, outcome: Outcome) -> None:
        """Record the outcome of a finalist on a fresh seed."""
        self._study.set_user_attr(f"{REPEAT_ATTRIBUTE}/{number}/{seed}", outcome.to_json())

    def tell_repeat_failed(self, number: int, seed: int, error: str, file: str | None = None) -> None:
        """Record why a finalist's repeat failed."""
        self._study.set_user_attr(f"{FAILED_REPEAT_ATTRIBUTE}/{number}/{seed}", FailedRepeat(error=error, failure=file))

    def _check_task_order(self) -> None:
        """Check that the tasks have the order that they had: parameters name a task by its position in the config.

        Raises:
            UserError: if they have another order.
        """
        for record in self.get_trial_records():
            if record.trial is None or not record.parameters:
                continue
            tasks = [stage.task for stage in record.trial.curriculum]
            now = self.space.suggest(SampledTrial(Random(0), record.parameters)).curriculum
            if tasks != [stage.task for stage in now]:
                raise UserError(
                    f"search {self.config.name!r} began with the tasks under intermediate in another order: restore the order of the "
                    "config.yaml in its folder, or choose a new name (--name)"
                )
