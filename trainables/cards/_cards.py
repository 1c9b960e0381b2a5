"""Cards of tasks and their data sets, as plain data: imports neither torch nor datasets, and reads nothing."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import UnionType
from typing import Any, Literal

from trainables.cards._rows import Row
from trainables.curriculum import Pooling
from trainables.languages import SOURCE_LANGUAGE
from trainables.own_tasks import OwnTask

CONVERTED_REVISION = "refs/convert/parquet"
"""The branch with the hub's own conversion of a set to parquet."""
MULTIPLE_LANGUAGES = "mul"
"""ISO 639's code for training examples in several languages."""

Resource = Literal["high", "low"]
SplitName = Literal["train", "dev", "test", "candidates"]


class RowNotes(Counter[str]):
    """What was left out or repaired while rows were read: how often, and in which row first."""

    def __init__(self, counts: Mapping[str, int] | None = None) -> None:
        super().__init__(counts or {})
        self.row = 0
        """The number of the row that is being read."""
        self.first: dict[str, int] = {}
        """The first row of each note."""

    def add(self, what: str) -> None:
        """Count a note about the row that is being read."""
        self[what] += 1
        self.first.setdefault(what, self.row)

    def add_all(self, others: "RowNotes") -> None:
        """Add the notes of `others` for the row that is being read, and clear `others`."""
        for what in others.elements():
            self.add(what)
        others.clear()

    def clear(self) -> None:
        super().clear()
        self.first.clear()


