"""One fault in any place of a row: the rows that are left become features, or the set is refused by the name of the column."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

import pytest

from trainables.benchmarks import get_task_catalogue
from trainables.benchmarks.hub import _own_task as opened
from trainables.benchmarks.hub import _tasks as hub
from trainables.cards import DatasetPart, RowNotes, TaskData
from trainables.data import EncodedDataset
from trainables.encoders import load_encoder
from trainables.validation import DataError

FAULTS = [None, "", "\u200b", "Zebra", -1, 10**6, 0.5, True, [], {}, ["x"]]
SHAPES = {
    "xtreme": {
        "train": [
            "pawsx",
            "mnli",
            "squad",
            "hotpotqa",
            "commonsenseqa",
            "cosmosqa",
            "hellaswag",
            "siqa",
            "copa",
            "cb",
            "ccg",
            "mlm",
        ],
        "test": ["pawsx", "tatoeba", "bucc", "tydiqa"],
    },
    "xtreme_r": {
        "train": ["panx", "mewslix", "lareqa"],
        "test": ["panx", "xquad", "mewslix", "lareqa", "xcopa"],
        "candidates": ["mewslix", "lareqa"],
    },
    "belebele": {"train": ["belebele"], "test": ["belebele"]},
    "massive": {"train": ["massive_slots"], "test": ["massive_slots"]},
    "xglue": {"train": ["wpr"], "test": ["wpr", "nc", "qadsm", "mlqa"]},
}
"""By benchmark and split, tasks whose sets together have every shape."""
SPLITS = [
    (benchmark, task, split) for benchmark, found in SHAPES.items() for split, tasks in found.items() for task in tasks
]


class Given(list):
    """Rows as `load_dataset` gives them."""

    features: Any = None


def places(value: Any, place: tuple = ()) -> Iterator[tuple]:
    """Every place within a value: of a list the first one."""
    yield place
    inner = value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
    for name, part in inner:
        yield from places(part, (*place, name))


def spoilt(value: Any, place: tuple, fault: Any) -> Any:
    if not place:
        return fault
    changed = value.copy()
    changed[place[0]] = spoilt(value[place[0]], place[1:], fault)
    return changed


def kind(part: DatasetPart) -> tuple:
    return (part.row_format.adapter_name, *sorted(part.row_format.column_types))


def test_every_shape_is_here():
    here = {kind(part) for one, task, split in SPLITS for part in getattr(get_task_catalogue(one)[task].parts, split)}
    cards = [card.parts for benchmark in SHAPES for card in get_task_catalogue(benchmark).values()]
    every = {kind(part) for each in cards for part in (*each.train, *each.dev, *each.test, *each.candidates)}
    assert here == every


@pytest.mark.parametrize(("benchmark", "task", "split"), SPLITS)
def test_a_fault_is_left_out_or_refused_by_its_column(benchmark, task, split, at_mirror, tiny_xlm_r, monkeypatch):
    card = get_task_catalogue(benchmark)[task]
    part = replace(getattr(card.parts, split)[0], skip=0, take=None, excluded_part=None)
    language, labels = part.languages[0] if "en" not in part.languages else "en", hub.read_labels(card)
    told = opened.open_split(part, language)
    rows, features = list(islice(told, 5)), getattr(told, "features", None)
    columns = {
        *part.row_format.columns.values(),
        *part.item_columns,
        *(["id"] if part.contains_row else []),
    }
    accepted = 0
    for place in ((column, *rest) for column in sorted(columns) for rest in places(rows[1][column])):
        for fault in FAULTS:
            given = Given([rows[0], spoilt(rows[1], place, fault), *rows[2:]])
            given.features = features
            monkeypatch.setattr(opened, "open_split", lambda part, language, given=given: given)
            refused = ""
            try:
                found = list(hub.read_rows(part, language, labels, RowNotes(), train=split == "train"))
            except DataError as error:
                refused = str(error)
            if refused:
                assert f"{part.describe_rows(language)}, row 1: column " in refused, (place, fault)
                # Of letters and what they stand for either may be the wrong one.
                assert place[0] in refused or "answerKey" in refused, (place, fault)
                continue
            accepted += 1
            data = TaskData(card.kind, labels, found if split == "train" else None, {"dev": {language: found}})
            prepared = EncodedDataset(data, load_encoder(tiny_xlm_r), 48)
            prepared.build_tables(["dev"] if split != "train" else [], [language])
    assert accepted
