"""Tables for a terminal: numbers are whole at every width, words are wrapped, and what is too narrow for columns is told row by row."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from textwrap import wrap

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from trainables.validation import escape_controls

_COLUMN_GAP = 2
"""Columns of a terminal between two of a table."""
_MIN_WRAPPED_WIDTH = 20
"""Columns that wrapped words are given, at least; fewer, if they have no more."""
_MAX_PARAGRAPH_WIDTH = 110
"""Columns of a paragraph, at most."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph, as wide as the terminal, but no wider than reads well; no word is broken, lest it be a number."""

    text: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """As rich asks for it."""
        wide = _MAX_PARAGRAPH_WIDTH if options.no_wrap else min(_MAX_PARAGRAPH_WIDTH, options.max_width)
        yield from _wrap_words(escape_controls(self.text), wide)


@dataclass(slots=True)
class TextTable:
    """A table."""

    titles: Sequence[str]
    words: Collection[str] = ()
    """Columns, by their titles, of words that may be wrapped; others are whole, whatever the width."""
    left: Collection[str] = ()
    """Columns beside the first one that stand on the left; the others are numbers, on the right."""
    rows: list[tuple[tuple[str, ...], str]] = field(default_factory=list)
    """Cells and style of each."""

    def add(self, *cells: str, style: str = "") -> None:
        """A row more."""
        self.rows.append((cells, style))

    @classmethod
    def of(cls, titles: Sequence[str], rows: Iterable[tuple[str, ...]], words: Collection[str] = ()) -> "TextTable":
        """A table of these rows; the first column's words may be wrapped too."""
        return cls(titles, words=[titles[0], *words], rows=[(cells, "") for cells in rows])

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """As rich asks for it: as it is where there is room, or in a pipe; else with words wrapped; else row by row."""
        shown = [(tuple(map(escape_controls, cells)), style) for cells, style in self.rows]
        yield from replace(self, rows=shown)._choose_layout(console, options)

    def _choose_layout(self, console: Console, options: ConsoleOptions) -> RenderResult:
        natural = [max(map(_measure_width, cells)) for cells in self._columns]
        least = [self._compute_min_width(place, wide) for place, wide in enumerate(natural)]
        if options.no_wrap:
            table = self._build_table(self.titles, natural)
            yield from console.render(table, options.update(max_width=_sum_widths(natural), no_wrap=False))
        elif _sum_widths(natural) <= options.max_width:
            yield self._build_table(self.titles, natural)
        elif _sum_widths(least) <= options.max_width:
            titles = ["\n".join(wrap(title, wide)) for title, wide in zip(self.titles, least, strict=True)]
            yield self._build_table(titles, least)
        else:
            yield from self._render_as_lines(options.max_width)

    @property
    def _columns(self) -> list[tuple[str, ...]]:
        """Every column's cells, its title first."""
        return list(zip(self.titles, *(cells for cells, _ in self.rows), strict=True))

    def _compute_min_width(self, place: int, natural: int) -> int:
        """The columns that a column of the table cannot do without."""
        title, *cells = self._columns[place]
        if title in self.words:
            return min(natural, max(_MIN_WRAPPED_WIDTH, _measure_longest_word(title)))
        return max([_measure_longest_word(title), *map(_measure_width, cells)])

    def _build_table(self, titles: Sequence[str], widths: Sequence[int]) -> Table:
        table = Table(box=None, pad_edge=False)
        for place, (title, shown, wide) in enumerate(zip(self.titles, titles, widths, strict=True)):
            wrapped, number = title in self.words, place > 0 and title not in self.left and title not in self.words
            table.add_column(
                shown,
                justify="right" if number else "left",
                no_wrap=not wrapped,
                min_width=wide,
                overflow="fold",
            )
        for cells, style in self.rows:
            table.add_row(*cells, style=style)
        return table

    def _render_as_lines(self, wide: int) -> Iterator[RenderableType]:
        """A row as lines: its first cell, then title and cell of each other one that is not empty."""
        name, short = self.titles[0], len(self.titles[0]) < _MIN_WRAPPED_WIDTH
        yield from () if short else _wrap_words(name, wide, style="bold")
        for cells, style in self.rows:
            yield from _wrap_words(f"{name} {cells[0]}" if short else cells[0], wide, style=style)
            for title, cell in zip(self.titles[1:], cells[1:], strict=True):
                for place, line in enumerate(cell.splitlines()):
                    told = f"{title}: {line}" if title and not place else line
                    yield from _wrap_words(told, wide, "  ", style)


def _wrap_words(text: str, wide: int, indent: str = "", style: str = "") -> Iterator[Text]:
    """A text in lines between whose words alone it is broken; a word that is longer than a line goes on in the next."""
    lines = wrap(
        text,
        max(wide, len(indent) + 2),
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
