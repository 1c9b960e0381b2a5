"""The schema of a stage's record. A record is checked though it is sealed: whoever can write to a store can seal a record. No torch."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, ValidationInfo

from trainables.curriculum import Stage
from trainables.noise_methods import NOISE_METHODS

RECORD_FORMAT = 1
"""Format of the files on disk. A stage of a later format was written by a newer program and is left alone."""
RECORD_FILE, ENCODER_FILE, HEAD_FILE = "stage.json", "encoder.safetensors", "head.safetensors"
ASIDE_FOLDER, DAMAGED_FOLDER = ".aside", ".damaged"
TOKEN_PATTERN = r"[0-9a-f]{16,64}"  # noqa: S105 - of a claim, a name
"""Token of a claim: the beginning of a file's name in an object store."""
KEY_PATTERN = re.compile(r"[0-9a-f]{32}")
"""Key of a stage, from `compute_stage_key`."""
_MAX_NUMBER = 1e15
"""Bound of losses, seconds and bytes (a petabyte), so that their sums stay finite."""


def is_weights_file(name: str) -> bool:
    """Whether a file of a stage holds weights."""
    return name.endswith(".safetensors")


def _check_time_zone(text: str) -> str:
    made = datetime.fromisoformat(text)
    if made.tzinfo is None:
        raise ValueError("it has no time zone")
    try:
        made.astimezone(UTC)
    except OverflowError:
        raise ValueError("it is no date that can be computed with") from None
    return text


def _check_file_name(at: str, info: ValidationInfo) -> str:
    if not re.fullmatch(rf"({TOKEN_PATTERN}-)?({re.escape(ENCODER_FILE)}|{re.escape(HEAD_FILE)})", at):
        raise ValueError("it names another file than a stage has")
    return at


BoundedNumber = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=-_MAX_NUMBER, le=_MAX_NUMBER)]
StrictText = Annotated[str, Field(strict=True)]


class _StrictModel(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)


class _FileEntry(_StrictModel):
    at: Annotated[str, AfterValidator(_check_file_name)]
    """The name in the stage's folder."""
    bytes: Annotated[int, Field(ge=0, le=int(_MAX_NUMBER))]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _IdentityFields(_StrictModel):
    version: int
    parent: str = ""
    data: str = ""
    task: str = ""
    arithmetic: str = ""
    target: bool = False


class _StageRecord(_StrictModel):
    format: int
    made: Annotated[str, AfterValidator(_check_time_zone)]
    files: dict[str, _FileEntry]
    identity: _IdentityFields
    path: Annotated[list[str], Field(min_length=1)]
    """The encoder and the stages down to this one, as text."""
    seconds: Annotated[BoundedNumber, Field(ge=0)]
    losses: list[BoundedNumber]
    native: dict[str, BoundedNumber] = {}
    environment: dict[str, str] = {}


def check_record(record: Mapping[str, Any]) -> None:
    """Check that a record is one that the program writes.

    Raises:
        ValueError: when it is not; the message names the field, in one line.
    """
    try:
        parsed = _StageRecord.model_validate(record)
    except ValidationError as error:
        first, *_ = error.errors()
        field = ".".join(map(str, first["loc"]))[:80]
        raise ValueError(f"{field}: {first['msg'].removeprefix('Value error, ')[:200]}") from None
    if ENCODER_FILE not in parsed.files or any(not file.at.endswith(name) for name, file in parsed.files.items()):
        raise ValueError("files: they are not those of a stage")


_STAGE_ADAPTER = TypeAdapter(Stage)


def parse_stage(identity: Mapping[str, Any]) -> Stage | None:
    """The stage of an identity; None if this version of the program knows no such stage."""
    try:
        # As JSON, so that an integer is accepted for a float, and an unknown field is refused.
        stage = _STAGE_ADAPTER.validate_json(json.dumps(identity), strict=True)
    except ValueError:
        return None
    return stage if stage.noise.method in NOISE_METHODS else None
