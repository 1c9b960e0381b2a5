"""Check that trials of a config are comparable with the trials of an existing search."""

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
"""Fields that may change between launches of a search: they change neither a trial nor its value."""

_TASK_CHANGEABLE_FIELDS = {"files", "about", "licence", "citation"}
"""The same of a task of one's own: its rows are compared by content, not by path, and words about it change no score."""

_SYNONYMS_FIELD = "space.noise.synonyms"
"""Compared by content (`search.launcher`), not by path."""


def keep_encoder_languages(folder: SearchFolder, config: Config) -> Config:
    """The config under the rule for unseen languages that its search began with, if it was begun by an earlier version, which took the
    list of XLM-R for every encoder, and the config names no list."""
    if "encoder_languages" in config.model_fields_set or not folder.config.exists() or not folder.journal.exists():
        return config
    if not has_started(folder) or Study.open(folder).config.encoder_languages is not None:
        return config
    kept = config.model_copy(update={"encoder_languages": None})
    kept.__dict__.pop("rules", None)  # a copy keeps what was computed from the field
    return kept


def check_space(folder: SearchFolder, config: Config, stages: str | None = None) -> None:
    """Refuse a config whose trials are not comparable with the trials of the search.

    Args:
        folder: folder of the search; nothing is checked if it has no trials.
        config: config to be launched.
        stages: folder or URL of the stage store, whose records identify an encoder that was moved.

    Raises:
        SpaceChangedError: with all differences.
    """
    if not folder.config.exists() or not folder.journal.exists():
        return
    if not has_started(folder):
        return  # no trial was run
    config = keep_encoder_languages(folder, config)
    study = Study.open(folder)
    existing = study.config
    if existing.encoder != config.encoder and is_same_encoder(study, config.encoder, stages):
        existing = existing.model_copy(update={"encoder": config.encoder})
    own = existing.training.tasks.keys() | config.training.tasks.keys()
    before, now = _flatten_settings(existing, own), _flatten_settings(config, own)
    differences = [
        _describe_difference(key, before, now)
        for key in sorted(before.keys() | now.keys())
        if not _is_changeable(key) and _get_compared_value(key, before) != _get_compared_value(key, now)
    ]
    if older := study.get_stage_versions() - {str(STAGE_VERSION)}:
        differences.append(
            f"stage version: was {', '.join(sorted(older))}, is {STAGE_VERSION}: training or scoring of stages has changed"
        )
    if differences:
        raise SpaceChangedError(config.name, differences)


def _flatten_settings(config: Config, own: Collection[str]) -> dict[str, Any]:
    """All settings by dotted path. Tasks with settings of their own (`own`: in either config) have all their fields listed."""
    document = config.model_dump(mode="json")
    document["encoder_languages"] = config.rules.pretraining
    document["training"]["tasks"] = {
        task: config.get_stage_settings(task).model_dump(mode="json")
        for task in (*config.targets, *config.intermediate)
        if {task, task.partition(SAMPLE_SEPARATOR)[0]} & set(own)
    }
    return _flatten(document)


def _is_changeable(key: str) -> bool:
    first, *rest = key.split(".")
    if first == "tasks" and rest[-1:] and rest[-1] in _TASK_CHANGEABLE_FIELDS:
        return True
    return not CHANGEABLE_FIELDS.isdisjoint((key, first))


def _describe_difference(key: str, before: dict[str, Any], now: dict[str, Any]) -> str:
    if key.startswith("tasks.") and key.endswith(".digest") and key in before and key in now:
        return f"{key.removesuffix('.digest')}: its rows have changed"
    return f"{key}: was {before.get(key, 'absent')!r}, is {now.get(key, 'absent')!r}"


def _get_compared_value(key: str, settings: dict[str, Any]) -> Any:
    return settings.get(key) is None if key == _SYNONYMS_FIELD else settings.get(key)


def _flatten(document: Any, prefix: str = "") -> dict[str, Any]:
    if not isinstance(document, dict) or not document:
        return {prefix.removesuffix("."): document}
    return {key: value for name, part in document.items() for key, value in _flatten(part, f"{prefix}{name}.").items()}
