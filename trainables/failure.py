"""Why a job failed, as its worker reports it. Plain data, to and from JSON; imports no torch."""

import os
import platform
import traceback
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

OWN_PACKAGES = ("trainables", "search")
_STAGE_NOTE_PREFIX = "at the stage "


class SelfExplainingError(RuntimeError):
    """An error whose message says what went wrong and what to do; it is shown without the class name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A failure in one line, with traceback, stage, host and environment."""

    error: str
    """One line: class and message, or class and source line where there is no message."""
    traceback: str = ""
    """The whole traceback with causes and notes; for a worker that died, what Ray reports of its death."""
    stage: str = ""
    """The trial's path in the stage tree at the time of the failure; empty if that is not known."""
    host: str = ""
    """The machine and the process."""
    environment: dict[str, str] = field(default_factory=dict)
    """Device and versions of libraries."""

    @classmethod
    def from_exception(cls, error: BaseException, environment: Mapping[str, str]) -> "Failure":
        """The failure of an exception, in the process that raised it.

        Args:
            error: the exception.
            environment: of the process; see `trainables.training.describe_environment`.
        """
        notes = [
            note.removeprefix(_STAGE_NOTE_PREFIX)
            for note in getattr(error, "__notes__", ())
            if note.startswith(_STAGE_NOTE_PREFIX)
        ]
        return cls(
            error=str(error) if isinstance(error, SelfExplainingError) else summarise_error(error),
            traceback="".join(traceback.format_exception(error)),
            stage=notes[0] if notes else "",
            host=f"{platform.node()}, process {os.getpid()}",
            environment=dict(environment),
        )

    def to_json(self) -> dict[str, Any]:
        """The failure as JSON types."""
        return asdict(self)


def summarise_error(error: BaseException) -> str:
    """Class and message; where the message is empty, class and source line: ``StopIteration in trainables/trial/_trial.py:88 (run)``."""
    kind, message = type(error).__name__, str(error)
    if message.strip():
        return f"{kind}: {message}"
    frames = traceback.extract_tb(error.__traceback__)
    places = [(_shorten_source_path(frame.filename), frame) for frame in frames]
    own = [place for place in places if place[0].partition("/")[0] in OWN_PACKAGES]
    if not places:
        return kind
    file, frame = (own or places)[-1]
    return f"{kind} in {file}:{frame.lineno} ({frame.name})"


def _shorten_source_path(file: str) -> str:
    """A source file from its package on, if the package is known: ``trainables/trial/_trial.py``."""
    path, root = Path(file), Path(__file__).parents[1]
    if path.is_relative_to(root) and path.relative_to(root).parts[0] in OWN_PACKAGES:
        return path.relative_to(root).as_posix()
    below = path.parts.index("site-packages") + 1 if "site-packages" in path.parts else -1
    return "/".join(path.parts[below:])


Result = TypeVar("Result")


def note_stage_on_error(step: Callable[[Any, Any, Any], Result]) -> Callable[[Any, Any, Any], Result]:
    """Decorate a method that takes a stage and its parent node: an exception that leaves it gets a note with the path of the stage."""

    @wraps(step)
    def walk(self: Any, stage: Any, parent: Any) -> Result:
        try:
            return step(self, stage, parent)
        except Exception as error:
            error.add_note(_STAGE_NOTE_PREFIX + " > ".join((*parent.path[1:], str(stage))))
            raise

    return walk
