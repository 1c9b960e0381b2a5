"""Tables for a terminal of any width. Numbers are never broken; where the columns do not fit, each row is printed as lines."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from textwrap import wrap

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from trainables.validation import escape_controls

_COLUMN_GAP = 2
"""Spaces between two columns of a table."""
_MIN_WRAPPED_WIDTH = 20
"""Minimum width of a column with wrapped text that is longer."""
_MAX_PARAGRAPH_WIDTH = 110


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph as wide as the terminal, at most 110 columns. No word is broken: it may be a number."""

    text: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Render for rich."""
        width = _MAX_PARAGRAPH_WIDTH if options.no_wrap else min(_MAX_PARAGRAPH_WIDTH, options.max_width)
        yield from _wrap_words(escape_controls(self.text), width)


@dataclass(slots=True)
class TextTable:
    """A table of texts."""

    titles: Sequence[str]
    wrapped_columns: Collection[str] = ()
    """Titles of columns whose text may be wrapped; other columns are never broken."""
    left_aligned_columns: Collection[str] = ()
    """Titles of left-aligned columns, besides the first and the wrapped ones; the others are right-aligned numbers."""
    rows: list[tuple[tuple[str, ...], str]] = field(default_factory=list)
    """Cells and rich style of each row."""

    def add_row(self, *cells: str, style: str = "") -> None:
        """Add a row."""
        self.rows.append((cells, style))

    @classmethod
    def from_rows(
        cls, titles: Sequence[str], rows: Iterable[tuple[str, ...]], wrapped_columns: Collection[str] = ()
    ) -> "TextTable":
        """A table of these rows. The first column may be wrapped, too."""
        return cls(titles, wrapped_columns=[titles[0], *wrapped_columns], rows=[(cells, "") for cells in rows])

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Render for rich: unwrapped if there is room or no terminal, else with wrapped text, else row by row."""
        escaped = [(tuple(map(escape_controls, cells)), style) for cells, style in self.rows]
        yield from replace(self, rows=escaped)._choose_layout(console, options)

    def _choose_layout(self, console: Console, options: ConsoleOptions) -> RenderResult:
        natural = [max(map(_measure_width, cells)) for cells in self._columns]
        least = [self._compute_min_width(position, width) for position, width in enumerate(natural)]
        if options.no_wrap:
            table = self._build_table(self.titles, natural)
            yield from console.render(table, options.update(max_width=_sum_widths(natural), no_wrap=False))
        elif _sum_widths(natural) <= options.max_width:
            yield self._build_table(self.titles, natural)
        elif _sum_widths(least) <= options.max_width:
            titles = ["\n".join(wrap(title, width)) for title, width in zip(self.titles, least, strict=True)]
            yield self._build_table(titles, least)
        else:
            yield from self._render_as_lines(options.max_width)

    @property
    def _columns(self) -> list[tuple[str, ...]]:
        """The cells of each column, its title first."""
        return list(zip(self.titles, *(cells for cells, _ in self.rows), strict=True))

    def _compute_min_width(self, position: int, natural: int) -> int:
        title, *cells = self._columns[position]
        if title in self.wrapped_columns:
            return min(natural, max(_MIN_WRAPPED_WIDTH, _measure_longest_word(title)))
        return max([_measure_longest_word(title), *map(_measure_width, cells)])

    def _build_table(self, titles: Sequence[str], widths: Sequence[int]) -> Table:
        table = Table(box=None, pad_edge=False)
        for position, (title, shown, width) in enumerate(zip(self.titles, titles, widths, strict=True)):
            is_wrapped = title in self.wrapped_columns
            is_number = position > 0 and title not in self.left_aligned_columns and not is_wrapped
            table.add_column(
                shown,
                justify="right" if is_number else "left",
                no_wrap=not is_wrapped,
                min_width=width,
                overflow="fold",
            )
        for cells, style in self.rows:
            table.add_row(*cells, style=style)
        return table

    def _render_as_lines(self, width: int) -> Iterator[RenderableType]:
        """Each row as lines: its first cell, then title and text of every further cell that is not empty."""
        name, is_short = self.titles[0], len(self.titles[0]) < _MIN_WRAPPED_WIDTH
        yield from () if is_short else _wrap_words(name, width, style="bold")
        for cells, style in self.rows:
            yield from _wrap_words(f"{name} {cells[0]}" if is_short else cells[0], width, style=style)
            for title, cell in zip(self.titles[1:], cells[1:], strict=True):
                for position, line in enumerate(cell.splitlines()):
                    text = f"{title}: {line}" if title and not position else line
                    yield from _wrap_words(text, width, "  ", style)


def _wrap_words(text: str, width: int, indent: str = "", style: str = "") -> Iterator[Text]:
    """The lines of a text that is broken between words only. A word longer than a line continues in the next."""
    lines = wrap(
        text,
        max(width, len(indent) + 2),
        initial_indent=indent,
        subsequent_indent=2 * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    for line in lines or [""]:
        yield Text(line, style=style, overflow="fold")


def _sum_widths(widths: Sequence[int]) -> int:
    return sum(widths) + _COLUMN_GAP * (len(widths) - 1)


def _measure_width(cell: str) -> int:
    return max(map(cell_len, cell.splitlines()), default=0)


def _measure_longest_word(text: str) -> int:
    return max(map(cell_len, text.split()), default=0)
