"""Failures as files of a search's folder: one a failed run of a job, never written over."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from trainables.curriculum import Trial
from trainables.failure import Failure
from trainables.validation import mask_secrets, read_regular_file

MAX_MESSAGE_LENGTH, MAX_TRACEBACK_LENGTH = 10_000, 200_000
"""Letters that are kept: an exception may hold a data set in words."""
MAX_FAILURE_FILE_BYTES = 2**20
"""Bytes of a file of ours, at most."""


def mask_failure(failure: Failure | str) -> Failure:
    """A failure as the program goes on with it, whoever told it: what is not to be kept or shown is taken out here, and nowhere else."""
    told = Failure(error=failure) if isinstance(failure, str) else failure
    return replace(
        told,
        error=_shorten_text(mask_secrets(told.error), MAX_MESSAGE_LENGTH),
        traceback=_shorten_text(mask_secrets(told.traceback), MAX_TRACEBACK_LENGTH),
    )


def _shorten_text(text: str, most: int) -> str:
    left, half = len(text) - most, most // 2
    return text if left <= 0 else f"{text[:half]}\n[{left:,} letters left out]\n{text[-half:]}"


def write_failure(failures: Path, failure: Failure, number: int, trial: Trial, seed: int | None) -> str:
    """Write a failure into a new file and return the file's name in the search's folder: ``failures/trial-3-attempt-1.txt``.

    Args:
        failures: the folder; made with the first failure.
        failure: what was told of it.
        number: the trial's.
        trial: it, or its repeat.
        seed: of a finalist's repeat.

    Raises:
        OSError: if it cannot be written.
    """
    failures.mkdir(parents=True, exist_ok=True)
    job = f"trial-{number}" if seed is None else f"trial-{number}-seed-{seed}"
    for attempt in count(1):
        file = failures / f"{job}-attempt-{attempt}.txt"
        try:
            with file.open("x", encoding="utf-8", errors="backslashreplace") as opened:
                opened.write(_format_failure(failure, f"trial {number}, attempt {attempt}", trial, seed))
        except FileExistsError:
            continue
        except OSError:
            file.unlink(missing_ok=True)
            raise
        return f"{failures.name}/{file.name}"
    raise AssertionError("attempts have no end")


def _format_failure(failure: Failure, what: str, trial: Trial, seed: int | None) -> str:
    told = {
        "failed": datetime.now(UTC).isoformat(sep=" ", timespec="seconds"),
        "seed": "" if seed is None else f"{seed}, a finalist's repeat",
        "curriculum": str(trial),
        "targets": f"{', '.join(stage.task for stage in trial.targets)}; {trial.target_settings or 'not trained'}",
        "at stage": failure.stage,
        "on": failure.host,
        "with": ", ".join(f"{name} {version}" for name, version in failure.environment.items()),
    }
    head = "\n".join(f"{name + ':':<12}{words}" for name, words in told.items() if words)
    return (
        f"{what}: {failure.error}\n{head}\n\n{failure.traceback or 'Nothing else is known of it.'}\n".rstrip("\n")
        + "\n"
    )


def read_failures(failures: Path, number: int) -> Mapping[str, str]:
    """All that is kept of a trial and its repeats, by the file's name in the search's folder; a link is no file of it."""
    files = (
        file for file in sorted(failures.glob(f"trial-{number}-*.txt")) if not file.is_symlink() and file.is_file()
    )
    return {f"{failures.name}/{file.name}": _read_failure(file) for file in files}


def _read_failure(file: Path) -> str:
    try:
        return read_regular_file(file, MAX_FAILURE_FILE_BYTES).decode(errors="replace")
    except OSError as error:
        return f"{file} cannot be read: {error.strerror or error}"
