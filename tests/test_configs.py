"""What a user can type or launch as it stands: the files in configs/ and the commands in the README."""

import re
import shlex
from pathlib import Path

import click
import pytest

from search.cli import main
from search.config import load_config
from search.planner import plan

ROOT = Path(__file__).parents[1]
CONFIGS = sorted((ROOT / "configs").glob("*.yaml"))


def readme_commands() -> list[list[str]]:
    """Every ``xlt ...`` in the README's code, words only."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```.*?$(.*?)^```", text, re.MULTILINE | re.DOTALL)
    inline = re.findall(r"`(xlt [^`]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
    lines = [line for block in blocks for line in block.splitlines()]
    found = [match for line in lines if (match := re.match(r"\s*\$?\s*(?:\S*/)?(xlt .*)", line))]
    return [shlex.split(line, comments=True)[1:] for line in [*(match[1] for match in found), *inline]]


def test_these_are_the_configs():
    assert [path.stem for path in CONFIGS] == [
        *(
            "intermediate_tasks",
            "miniature",
            "miniature_order",
            "miniature_robust",
            "robust_xlt",
            "xglue",
            "xtreme",
            "xtreme_r",
        )
    ]


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_every_config_loads_and_plans(path):
    foreseen = plan(load_config(path), None)
    assert foreseen.trials > 0
    assert foreseen.asked >= foreseen.stages_distinct > 0


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_every_config_says_what_it_is_for_how_to_launch_it_and_what_comes_out(path):
    head = "".join(line for line in path.read_text(encoding="utf-8").splitlines(keepends=True) if line.startswith("#"))
    assert f"xlt launch configs/{path.name}" in head
    assert "Takes:" in head
    assert "Comes out:" in head


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_every_config_is_named_as_its_file(path):
    assert load_config(path).name == path.stem


def test_every_command_in_the_readme_exists_with_its_options():
    commands = readme_commands()
    assert len(commands) >= 3
    for words in commands:
        check(words)


def check(words: list[str]) -> None:
    """Follow the words through the groups to a command, and look its options up."""
    command: click.Command = main
    options = {option for part in main.params for option in part.opts} | {"--version", "--help", "-h"}
    rest = list(words)
    while rest and isinstance(command, click.Group):
        word = rest.pop(0)
        if word == "--home":
            rest.pop(0)
        elif word.startswith("-"):
            assert word in options, words
        else:
            assert word in command.commands, words
            command = command.commands[word]
    known = {option for part in command.params for option in part.opts} | {"--help", "-h"}
    assert all(word.partition("=")[0] in known for word in rest if word.startswith("--")), words
