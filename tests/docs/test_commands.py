"""Every command of every page, in the order of the page, in a folder where the quickstart's search was launched."""

from pathlib import Path

import pytest

from tests.docs.pages import PAGES, TUTORIAL, blocks, commands, mentioned
from tests.docs.run import check_options, parse, run

WITH_COMMANDS = [page for page in PAGES if page != TUTORIAL and commands(page)]
INTERFACE = (
    "init",
    "plan",
    "suggest",
    "launch",
    "status",
    "best",
    "report",
    "export",
    "train",
    "track",
    "ui",
    "store",
    "data",
    "miniature",
)


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=lambda page: page.stem)
def test_the_commands_of_a_page_work(page: Path, there: Path, mirrors: Path):
    (there / "mirrors").symlink_to(mirrors)
    for block in blocks(page):
        if block.title:
            (there / block.title).write_text(block.text, encoding="utf-8")
    for command in commands(page):
        try:
            run(command.words)
        except Exception as error:
            raise AssertionError(str(command)) from error


def test_pages_have_these_numbers_of_commands():
    assert len(WITH_COMMANDS) >= 14
    assert sum(len(commands(page)) for page in PAGES) >= 70


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_in_a_sentence_exists_with_its_options(page: Path):
    for command in mentioned(page):
        check_options(command.words[1:])


def test_the_readme_names_every_command():
    words = {command.words[1] for command in mentioned(PAGES[0])}
    assert words == set(INTERFACE)


@pytest.mark.parametrize(
    "wrong", ["xlt lunch a.yaml", "xlt report --pages NAME", "xlt store gc --max NAME"], ids=lambda wrong: wrong
)
def test_a_command_that_does_not_exist_is_found_out(wrong: str):
    with pytest.raises(AssertionError):
        check_options(wrong.split()[1:])


def test_a_launch_that_would_be_refused_is_found_out(there: Path):
    (there / "mine.yaml").write_text("name: mine\n")
    with pytest.raises(Exception, match="this key is required"):
        run(["xlt", "launch", "mine.yaml"])
    with pytest.raises(AssertionError, match="config differs"):
        run(["xlt", "launch", "configs/miniature.yaml", "--set", "seed=5"])
    with pytest.raises(Exception, match="No such option"):
        parse(["launch", "mine.yaml", "--adress", "auto"])
