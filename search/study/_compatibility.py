"""Whether trials of a config can be compared with those that its search has."""

from collections.abc import Collection
from typing import Any

from search.config import Config
from search.errors import SpaceChangedError
from search.home import SearchFolder
from search.study._encoder_identity import is_same_encoder
from search.study._study import Study, has_started
from trainables.cards import SAMPLE_SEPARATOR
from trainables.store import STAGE_VERSION

CHANGEABLE_FIELDS = {
    "curriculum.retention",
    "name",
    "trials",
    "budget",
    "stop",
    "racing",
    "finalists",
    "store",
    "resources",
    "tracking",
    "sampler",
    "orders",
    "prior",
}
"""Fields that may change between launches of a search: they do not change what a trial is or is worth."""

_SYNONYMS_FIELD = "space.noise.synonyms"
"""Compared by what it holds (`search.launcher._inputs`), not by where it lies."""


def check_space(folder: SearchFolder, config: Config, stages: str | None = None) -> None:
    """Refuse a config whose trials could not be compared with those that are there.

    Args:
        folder: of the search.
        config: to be launched.
        stages: the store, whose records know an encoder that lies elsewhere now.

    Raises:
        SpaceChangedError: listing each difference.
    """
    if not folder.config.exists() or not folder.journal.exists():
        return
    if not has_started(folder):
        return  # it was refused before its first trial
    there = Study.open(folder)
    began_with = there.config
    if began_with.encoder != config.encoder and is_same_encoder(there, config.encoder, stages):
        began_with = began_with.model_copy(update={"encoder": config.encoder})
    own = began_with.training.tasks.keys() | config.training.tasks.keys()
    before, now = _flatten_settings(began_with, own), _flatten_settings(config, own)
    differences = [
        f"{key}: was {before.get(key, 'absent')!r}, is {now.get(key, 'absent')!r}"
        for key in sorted(before.keys() | now.keys())
        if CHANGEABLE_FIELDS.isdisjoint((key, key.split(".")[0]))
        and _get_compared_value(key, before) != _get_compared_value(key, now)
    ]
    if older := there.get_stage_versions() - {str(STAGE_VERSION)}:
        differences.append(
            f"stage version: was {', '.join(sorted(older))}, is {STAGE_VERSION}: stages are trained or scored otherwise since"
        )
    if differences:
        raise SpaceChangedError(config.name, differences)


def _flatten_settings(config: Config, own: Collection[str]) -> dict[str, Any]:
    """Every setting by its dotted path; of the tasks that have a length of their own, in either config, the whole of it."""
    document = config.model_dump(mode="json")
    document["training"]["tasks"] = {
        task: config.get_stage_settings(task).model_dump(mode="json")
        for task in (*config.targets, *config.intermediate)
        if {task, task.partition(SAMPLE_SEPARATOR)[0]} & set(own)
    }
    return _flatten(document)


def _get_compared_value(key: str, settings: dict[str, Any]) -> Any:
    return settings.get(key) is None if key == _SYNONYMS_FIELD else settings.get(key)


def _flatten(document: Any, prefix: str = "") -> dict[str, Any]:
    if not isinstance(document, dict) or not document:
        return {prefix.removesuffix("."): document}
    return {key: value for name, part in document.items() for key, value in _flatten(part, f"{prefix}{name}.").items()}
