"""Few-shot rows: which labelled rows of other languages a target is trained on, and what is then no longer scored."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import Any

from trainables.cards import ITEM_COLUMN, LazyRows, Row, TaskData, count_most_shots
from trainables.few_shot import MAX_POOL_ROWS, FewShot


def choose_shots(rows: Sequence[Row], count: int, seed: int) -> list[int]:
    """The places of `count` rows, in the order in which they are chosen: fewer rows are the first of more.

    Rows are ordered by a hash of the seed and their item, so that parallel languages give the same items. Where rows have one label of a
    few, each choice is of the label that lags most behind its share of all rows.
    """
    order = sorted(range(len(rows)), key=lambda place: _hash_item(rows[place], place, seed))
    labels = [_get_label(rows[place]) for place in order]
    queues: dict[Any, list[int]] = {}
    for rank in reversed(range(len(order))):
        queues.setdefault(labels[rank], []).append(rank)
    shares = {label: size / len(rows) for label, size in Counter(labels).items()}
    chosen: list[int] = []
    taken = Counter[Any]()
    while len(chosen) < min(count, len(rows)):
        label = min(
            (label for label, queue in queues.items() if queue),
            key=lambda label: (round(taken[label] - shares[label] * (len(chosen) + 1), 9), queues[label][-1]),
        )
        taken[label] += 1
        chosen.append(order[queues[label].pop()])
    return chosen


@dataclass(frozen=True)
class ShotRows:
    """The few-shot rows of one target."""

    data: TaskData
    """With all rows of its dev set."""
    few_shot: FewShot

    def get_split(self, language: str) -> str | None:
        """The split that the rows of a language come from; None if it has none."""
        if self.data.train is None or language not in self.few_shot.languages:
            return None
        if language in self.data.shots:
            return "train"
        return "dev" if language in self.data.evaluation.get("dev", ()) else None

    @cached_property
    def chosen(self) -> dict[str, list[Row]]:
        """By language, the rows in the order of choice, as many as its largest setting asks for and its split can give."""
        return {code: rows for code in self.few_shot.languages if (rows := self._choose(code))}

    def select(self, setting: Iterable[tuple[str, int]]) -> dict[str, list[Row]]:
        """The rows by language of one setting; a language that cannot give as many has none."""
        return {code: self.chosen[code][:count] for code, count in setting if len(self.chosen.get(code, ())) >= count}

    @cached_property
    def withheld_items(self) -> frozenset[str]:
        """Items of dev rows that some language gives: in no language with few-shot rows they are scored, as rows may be parallel."""
        return frozenset(
            str(row[ITEM_COLUMN])
            for code, rows in self.chosen.items()
            if self.get_split(code) == "dev"
            for row in rows
            if ITEM_COLUMN in row
        )

    def withhold(self) -> TaskData:
        """The data without the dev rows that are trained on."""
        giving = [code for code in self.few_shot.languages if self.get_split(code) == "dev"]
        if not giving:
            return self.data
        dev = self.data.evaluation["dev"]
        key = [self.few_shot.to_json(), [[code, _get_source(dev[code])] for code in giving]]
        left = {
            code: self._leave_out(code, rows, key) if code in self.few_shot.languages else rows
            for code, rows in dev.items()
        }
        return replace(self.data, evaluation=self.data.evaluation | {"dev": left})

    def _leave_out(self, code: str, rows: Iterable[Row], key: list[Any]) -> LazyRows:
        def read() -> Iterator[Row]:
            given = self.chosen.get(code, []) if self.get_split(code) == "dev" else []
            return (
                row
                for row in rows
                if (str(row[ITEM_COLUMN]) not in self.withheld_items if ITEM_COLUMN in row else row not in given)
            )

        source = hashlib.sha256(json.dumps(["without shots", _get_source(rows), key]).encode()).hexdigest()
        return LazyRows(read, source, rows.notes if isinstance(rows, LazyRows) else Counter())

    def _choose(self, code: str) -> list[Row]:
        split = self.get_split(code)
        if split is None:
            return []
        rows: Iterable[Row] = self.data.shots[code] if split == "train" else self.data.evaluation["dev"][code]
        pool = list(islice(rows, MAX_POOL_ROWS) if split == "train" else rows)
        most = count_most_shots(split, len(pool))
        asked = [count for setting in self.few_shot.settings for name, count in setting if name == code]
        count = max((each for each in asked if each <= most), default=0)
        return [pool[place] for place in choose_shots(pool, count, self.few_shot.seed)]


def make_training_rows(rows: dict[str, list[Row]]) -> list[Row]:
    """The rows of several languages as training rows, each with its language."""
    return [
        {key: value for key, value in row.items() if key != ITEM_COLUMN} | {"language": code}
        for code, found in rows.items()
        for row in found
    ]


def _get_label(row: Row) -> object:
    label = row.get("label")
    return label if isinstance(label, int | str) else None


def _hash_item(row: Row, place: int, seed: int) -> bytes:
    return hashlib.blake2b(f"{seed}/{row.get(ITEM_COLUMN, place)}".encode(), digest_size=8).digest()


def _get_source(rows: Iterable[Row]) -> str:
    return rows.source if isinstance(rows, LazyRows) else json.dumps(list(rows), sort_keys=True, default=str)