RowAdapter = Callable[[Row, RowNotes], Iterator[Row]]
ColumnType = type | UnionType | list[Any] | dict[str, Any]
"""The type of a column: a type, a list of one type, or the types of a record by name; a type that includes None allows null."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetSource:
    """A data set on the Hugging Face hub, or one in local files."""

    repository: str
    """``namespace/name``; ``local/name`` is on no hub and read only from a folder of mirrors."""
    licence: str
    """The licence by its card or paper; ``unclear`` where they give none."""
    revision: str | None = None
    """A branch other than main: the hub's own conversion to parquet where main holds a script."""
    commit: str | None = None
    """The commit of main that is read; None: the newest."""
    archived: bool = False
    """Whether it is packed in a way that cannot be streamed."""
    own: OwnTask | None = None
    """The user's own task whose files it is, which then is `repository` by name."""

    @property
    def is_local(self) -> bool:
        """Whether it is on no hub."""
        return self.repository.startswith("local/")


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFormat:
    """How the rows of a data set become rows of a task kind."""

    columns: Mapping[str, str]
    """The data set's columns that are read, by our names."""
    labels: tuple[str, ...] = ()
    """The data set's names of the labels in ``label`` or ``tags``, in the order of the card's labels."""
    hub_order: tuple[str, ...] = ()
    """The same names in the order of the hub's ClassLabel, to interpret numbers without names. Empty: such numbers are refused."""
    column_types: Mapping[str, ColumnType] = field(default_factory=dict)
    """The types of columns other than labels and text, by our names. A row with null in such a column is left out; null in a text is an
    empty text. ``label`` is in it, as float, where it is a number to predict and not the name of a label."""
    optional: tuple[str, ...] = ()
    """Columns in `column_types` that are read under the same name where the data set has them."""
    group_by: str | None = None
    """A column by whose values rows are grouped for scoring; some rows must share a value."""
    adapt: RowAdapter | None = None
    """Turns one row, its columns under our names, into no, one or several rows of the task kind."""
    adapter_name: str = ""
    """Stands for `adapt` in the keys of cached tables. It never changes: a new one would make every table of the format again."""

    def __post_init__(self) -> None:
        assert (self.adapt is None) == (not self.adapter_name), "an adapter has a name for the keys of tables"
        assert not self.hub_order or set(self.hub_order) == set(self.labels), "the hub's order has the same names"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetPart:
    """Rows of one split of a task: one split of a data set, in one or several of its configurations."""

    source: DatasetSource
    row_format: RowFormat
    split: str
    """The data set's split; may contain ``{language}``."""
    configuration: str | Mapping[str, str] = "{language}"
    """The data set's configuration: a pattern with ``{language}``, or a table by language."""
    languages: tuple[str, ...] = (SOURCE_LANGUAGE,)
    """The languages of the rows; a language that `LANGUAGES` lacks is only trained on."""
    rows: int | Mapping[str, int] | None = None
    """Rows in each language before any is left out; None where no source states it."""
    item_column: str | tuple[str, ...] | None = None
    """The column, or the columns together, that identify parallel rows of different languages; None: the row's place."""
    skip: int = 0
    """Rows that are skipped at the beginning."""
    take: int | None = None
    """Rows that are read after the skipped ones; None: all."""
    excluded_part: "DatasetPart | None" = None
    """Another part; rows whose context is in its English rows are left out."""
    contains_row: Callable[[Row, str], bool] | None = None
    """For data sets that mix languages: whether an original row is in a language. Raises `UnusableRowError` for a row without a language."""

    @property
    def item_columns(self) -> tuple[str, ...]:
        """`item_column` as a tuple; empty where the row's place identifies it."""
        return (self.item_column,) if isinstance(self.item_column, str) else self.item_column or ()

    def configuration_of(self, language: str) -> str:
        """The data set's configuration for a language."""
        if isinstance(self.configuration, str):
            return self.configuration.format(language=language)
        return self.configuration[language]

    def split_of(self, language: str) -> str:
        """The data set's split for a language."""
        return self.split.format(language=language)

    def expected_rows(self, language: str) -> int | None:
        """Expected number of rows in a language; None if not known."""
        return self.rows if self.rows is None or isinstance(self.rows, int) else self.rows.get(language)

    def describe_source(self, language: str) -> str:
        """Data set, configuration and split, for messages."""
        if self.source.own is not None:
            return f"{self.source.repository}, split {self.split}, language {language}"
        return f"{self.source.repository}, configuration {self.configuration_of(language)}, split {self.split_of(language)}"

    def describe_rows(self, language: str) -> str:
        """`describe_source`, with the language where several share a split."""
        return self.describe_source(language) + (f", language {language}" if self.contains_row else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskParts:
    """The data set parts of a task."""

    train: tuple[DatasetPart, ...] = ()
    dev: tuple[DatasetPart, ...] = ()
    """Empty where a benchmark has no dev set."""
    test: tuple[DatasetPart, ...] = ()
    candidates: tuple[DatasetPart, ...] = ()
    """The candidates, for kinds that retrieve from more than the rows themselves."""
    shots: tuple[DatasetPart, ...] = ()
    """Training rows in languages that a target is not trained in: few-shot rows are chosen among them."""


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
    """Dev examples in each language, for a task that the package generates; for other tasks see `parts`."""
    test: int = 0
    labels: tuple[str, ...] = ()
    """Label names; empty for kinds without labels, and where they are read from the training set."""
    resource: Resource = "high"
    languages: tuple[str, ...] = ()
    """The languages in which it is scored; empty: all of the benchmark."""
    parts: TaskParts | None = None
    """Its data sets; None for a task that the package generates."""
    published_metrics: tuple[str, ...] = ()
    """The metrics whose mean the benchmark publishes; empty: the task kind's main metric."""
    published_difference: str = ""
    """How our score differs from the published one apart from the model; printed with the score."""
    pooling: Pooling = "mean"
    """For a task that is scored without training: the default pooling."""
    made_from: tuple[str, ...] = ()
    """Targets whose dev items its training examples were made from: it cannot be an intermediate task for them."""
    sample: tuple[int, int] | None = None
    """Number of training examples drawn from the whole training set, and the seed; None: all."""
    metric: str = ""
    """The main metric; empty: the task kind's default. See `explain_unknown_metric`."""
    train_sets: Mapping[str, int] = field(default_factory=dict)
    """Training examples by language, where the training set exists in several and the source languages choose among them. Empty: it exists
    as `train` and `language` say."""

    @property
    def is_scored(self) -> bool:
        """Whether it can be a target."""
        return self.test > 0 if self.parts is None else bool(self.parts.test)

    def dev_languages(self, languages: Collection[str]) -> frozenset[str]:
        """Those of `languages` in which it has dev examples."""
        if self.parts is None:
            return frozenset(languages) if self.dev else frozenset()
        return frozenset(code for part in self.parts.dev for code in part.languages if code in languages)

    @property
    def train_languages(self) -> tuple[str, ...]:
        """The languages in which it has training examples; empty for a task that is scored without training."""
        if not self.train:
            return ()
        if self.train_sets:
            return tuple(self.train_sets)
        if self.parts is None:
            return (self.language,)
        return tuple(dict.fromkeys(code for part in self.parts.train for code in part.languages))

    def in_source(self, source: tuple[str, ...]) -> "TaskCard":
        """The card of the task trained in the source languages, one after another.

        Args:
            source: the source languages.

        Returns:
            The card itself if a source language has no training set, or if the training set is not by language: see `train_sets`. A target
            whose card lists training rows in several languages has one in each.
        """
        sets = self.train_sets or self._count_train_rows()
        if not sets or not set(source) <= sets.keys():
            return self
        parts = self.parts and replace(
            self.parts,
            train=tuple(self._choose_languages(source)),
            shots=(*self.parts.shots, *self._list_other_languages(source)),
        )
        return replace(
            self,
            train=sum(sets[code] for code in source),
            language=source[0] if len(source) == 1 else MULTIPLE_LANGUAGES,
            parts=parts,
        )

    def _count_train_rows(self) -> dict[str, int]:
        """Training rows by language of a target that has them in several."""
        train = self.parts.train if self.parts and self.is_scored else ()
        counted: Counter[str] = Counter()
        for part in train:
            counted.update({code: part.expected_rows(code) or 0 for code in part.languages})
        return dict(counted) if len(counted) > 1 else {}

    def _choose_languages(self, source: tuple[str, ...]) -> Iterator[DatasetPart]:
        """The parts of the training set in the source languages."""
        for part in self.parts.train if self.parts else ():
            if languages := source if self.train_sets else tuple(code for code in source if code in part.languages):
                yield replace(part, languages=languages)

    def _list_other_languages(self, source: tuple[str, ...]) -> Iterator[DatasetPart]:
        """The parts of the training set in other languages, which give few-shot rows. A training set that the source languages choose is
        often translated by a machine, and gives none."""
        for part in self.parts.train if self.parts and not self.train_sets else ():
            if others := tuple(code for code in part.languages if code not in source):
                yield replace(part, languages=others)
