"""The file that Optuna keeps a study in, a record a line: read without a trace, appended to and mended by a launch alone."""

import io
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Literal

from optuna.storages.journal import BaseJournalBackend

from search.attributes import check
from search.errors import UserError
from search.home import SearchFolder, written_aside
from trainables.documents import LARGEST, plain_file

Record = dict[str, Any]

OPENED = b'{"op_code":0,'
"""How the record begins by which earlier versions of this program opened a study, for reading too: glued to a torn line, it spoiled it."""


class Journal(BaseJournalBackend):
    """Optuna's journal format without its lock file, which outlives its holder: a launch has the search's own lock.

    A last line without an end is left alone: it is being written just now, or was cut off.
    """

    def __init__(self, file: Path, *, writes: bool = False) -> None:
        """
        Args:
            file: may be absent for one that writes.
            writes: whether records may be appended; without it nothing is written, whatever is asked.
        """
        self.file, self.writes = file, writes
        self._ends = [0]
        """Where each record that was read so far ends."""
        self.line = 0
        """Of the record that was read last, counted from 1."""

    def read_logs(self, log_number_from: int) -> Iterator[Record]:
        """The records from a number on.

        Raises:
            UserError: when the file cannot be read, or holds a line that is no record.
        """
        number = min(log_number_from, len(self._ends) - 1)
        try:
            with plain_file(self.file) as lines:
                lines.seek(self._ends[number])
                while (line := lines.readline(LARGEST)).endswith(b"\n"):
                    if number + 1 == len(self._ends):
                        self._ends.append(self._ends[number] + len(line))
                    number += 1
                    if number > log_number_from:
                        self.line = number
                        yield _parted(line, self.file, number)[1]
                if len(line) == LARGEST:
                    raise _damaged(self.file, number + 1, f"it has more than {LARGEST / 2**20:g} MiB")
        except FileNotFoundError:
            if not self.writes:
                raise UserError(f"{self.file} is gone") from None
        except OSError as error:
            raise UserError(f"{self.file} cannot be read: {error.strerror or error}") from error

    def append_logs(self, logs: list[Record]) -> None:
        """Append records, all or nothing: what a full disk lets through of them is taken back."""
        if not self.writes:
            raise io.UnsupportedOperation(f"{self.file} was opened for reading")
        self.file.parent.mkdir(parents=True, exist_ok=True)
        rest = b"".join(json.dumps(log, separators=(",", ":")).encode() + b"\n" for log in logs)
        with plain_file(self.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW) as handle:
            before = handle.seek(0, os.SEEK_END)
            try:
                _write_whole(rest, handle)
            except BaseException:
                handle.truncate(before)
                raise


def mend(file: Path) -> str:
    """Set aside what a full disk or a power cut left of a record, so that further ones can follow. For a launch, under its lock.

    Returns:
        What was done, in words; empty if the journal was whole.

    Raises:
        UserError: when a line is damaged that no record may be left out for.
    """
    try:
        with plain_file(file) as opened:
            content = opened.read()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror or error}") from error
    *lines, last = content.split(b"\n")
    parts = [_parted(line, file, number)[0] for number, line in enumerate(lines, start=1)]
    torn = [line[:begin] for line, begin in zip(lines, parts, strict=True) if begin]
    whole = [line[begin:] for line, begin in zip(lines, parts, strict=True)]
    if last:
        (torn if _record(last) is None else whole).append(last)
    if not torn and not last:
        return ""
    if torn:
        _write(torn, kept := SearchFolder(file.parent).torn, "ab")
    with written_aside(file) as aside:
        _write(whole, aside, "wb")
        shutil.copymode(file, aside)
    if not torn:
        return ""
    return (
        f"{file.name}: a record that was cut off, as by a full disk or a power cut, was set aside in {kept.name}; "
        "the trial that it was of is taken up again"
    )


def _write(lines: list[bytes], file: Path, mode: Literal["ab", "wb"]) -> None:
    how = os.O_APPEND if mode == "ab" else os.O_TRUNC
    with plain_file(file, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | how) as handle:
        _write_whole(b"".join(line + b"\n" for line in lines), handle)


def _write_whole(rest: bytes, handle: BinaryIO) -> None:
    while rest:
        rest = rest[handle.write(rest) :]
    os.fsync(handle.fileno())


def _parted(line: bytes, file: Path, number: int) -> tuple[int, Record]:
    """Where the record in a line begins, and the record: not at 0 where half of another one stands before it.

    Raises:
        UserError: when there is none.
    """
    for begin in (0, line.rfind(OPENED)):
        if begin >= 0 and (found := _record(line[begin:])) is not None:
            try:
                check(line[begin:], found)
            except ValueError as error:
                raise _damaged(file, number, f"this is no record of a search of this program ({error})") from error
            return begin, found
    raise _damaged(file, number, "this is no record of a study")


def _damaged(file: Path, number: int, why: str) -> UserError:
    return UserError(
        f"{file}, line {number}: {why}, so the file was damaged. Put a backup of it in its place; without one, "
        f"the first {number - 1} lines alone are a whole study: keep the file, and put a copy of these in its place. Trials that were "
        "recorded after them are run again; their stages are in the stage store"
    )


@contextmanager
def replayed(journal: Journal) -> Iterator[None]:
    """Tell which record of a journal Optuna could not follow.

    Raises:
        UserError: naming file and line.
    """
    try:
        yield
    except (
        AssertionError,
        AttributeError,
        ArithmeticError,
        LookupError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        why = f"this record does not follow from those before it ({type(error).__name__}: {error})"
        raise _damaged(journal.file, journal.line, why) from error


def _record(line: bytes) -> Record | None:
    try:
        found = json.loads(line.decode())
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and "op_code" in found else None
