"""Trial records: what a study holds of each trial."""

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from optuna.trial import FrozenTrial, TrialState

from search.space import Parameters
from search.study._attributes import (
    DUPLICATE_ATTRIBUTE,
    ERROR_ATTRIBUTE,
    FAILED_REPEAT_ATTRIBUTE,
    FAILURE_ATTRIBUTE,
    INTERRUPTED_ATTRIBUTE,
    OUTCOME_ATTRIBUTE,
    PRUNED_ATTRIBUTE,
    SPARED_ATTRIBUTE,
    TRIAL_ATTRIBUTE,
    FailedRepeat,
)
from trainables.curriculum import Trial
from trainables.outcome import Outcome

RecordState = Literal["running", "complete", "pruned", "failed", "interrupted", "duplicate"]

STEPS_PER_TARGET = 1000
"""Optuna steps of one target. Optuna's steps are whole numbers, and a target may report several times."""


@dataclass(frozen=True, slots=True)
class TrialRecord:
    """What the study holds of one trial."""

    number: int
    state: RecordState
    value: float | None
    """The objective; None unless complete."""
    trial: Trial | None
    """None if the trial was killed before all its parameters were suggested."""
    outcome: Outcome | None
    """For a pruned trial: the outcome so far."""
    error: str | None
    """Why it failed."""
    parameters: Parameters
    """The parameters as the space uses them."""
    position: int | None = None
    """Position in the search: how many other trials were proposed before it. A trial that is run again under another number keeps its
    position. None for a duplicate, and where `trial` is None."""
    values: tuple[float, ...] = ()
    """For a complete trial: the objective, and the second objective if there is one."""
    intermediate_values: dict[int, float] = field(default_factory=dict)
    """With racing: the objective so far, by step (`STEPS_PER_TARGET` a target)."""
    pruned: str | None = None
    """Why racing ended it early."""
    spared: str | None = None
    """Why racing would have ended it early; it ran on as a check of that rule."""
    failure: str | None = None
    """For a failed trial: the path of its traceback below the search's folder; None for trials of older versions."""

    @property
    def is_finished(self) -> bool:
        """Whether it is complete or pruned, and need not be run again."""
        return self.state in ("complete", "pruned")

    @classmethod
    def from_optuna(cls, trial: FrozenTrial, parameters: Parameters) -> "TrialRecord":
        """The record of an Optuna trial.

        Args:
            trial: trial of the study.
            parameters: its parameters as the space uses them.
        """
        attributes = trial.user_attrs
        if DUPLICATE_ATTRIBUTE in attributes:
            state: RecordState = "duplicate"
        elif trial.state == TrialState.COMPLETE:
            state = "complete"
        elif trial.state == TrialState.PRUNED:
            state = "pruned"
        elif trial.state == TrialState.FAIL:
            state = "interrupted" if INTERRUPTED_ATTRIBUTE in attributes else "failed"
        else:
            state = "running"
        return cls(
            number=trial.number,
            state=state,
            value=trial.values[0] if state == "complete" else None,
            values=tuple(trial.values) if state == "complete" else (),
            intermediate_values=dict(trial.intermediate_values),
            pruned=attributes.get(PRUNED_ATTRIBUTE),
            spared=attributes.get(SPARED_ATTRIBUTE),
            trial=Trial.from_json(attributes[TRIAL_ATTRIBUTE]) if TRIAL_ATTRIBUTE in attributes else None,
            outcome=Outcome.from_json(attributes[OUTCOME_ATTRIBUTE]) if OUTCOME_ATTRIBUTE in attributes else None,
            error=attributes.get(ERROR_ATTRIBUTE),
            failure=attributes.get(FAILURE_ATTRIBUTE),
            parameters=parameters,
        )


def extract_failed_repeats(
    attributes: Mapping[str, Any], done: Mapping[int, Collection[int]]
) -> dict[int, dict[int, FailedRepeat]]:
    """Repeats that failed and have not succeeded since, by trial number and seed.

    Args:
        attributes: user attributes of the study.
        done: the finished seeds, by trial number.
    """
    found: dict[int, dict[int, FailedRepeat]] = {}
    for number, seed, failed in iterate_repeat_attributes(attributes, FAILED_REPEAT_ATTRIBUTE):
        if seed not in done.get(number, ()):
            found.setdefault(number, {})[seed] = failed
    return found


def iterate_repeat_attributes(attributes: Mapping[str, Any], kind: str) -> Iterator[tuple[int, int, Any]]:
    """Trial number, seed and value of the study attributes named ``kind/TRIAL/SEED``."""
    for name, value in attributes.items():
        prefix, _, rest = name.partition("/")
        if prefix == kind:
            number, _, seed = rest.partition("/")
            yield int(number), int(seed), value


def make_trial_identity(parameters: Mapping[str, Any]) -> Hashable:
    """The identity of a trial in its space: every trial has exactly one set of parameters."""
    return frozenset(parameters.items())


def assign_positions(records: Iterable[TrialRecord]) -> list[TrialRecord]:
    """The records with their positions."""
    positions: dict[Hashable, int] = {}
    return [
        record
        if record.trial is None or record.state == "duplicate"
        else replace(record, position=positions.setdefault(make_trial_identity(record.parameters), len(positions)))
        for record in records
    ]


def select_last_records(records: Iterable[TrialRecord]) -> list[TrialRecord]:
    """The last record of every trial of a search, by position; a finished record takes precedence over unfinished ones."""
    found: dict[int, TrialRecord] = {}
    for record in records:
        if record.position is not None and not (record.position in found and found[record.position].is_finished):
            found[record.position] = record
    return [found[position] for position in sorted(found)]
