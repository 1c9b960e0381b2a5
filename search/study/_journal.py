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

from search.errors import UserError
from search.home import SearchFolder, write_atomically
from search.study._attributes import check_record_shape
from trainables.validation import MAX_DOCUMENT_BYTES, open_regular_file

JournalRecord = dict[str, Any]

STUDY_CREATION_PREFIX = b'{"op_code":0,'
"""How the record begins by which earlier versions of this program opened a study, for reading too: glued to a torn line, it spoiled it."""


class JournalBackend(BaseJournalBackend):
    """Optuna's journal format without its lock file, which outlives its holder: a launch has the search's own lock.

    A last line without an end is left alone: it is being written just now, or was cut off.
    """

    def __init__(self, file: Path, *, writable: bool = False) -> None:
        """
        Args:
            file: may be absent for one that writes.
            writable: whether records may be appended; without it nothing is written, whatever is asked.
        """
        self.file, self.writable = file, writable
        self._record_ends = [0]
        """Where each record that was read so far ends."""
        self.line = 0
        """Of the record that was read last, counted from 1."""

    def read_logs(self, log_number_from: int) -> Iterator[JournalRecord]:
        """The records from a number on.

        Raises:
            UserError: when the file cannot be read, or holds a line that is no record.
        """
        number = min(log_number_from, len(self._record_ends) - 1)
        try:
            with open_regular_file(self.file) as lines:
                lines.seek(self._record_ends[number])
                while (line := lines.readline(MAX_DOCUMENT_BYTES)).endswith(b"\n"):
                    if number + 1 == len(self._record_ends):
                        self._record_ends.append(self._record_ends[number] + len(line))
                    number += 1
                    if number > log_number_from:
                        self.line = number
                        yield _parse_line(line, self.file, number)[1]
                if len(line) == MAX_DOCUMENT_BYTES:
                    raise _make_damage_error(
                        self.file, number + 1, f"it has more than {MAX_DOCUMENT_BYTES / 2**20:g} MiB"
                    )
        except FileNotFoundError:
            if not self.writable:
                raise UserError(f"{self.file} is gone") from None
        except OSError as error:
            raise UserError(f"{self.file} cannot be read: {error.strerror or error}") from error

    def append_logs(self, logs: list[JournalRecord]) -> None:
        """Append records, all or nothing: what a full disk lets through of them is taken back."""
        if not self.writable:
            raise io.UnsupportedOperation(f"{self.file} was opened for reading")
        self.file.parent.mkdir(parents=True, exist_ok=True)
        rest = b"".join(json.dumps(log, separators=(",", ":")).encode() + b"\n" for log in logs)
        with open_regular_file(self.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW) as handle:
            before = handle.seek(0, os.SEEK_END)
            try:
                _write_all(rest, handle)
            except BaseException:
                handle.truncate(before)
                raise


def repair_journal(file: Path) -> str:
    """Set aside what a full disk or a power cut left of a record, so that further ones can follow. For a launch, under its lock.

    Returns:
        What was done, in words; empty if the journal was whole.

    Raises:
        UserError: when a line is damaged that no record may be left out for.
    """
    try:
        with open_regular_file(file) as opened:
            content = opened.read()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror or error}") from error
    *lines, last = content.split(b"\n")
    parts = [_parse_line(line, file, number)[0] for number, line in enumerate(lines, start=1)]
    torn = [line[:begin] for line, begin in zip(lines, parts, strict=True) if begin]
    whole = [line[begin:] for line, begin in zip(lines, parts, strict=True)]
    if last:
        (torn if _parse_record(last) is None else whole).append(last)
    if not torn and not last:
        return ""
    if torn:
        _write_lines(torn, kept := SearchFolder(file.parent).torn_records, "ab")
    with write_atomically(file) as aside:
        _write_lines(whole, aside, "wb")
        shutil.copymode(file, aside)
    if not torn:
        return ""
    return (
        f"{file.name}: a record that was cut off, as by a full disk or a power cut, was set aside in {kept.name}; "
        "the trial that it was of is taken up again"
    )


def _write_lines(lines: list[bytes], file: Path, mode: Literal["ab", "wb"]) -> None:
    how = os.O_APPEND if mode == "ab" else os.O_TRUNC
    with open_regular_file(file, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | how) as handle:
        _write_all(b"".join(line + b"\n" for line in lines), handle)


def _write_all(rest: bytes, handle: BinaryIO) -> None:
    while rest:
        rest = rest[handle.write(rest) :]
    os.fsync(handle.fileno())


def _parse_line(line: bytes, file: Path, number: int) -> tuple[int, JournalRecord]:
    """Where the record in a line begins, and the record: not at 0 where half of another one stands before it.

    Raises:
        UserError: when there is none.
    """
    for begin in (0, line.rfind(STUDY_CREATION_PREFIX)):
        if begin >= 0 and (found := _parse_record(line[begin:])) is not None:
            try:
                check_record_shape(line[begin:], found)
            except ValueError as error:
                raise _make_damage_error(
                    file, number, f"this is no record of a search of this program ({error})"
                ) from error
            return begin, found
    raise _make_damage_error(file, number, "this is no record of a study")


def _make_damage_error(file: Path, number: int, why: str) -> UserError:
    return UserError(
        f"{file}, line {number}: {why}, so the file was damaged. Put a backup of it in its place; without one, "
        f"the first {number - 1} lines alone are a whole study: keep the file, and put a copy of these in its place. Trials that were "
        "recorded after them are run again; their stages are in the stage store"
    )


@contextmanager
def convert_replay_errors(journal: JournalBackend) -> Iterator[None]:
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
        raise _make_damage_error(journal.file, journal.line, why) from error


def _parse_record(line: bytes) -> JournalRecord | None:
    try:
        found = json.loads(line.decode())
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and "op_code" in found else None
