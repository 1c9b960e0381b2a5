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
from search.process._setup import set_up_process
from search.terminal import print_line
from trainables.validation import DataError

SIGNAL_GRACE_SECONDS = 20.0
"""Seconds that a command has to end after a signal: its cluster may have got the same one, and answer no more."""
EXIT_CALLBACKS: list[Callable[[], None]] = []
"""What is done of a command that has not ended by then."""

RESUME_HINT = "the same xlt launch takes up where this one stopped"
_ENDING_SIGNALS = (signal.SIGTERM, signal.SIGHUP)
_received_signals: list[int] = []
_output_errors: list[OSError] = []
"""Why standard output could not be written."""


class CommandGroup(click.Group):
    """Prints what goes wrong without a traceback: exit code 2 for what the user can mend in his words, 1 for all else."""

    def main(self, args: Sequence[str] | None = None, *words: Any, **more: Any) -> Any:
        """Run a command; without arguments, as the whole of this process."""
        if args is None:
            set_up_process()
            set_up_signals_and_streams()
        return super().main(args, *words, **more)

    def invoke(self, context: click.Context) -> Any:
        try:
            found = super().invoke(context)
        except (UserError, DataError) as error:
            print_line(f"xlt: {error}", err=True)
            context.exit(2)
        except ClusterLostError as error:
            print_line(f"xlt: {error}; {RESUME_HINT}", err=True)
            context.exit(1)
        except RegistryError as error:
            print_line(f"xlt: {error}", err=True)
            context.exit(1)
        except KeyboardInterrupt:
            print_line(f"xlt: {describe_interruption()}{_make_resume_hint(context.invoked_subcommand)}", err=True)
            context.exit(get_exit_code())
        except OSError as error:
            print_line(f"xlt: {describe_os_error(error)}", err=True)
            context.exit(1)
        if _output_errors:
            print_line(f"xlt: standard output: {_output_errors[0].strerror}: what was printed is not whole", err=True)
            context.exit(1)
        return found


def set_up_signals_and_streams() -> None:
    """Let signals end this process as Ctrl-C does, and readers that go away end nothing."""
    for number in _ENDING_SIGNALS:
        if signal.getsignal(number) == signal.SIG_DFL:  # under nohup SIGHUP is ignored, and stays so
            signal.signal(number, _raise_interrupt)
    sys.stdout, sys.stderr = _make_unbreakable(1, sys.stdout), _make_unbreakable(2, sys.stderr)


def get_exit_code() -> int:
    """The exit code of an interrupted command: 128 and the signal's number, as shells have it."""
    return 128 + (_received_signals[0] if _received_signals else signal.SIGINT)


def describe_interruption() -> str:
    """What interrupted it, in a word."""
    return f"ended by {signal.Signals(_received_signals[0]).name}" if _received_signals else "interrupted"


def describe_os_error(error: OSError) -> str:
    """An error of the system's in words, with what to do where that is known."""
    place = f"{error.filename}: " if error.filename else ""
    told = f"{place}{error.strerror or error}"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{told}: make room on the disk of the home, of the stage store, or of temporary files (TMPDIR); what is finished is kept"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{told}; name a folder that you may write to with --home or XLT_HOME"
    return told


def _raise_interrupt(number: int, frame: FrameType | None) -> None:
    """Do what Ctrl-C does."""
    if not _received_signals:
        watch = threading.Timer(SIGNAL_GRACE_SECONDS, lambda: exit_process(describe_interruption(), get_exit_code()))
        watch.daemon = True
        watch.start()
    _received_signals.append(number)
    raise KeyboardInterrupt


def exit_process(told: str, code: int) -> None:
    """End this process from any thread, what hangs and all, after the last resort."""
    for end in reversed(EXIT_CALLBACKS):
        with suppress(Exception):
            end()
    with suppress(OSError):
        os.write(2, f"xlt: {told}{_make_resume_hint('launch' if EXIT_CALLBACKS else None)}\n".encode())
    os._exit(code)


@contextmanager
def ensure_cleanup(end: Callable[[], None]) -> Iterator[None]:
    """Has something done at the end of the context, or, should the process be given up before, then."""
    EXIT_CALLBACKS.append(end)
    try:
        yield
    finally:
        EXIT_CALLBACKS.remove(end)
        end()


def _make_resume_hint(command: str | None) -> str:
    return f"; {RESUME_HINT}" if command == "launch" else ""


class _UnbreakableStream(io.FileIO):
    """A standard stream that takes what is written after its reader has gone, as nothing."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data) or 0
        except OSError as error:
            if error.errno not in (errno.EPIPE, errno.EIO) and self.fileno() == 1:
                _output_errors.append(error)
            with open(os.devnull, "wb") as nothing, suppress(OSError):
                os.dup2(nothing.fileno(), self.fileno())
            return len(data)


def _make_unbreakable(number: int, stream: Any) -> Any:
    """The stream, or one in its place."""
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    stream.flush()
    raw = _UnbreakableStream(number, "w", closefd=False)
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=number == 2,
    )
