"""Tables of the page: cells, number formats, colours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

NOT_SIGNIFICANT = "not significant"
"""The label of an estimate whose corrected test does not exclude zero."""

INTERVAL_CONTAINS_ZERO = "interval contains zero (not tested)"
"""The label of an estimate without a test whose interval contains zero."""
MAX_UNBROKEN_LENGTH = 28
"""Most letters of a name that stays on one line of a wide page."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its text, a smaller second line, colour and weight."""

    text: str
    second_line: str = ""
    level: str | None = None
    """The name of a colour of the ramps."""
    is_number: bool = False
    is_bold: bool = False

    @property
    def classes(self) -> str:
        """For the style sheet."""
        short = not self.is_number and len(self.text) <= MAX_UNBROKEN_LENGTH
        tinted = f"tint {self.level}" if self.level else ""
        return " ".join(filter(None, ["n" * self.is_number, "short" * short, tinted, "strong" * self.is_bold]))


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head; the first column names the row."""

    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    title: str = ""
    kind: str = "data"
    """``data``: numbers behind a picture, to be copied; ``shown``: part of the text."""
    narrow_columns: int = 0
    """How many of the last columns hold short numbers under long names; more than eight have vertical names."""

    def is_upright(self, column: int) -> bool:
        """Whether the name of a column is vertical."""
        return self.narrow_columns > 8 and column >= len(self.head) - self.narrow_columns

    def is_numeric(self, column: int) -> bool:
        """Whether a column holds numbers, and so is aligned right."""
        return any(row[column].is_number for row in self.rows if column < len(row))


def make_text_cell(text: Any, *, bold: bool = False) -> Cell:
    """A cell of plain words; a null one is empty."""
    return Cell("" if text is None else str(text), is_bold=bold)


def make_number_cell(value: float | None, digits: int = 4, *, signed: bool = False) -> Cell:
    """A cell with a number; an empty one for None."""
    return Cell("" if value is None else format_score(value, digits, signed=signed), is_number=True)


def format_score(value: float, digits: int = 3, *, signed: bool = False) -> str:
    """A number with `digits` decimals; `signed` for a difference. A value that rounds to zero has no sign."""
    text = f"{value:+.{digits}f}" if signed else f"{value:.{digits}f}"
    return text if any(letter in "123456789" for letter in text) else text.lstrip("+-")


def make_count_cell(value: float | None) -> Cell:
    """A cell with a whole number."""
    return Cell("" if value is None else f"{value:g}", is_number=True)


ESTIMATE_COLUMNS = ("mean", "low", "high")


def make_estimate_cells(found: Mapping[str, Any] | None, *, signed: bool = True) -> list[Cell]:
    """Three cells: mean and both ends of the 95 % interval; empty ones without an estimate."""
    return [make_number_cell((found or {}).get(part), signed=signed) for part in ESTIMATE_COLUMNS]


def get_estimate_text(found: Mapping[str, Any] | None) -> str:
    """An estimate as the analysis tells it; empty without one."""
    return "" if not found else str(found.get("told") or "")


def has_mean(found: Mapping[str, Any]) -> bool:
    """Whether an estimate is there at all."""
    return found.get("mean") is not None


def is_significant(estimate: Mapping[str, Any] | None) -> bool:
    """Whether an estimate is significant after the correction within its table."""
    entry = estimate or {}
    corrected = entry.get("p_holm") if entry.get("p_max") is None else entry["p_max"]
    return corrected is not None and corrected <= 0.05


def excludes_zero(found: Mapping[str, Any] | None) -> bool:
    """Whether the interval of an estimate leaves out zero."""
    low, high = (found or {}).get("low"), (found or {}).get("high")
    return low is not None and high is not None and (low > 0 or high < 0)
