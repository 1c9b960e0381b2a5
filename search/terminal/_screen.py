"""Output on a terminal, in a pipe or in a file: text, JSON documents, progress."""

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
"""Width of output that goes to no terminal, in columns."""
MIN_WIDTH_FOR_BAR = 80
"""Width of a terminal from which on progress has a bar, in columns."""
MIN_WIDTH = 20
"""Width below which the layout does not get narrower: the terminal breaks the lines itself."""


def make_progress_bar(console: Console, *columns: ProgressColumn) -> Progress:
    """A live status line with a description, a bar if the terminal is wide enough, and further columns; nothing if there is no terminal."""
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
    """A console on which text cannot act: control characters are escaped (`trainables.validation.escape_controls`), markup is not read."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(highlight=False, markup=False, **settings)

    def render_str(self, text: str, **how: Any) -> Text:
        """Escape a text before rich lays it out, so that its width is right."""
        return super().render_str(escape_controls(text), **how)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """Escape the texts of everything that rich prints."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(escape_controls(segment.text), segment.style)


def make_stdout_console() -> Console:
    """A console on standard output: as wide as the terminal; in a pipe `PIPE_WIDTH`."""
    piped = not sys.stdout.isatty()
    width = PIPE_WIDTH if piped else max(MIN_WIDTH, Console().width)
    return SafeConsole(soft_wrap=piped, width=width)


def make_stderr_console() -> Console:
    """A console on standard error, for progress and notes."""
    return SafeConsole(stderr=True)


def print_plain(console: Console, text: object) -> None:
    """Print a text as it is: without highlighting and markup; the terminal wraps its lines."""
    console.print(str(text), highlight=False, markup=False, soft_wrap=True)


def print_line(text: object, *, err: bool = False) -> None:
    """Print a line on standard output, or on standard error."""
    click.echo(escape_controls(str(text)), err=err)


def print_json(document: Any) -> None:
    """Print one JSON document on standard output. Control characters are escaped as JSON does."""
    text = json.dumps(document, ensure_ascii=False, indent=1)
    click.echo(CONTROL_CHARACTERS.sub(lambda found: f"\\u{ord(found[0]):04x}", text))
