"""How a command ends: by itself, by a signal, with its reader gone, its disk full. Each in a sentence, with a code of its own."""

import errno
import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

import click

from search.errors import ClusterLostError, RegistryError, UserError
from search.surroundings import settle
from search.terminal import say
from trainables.validation._errors import DataError

PATIENCE = 20.0
"""Seconds that a command has to end after a signal: its cluster may have got the same one, and answer no more."""
last_resort: list[Callable[[], None]] = []
"""What is done of a command that has not ended by then."""

TAKEN_UP = "the same xlt launch takes up where this one stopped"
_SIGNALS = (signal.SIGTERM, signal.SIGHUP)
_received: list[int] = []
_lost: list[OSError] = []
"""Why standard output could not be written."""


class Commands(click.Group):
    """Prints what goes wrong without a traceback: exit code 2 for what the user can mend in his words, 1 for all else."""

    def main(self, args: Sequence[str] | None = None, *words: Any, **more: Any) -> Any:
        """Run a command; without arguments, as the whole of this process."""
        if args is None:
            settle()
            prepare()
        return super().main(args, *words, **more)

    def invoke(self, context: click.Context) -> Any:
        try:
            found = super().invoke(context)
        except (UserError, DataError) as error:
            say(f"xlt: {error}", err=True)
            context.exit(2)
        except ClusterLostError as error:
            say(f"xlt: {error}; {TAKEN_UP}", err=True)
            context.exit(1)
        except RegistryError as error:
            say(f"xlt: {error}", err=True)
            context.exit(1)
        except KeyboardInterrupt:
            say(f"xlt: {why()}{_taken_up(context.invoked_subcommand)}", err=True)
            context.exit(code())
        except OSError as error:
            say(f"xlt: {about(error)}", err=True)
            context.exit(1)
        if _lost:
            say(f"xlt: standard output: {_lost[0].strerror}: what was printed is not whole", err=True)
            context.exit(1)
        return found


def prepare() -> None:
    """Let signals end this process as Ctrl-C does, and readers that go away end nothing."""
    for number in _SIGNALS:
        if signal.getsignal(number) == signal.SIG_DFL:  # under nohup SIGHUP is ignored, and stays so
            signal.signal(number, _as_interrupt)
    sys.stdout, sys.stderr = _steadfast(1, sys.stdout), _steadfast(2, sys.stderr)


def code() -> int:
    """The exit code of an interrupted command: 128 and the signal's number, as shells have it."""
    return 128 + (_received[0] if _received else signal.SIGINT)


def why() -> str:
    """What interrupted it, in a word."""
    return f"ended by {signal.Signals(_received[0]).name}" if _received else "interrupted"


def about(error: OSError) -> str:
    """An error of the system's in words, with what to do where that is known."""
    place = f"{error.filename}: " if error.filename else ""
    told = f"{place}{error.strerror or error}"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{told}: make room on the disk of the home, of the stage store, or of temporary files (TMPDIR); what is finished is kept"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{told}; name a folder that you may write to with --home or XLT_HOME"
    return told


def _as_interrupt(number: int, frame: FrameType | None) -> None:
    """Do what Ctrl-C does."""
    if not _received:
        watch = threading.Timer(PATIENCE, lambda: give_up(why(), code()))
        watch.daemon = True
        watch.start()
    _received.append(number)
    raise KeyboardInterrupt


def give_up(told: str, code: int) -> None:
    """End this process from any thread, what hangs and all, after the last resort."""
    for end in reversed(last_resort):
        with suppress(Exception):
            end()
    with suppress(OSError):
        os.write(2, f"xlt: {told}{_taken_up('launch' if last_resort else None)}\n".encode())
    os._exit(code)


@contextmanager
def in_any_case(end: Callable[[], None]) -> Iterator[None]:
    """Has something done at the end of the context, or, should the process be given up before, then."""
    last_resort.append(end)
    try:
        yield
    finally:
        last_resort.remove(end)
        end()


def _taken_up(command: str | None) -> str:
    return f"; {TAKEN_UP}" if command == "launch" else ""


class _Steadfast(io.FileIO):
    """A standard stream that takes what is written after its reader has gone, as nothing."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data) or 0
        except OSError as error:
            if error.errno not in (errno.EPIPE, errno.EIO) and self.fileno() == 1:
                _lost.append(error)
            with open(os.devnull, "wb") as nothing, suppress(OSError):
                os.dup2(nothing.fileno(), self.fileno())
            return len(data)


def _steadfast(number: int, stream: Any) -> Any:
    """The stream, or one in its place."""
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    stream.flush()
    raw = _Steadfast(number, "w", closefd=False)
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=number == 2,
    )
