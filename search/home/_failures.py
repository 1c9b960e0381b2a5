"""Failure files in a search's folder: one for each failed run of a job, never overwritten."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from trainables.curriculum import Trial
from trainables.failure import Failure
from trainables.validation import mask_secrets, read_regular_file

MAX_MESSAGE_LENGTH, MAX_TRACEBACK_LENGTH = 10_000, 200_000
"""Characters that are kept: an exception may quote a whole data set."""
MAX_FAILURE_FILE_BYTES = 2**20
"""Most bytes that are read of a failure file."""


def mask_failure(failure: Failure | str) -> Failure:
    """Mask the secrets of a failure and shorten it. Every failure passes here before it is kept or shown."""
    unmasked = Failure(error=failure) if isinstance(failure, str) else failure
    return replace(
        unmasked,
        error=_shorten_text(mask_secrets(unmasked.error), MAX_MESSAGE_LENGTH),
        traceback=_shorten_text(mask_secrets(unmasked.traceback), MAX_TRACEBACK_LENGTH),
    )


def _shorten_text(text: str, most: int) -> str:
    omitted, half = len(text) - most, most // 2
    return text if omitted <= 0 else f"{text[:half]}\n[{omitted:,} characters left out]\n{text[-half:]}"


def write_failure(failures: Path, failure: Failure, number: int, trial: Trial, seed: int | None) -> str:
    """Write a failure into a new file; return its path below the search's folder, such as ``failures/trial-3-attempt-1.txt``.

    Args:
        failures: the folder; created with the first failure.
        failure: error, traceback and environment.
        number: number of the trial.
        trial: the trial, or the finalist's repeat.
        seed: seed of a finalist's repeat; None for the trial itself.

    Raises:
        OSError: if the file cannot be written.
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


def _format_failure(failure: Failure, title: str, trial: Trial, seed: int | None) -> str:
    fields = {
        "failed": datetime.now(UTC).isoformat(sep=" ", timespec="seconds"),
        "seed": "" if seed is None else f"{seed}, a finalist's repeat",
        "curriculum": str(trial),
        "targets": f"{', '.join(stage.task for stage in trial.targets)}; {trial.target_settings or 'not trained'}",
        "at stage": failure.stage,
        "on": failure.host,
        "with": ", ".join(f"{name} {version}" for name, version in failure.environment.items()),
    }
    head = "\n".join(f"{name + ':':<12}{words}" for name, words in fields.items() if words)
    return (
        f"{title}: {failure.error}\n{head}\n\n{failure.traceback or 'No traceback is available.'}\n".rstrip("\n") + "\n"
    )


def read_failures(failures: Path, number: int) -> Mapping[str, str]:
    """The failure files of a trial and its repeats: content by path below the search's folder. Symbolic links are skipped."""
    files = (
        file for file in sorted(failures.glob(f"trial-{number}-*.txt")) if not file.is_symlink() and file.is_file()
    )
    return {f"{failures.name}/{file.name}": _read_failure(file) for file in files}


def _read_failure(file: Path) -> str:
    try:
        return read_regular_file(file, MAX_FAILURE_FILE_BYTES).decode(errors="replace")
    except OSError as error:
        return f"{file} cannot be read: {error.strerror or error}"
