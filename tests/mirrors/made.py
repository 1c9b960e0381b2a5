"""A mirror of a set of pairs of texts that no hub has, to be made wrong in any way."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from datasets import ClassLabel, Dataset, Features, Value

from trainables.cards import DatasetPart, DatasetSource, TaskCard, TaskParts, make_pair_format

LABELS = ("no", "yes")
PAIR = DatasetPart(
    source=DatasetSource(repository="some/set", licence="MIT"),
    row_format=make_pair_format("one", "two", LABELS, hub_order=LABELS),
    split="train",
    languages=("en", "de"),
    item_column="id",
)
TEXTS = {"id": Value("int32"), "one": Value("string"), "two": Value("string")}


def row(number: int, language: str = "en", **columns: Any) -> dict[str, Any]:
    """A row whose texts tell its language and number."""
    told = {"id": number, "one": f"{language} one {number}", "two": f"{language} two {number}", "label": number % 2}
    return told | columns


def card(**changes: Any) -> TaskCard:
    """A task that is trained on the set in English; changes are those of `PAIR`."""
    part = replace(PAIR, **({"languages": ("en",)} | changes))
    return TaskCard(kind="classification", description="", train=1, labels=LABELS, parts=TaskParts(train=(part,)))


def write_made(
    root: Path,
    rows: Sequence[dict[str, Any]],
    language: str = "en",
    split: str = "train",
    names: Sequence[str] | None = LABELS,
) -> Path:
    """Write a split of the set, and name it in its README; the split's file.

    Args:
        root: the folder of mirrors.
        rows: of the split.
        language: its configuration.
        split: its name.
        names: of the labels in their order; None: the rows tell their columns' types.
    """
    folder = root / PAIR.source.repository
    file = folder / language / f"{split}-00000-of-00001.parquet"
    file.parent.mkdir(parents=True, exist_ok=True)
    features = Features(TEXTS | {"label": ClassLabel(names=list(names))}) if names else None
    columns = {name: [each.get(name) for each in rows] for name in (rows[0] if rows else features or ())}
    Dataset.from_dict(columns, features).to_parquet(file)
    configurations: dict[str, list[dict[str, str]]] = {}
    for each in sorted(folder.glob("*/*.parquet")):
        there = {"split": each.name.partition("-")[0], "path": f"{each.parent.name}/{each.name}"}
        configurations.setdefault(each.parent.name, []).append(there)
    listed = [{"config_name": name, "data_files": files} for name, files in configurations.items()]
    (folder / "README.md").write_text(f"---\nconfigs: {listed}\n---\n", encoding="utf-8")
    return file
