"""How many labelled rows of each language a search can train its targets on, beside those of the source languages."""

from collections.abc import Iterator
from typing import Any

from search.config import Config
from trainables.cards import TaskCard, can_give, find_shot_source
from trainables.few_shot import FewShot


def list_shot_sources(config: Config) -> list[dict[str, Any]]:
    """For each target and language with shots: the split that gives the rows, its rows, and the most that it can give; nulls where it has
    none or no source states the number. Empty without ``shots``."""
    few_shot = config.few_shot_transfer
    found = []
    for task in config.targets if few_shot else ():
        for code in few_shot.languages if few_shot else ():
            source = find_shot_source(config.catalogue[task], code)
            split, rows, most = (source.split, source.rows, source.most) if source else (None, None, None)
            found.append({"task": task, "language": code, "split": split, "rows": rows, "most": most})
    return found


def describe_shot_sources(config: Config) -> Iterator[str]:
    """A sentence for each target: what gives its few-shot rows, and which languages have none."""
    if (few_shot := config.few_shot_transfer) is not None:
        for task in config.targets:
            yield f"few-shot rows of {task}: {'; '.join(_describe_target(config.catalogue[task], few_shot))}"


def _describe_target(card: TaskCard, few_shot: FewShot) -> Iterator[str]:
    sources = {code: find_shot_source(card, code) for code in few_shot.languages}
    for split, where in (("train", "training sets"), ("dev", "dev sets, which are scored without them")):
        if codes := [code for code, source in sources.items() if source and source.split == split]:
            yield f"{', '.join(codes)} from their own {where}"
    if missing := [code for code, source in sources.items() if source is None]:
        yield f"none in {', '.join(missing)}, which have no rows to give"
    for count in sorted({count for setting in few_shot.settings for _, count in setting}):
        asked = [code for setting in few_shot.settings for code, each in setting if each == count]
        if short := [code for code in asked if sources[code] is not None and not can_give(sources[code], count)]:
            yield f"no {count:,} rows in {', '.join(short)}, which have too few"
