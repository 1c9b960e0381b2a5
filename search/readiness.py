"""What a launch needs besides its config, looked at before anything is trained: synonyms, and mirrors of data sets."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from search.config import Config
from search.errors import UserError
from search.home import SearchFolder, written_aside
from trainables.benchmarks import MIRROR, catalogue, mirror_of
from trainables.benchmarks.catalogue import DataError
from trainables.noise.substitution import Synonyms, load


def missing(config: Config) -> Iterator[str]:
    """What a launch of the config would be refused for, each with what to do."""
    if (file := _synonyms(config)) is not None:
        try:
            _read(file)
        except UserError as error:
            yield str(error)
    for task in (*config.targets, *config.intermediate):
        source = catalogue(config.benchmark)[task].source
        try:
            if source is not None:
                mirror_of(source)
        except DataError as error:
            yield f"{task}: {error}"


def ready(config: Config, folder: SearchFolder) -> Config:
    """The config with its synonyms read from the search's own folder, where the first launch leaves a copy.

    Raises:
        UserError: when something is missing, or the synonyms are other ones than the search began with.
    """
    if problems := list(missing(config)):
        raise UserError("\n".join([f"{config.name} cannot be launched:", *(f"  {problem}" for problem in problems)]))
    if os.environ.get(MIRROR):
        # Workers run in other folders.
        os.environ[MIRROR] = str(Path(os.environ[MIRROR]).absolute())
    file = _synonyms(config)
    if file is None:
        return config
    if folder.synonyms.exists() and _read(folder.synonyms).digest != _read(file).digest:
        raise UserError(
            f"search {config.name!r} began with other synonyms than {file} holds now: trials under two dictionaries cannot be "
            f"compared; take a new name (--name), or its own ones: --set space.noise.synonyms={folder.synonyms}"
        )
    noise = config.space.noise.model_copy(update={"synonyms": str(folder.synonyms)})
    return config.model_copy(update={"space": config.space.model_copy(update={"noise": noise})})


def keep_synonyms(given: Config, folder: SearchFolder) -> None:
    """Leave a copy of the synonyms that a launch was given in the search's folder."""
    file = _synonyms(given)
    if file is not None and not folder.synonyms.exists():
        with written_aside(folder.synonyms) as aside:
            shutil.copyfile(file, aside)


def _synonyms(config: Config) -> Path | None:
    """The file that trials will read, or None if none does."""
    space = config.space
    methods = {method.method for noise in (space.noise, space.target_noise) for method in noise.methods}
    if space.noise.synonyms is None or "augmentation" not in methods:
        return None
    return Path(space.noise.synonyms).absolute()


def _read(file: Path) -> Synonyms:
    try:
        found = load(str(file))
    except OSError as error:
        raise UserError(f"space.noise.synonyms: {file} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise UserError(f"space.noise.synonyms: {error}") from error
    if not found.neighbours:
        raise UserError(f"space.noise.synonyms: {file} has no word with a neighbour")
    return found
