"""How far a search is, trial by trial, for a terminal."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import RenderableType

from search.home import SearchFolder
from search.table import Rows
from search.told import failures, trial_of

STATES = ("complete", "pruned", "running", "failed")
_OTHERS = 40
"""Columns of a terminal that the numbers beside a path take, about."""

Place = Callable[[str], str]
"""Where a file of the search's folder lies, in words."""


def status_lines(document: dict[str, Any], place: Place = str) -> Iterator[RenderableType]:
    """The trials of a search's results, one a row, failures with their cause and the file of their traceback."""
    trials = document["trials"]
    counts = {state: sum(trial["state"] == state for trial in trials) for state in STATES}
    counts = {state: count for state, count in counts.items() if count or state != "pruned"}
    yield f"{document['name']}: " + ", ".join(f"{count} {state}" for state, count in counts.items())
    titles = ["trial", "state", "value", "seconds", "seeds", "curriculum"]
    table = Rows(titles, words=titles[-1:], left=titles)
    for trial in trials:
        table.add(
            str(trial["number"]),
            trial["state"],
            "" if trial["value"] is None else f"{trial['value']:.4f}",
            "" if trial["seconds"] is None else f"{trial['seconds']:.0f}",
            str(len(trial["seeds"]) or ""),
            "\n".join([str(trial_of(trial)), *_troubles(trial, place)]),
        )
    yield table


def placed(folder: SearchFolder, wide: int) -> Place:
    """Where files of the search lie: their whole paths, where so many columns have room for them, else from the home on."""
    root = folder.path.parents[1]

    def place(name: str) -> str:
        whole = str(folder.path / name)
        return whole if len(whole) + _OTHERS <= wide else str(Path(whole).relative_to(root))

    return place


def failure_lines(failed: Sequence[Mapping[str, Any]], place: Place = str) -> Iterator[RenderableType]:
    """What failed and why, a run a row.

    Args:
        failed: as `search.told.failures` has them.
        place: where a file lies.
    """
    table = Rows(["failed", "why"], words=["why"])
    for told in failed:
        table.add(told["run"], "\n".join(_told(told, place)))
    yield table


def _troubles(trial: Mapping[str, Any], place: Place) -> Iterator[str]:
    """Why a trial failed or ended early, and its repeats that failed."""
    if "pruned" in trial:
        yield trial["pruned"]
    for failed in failures([trial]):
        error, *rest = _told(failed, place)
        yield from (error if failed["seed"] is None else f"seed {failed['seed']}: {error}", *rest)


def _told(failure: Mapping[str, Any], place: Place) -> Iterator[str]:
    yield failure["error"]
    if failure.get("failure"):
        yield f"traceback: {place(failure['failure'])}"
