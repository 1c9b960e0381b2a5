"""Tasks of a user's own, as plain data: where their rows lie, and what their columns mean."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

SPLIT_NAMES: Mapping[str, tuple[str, ...]] = {
    "train": ("train", "training"),
    "dev": ("dev", "validation", "valid", "val", "development"),
    "test": ("test",),
}
"""What files call our splits, in any case, where the config names nothing else."""


LANGUAGE_PLACEHOLDERS = ("{language}", "{flores}", "{iso639_3}", "{bcp47}")
"""Stand for the code of a language in the name of a configuration; any usual form of the code is understood for each."""
CHOICE_COLUMN = "choice "
"""Begins our names of choices in columns of their own."""
PLACE_COLUMNS = ("language", "split", "item")
"""Columns that say where a row belongs; each may be absent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnTask:
    """A task whose rows are in files of the user's, or in a data set of the hub."""

    name: str
    kind: str
    """A key of `trainables.cards.OWN_KINDS`."""
    files: tuple[str, ...] = ()
    """Absolute paths; ``*`` stands for any part of a name, ``{language}`` and ``{split}`` for a language and a split. Empty for `hub`."""
    hub: str = ""
    """A data set of the hub, ``namespace/name``, in place of files."""
    configuration: str = ""
    """Its configuration, with one of `LANGUAGE_PLACEHOLDERS` where each language has one."""
    revision: str = ""
    """Its branch, tag or commit; empty for main."""
    languages_read: tuple[str, ...] = ()
    """The languages whose configurations are read; empty for all that it has."""
    columns: tuple[tuple[str, str], ...] = ()
    """Pairs of our name of a column and theirs; choices in several columns are `CHOICE_COLUMN` and a number from 1."""
    separator: str = ";"
    """Stands between the labels or choices of a row in one cell of a text file."""
    metric: str = ""
    """The main metric; empty for the kind's default."""
    labels: tuple[str, ...] = ()
    """Label names in the order of their numbers; before the files are read, empty for those of the training rows."""
    rows: tuple[tuple[str, str, int], ...] = ()
    """Splits and languages with their numbers of rows; empty before the files are read."""
    language: str = ""
    """Language of rows of which neither column nor path says it."""
    splits: tuple[tuple[str, str], ...] = ()
    """Pairs of our name of a split and theirs, where they are not in `SPLIT_NAMES`."""
    dev_share: float = 0.1
    """Share of a language's training rows that becomes its missing dev set."""
    split_seed: int = 0
    """Seed of what is cut off."""
    is_target: bool = False
    """Whether it is a target; an intermediate task trains on all its training rows."""
    licence: str = ""
    citation: str = ""
    about: str = ""
    source: tuple[str, ...] = ("en",)
    """The source languages: a target is trained on its rows in these."""
    added: tuple[str, ...] = ()
    """Codes of languages that the table lacks."""
    digest: str = ""
    """Of the rows when the config was read; empty before that, and where other rows are allowed."""

    def to_json(self) -> dict[str, Any]:
        """As JSON types; what is as by default is left out, so that new fields change no key of tasks without them."""
        document = asdict(self)
        return {key: value for key, value in document.items() if key not in _NEWER or value != _NEWER[key]}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "OwnTask":
        """The inverse of `to_json`."""
        pairs = {key: tuple(map(tuple, document.get(key, ()))) for key in ("columns", "splits", "rows")}
        lists = {key: tuple(document.get(key, ())) for key in ("files", "labels", "added", "languages_read")}
        source = tuple(document.get("source", ("en",)))
        return cls(**{**document, **pairs, **lists, "source": source})

    def languages(self, split: str) -> tuple[str, ...]:
        """The languages of a split."""
        return tuple(language for name, language, _ in self.rows if name == split)

    def count_rows(self, split: str, language: str) -> int:
        """Rows of a split in a language."""
        return next((count for name, code, count in self.rows if (name, code) == (split, language)), 0)

    def find_column(self, ours: str) -> str | None:
        """Their name of a column; None if the task has none."""
        return dict(self.columns).get(ours)

    @property
    def place(self) -> str:
        """Where its rows are, for messages: the set, or the names of its files."""
        return self.hub or ", ".join(file.rpartition("/")[2] for file in self.files)


_NEWER: Mapping[str, Any] = {
    "hub": "",
    "configuration": "",
    "revision": "",
    "languages_read": (),
    "separator": ";",
    "metric": "",
    "digest": "",
}
"""Fields with their defaults that `OwnTask.to_json` leaves out."""
