"""Whether trials of a config can be compared with those that its search has."""

from collections.abc import Collection
from typing import Any

from search.config import Config
from search.encoder import same_encoder
from search.errors import SpaceChangedError
from search.home import SearchFolder
from search.study import Study, began
from trainables.benchmarks.cards import SAMPLED
from trainables.store.identity import STAGE_VERSION

FREE = {
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

_SYNONYMS = "space.noise.synonyms"
"""Compared by what it holds (`search.readiness`), not by where it lies."""


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
    if not began(folder):
        return  # it was refused before its first trial
    there = Study.open(folder)
    began_with = there.config
    if began_with.encoder != config.encoder and same_encoder(there, config.encoder, stages):
        began_with = began_with.model_copy(update={"encoder": config.encoder})
    own = began_with.training.tasks.keys() | config.training.tasks.keys()
    before, now = _settings(began_with, own), _settings(config, own)
    differences = [
        f"{key}: was {before.get(key, 'absent')!r}, is {now.get(key, 'absent')!r}"
        for key in sorted(before.keys() | now.keys())
        if FREE.isdisjoint((key, key.split(".")[0])) and _told(key, before) != _told(key, now)
    ]
    if older := there.stage_versions() - {str(STAGE_VERSION)}:
        differences.append(
            f"stage version: was {', '.join(sorted(older))}, is {STAGE_VERSION}: stages are trained or scored otherwise since"
        )
    if differences:
        raise SpaceChangedError(config.name, differences)


def _settings(config: Config, own: Collection[str]) -> dict[str, Any]:
    """Every setting by its dotted path; of the tasks that have a length of their own, in either config, the whole of it."""
    document = config.model_dump(mode="json")
    document["training"]["tasks"] = {
        task: config.length(task).model_dump(mode="json")
        for task in (*config.targets, *config.intermediate)
        if {task, task.partition(SAMPLED)[0]} & set(own)
    }
    return _flat(document)


def _told(key: str, settings: dict[str, Any]) -> Any:
    return settings.get(key) is None if key == _SYNONYMS else settings.get(key)


def _flat(document: Any, prefix: str = "") -> dict[str, Any]:
    if not isinstance(document, dict) or not document:
        return {prefix.removesuffix("."): document}
    return {key: value for name, part in document.items() for key, value in _flat(part, f"{prefix}{name}.").items()}
