"""What a terminal shows: text, documents, a live line."""

import json
import sys
from collections.abc import Iterator
from typing import Any

import click
from rich.console import Console, ConsoleOptions, RenderableType
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, TextColumn
from rich.segment import Segment
from rich.table import Column
from rich.text import Text

from trainables.validation import CONTROL_CHARACTERS, escape_controls

PIPE_WIDTH = 1000
"""Columns, where no terminal says how many."""
MIN_WIDTH_FOR_BAR = 80
"""Columns from which on a live line has a bar."""
MIN_WIDTH = 20
"""Columns that are written for; a terminal with fewer breaks the lines itself."""


def make_progress_bar(console: Console, *columns: ProgressColumn) -> Progress:
    """A live line on a terminal, and nothing elsewhere: what is being done, a bar where there is room for one, and the columns."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False, table_column=Column(overflow="fold")),
        *([BarColumn(bar_width=24)] if console.width >= MIN_WIDTH_FOR_BAR else []),
        *columns,
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


class SafeConsole(Console):
    """A terminal, or what stands for one: styles are ours alone, and nothing in a text acts on it (`trainables.validation.escape_controls`)."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(highlight=False, markup=False, **settings)

    def render_str(self, text: str, **how: Any) -> Text:
        """As rich asks for a text before it lays it out."""
        return super().render_str(escape_controls(text), **how)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """As rich asks for whatever it prints."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(escape_controls(segment.text), segment.style)


def make_stdout_console() -> Console:
    """Standard output: as wide as the terminal, in a pipe as wide as it takes."""
    piped = not sys.stdout.isatty()
    wide = PIPE_WIDTH if piped else max(MIN_WIDTH, Console().width)
    return SafeConsole(soft_wrap=piped, width=wide)


def make_stderr_console() -> Console:
    """Standard error: progress, and what is no answer."""
    return SafeConsole(stderr=True)


def print_line(text: object, *, err: bool = False) -> None:
    """A line on standard output, or on standard error."""
    click.echo(escape_controls(str(text)), err=err)


def print_json(document: Any) -> None:
    """One JSON document on standard output."""
    text = json.dumps(document, ensure_ascii=False, indent=1)
    click.echo(CONTROL_CHARACTERS.sub(lambda found: f"\\u{ord(found[0]):04x}", text))
