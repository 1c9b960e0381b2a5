"""Why a job came to nothing, as its worker tells it. Plain data, to and from JSON; no torch."""

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
    """An error whose message says what went wrong and what to do, without its class."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A failure in one line, and everything that is known of it."""

    error: str
    """In one line: class and message, or class and place where there is no message."""
    traceback: str = ""
    """Whole, causes and notes among it; of a worker that died, what Ray knows of its death."""
    stage: str = ""
    """Where in the stage tree the trial was; empty if that is not known."""
    host: str = ""
    """The machine and the process."""
    environment: dict[str, str] = field(default_factory=dict)
    """Device and versions of libraries."""

    @classmethod
    def from_exception(cls, error: BaseException, environment: Mapping[str, str]) -> "Failure":
        """From an exception, in the process that raised it; `environment` says with what that works."""
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
        """As JSON's own types."""
        return asdict(self)


def summarise_error(error: BaseException) -> str:
    """Class and message; where the message is empty, class and place: ``StopIteration in trainables/stage.py:88 (train)``."""
    kind, said = type(error).__name__, str(error)
    if said.strip():
        return f"{kind}: {said}"
    frames = traceback.extract_tb(error.__traceback__)
    places = [(_shorten_source_path(frame.filename), frame) for frame in frames]
    own = [place for place in places if place[0].partition("/")[0] in OWN_PACKAGES]
    if not places:
        return kind
    file, frame = (own or places)[-1]
    return f"{kind} in {file}:{frame.lineno} ({frame.name})"


def _shorten_source_path(file: str) -> str:
    """A source file from its package on, as far as that can be told: ``trainables/stage.py``."""
    path, root = Path(file), Path(__file__).parents[1]
    if path.is_relative_to(root) and path.relative_to(root).parts[0] in OWN_PACKAGES:
        return path.relative_to(root).as_posix()
    below = path.parts.index("site-packages") + 1 if "site-packages" in path.parts else -1
    return "/".join(path.parts[below:])


Result = TypeVar("Result")


def note_stage_on_error(step: Callable[[Any, Any, Any], Result]) -> Callable[[Any, Any, Any], Result]:
    """Of a method that goes from a node of the stage tree on to a stage: an exception that leaves it says which stage that was."""

    @wraps(step)
    def walk(self: Any, stage: Any, parent: Any) -> Result:
        try:
            return step(self, stage, parent)
        except Exception as error:
            error.add_note(_STAGE_NOTE_PREFIX + " > ".join((*parent.path[1:], str(stage))))
            raise

    return walk
