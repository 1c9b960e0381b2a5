"""Where a target's labelled rows of other languages come from, and the few-shot continuations that follow from it."""

from dataclasses import dataclass, replace
from typing import Literal

from trainables.cards._cards import DatasetPart, TaskCard
from trainables.curriculum import Stage
from trainables.few_shot import MAX_POOL_ROWS, MINIATURE_POOL_ROWS, FewShot


@dataclass(frozen=True, slots=True)
class ShotSource:
    """The split of a task that has labelled rows of a language to give."""

    split: Literal["train", "dev"]
    rows: int | None
    """Rows of the split in the language; None where no source states it."""

    @property
    def most(self) -> int | None:
        """The most rows that it can give: all of a training set, half of a dev set, since the others are scored; None if not known."""
        return None if self.rows is None else count_most_shots(self.split, self.rows)


def count_most_shots(split: str, rows: int) -> int:
    """The most rows that a split can give: all of a training set (the first `MAX_POOL_ROWS`), half of a dev set."""
    return min(rows, MAX_POOL_ROWS) if split == "train" else rows // 2


def find_shot_source(card: TaskCard, language: str) -> ShotSource | None:
    """Where a target's rows of a language other than its source languages come from: its training set in the language, else its dev set.

    A test set is never used. None where there is neither, and for a target that is not trained.
    """
    if not card.train:
        return None
    if card.parts is None:
        return ShotSource("train", MINIATURE_POOL_ROWS)
    splits: tuple[tuple[Literal["train", "dev"], tuple[DatasetPart, ...]], ...] = (
        ("train", card.parts.shots),
        ("dev", card.parts.dev),
    )
    for split, parts in splits:
        for part in parts:
            if language in part.languages:
                return ShotSource(split, part.expected_rows(language))
    return None


def can_give(source: ShotSource | None, count: int) -> bool:
    """Whether a source has that many rows, as far as is known before they are read."""
    return source is not None and (source.most is None or count <= source.most)


def list_continuations(target: Stage, few_shot: FewShot, card: TaskCard) -> tuple[Stage, ...]:
    """The few-shot continuations of a target, one a setting; settings for which it has no rows are left out.

    Args:
        target: the target's stage.
        few_shot: of the trial.
        card: of the target.
    """
    found = []
    for setting in few_shot.settings if target.steps else ():
        pairs = tuple((code, count) for code, count in setting if can_give(find_shot_source(card, code), count))
        if pairs:
            rows = sum(count for _, count in pairs)
            steps = few_shot.count_steps(rows, target.batch_size, target.steps)
            rate = target.learning_rate if few_shot.learning_rate is None else few_shot.learning_rate
            found.append(replace(target, steps=steps, learning_rate=rate, shots=pairs))
    return tuple(found)
