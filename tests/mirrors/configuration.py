"""One configuration of a data set."""

from collections.abc import Sequence
from dataclasses import dataclass

from datasets import Features

from .rows import MEWSLI, Row

ALL = ("train", "validation", "test")
HELD_OUT = ("validation", "test")


@dataclass(frozen=True)
class Configuration:
    """One configuration of a data set; a split ``kind.language`` holds that language, others hold ``languages``."""

    features: Features | None
    """None for lines of JSON."""
    splits: Sequence[str]
    row: Row
    languages: Sequence[str] = ("en",)
    size: int | None = None
    """Rows of each split, whatever sizes are asked for."""
    twice: tuple[str, ...] = ()
    """Splits that have twice as many rows."""

    def file(self, name: str, split: str) -> str:
        """Where a split lies in the repository."""
        if self.features is not None:
            return f"{name}/{split}-00000-of-00001.parquet"
        folder = f"wikinews_mentions/{name}" if name in MEWSLI else name
        return f"{folder}/{split}.jsonl"
