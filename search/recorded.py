"""Trials as a study has them, and which of them are repeated."""

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from optuna.trial import FrozenTrial, TrialState

from search.attributes import (
    ERROR,
    FAILED_REPEAT,
    FAILURE,
    INTERRUPTED,
    OUTCOME,
    PRUNED,
    SPARED,
    TRIAL,
    TWIN,
    FailedRepeat,
)
from search.config import Config
from search.space import CurriculumSpace, Parameters
from trainables.curriculum import Trial
from trainables.outcome import Outcome

State = Literal["running", "complete", "pruned", "failed", "interrupted", "duplicate"]

TARGET_STEP = 1000
"""Optuna's steps are whole numbers: a target is worth so many, whatever the number of reports that it makes."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A trial as the study has it."""

    number: int
    state: State
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
    place: int | None = None
    """In the search: how many other trials were asked for before it. It stays when a trial is interrupted, or fails, and is run again
    under another number. None for a duplicate, and for one that was killed before it was put together."""
    values: tuple[float, ...] = ()
    """Of a complete one: the objective, and the second one if there is any."""
    early: dict[int, float] = field(default_factory=dict)
    """The objective so far, by thousandths of targets done, where trials race."""
    pruned: str | None = None
    """Why it was ended early."""
    spared: str | None = None
    """Why it would have been, had it not been let run to see whether that was right."""
    failure: str | None = None
    """Of a failed one: the file in the search's folder that holds the traceback; None for one of older versions."""

    @property
    def ended(self) -> bool:
        """Whether it came to something, and need not be run again."""
        return self.state in ("complete", "pruned")

    @classmethod
    def of(cls, trial: FrozenTrial, parameters: Parameters) -> "Recorded":
        """From what Optuna keeps, and its parameters as the space asks for them."""
        attributes = trial.user_attrs
        if TWIN in attributes:
            state: State = "duplicate"
        elif trial.state == TrialState.COMPLETE:
            state = "complete"
        elif trial.state == TrialState.PRUNED:
            state = "pruned"
        elif trial.state == TrialState.FAIL:
            state = "interrupted" if INTERRUPTED in attributes else "failed"
        else:
            state = "running"
        return cls(
            number=trial.number,
            state=state,
            value=trial.values[0] if state == "complete" else None,
            values=tuple(trial.values) if state == "complete" else (),
            early=dict(trial.intermediate_values),
            pruned=attributes.get(PRUNED),
            spared=attributes.get(SPARED),
            trial=Trial.from_json(attributes[TRIAL]) if TRIAL in attributes else None,
            outcome=Outcome.from_json(attributes[OUTCOME]) if OUTCOME in attributes else None,
            error=attributes.get(ERROR),
            failure=attributes.get(FAILURE),
            parameters=parameters,
        )


def failed_repeats(
    attributes: Mapping[str, Any], done: Mapping[int, Collection[int]]
) -> dict[int, dict[int, FailedRepeat]]:
    """Repeats that failed and were not done since, by trial number and seed.

    Args:
        attributes: the study's, by name.
        done: the seeds that are done, by trial number.
    """
    found: dict[int, dict[int, FailedRepeat]] = {}
    for number, seed, told in told_of_repeats(attributes, FAILED_REPEAT):
        if seed not in done.get(number, ()):
            found.setdefault(number, {})[seed] = told
    return found


def told_of_repeats(attributes: Mapping[str, Any], kind: str) -> Iterator[tuple[int, int, Any]]:
    """What a study's attributes of a kind hold, with the trial's number and the seed that they are named after."""
    for name, told in attributes.items():
        its_kind, _, place = name.partition("/")
        if its_kind == kind:
            number, _, seed = place.partition("/")
            yield int(number), int(seed), told


def fresh_seeds(config: Config) -> range:
    """The seeds that finalists are repeated on."""
    return range(config.seed + 1, config.seed + 1 + config.finalists.seeds)


def missing_repeats(
    ranked: Sequence[Recorded], known: Mapping[int, Collection[int]], config: Config
) -> list[tuple[Recorded, int]]:
    """Finalists with the seeds that they lack, seed by seed, so that an interruption leaves every finalist with as many.

    Args:
        ranked: the complete trials, best first.
        known: the seeds that are done, by trial number.
        config: of the search.
    """
    if not config.finalists.top:
        return []
    chosen = [record for record in finalists(ranked, config) if record.trial is not None]
    return [
        (record, seed) for seed in fresh_seeds(config) for record in chosen if seed not in known.get(record.number, ())
    ]


def identity(parameters: Mapping[str, Any]) -> Hashable:
    """What tells a trial of a space from all others: each has one set of parameters."""
    return frozenset(parameters.items())


def placed(records: Iterable[Recorded]) -> list[Recorded]:
    """The records with their places."""
    places: dict[Hashable, int] = {}
    return [
        record
        if record.trial is None or record.state == "duplicate"
        else replace(record, place=places.setdefault(identity(record.parameters), len(places)))
        for record in records
    ]


def by_place(records: Iterable[Recorded]) -> list[Recorded]:
    """What every trial of a search came to, by place: its last record, a whole one before others."""
    found: dict[int, Recorded] = {}
    for record in records:
        if record.place is not None and not (record.place in found and found[record.place].ended):
            found[record.place] = record
    return [found[place] for place in sorted(found)]


def baseline(records: Sequence[Recorded], config: Config) -> Recorded | None:
    """The trial without intermediate stages that every search begins with; an interrupted one has a later number."""
    parameters = CurriculumSpace(config).baseline()
    found = [record for record in records if record.parameters == parameters]
    return min(found, key=lambda record: record.number, default=None)


def front(ranked: Sequence[Recorded], config: Config) -> list[Recorded]:
    """The complete trials that no other one beats in both objectives, the best in the first one first."""
    sign = -1.0 if config.second_objective == "seconds" else 1.0
    found: list[Recorded] = []
    for record in sorted(ranked, key=lambda record: (-record.values[0], -sign * record.values[1], record.place or 0)):
        if not found or sign * record.values[1] > sign * found[-1].values[1]:
            found.append(record)
    return found


def finalists(ranked: Sequence[Recorded], config: Config) -> list[Recorded]:
    """The trials to repeat: the best ``finalists.top`` besides the baseline, and the baseline to compare them with.

    With two objectives those that none beats in both come first.
    """
    first = baseline(ranked, config)
    if config.second_objective is not None:
        unbeaten = {record.number for record in front(ranked, config)}
        ranked = sorted(ranked, key=lambda record: record.number not in unbeaten)
    others = [record for record in ranked if record is not first]
    return others[: config.finalists.of(len(others))] + ([first] if first is not None else [])
