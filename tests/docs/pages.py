"""The pages, and the blocks of code on them."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]

TUTORIAL = ROOT / "docs" / "tutorial.md"
"""It is walked as a whole; see `tests.docs.test_tutorial`."""

_BLOCK = re.compile(
    r"(?:^<!-- (?P<mark>[^\n]*) -->\n)?^```(?P<language>\w*)(?: (?P<options>[^\n]*))?\n(?P<text>.*?)^```$", re.M | re.S
)


@dataclass(frozen=True)
class Block:
    """A fenced block."""

    page: Path
    line: int
    language: str
    mark: str
    """A comment right above it that says how it is checked, such as ``output: best``."""
    title: str
    """A file's name."""
    text: str

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


@dataclass(frozen=True)
class Command:
    """A command line of a block or of a sentence."""

    page: Path
    line: int
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}: {shlex.join(self.words)}"


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(
            page,
            text.count("\n", 0, found.start("language")) + 1,
            found["language"],
            found["mark"] or "",
            (re.search(r'title="([^"]+)"', found["options"] or "") or ["", ""])[1],
            found["text"],
        )
        for found in _BLOCK.finditer(text)
    ]


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return _BLOCK.sub("", page.read_text(encoding="utf-8"))


def commands(page: Path) -> list[Command]:
    """The command lines in a page's shell blocks, in order."""
    found = []
    for block in blocks(page):
        if block.language == "bash":
            for place, line in enumerate(block.text.splitlines(), start=1):
                if words := shlex.split(line, comments=True):
                    found.append(Command(page, block.line + place, tuple(words)))
    return found


def mentioned(page: Path) -> list[Command]:
    """The ``xlt`` command lines in sentences and tables."""
    text = prose(page)
    return [
        Command(page, 0, tuple(re.sub(r"[\[\]]", " ", found[1]).split()))
        for found in re.finditer(r"`(xlt [^`]+)`", text)
    ]
