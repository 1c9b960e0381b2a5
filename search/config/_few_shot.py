"""The config of few-shot transfer: how many labelled rows of which languages."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, ValidationInfo, field_validator

from search.config._languages import find_rules, resolve_languages
from search.config._own_task import find_catalogue, find_languages
from search.config._stage_space import ConfigSection
from trainables.cards import ShotSource, TaskCard, can_give, find_shot_source
from trainables.few_shot import FewShot, Shots
from trainables.ranges import LearningRate, Seed

ShotSettings = Annotated[dict[str, Shots] | tuple[Annotated[int, Field(ge=0, le=100_000)], ...], Field()]


class FewShotSettings(ConfigSection):
    """How a target goes on training on the rows of `shots`."""

    epochs: Annotated[int, Field(gt=0, le=1000)] = 10
    """Passes over the rows; the steps are at most those of the target."""
    learning_rate: LearningRate | None = None
    """Peak learning rate. Default: that of the target."""
    seed: Seed = 0
    """Seed of the choice of rows."""


def find_few_shot(fields: Mapping[str, Any]) -> FewShot | None:
    """The few-shot transfer of a config's valid fields; None where no language gets rows."""
    shots: dict[str, int] | tuple[int, ...] = fields.get("shots") or ()
    settings: FewShotSettings = fields.get("few_shot") or FewShotSettings()
    named = isinstance(shots, dict)
    if isinstance(shots, dict):
        found = [tuple(sorted(shots.items()))]
    else:
        codes = _list_languages(fields)
        found = [tuple((code, count) for code in codes) for count in sorted(shots) if count]
    if not any(found):
        return None
    return FewShot(
        settings=tuple(found),
        apart=named,
        seed=settings.seed,
        epochs=settings.epochs,
        learning_rate=settings.learning_rate,
    )


def find_zero_shot_languages(fields: Mapping[str, Any]) -> tuple[str, ...]:
    """The languages that zero-shot means may count: scored, and not named in `shots`."""
    few_shot = find_few_shot(fields)
    apart = few_shot.languages_apart if few_shot else frozenset()
    return tuple(code for code in find_languages(fields) if code not in apart)


class FewShotChecks(ConfigSection):
    """Checks of `shots`."""

    @field_validator("shots", check_fields=False)
    @classmethod
    def _check_shots(
        cls, shots: dict[str, int] | tuple[int, ...], info: ValidationInfo
    ) -> dict[str, int] | tuple[int, ...]:
        cards = find_catalogue(info.data)
        targets = {task: cards[task] for task in info.data.get("targets", ()) if task in cards}
        if not shots or not targets or "languages" not in info.data:
            return shots
        if isinstance(shots, dict):
            resolved = dict(zip(resolve_languages(tuple(shots), info.data), shots.values(), strict=True))
            _check_named(resolved, targets, info.data)
            return resolved
        if len(set(shots)) < len(shots):
            raise ValueError(f"a number of rows is listed twice: {list(shots)}")
        if not any(shots):
            raise ValueError(
                "0 alone is zero-shot transfer, which needs no shots: leave it out, or add a number of rows"
            )
        _check_numbers([count for count in shots if count], targets, info.data)
        return tuple(sorted({0, *shots}))


def _check_named(shots: Mapping[str, int], targets: Mapping[str, TaskCard], fields: Mapping[str, Any]) -> None:
    """Refuse languages that cannot have rows.

    Raises:
        ValueError: with all of them.
    """
    rules, problems = find_rules(fields), []
    for code, count in shots.items():
        sources = {task: find_shot_source(card, code) for task, card in targets.items()}
        if code in rules.source:
            problems.append(f"{code} is a source language: targets are trained on all of its rows already")
        elif code not in find_languages(fields):
            problems.append(f"{code} is not among the languages that are scored: add it to languages")
        elif not any(can_give(source, count) for source in sources.values()):
            problems.append(f"{code}: no target has {count:,} rows to give; {_describe_sources(sources)}")
    if problems:
        raise ValueError("; ".join(problems))


def _check_numbers(counts: list[int], targets: Mapping[str, TaskCard], fields: Mapping[str, Any]) -> None:
    """Refuse numbers of rows that no target has in any language.

    Raises:
        ValueError: with these numbers.
    """
    codes = _list_languages(fields)
    sources = {f"{task} in {code}": find_shot_source(card, code) for task, card in targets.items() for code in codes}
    if missing := [count for count in counts if not any(can_give(source, count) for source in sources.values())]:
        most = max((source.most or 0 for source in sources.values() if source), default=0)
        raise ValueError(
            f"no target has {', '.join(f'{count:,}' for count in missing)} rows of a language to give; the most is {most:,} "
            "(all of a language's training rows, else half of its dev rows)"
        )


def _describe_sources(sources: Mapping[str, ShotSource | None]) -> str:
    return ", ".join(
        f"{task} has none"
        if source is None
        else f"{task} can give {source.most or 0:,} of its {source.rows or 0:,} rows of {source.split}"
        for task, source in sources.items()
    )


def _list_languages(fields: Mapping[str, Any]) -> list[str]:
    source = find_rules(fields).source
    return sorted(code for code in find_languages(fields) if code not in source)
