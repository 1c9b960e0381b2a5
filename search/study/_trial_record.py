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
"""Optuna's steps are whole numbers: a target is worth so many, whatever the number of reports that it makes."""


@dataclass(frozen=True, slots=True)
class TrialRecord:
    """A trial as the study has it."""

    number: int
    state: RecordState
    value: float | None
    """The objective; None unless complete."""
    trial: Trial | None
    """None for one that was killed before it was put together."""
    outcome: Outcome | None
    """Of a pruned one what it had come to."""
    error: str | None
    """Why it failed."""
    parameters: Parameters
    """As the space asks for them."""
    position: int | None = None
    """In the search: how many other trials were asked for before it. It stays when a trial is interrupted, or fails, and is run again
    under another number. None for a duplicate, and for one that was killed before it was put together."""
    values: tuple[float, ...] = ()
    """Of a complete one: the objective, and the second one if there is any."""
    intermediate_values: dict[int, float] = field(default_factory=dict)
    """The objective so far, by thousandths of targets done, where trials race."""
    pruned: str | None = None
    """Why it was ended early."""
    spared: str | None = None
    """Why it would have been, had it not been let run to see whether that was right."""
    failure: str | None = None
    """Of a failed one: the file in the search's folder that holds the traceback; None for one of older versions."""

    @property
    def is_finished(self) -> bool:
        """Whether it came to something, and need not be run again."""
        return self.state in ("complete", "pruned")

    @classmethod
    def from_optuna(cls, trial: FrozenTrial, parameters: Parameters) -> "TrialRecord":
        """From what Optuna keeps, and its parameters as the space asks for them."""
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
    """Repeats that failed and were not done since, by trial number and seed.

    Args:
        attributes: the study's, by name.
        done: the seeds that are done, by trial number.
    """
    found: dict[int, dict[int, FailedRepeat]] = {}
    for number, seed, told in iterate_repeat_attributes(attributes, FAILED_REPEAT_ATTRIBUTE):
        if seed not in done.get(number, ()):
            found.setdefault(number, {})[seed] = told
    return found


def iterate_repeat_attributes(attributes: Mapping[str, Any], kind: str) -> Iterator[tuple[int, int, Any]]:
    """What a study's attributes of a kind hold, with the trial's number and the seed that they are named after."""
    for name, told in attributes.items():
        its_kind, _, place = name.partition("/")
        if its_kind == kind:
            number, _, seed = place.partition("/")
            yield int(number), int(seed), told


def make_trial_identity(parameters: Mapping[str, Any]) -> Hashable:
    """What tells a trial of a space from all others: each has one set of parameters."""
    return frozenset(parameters.items())


def assign_positions(records: Iterable[TrialRecord]) -> list[TrialRecord]:
    """The records with their places."""
    places: dict[Hashable, int] = {}
    return [
        record
        if record.trial is None or record.state == "duplicate"
        else replace(record, position=places.setdefault(make_trial_identity(record.parameters), len(places)))
        for record in records
    ]


def select_last_records(records: Iterable[TrialRecord]) -> list[TrialRecord]:
    """What every trial of a search came to, by place: its last record, a whole one before others."""
    found: dict[int, TrialRecord] = {}
    for record in records:
        if record.position is not None and not (record.position in found and found[record.position].is_finished):
            found[record.position] = record
    return [found[place] for place in sorted(found)]
