"""The attributes that this program stores in a study beside Optuna's own, and the schema that journal records are checked against."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, TypedDict

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from search.config import describe_validation_error
from trainables.curriculum import Trial
from trainables.outcome import Outcome
from trainables.transfer import PAIR_SEPARATOR, SplitScores

TRIAL_ATTRIBUTE, OUTCOME_ATTRIBUTE, ERROR_ATTRIBUTE, DUPLICATE_ATTRIBUTE, INTERRUPTED_ATTRIBUTE = (
    "trial",
    "outcome",
    "error",
    "duplicate_of",
    "interrupted",
)
PRUNED_ATTRIBUTE, SPARED_ATTRIBUTE, REPEAT_ATTRIBUTE = "pruned", "spared", "repeat"
FAILURE_ATTRIBUTE, FAILED_REPEAT_ATTRIBUTE = "failure", "failed_repeat"
COMPLETE_STATE = 1
"""Optuna's number of the state COMPLETE."""

BoundedValue = Annotated[float, Field(ge=-1e12, le=1e12)]
"""A value of an objective or of a parameter."""


class FailedRepeat(TypedDict):
    """A failed repeat of a finalist."""

    error: str
    failure: str | None
    """The file in the search's folder that holds the traceback."""


class _StrictModel(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")


class _FailedRepeatModel(_StrictModel):
    error: str
    failure: str | None = None


class _AttributesModel(_StrictModel):
    """The attributes under the names above; None: the record has no such attribute."""

    trial: Trial = Field(default=None)  # type: ignore[assignment]
    outcome: Outcome = Field(default=None)  # type: ignore[assignment]
    error: str = ""
    pruned: str = ""
    spared: str = ""
    failure: str | None = None
    interrupted: bool = False
    duplicate_of: int = 0


class _RecordModel(_StrictModel):
    op_code: int
    state: int = 0
    value: BoundedValue | None = None
    values: list[BoundedValue] | None = None
    intermediate_value: BoundedValue = 0.0
    param_value_internal: BoundedValue = 0.0
    user_attr: _AttributesModel = _AttributesModel()
    user_attrs: _AttributesModel = _AttributesModel()


_RECORD_ADAPTER = TypeAdapter(_RecordModel)
_REPEAT_ADAPTERS: dict[str, TypeAdapter[Any]] = {
    REPEAT_ATTRIBUTE: TypeAdapter(Outcome),
    FAILED_REPEAT_ATTRIBUTE: TypeAdapter(_FailedRepeatModel),
}

_REPEAT_NAME = re.compile(r"[a-z_]+/[0-9]{1,10}/[0-9]{1,10}")
_PARSERS: dict[str, Callable[[Any], object]] = {
    TRIAL_ATTRIBUTE: Trial.from_json,
    OUTCOME_ATTRIBUTE: Outcome.from_json,
    REPEAT_ATTRIBUTE: Outcome.from_json,
}
"""Parsers of attributes; they refuse unknown fields."""


def check_record_shape(line: bytes, record: Mapping[str, Any]) -> None:
    """Check a journal record against the schema.

    Args:
        line: the record as in the file.
        record: the parsed record.

    Raises:
        ValueError: in one line, with the part that differs from what this program writes.
    """
    found: _RecordModel = _validate_shape("", _RECORD_ADAPTER, line)
    if found.state == COMPLETE_STATE and not found.values and found.value is None:
        raise ValueError("values: a complete trial needs a value")
    outcomes = [("user_attr.outcome", found.user_attr.outcome), ("user_attrs.outcome", found.user_attrs.outcome)]
    for name, value in [*record.get("user_attr", {}).items(), *record.get("user_attrs", {}).items()]:
        kind = name.partition("/")[0]
        if kind in _PARSERS and (name == kind or kind in _REPEAT_ADAPTERS):
            _try_parser(name, _PARSERS[kind], value)
        if kind in _REPEAT_ADAPTERS:
            if not _REPEAT_NAME.fullmatch(name):
                raise ValueError(f"user_attr: {name!r} must be {kind}/TRIAL/SEED")
            outcomes.append((name, _validate_shape(f"{name}: ", _REPEAT_ADAPTERS[kind], json.dumps(value).encode())))
    for name, outcome in outcomes:
        for problem in _find_invalid_scores(outcome) if isinstance(outcome, Outcome) else ():
            raise ValueError(f"{name}: {problem}")


def _try_parser(name: str, read: Callable[[Any], object], value: Any) -> None:
    try:
        read(value)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"{name}: {error}") from None


def _validate_shape(name: str, shape: TypeAdapter[Any], text: bytes) -> Any:
    try:
        return shape.validate_json(text, strict=True)
    except ValidationError as error:
        raise ValueError(f"{name}{describe_validation_error(error.errors()[0])[:500]}") from None


def _find_invalid_scores(outcome: Outcome) -> Iterator[str]:
    """Problems with scores: an unknown language, or no score by the main metric of the target."""
    transfer = outcome.transfer
    for scores, whole in ((transfer.scores, True), (transfer.generalized, False)):
        for target, split, code, row in _iterate_scores(scores):
            codes = [code] if whole else code.split(PAIR_SEPARATOR)
            if len(codes) != 2 - whole or not all(map(transfer.rules.get_language, codes)):
                yield f"{target}, {split}: unknown language {code!r}"
            if transfer.metrics.get(target) not in row:
                yield f"{target}, {split}, {code}: no score by {transfer.metrics.get(target)!r}"


def _iterate_scores(by_target: Mapping[str, SplitScores]) -> Iterator[tuple[str, str, str, Mapping[str, float]]]:
    for target, scores in by_target.items():
        for split, languages in scores.items():
            for code, row in languages.items():
                yield target, split, code, row
