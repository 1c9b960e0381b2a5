"""What a task and its data are, as plain data: no torch, no data sets, nothing read."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import UnionType
from typing import Any, Literal

from trainables.curriculum import Pooling
from trainables.languages import SOURCE_LANGUAGE

CONVERTED_REVISION = "refs/convert/parquet"
"""The branch with the hub's own conversion of a set to parquet."""
MULTIPLE_LANGUAGES = "mul"
"""ISO 639's code for training examples in several languages."""

Resource = Literal["high", "low"]
SplitName = Literal["train", "dev", "test", "candidates"]
Row = dict[str, Any]


class RowNotes(Counter[str]):
    """What was left out or mended while rows were read, how often, and in which row first."""

    def __init__(self, counts: Mapping[str, int] | None = None) -> None:
        super().__init__(counts or {})
        self.row = 0
        """The number of the row that is being read."""
        self.first: dict[str, int] = {}
        """The row in which each was found first."""

    def add(self, what: str) -> None:
        """Count what was found in the row that is being read."""
        self[what] += 1
        self.first.setdefault(what, self.row)

    def add_all(self, others: "RowNotes") -> None:
        """Take over what was found in the row that is being read, and forget it there."""
        for what in others.elements():
            self.add(what)
        others.clear()

    def clear(self) -> None:
        super().clear()
        self.first.clear()


