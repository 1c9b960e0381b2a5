"""Small mirrors of data sets of the hub, in the identical schema, for tests: ``write(root)`` and ``load_dataset``.

Texts are names of territories, dates and lists in each language's Unicode CLDR locale (English where there is none);
items with one number say the same in all languages of a set, so ids are the same where the real sets' are.
Sizes count rows per language where a configuration mixes languages. ``candidate_entities`` of Mewsli-X is always whole.

On purpose, as in the real sets, wherever a split is long enough (rows are counted from 0, in each split named):

* ``OFF_BY_ONE``: in rajpurkar/squad train, the answer's start is one too far;
* ``NOT_IN_CONTEXT``: in rajpurkar/squad train, and in hotpotqa/hotpot_qa train, the answer is nowhere in the context;
* ``EMPTY_SECOND``: in google-research-datasets/paws-x train, in every language, ``sentence2`` is empty;
* every fourth row of hotpotqa/hotpot_qa, from 0, is answered ``yes`` or ``no``;
* every third row of rajpurkar/squad_v2, from 2, has no answer;
* test labels are hidden (-1 or "") in nyu-mll/glue, aps/super_glue, tau/commonsense_qa, allenai/cosmos_qa and
  Rowan/hellaswag.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from .made import LABELS, PAIR, card, row, write_made
from .rows import EMPTY_SECOND, NOT_IN_CONTEXT, OFF_BY_ONE
from .sets import SETS, Configuration
from .texts import MOST, Item

__all__ = [
    "EMPTY_SECOND",
    "LABELS",
    "NOT_IN_CONTEXT",
    "OFF_BY_ONE",
    "PAIR",
    "SETS",
    "SIZES",
    "Configuration",
    "card",
    "row",
    "size",
    "write",
    "write_ccg",
    "write_made",
]

SIZES = {"train": 16, "others": 6}
"""Rows by split: ``validation`` stands for ``validation.de`` and ``validation_matched`` too, unless they are named."""


def size(split: str, sizes: Mapping[str, int] = SIZES) -> int:
    """How many rows (of each language) a split has."""
    stem = split.partition(".")[0].partition("_")[0]
    return sizes.get(split, sizes.get(stem, sizes["others"]))


def write(root: Path, repositories: Iterable[str] | None = None, sizes: Mapping[str, int] = SIZES) -> None:
    """Write the repositories (all of ``SETS``) below ``root``, as ``namespace/name/README.md`` and its files."""
    assert all(0 <= number <= MOST for number in sizes.values()), f"sizes are at most {MOST}"
    for repository in SETS if repositories is None else repositories:
        folder, card = root / repository, []
        for name, configuration in SETS[repository].items():
            card.append(f"- config_name: {name}\n  data_files:\n")
            for split in configuration.splits:
                file = configuration.file(name, split)
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                rows = list(_rows(configuration, split, sizes))
                if configuration.features is None:
                    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
                    (folder / file).write_text("".join(lines), encoding="utf-8")
                else:
                    pq.write_table(pa.Table.from_pylist(rows, configuration.features.arrow_schema), folder / file)
                card.append(f"  - split: {split}\n    path: {file}\n")
        (folder / "README.md").write_text(f"---\nconfigs:\n{''.join(card)}---\n", encoding="utf-8")


def _rows(configuration: Configuration, split: str, sizes: Mapping[str, int]) -> Iterable[dict]:
    kind, _, language = split.partition(".")
    for number in range((configuration.size or size(split, sizes)) * (1 + (split in configuration.twice))):
        for code in (language,) if language else configuration.languages:
            yield configuration.row(Item(code, kind, number))


def write_ccg(root: Path, sentences: int = SIZES["train"]) -> Path:
    """Write ``local/ccg/train.tsv``, on no hub: a word and its category a line."""
    file = root / "local" / "ccg" / "train.tsv"
    file.parent.mkdir(parents=True, exist_ok=True)
    categories = {"first": "NP", "second": "NP", "number": "N/N", "month": "N", "sign": "."}
    for number in range(sentences):
        told = [(word, role) for role, text in Item("en", "train", number).pieces() for word in text.split()]
        lines = (f"{word}\t{categories.get(role, 'N')}\n" for word, role in told)
        with file.open("a" if number else "w", encoding="utf-8") as sink:
            sink.write("".join(lines) + "\n")
    return file
