"""What the command line does, for scripts and notebooks."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from search.config import Config, find_config
from search.config import load_config as _load_config
from search.errors import UserError
from search.exporter import ExportedTrial, load_exported_trial, rerun_exported_trial
from search.exporter import export as _export
from search.frames import Search, load_search
from search.home import Home
from search.launcher import launch as _launch
from search.planner import Plan
from search.planner import plan as _plan
from search.report import write_report_page
from search.study import Study
from search.terminal import make_stderr_console
from trainables.outcome import Outcome, StageRun


def load_config(source: str | Path, overrides: Mapping[str, Any] | Sequence[str] = ()) -> Config:
    """The config in a YAML file.

    Args:
        source: the file, or the name of a shipped config such as ``miniature`` (`xlt init` lists them).
        overrides: values by their dotted paths, ``{"trials": 3, "finalists.top": 0}``, or texts as ``--set`` takes them.

    Raises:
        search.errors.ConfigError: listing every problem with its path.
    """
    if isinstance(overrides, Mapping):
        overrides = [f"{key}={json.dumps(value)}" for key, value in overrides.items()]
    return _load_config(find_config(Path(source)), overrides)


def plan(config: Config | str | Path, home: str | Path | None = None) -> Plan:
    """What a launch would train and cost; nothing is trained or written.

    Args:
        config: a config, its file, or the name of a shipped one.
        home: the home folder; else ``XLT_HOME``, else ``./xlt-home``.
    """
    config, resolved_home = _to_config(config), _to_home(home)
    return _plan(config, resolved_home.resolve_stage_store(config.store), resolved_home.get_search_folder(config.name))


def launch(config: Config | str | Path, home: str | Path | None = None, *, address: str | None = None) -> Search:
    """Run a search: start it, resume it, or extend it. Progress goes to standard error.

    Args:
        config: a config, its file, or the name of a shipped one.
        home: the home folder; else ``XLT_HOME``, else ``./xlt-home``.
        address: of a running Ray cluster (``auto`` or ``HOST:PORT``); by default Ray is started for this launch alone.

    Returns:
        The search with all its trials, as `load_search` gives it.

    Raises:
        search.errors.UserError: when the search cannot be launched; the message says what to do.
    """
    config, resolved_home = _to_config(config), _to_home(home)
    _launch(config, resolved_home, make_stderr_console(), address)
    return load_search(config.name, resolved_home.root)


def export(
    name: str,
    directory: str | Path,
    home: str | Path | None = None,
    *,
    trial: int | None = None,
    merge_seeds: bool = False,
    onnx: bool = False,
    notify: Callable[[str], None] = print,
) -> ExportedTrial:
    """Write a trial of a search as ``best.yaml``, ``results.json`` and Hugging Face models.

    Args:
        name: of the search.
        directory: new, or empty.
        home: the home folder; else ``XLT_HOME``, else ``./xlt-home``.
        trial: its number; by default the best one.
        merge_seeds: whether to average the weights of the trial's seeds, and keep the mean where it is better on dev than the best seed.
        onnx: whether to write each model as ONNX too, checked against torch; needs the extra ``onnx``.
        notify: called with notes, such as how far a model that had to be trained again scores from before.

    Raises:
        search.errors.UserError: when there is nothing to export, the directory is taken, or what is asked for cannot be had.
    """
    resolved_home = _to_home(home)
    folder = resolved_home.find_search(name)
    study, out = Study.open(folder), Path(directory)
    return _export(study, folder, resolved_home, out, trial, notify, onnx=onnx, merge_seeds=merge_seeds)


def train(
    exported: str | Path, seeds: Sequence[int] | None = None, *, on_stage: Callable[[StageRun], None] = lambda run: None
) -> dict[int, Outcome]:
    """Train and score an exported trial again; its outcome by seed.

    Args:
        exported: a ``best.yaml``.
        seeds: by default the one that it was exported with.
        on_stage: called after each stage.
    """
    best = load_exported_trial(Path(exported))
    return rerun_exported_trial(best, list(seeds) if seeds is not None else [best.seed], on_stage)


def write_report(name: str, file: str | Path, home: str | Path | None = None) -> Path:
    """Write the analysis of a search as one HTML page that needs nothing else; returns its path."""
    write_report_page(Study.open(_to_home(home).find_search(name)), Path(file))
    return Path(file)


def _to_config(config: Config | str | Path) -> Config:
    return config if isinstance(config, Config) else load_config(config)


def _to_home(home: str | Path | None) -> Home:
    return Home.locate(None if home is None else str(home))


__all__ = [
    "Config",
    "ExportedTrial",
    "Plan",
    "Search",
    "UserError",
    "export",
    "launch",
    "load_config",
    "load_search",
    "plan",
    "train",
    "write_report",
]
