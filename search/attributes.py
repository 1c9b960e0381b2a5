"""What the records of a journal hold of ours beside Optuna's own, and its shape: of a stranger's journal nothing else is taken."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, TypedDict

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from search.checks import problem
from trainables.curriculum import Trial
from trainables.languages import LANGUAGES
from trainables.outcome import Outcome
from trainables.transfer import BETWEEN, Scores

TRIAL, OUTCOME, ERROR, TWIN, INTERRUPTED = "trial", "outcome", "error", "duplicate_of", "interrupted"
PRUNED, SPARED, REPEAT = "pruned", "spared", "repeat"
FAILURE, FAILED_REPEAT = "failure", "failed_repeat"
COMPLETE = 1
"""Optuna's number of the state."""

Value = Annotated[float, Field(ge=-1e12, le=1e12)]
"""Of an objective, or a parameter."""


class FailedRepeat(TypedDict):
    """A finalist's repeat that came to nothing."""

    error: str
    failure: str | None
    """The file in the search's folder that holds the traceback."""


class _Shape(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")


class _FailedRepeat(_Shape):
    error: str
    failure: str | None = None


class _Attributes(_Shape):
    """Under the names above; None: the record has no such attribute."""

    trial: Trial = Field(default=None)  # type: ignore[assignment]
    outcome: Outcome = Field(default=None)  # type: ignore[assignment]
    error: str = ""
    pruned: str = ""
    spared: str = ""
    failure: str | None = None
    interrupted: bool = False
    duplicate_of: int = 0


class _Record(_Shape):
    op_code: int
    state: int = 0
    value: Value | None = None
    values: list[Value] | None = None
    intermediate_value: Value = 0.0
    param_value_internal: Value = 0.0
    user_attr: _Attributes = _Attributes()
    user_attrs: _Attributes = _Attributes()


_RECORD = TypeAdapter(_Record)
_REPEATS: dict[str, TypeAdapter[Any]] = {REPEAT: TypeAdapter(Outcome), FAILED_REPEAT: TypeAdapter(_FailedRepeat)}

_REPEATED = re.compile(r"[a-z_]+/[0-9]{1,10}/[0-9]{1,10}")
_READ: dict[str, Callable[[Any], object]] = {
    TRIAL: Trial.from_json,
    OUTCOME: Outcome.from_json,
    REPEAT: Outcome.from_json,
}
"""Which take no field that they do not know."""


def check(line: bytes, record: Mapping[str, Any]) -> None:
    """Check what a record of a journal holds.

    Args:
        line: the record as it stands in the file.
        record: the same, read.

    Raises:
        ValueError: in a line, saying what of it is of another shape than this program writes.
    """
    found: _Record = _fits("", _RECORD, line)
    if found.state == COMPLETE and not found.values and found.value is None:
        raise ValueError("values: a complete trial has one")
    outcomes = [("user_attr.outcome", found.user_attr.outcome), ("user_attrs.outcome", found.user_attrs.outcome)]
    for name, value in [*record.get("user_attr", {}).items(), *record.get("user_attrs", {}).items()]:
        kind = name.partition("/")[0]
        if kind in _READ and (name == kind or kind in _REPEATS):
            _read(name, _READ[kind], value)
        if kind in _REPEATS:
            if not _REPEATED.fullmatch(name):
                raise ValueError(f"user_attr: {name!r} is not {kind}/TRIAL/SEED")
            outcomes.append((name, _fits(f"{name}: ", _REPEATS[kind], json.dumps(value).encode())))
    for name, outcome in outcomes:
        for wrong in _unknown(outcome) if isinstance(outcome, Outcome) else ():
            raise ValueError(f"{name}: {wrong}")


def _read(name: str, read: Callable[[Any], object], value: Any) -> None:
    try:
        read(value)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"{name}: {error}") from None


def _fits(name: str, shape: TypeAdapter[Any], text: bytes) -> Any:
    try:
        return shape.validate_json(text, strict=True)
    except ValidationError as error:
        raise ValueError(f"{name}{problem(error.errors()[0])[:500]}") from None


def _unknown(outcome: Outcome) -> Iterator[str]:
    """Scores that mean nothing: in languages that there are not, or without the metric that stands for the target."""
    transfer = outcome.transfer
    for scores, whole in ((transfer.scores, True), (transfer.generalized, False)):
        for target, split, code, row in _rows(scores):
            codes = [code] if whole else code.split(BETWEEN)
            if len(codes) != 2 - whole or not all(part in LANGUAGES for part in codes):
                yield f"{target}, {split}: unknown language {code!r}"
            if transfer.metrics.get(target) not in row:
                yield f"{target}, {split}, {code}: no score by {transfer.metrics.get(target)!r}"


def _rows(by_target: Mapping[str, Scores]) -> Iterator[tuple[str, str, str, Mapping[str, float]]]:
    for target, scores in by_target.items():
        for split, languages in scores.items():
            for code, row in languages.items():
                yield target, split, code, row
