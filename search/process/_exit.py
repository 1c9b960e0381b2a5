"""How a command ends: by itself, by an error, by a signal, or when its output cannot be written. Each has its message and exit code."""

import errno
import io
import os
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType
from typing import Any

import click

from search.errors import ClusterLostError, RegistryError, UserError
from search.process._cleanup import clean_up
from search.process._setup import set_up_process
from search.terminal import print_line
from trainables.validation import DataError

SIGNAL_GRACE_SECONDS = 20.0
"""Seconds after a signal until the process exits by force: Ray may have got the same signal, and not answer any more."""
RESUME_HINT = "the same xlt launch takes up where this one stopped"
_ENDING_SIGNALS = (signal.SIGTERM, signal.SIGHUP)
_received_signals: list[int] = []
_running: list[click.Context] = []
"""Contexts of the commands that run."""
_output_errors: list[OSError] = []
"""Errors of writing to standard output."""


class CommandGroup(click.Group):
    """Prints errors without a traceback. Exit code 2 for a user's mistake, 1 for other failures."""

    def main(self, args: Sequence[str] | None = None, *words: Any, **more: Any) -> Any:
        """Run a command. Without arguments it takes those of this process, and sets the process up."""
        if args is None:
            set_up_process()
            set_up_signals_and_streams()
        return super().main(args, *words, **more)

    def invoke(self, context: click.Context) -> Any:
        _running.append(context)
        try:
            result = super().invoke(context)
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
        finally:
            _running.remove(context)
        if _output_errors:
            print_line(f"xlt: standard output: {_output_errors[0].strerror}: the output is incomplete", err=True)
            context.exit(1)
        return result


def set_up_signals_and_streams() -> None:
    """Handle SIGTERM and SIGHUP as Ctrl-C, and let a command finish if the reader of its output is gone."""
    for number in _ENDING_SIGNALS:
        if signal.getsignal(number) == signal.SIG_DFL:  # under nohup SIGHUP is ignored, and stays so
            signal.signal(number, _raise_interrupt)
    sys.stdout, sys.stderr = _make_unbreakable(1, sys.stdout), _make_unbreakable(2, sys.stderr)


def get_exit_code() -> int:
    """The exit code of an interrupted command: 128 plus the signal's number, as in shells."""
    return 128 + (_received_signals[0] if _received_signals else signal.SIGINT)


def describe_interruption() -> str:
    """What interrupted the command."""
    return f"ended by {signal.Signals(_received_signals[0]).name}" if _received_signals else "interrupted"


def describe_os_error(error: OSError) -> str:
    """The message of an error of the operating system, with what to do if the disk is full or a folder is not writable."""
    message = f"{error.filename}: " if error.filename else ""
    message += str(error.strerror or error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return (
            f"{message}: free space on the disk of the home, of the stage store, or of temporary files (TMPDIR); "
            "what is finished is kept"
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{message}; choose a folder that you may write to with --home or XLT_HOME"
    return message


def _raise_interrupt(number: int, frame: FrameType | None) -> None:
    """Signal handler that does what Ctrl-C does. The first signal also starts the timer of the exit by force."""
    if not _received_signals:
        timer = threading.Timer(SIGNAL_GRACE_SECONDS, lambda: exit_process(describe_interruption(), get_exit_code()))
        timer.daemon = True
        timer.start()
    _received_signals.append(number)
    raise KeyboardInterrupt


def exit_process(message: str, code: int) -> None:
    """Exit by force, from any thread, even if another one hangs: clean up, print a message, end the process."""
    clean_up()
    command = _running[0].invoked_subcommand if _running else None
    with suppress(OSError):
        os.write(2, f"xlt: {message}{_make_resume_hint(command)}\n".encode())
    os._exit(code)


def _make_resume_hint(command: str | None) -> str:
    return f"; {RESUME_HINT}" if command == "launch" else ""


class _UnbreakableStream(io.FileIO):
    """A standard stream that discards its input once it cannot be written."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data) or 0
        except OSError as error:
            if error.errno not in (errno.EPIPE, errno.EIO) and self.fileno() == 1:
                _output_errors.append(error)
            with open(os.devnull, "wb") as null, suppress(OSError):
                os.dup2(null.fileno(), self.fileno())
            return len(data)


def _make_unbreakable(number: int, stream: Any) -> Any:
    """The stream with an `_UnbreakableStream` below it; the stream itself if a test has replaced it."""
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
