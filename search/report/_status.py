"""How far a search is, trial by trial, for a terminal."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import RenderableType

from search.analysis import list_failures, read_trial
from search.home import SearchFolder
from search.terminal import TextTable

LISTED_STATES = ("complete", "pruned", "running", "failed")
_OTHER_COLUMNS_WIDTH = 40
"""Columns of a terminal that the numbers beside a path take, about."""

PathFormatter = Callable[[str], str]
"""Where a file of the search's folder lies, in words."""


def render_status(document: dict[str, Any], place: PathFormatter = str) -> Iterator[RenderableType]:
    """The trials of a search's results, one a row, failures with their cause and the file of their traceback."""
    trials = document["trials"]
    counts = {state: sum(trial["state"] == state for trial in trials) for state in LISTED_STATES}
    counts = {state: count for state, count in counts.items() if count or state != "pruned"}
    yield f"{document['name']}: " + ", ".join(f"{count} {state}" for state, count in counts.items())
    titles = ["trial", "state", "value", "seconds", "seeds", "curriculum"]
    table = TextTable(titles, words=titles[-1:], left=titles)
    for trial in trials:
        table.add(
            str(trial["number"]),
            trial["state"],
            "" if trial["value"] is None else f"{trial['value']:.4f}",
            "" if trial["seconds"] is None else f"{trial['seconds']:.0f}",
            str(len(trial["seeds"]) or ""),
            "\n".join([str(read_trial(trial)), *_explain_trial(trial, place)]),
        )
    yield table


def make_path_formatter(folder: SearchFolder, wide: int) -> PathFormatter:
    """Where files of the search lie: their whole paths, where so many columns have room for them, else from the home on."""
    root = folder.path.parents[1]

    def place(name: str) -> str:
        whole = str(folder.path / name)
        return whole if len(whole) + _OTHER_COLUMNS_WIDTH <= wide else str(Path(whole).relative_to(root))

    return place


def render_failures(failed: Sequence[Mapping[str, Any]], place: PathFormatter = str) -> Iterator[RenderableType]:
    """What failed and why, a run a row.

    Args:
        failed: as `search.analysis.list_failures` has them.
        place: where a file lies.
    """
    table = TextTable(["failed", "why"], words=["why"])
    for told in failed:
        table.add(told["run"], "\n".join(_explain_failure(told, place)))
    yield table


def _explain_trial(trial: Mapping[str, Any], place: PathFormatter) -> Iterator[str]:
    """Why a trial failed or ended early, and its repeats that failed."""
    if "pruned" in trial:
        yield trial["pruned"]
    for failed in list_failures([trial]):
        error, *rest = _explain_failure(failed, place)
        yield from (error if failed["seed"] is None else f"seed {failed['seed']}: {error}", *rest)


def _explain_failure(failure: Mapping[str, Any], place: PathFormatter) -> Iterator[str]:
    yield failure["error"]
    if failure.get("failure"):
        yield f"traceback: {place(failure['failure'])}"
