"""The progress of a search, one row per trial, for a terminal."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import RenderableType

from search.analysis import list_failures, read_trial
from search.home import SearchFolder
from search.terminal import TextTable

LISTED_STATES = ("complete", "pruned", "running", "failed")
_OTHER_COLUMNS_WIDTH = 40
"""Approximate terminal columns of the table that a path cannot use."""

PathFormatter = Callable[[str], str]
"""Formats the path of a file of the search's folder."""


def render_status(document: dict[str, Any], place: PathFormatter = str) -> Iterator[RenderableType]:
    """The trials of a ``results.json``, one per row; failures with their error and the file of their traceback."""
    trials = document["trials"]
    counts = {state: sum(trial["state"] == state for trial in trials) for state in LISTED_STATES}
    counts = {state: count for state, count in counts.items() if count or state != "pruned"}
    yield f"{document['name']}: " + ", ".join(f"{count} {state}" for state, count in counts.items())
    titles = ["trial", "state", "value", "seconds", "seeds", "curriculum"]
    table = TextTable(titles, wrapped_columns=titles[-1:], left_aligned_columns=titles)
    for trial in trials:
        table.add_row(
            str(trial["number"]),
            trial["state"],
            "" if trial["value"] is None else f"{trial['value']:.4f}",
            "" if trial["seconds"] is None else f"{trial['seconds']:.0f}",
            str(len(trial["seeds"]) or ""),
            "\n".join([str(read_trial(trial)), *_explain_trial(trial, place)]),
        )
    yield table


def make_path_formatter(folder: SearchFolder, wide: int) -> PathFormatter:
    """Format paths of the search's files: absolute where the terminal is wide enough, else relative to the home.

    Args:
        folder: the search's.
        wide: columns of the terminal.
    """
    root = folder.path.parents[1]

    def place(name: str) -> str:
        whole = str(folder.path / name)
        return whole if len(whole) + _OTHER_COLUMNS_WIDTH <= wide else str(Path(whole).relative_to(root))

    return place


def render_failures(failed: Sequence[Mapping[str, Any]], place: PathFormatter = str) -> Iterator[RenderableType]:
    """Failed runs with their errors, one per row.

    Args:
        failed: from `search.analysis.list_failures`.
        place: formats the path of a file.
    """
    table = TextTable(["failed run", "error"], wrapped_columns=["error"])
    for failure in failed:
        table.add_row(failure["run"], "\n".join(_explain_failure(failure, place)))
    yield table


def _explain_trial(trial: Mapping[str, Any], place: PathFormatter) -> Iterator[str]:
    """Why a trial failed or ended early, and the errors of its failed repeats."""
    if "pruned" in trial:
        yield trial["pruned"]
    for failed in list_failures([trial]):
        error, *rest = _explain_failure(failed, place)
        yield from (error if failed["seed"] is None else f"seed {failed['seed']}: {error}", *rest)


def _explain_failure(failure: Mapping[str, Any], place: PathFormatter) -> Iterator[str]:
    yield failure["error"]
    if failure.get("failure"):
        yield f"traceback: {place(failure['failure'])}"
