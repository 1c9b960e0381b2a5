"""How each kind of command is run, or checked where this machine cannot run it."""

import importlib.util
import re
import shutil
import subprocess
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

import click
import yaml
from click.testing import CliRunner, Result
from optuna import load_study
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from search.cli import main
from search.config import load_config
from tests.docs.pages import ROOT

ON_HUB = ("xtreme_r", "xtreme", "xglue", "intermediate_tasks", "robust_xlt")
LACKING = {"intermediate_tasks": "on no hub", "robust_xlt": "space.noise.synonyms"}
"""Configs that need files which no package may bring, and what a plan says of it."""
SMALL_MIRRORS = ("miniature reads at most 128 tokens", "it has no rows in en after the first 300")
"""What is wrong with a check of XTREME-R on small mirrors with the miniature's encoder."""

_checked: set[str] = set()
"""Configs of the hub whose sets were checked for another page."""


def xlt(words: Sequence[str], codes: tuple[int, ...] = (0,)) -> Result:
    """Run a command in this process."""
    done = CliRunner().invoke(main, list(words))
    assert done.exit_code in codes, f"xlt {' '.join(words)}: {done.output} {done.exception!r}"
    return done


def command_of(words: Sequence[str]) -> tuple[click.Command, list[str]]:
    """The command that the words name, and the words after its name."""
    command: click.Command = main
    rest = list(words)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        assert rest[0] in command.commands, f"no command {rest[0]} in {words}"
        command = command.commands[rest.pop(0)]
    return command, rest


def check_options(words: Sequence[str]) -> None:
    """Whether command and options exist, for words that are no whole command line."""
    command, rest = command_of(words)
    known = {option for part in command.params for option in part.opts} | {"--help", "-h"}
    assert all(word.partition("=")[0] in known for word in rest if word.startswith("--")), words


def parse(words: Sequence[str]) -> dict:
    """What click makes of the words, without running them; it refuses what it would refuse of a user."""
    command, rest = command_of(words)
    return command.make_context(str(command.name), rest, parent=click.Context(main)).params


def run(words: Sequence[str]) -> None:
    """Run or check a command line in the working directory.

    Raises:
        AssertionError: when it does not do what a page says.
    """
    program = words[0]
    assert program in _RUNNERS, f"{program}: tests/docs/run.py does not know how to run it"
    _RUNNERS[program](list(words[1:]))


def _run_xlt(words: list[str]) -> None:
    if words[0].startswith("-"):
        xlt(words)
        return
    settings = parse(words)
    match words[0]:
        case "launch":
            _plan_launch(settings)
        case "plan":
            done = xlt(words)
            _check_plan(done, Path(settings["config"]).stem)
        case "data" if words[1] == "fetch":
            load_config(
                settings["config"], settings["overrides"]
            )  # tests/trainables/benchmarks/test_mirror.py copies sets
        case "data":
            _check_data(words, settings)
        case "ui":
            assert settings["port"] and (
                settings["name"] is None or _searched(settings["name"])
            )  # tests/search/test_ui.py opens it
        case "init":
            xlt(words)
        case "miniature":
            assert not settings["directory"].exists()  # tests/trainables/benchmarks/miniature builds one
        case _:
            if "name" in settings and settings["name"] is not None:
                _searched(settings["name"])
            xlt(words)


def _plan_launch(settings: dict) -> None:
    """Plan what a launch would do: with the same config, options and name."""
    overrides = list(settings["overrides"])
    overrides += [f"{key}={settings[key]}" for key in ("trials", "name") if settings[key] is not None]
    overrides += [f"prior.search={settings['earlier']}"] if settings["earlier"] else []
    config = load_config(settings["config"], overrides)
    resumed = config.name == "miniature"  # else it is a new search
    done = xlt(
        [
            *([] if resumed else ["--home", "empty"]),
            "plan",
            str(settings["config"]),
            *(f"--set={each}" for each in overrides),
        ]
    )
    _check_plan(done, Path(settings["config"]).stem)


def _check_plan(done: Result, name: str) -> None:
    refused = re.findall(r"a launch would be refused: (.*)", done.output)
    assert all(LACKING.get(name, "!") in why for why in refused), done.output


def _check_data(words: list[str], settings: dict) -> None:
    """Check a config's sets; those of the hub on small mirrors, with the encoder that is here."""
    name = Path(settings["config"]).stem
    if name not in ON_HUB:
        xlt(words)
    elif name not in _checked:
        _checked.add(name)
        here = ("--data", "mirrors", "--set", "encoder=miniature", "--set", "languages=[en, de, sw, th]")
        done = xlt([*words, *here], codes=(0, 1))
        problems = re.findall(r"^problem: (.*)$", done.output, re.M)
        assert all(any(known in told for known in SMALL_MIRRORS) for told in problems), done.output
        assert f"{name}: " in done.output


def _searched(name: str) -> bool:
    """That there is a search of this name: one that pages tell of without launching it is the quickstart's under that name."""
    there = Path("xlt-home") / "searches" / name
    if not there.exists():
        shutil.copytree(there.with_name("miniature"), there)
        config = yaml.safe_load((there / "config.yaml").read_text())
        (there / "config.yaml").write_text(yaml.safe_dump(config | {"name": name}))
    return True


def _run_make(words: list[str]) -> None:
    subprocess.run(["make", "-n", *words], cwd=ROOT, check=True, capture_output=True)


def _run_pip(words: list[str]) -> None:
    """What is installed: this package with its extras, or a tool of another's."""
    assert words[0] == "install" and len(words) == 2, words
    package, _, extras = words[1].rstrip("]").partition("[")
    assert package in (".", "xlt-search", "optuna-dashboard"), words
    known = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert all(extra in known for extra in filter(None, extras.split(","))), words


def _run_python(words: list[str]) -> None:
    assert words[0] == "-m", words
    if words[1] == "pytest":
        assert all((ROOT / word).exists() for word in words[2:])
        return
    found = importlib.util.find_spec(words[1])
    assert found is not None and found.origin is not None, words
    entry = Path(found.origin)
    entry = entry.with_name("__main__.py") if entry.name == "__init__.py" else entry
    assert 'if __name__ == "__main__":' in entry.read_text(encoding="utf-8"), words


def _run_source(words: list[str]) -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert words == [f"{re.search(r'^VENV := (.*)$', makefile, re.M)[1]}/bin/activate"], words


def _run_optuna_dashboard(words: list[str]) -> None:
    """Read the journal as the dashboard does."""
    study = load_study(study_name="miniature", storage=JournalStorage(JournalFileBackend(words[0])))
    assert len(study.trials) >= 3


def _run_ray(words: list[str]) -> None:
    from ray.dashboard.modules.job.cli import submit

    assert words[:2] == ["job", "submit"] and words[2] == "--", words
    assert "entrypoint" in [part.name for part in submit.params]
    assert words[3] == "xlt"
    _run_xlt(words[4:])


_RUNNERS: dict[str, Callable[[list[str]], None]] = {
    "xlt": _run_xlt,
    "make": _run_make,
    "pip": _run_pip,
    "python": _run_python,
    ".": _run_source,
    "optuna-dashboard": _run_optuna_dashboard,
    "ray": _run_ray,
}
"""By program, what runs or checks its arguments."""
