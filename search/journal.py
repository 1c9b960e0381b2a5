"""The file that Optuna keeps a study in, a record a line: read without a trace, appended to and mended by a launch alone."""

import io
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from optuna.storages.journal import BaseJournalBackend

from search.errors import UserError
from search.home import written_aside

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

    def read_logs(self, log_number_from: int) -> Iterator[Record]:
        """The records from a number on.

        Raises:
            UserError: when the file cannot be read, or holds a line that is no record.
        """
        number = min(log_number_from, len(self._ends) - 1)
        try:
            with self.file.open("rb") as lines:
                lines.seek(self._ends[number])
                for line in lines:
                    if not line.endswith(b"\n"):
                        return
                    if number + 1 == len(self._ends):
                        self._ends.append(self._ends[number] + len(line))
                    number += 1
                    if number > log_number_from:
                        yield _parted(line, self.file, number)[1]
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
        with self.file.open("ab", buffering=0) as handle:
            before = handle.tell()
            try:
                while rest:
                    rest = rest[handle.write(rest) :]
                os.fsync(handle.fileno())
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
        content = file.read_bytes()
    except FileNotFoundError:
        return ""
    *lines, last = content.split(b"\n")
    parts = [_parted(line, file, number)[0] for number, line in enumerate(lines, start=1)]
    torn = [line[:begin] for line, begin in zip(lines, parts, strict=True) if begin]
    whole = [line[begin:] for line, begin in zip(lines, parts, strict=True)]
    if last:
        (torn if _record(last) is None else whole).append(last)
    if not torn and not last:
        return ""
    if torn:
        _write(torn, kept := file.with_name(f"{file.name}.torn"), "ab")
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
    with file.open(mode) as handle:
        handle.write(b"".join(line + b"\n" for line in lines))
        handle.flush()
        os.fsync(handle.fileno())


def _parted(line: bytes, file: Path, number: int) -> tuple[int, Record]:
    """Where the record in a line begins, and the record: not at 0 where half of another one stands before it.

    Raises:
        UserError: when there is none.
    """
    if (whole := _record(line)) is not None:
        return 0, whole
    begin = line.rfind(OPENED)
    if begin > 0 and (opened := _record(line[begin:])) is not None:
        return begin, opened
    raise UserError(
        f"{file}, line {number}: this is no record of a study, so the file was damaged. Put a backup of it in its place; without one, "
        f"the first {number - 1} lines alone are a whole study: keep the file, and put a copy of these in its place. Trials that were "
        "recorded after them are run again; their stages are in the stage store"
    )


def _record(line: bytes) -> Record | None:
    try:
        found = json.loads(line.decode())
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and "op_code" in found else None
