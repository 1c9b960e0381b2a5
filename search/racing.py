"""Whether ending trials early was safe: how far scores after some targets rank trials as final scores do."""

import math
from collections.abc import Iterator, Sequence
from statistics import StatisticsError
from typing import Any

from search.config import Config
from search.paired import ranks
from search.recorded import Recorded

SAFE = 0.5
"""Rank correlation below which stopping on early scores is warned of."""


def document(records: Sequence[Recorded], config: Config) -> dict[str, Any]:
    """How many trials ended early and how many that should have were trained to their end, and the rank correlation of early and final
    values by number of targets that have a dev set.

    Trials that ended early have no final value: the correlation is over those that went on, the spared ones among them.
    """
    complete = [record for record in records if record.state == "complete" and record.outcome is not None]
    rungs = []
    for end in range(1, len(config.scored_targets)):
        told = [
            (early, record.value)
            for record in complete
            if record.value is not None and (early := _early(record, config, end)) is not None
        ]
        found = ranks([early for early, _ in told], [value for _, value in told])
        rungs.append(
            {
                "targets": list(config.scored_targets[:end]),
                "trials": len(told),
                "correlation": None if found is None else found[0],
                "low": None if found is None else found[1],
                "high": None if found is None else found[2],
            }
        )
    return {
        "rules": list(config.racing.rules),
        "pruned": sum(record.state == "pruned" for record in records),
        "spared": sum(record.spared is not None for record in complete),
        "rungs": rungs,
    }


def _early(record: Recorded, config: Config, end: int) -> float | None:
    """A trial's objective over the first targets; None where they have none of the scores that it is made of."""
    assert record.outcome is not None
    try:
        return record.outcome.transfer.over(config.scored_targets[:end]).objective(config.objective)
    except StatisticsError:
        return None


def warnings(told: dict[str, Any], grace: float) -> Iterator[str]:
    """What the reader of a race has to know, from `document`."""
    if not told["pruned"] or not told["rungs"]:
        return
    first = told["rungs"][min(max(1, math.floor(grace)), len(told["rungs"])) - 1]
    after = f"after {', '.join(first['targets'])}"
    if first["correlation"] is None or first["correlation"] >= SAFE > 0 >= first["low"]:
        yield (
            f"{told['pruned']} trials ended early, and too few were trained to their end ({first['trials']}) to tell whether values {after} "
            "foretell final ones"
        )
    elif first["correlation"] < SAFE:
        yield (
            f"ending trials early was not safe: values {after} rank trials with a correlation of {first['correlation']:.2f} "
            f"[{first['low']:.2f}, {first['high']:.2f}] only to their final ones; raise racing.grace, or order targets otherwise"
        )