RowAdapter = Callable[[Row, RowNotes], Iterator[Row]]
ColumnType = type | UnionType | list[Any] | dict[str, Any]
"""What a column holds: values of a type, a list of one form, or a record's forms by name; a type that allows None allows null."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetSource:
    """A data set on the Hugging Face hub, or in local files."""

    repository: str
    """``namespace/name``; below ``local/`` one that is on no hub and is read from a folder of mirrors alone."""
    licence: str
    """As its card or paper says; ``unclear`` where they do not."""
    revision: str | None = None
    """A branch other than main: where main holds a script, the hub's own conversion to parquet."""
    archived: bool = False
    """Packed so that it cannot be streamed."""

    @property
    def is_local(self) -> bool:
        """Whether it is on no hub."""
        return self.repository.startswith("local/")


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFormat:
    """How a set's rows become those of a task kind."""

    columns: Mapping[str, str]
    """The columns that are read, by our names."""
    labels: tuple[str, ...] = ()
    """What it calls the labels in ``label`` or ``tags``, in the order of the card's."""
    hub_order: tuple[str, ...] = ()
    """The same names in the order of the hub's ClassLabel: what numbers without names mean. Empty: such numbers are refused."""
    column_types: Mapping[str, ColumnType] = field(default_factory=dict)
    """By our names what columns hold other than labels and text; null in them leaves the row out, in text it is an empty one."""
    optional: tuple[str, ...] = ()
    """Columns of ours in `column_types` that are read under the same name where the set has them."""
    group_by: str | None = None
    """A column of ours by whose values scored rows are grouped: some must share one."""
    adapt: RowAdapter | None = None
    """Makes rows of one whose columns have our names; none, one or several."""

    def __post_init__(self) -> None:
        assert not self.hub_order or set(self.hub_order) == set(self.labels), "the hub's order has the same names"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetPart:
    """Rows of one split of a task: one split of a set, in one or several of its configurations."""

    source: DatasetSource
    row_format: RowFormat
    split: str
    """May hold ``{language}``."""
    configuration: str | Mapping[str, str] = "{language}"
    """By language, or a pattern."""
    languages: tuple[str, ...] = (SOURCE_LANGUAGE,)
    """Those that it holds, each in rows of its own; one that `LANGUAGES` lacks is only trained on."""
    rows: int | Mapping[str, int] | None = None
    """Rows in each language before any is dropped; None where no table tells."""
    item_column: str | None = None
    """The column that joins rows of different languages; None: the row's place."""
    skip: int = 0
    """Rows at the beginning that are left out."""
    take: int | None = None
    """Rows after those that are read; all of them if None."""
    excluded_part: "DatasetPart | None" = None
    """Another part: rows whose context it has in English are left out."""
    contains_row: Callable[[Row, str], bool] | None = None
    """Whether a row, as the set has it, is in a language: for sets that mix languages. It raises `UnusableRowError` for a row that
    tells none."""

    def configuration_of(self, language: str) -> str:
        """The set's configuration for a language."""
        if isinstance(self.configuration, str):
            return self.configuration.format(language=language)
        return self.configuration[language]

    def split_of(self, language: str) -> str:
        """The set's split for a language."""
        return self.split.format(language=language)

    def expected_rows(self, language: str) -> int | None:
        """Rows that a language should have."""
        return self.rows if self.rows is None or isinstance(self.rows, int) else self.rows.get(language)

    def describe_source(self, language: str) -> str:
        """Set, configuration and split in words, for messages."""
        return f"{self.source.repository}, configuration {self.configuration_of(language)}, split {self.split_of(language)}"

    def describe_rows(self, language: str) -> str:
        """The same, and the language where several share a split."""
        return self.describe_source(language) + (f", language {language}" if self.contains_row else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskParts:
    """Where a task's rows are."""

    train: tuple[DatasetPart, ...] = ()
    dev: tuple[DatasetPart, ...] = ()
    """Empty where a benchmark has nothing to choose models by."""
    test: tuple[DatasetPart, ...] = ()
    candidates: tuple[DatasetPart, ...] = ()
    """What is retrieved from, for kinds that retrieve from more than the rows themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCard:
    """One task of a benchmark."""

    kind: str
    """A key of `trainables.tasks.TASK_KINDS`."""
    description: str
    train: int
    """Training examples; 0 for a task that is scored without training."""
    language: str = SOURCE_LANGUAGE
    """The language of the training examples."""
    dev: int = 0
    """Dev examples in each language, of a task that the package makes; of others `parts` tells."""
    test: int = 0
    labels: tuple[str, ...] = ()
    """Empty for kinds without labels, and where the training set itself tells them."""
    resource: Resource = "high"
    languages: tuple[str, ...] = ()
    """The languages that it is scored in, where they are not all of the benchmark's."""
    parts: TaskParts | None = None
    """None: made by the package."""
    published_metrics: tuple[str, ...] = ()
    """The metrics whose mean its benchmark publishes, where it is not the kind's main one."""
    published_difference: str = ""
    """What makes our number of it another thing than the published one, other than the trained model; said where it is printed."""
    pooling: Pooling = "mean"
    """Of a task that is scored without training: what stands for a sentence where the config does not say."""
    made_from: tuple[str, ...] = ()
    """Targets whose dev items its training examples were made from: it cannot be trained on before them."""
    sample: tuple[int, int] | None = None
    """Training examples and seed, where they are drawn from the whole training set."""

    @property
    def is_scored(self) -> bool:
        """Whether it can be a target."""
        return self.test > 0 if self.parts is None else bool(self.parts.test)

    def dev_languages(self, languages: Collection[str]) -> frozenset[str]:
        """Those of the languages that it has dev examples in."""
        if self.parts is None:
            return frozenset(languages) if self.dev else frozenset()
        return frozenset(code for part in self.parts.dev for code in part.languages if code in languages)


SAMPLE_SEPARATOR = "@"
"""Between a task and how many of its training examples are drawn: ``mnli@1000``, or ``mnli@1000.7`` with another seed than 0."""


@dataclass(frozen=True, slots=True)
class TaskCatalogue(Mapping[str, TaskCard]):
    """The tasks of a benchmark by name; ``task@n`` and ``task@n.seed`` are n training examples of one, and low in resources."""

    cards: dict[str, TaskCard] = field(default_factory=dict)

    def __getitem__(self, name: str) -> TaskCard:
        plain, sampled, size = name.partition(SAMPLE_SEPARATOR)
        card = self.cards[plain]
        if not sampled:
            return card
        count, seeded, seed = size.partition(".")
        seed = seed if seeded else "0"
        numbers = count.isdecimal() and seed.isdecimal() and (count, seed) == (str(int(count)), str(int(seed)))
        if not (numbers and 0 < int(count) < card.train):
            raise KeyError(name)
        return replace(card, train=int(count), resource="low", sample=(int(count), int(seed)))

    def __iter__(self) -> Iterator[str]:
        return iter(self.cards)

    def __len__(self) -> int:
        return len(self.cards)
