"""The journal: the file of an Optuna study, one record a line. Reading writes nothing; only a launch appends to it and repairs it."""

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
"""Start of the record that earlier versions of this program wrote whenever they opened a study. After an incomplete line it stands in the
same line."""


class JournalBackend(BaseJournalBackend):
    """Optuna's journal format without its lock file, which can outlive its holder: a launch holds the search's own lock.

    A last line without a line end is skipped: it is being written, or is incomplete.
    """

    def __init__(self, file: Path, *, writable: bool = False) -> None:
        """
        Args:
            file: the journal; may be missing if `writable`.
            writable: whether records may be appended; otherwise `append_logs` raises.
        """
        self.file, self.writable = file, writable
        self._record_ends = [0]
        """Byte offsets of the ends of the records that were read so far."""
        self.line = 0
        """Line of the record that was read last, counted from 1."""

    def read_logs(self, log_number_from: int) -> Iterator[JournalRecord]:
        """The records from number `log_number_from` on.

        Raises:
            UserError: if the file cannot be read, or a line is not a valid record.
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
                        self.file, number + 1, f"the line has more than {MAX_DOCUMENT_BYTES / 2**20:g} MiB"
                    )
        except FileNotFoundError:
            if not self.writable:
                raise UserError(f"{self.file} does not exist") from None
        except OSError as error:
            raise UserError(f"{self.file} cannot be read: {error.strerror or error}") from error

    def append_logs(self, logs: list[JournalRecord]) -> None:
        """Append records, all or none: if the disk is full, the part that was written is removed."""
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
    """Move incomplete records, left by a full disk or a power cut, out of the journal. Only for a launch, under its lock.

    Returns:
        What was done; empty if the journal was complete.

    Raises:
        UserError: if a line is damaged that cannot be left out.
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
        _write_lines(torn, removed := SearchFolder(file.parent).torn_records, "ab")
    with write_atomically(file) as temporary:
        _write_lines(whole, temporary, "wb")
        shutil.copymode(file, temporary)
    if not torn:
        return ""
    return (
        f"{file.name}: an incomplete record (full disk or power cut) was moved to {removed.name}; "
        "its trial is run again"
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
    """The offset of the record in a line, and the record. The offset is not 0 if an incomplete record stands before it.

    Raises:
        UserError: if the line has no valid record.
    """
    for begin in (0, line.rfind(STUDY_CREATION_PREFIX)):
        if begin >= 0 and (found := _parse_record(line[begin:])) is not None:
            try:
                check_record_shape(line[begin:], found)
            except ValueError as error:
                raise _make_damage_error(file, number, f"not a record of a search of this program ({error})") from error
            return begin, found
    raise _make_damage_error(file, number, "not a record of an Optuna study")


def _make_damage_error(file: Path, number: int, why: str) -> UserError:
    return UserError(
        f"{file}, line {number}: {why}: the file is damaged. Restore it from a backup. Without a backup, keep a copy of the file and "
        f"cut it to its first {number - 1} lines, which are a complete study. Trials recorded after them are run again; "
        "their stages are in the stage store"
    )


@contextmanager
def convert_replay_errors(journal: JournalBackend) -> Iterator[None]:
    """Convert an error of Optuna on replaying a journal to a UserError.

    Raises:
        UserError: with the file and the line of the record.
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
        why = f"this record contradicts the records before it ({type(error).__name__}: {error})"
        raise _make_damage_error(journal.file, journal.line, why) from error


def _parse_record(line: bytes) -> JournalRecord | None:
    try:
        found = json.loads(line.decode())
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and "op_code" in found else None
