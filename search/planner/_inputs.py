"""Inputs of a launch besides its config, checked before anything is trained: synonyms, and mirrors of data sets."""

import sys
from collections.abc import Iterator
from pathlib import Path

from search.config import Config
from search.errors import UserError
from trainables.cards import find_mirror
from trainables.synonyms import Synonyms, load_synonyms
from trainables.validation import DataError


def find_input_problems(config: Config, file: Path | None = None) -> Iterator[str]:
    """Reasons to refuse a launch of the config, each with what to do.

    Args:
        config: config of the search.
        file: the file of synonyms, if it is not the one in the config.
    """
    if sys.flags.optimize > 1:
        yield "Python runs with -OO or PYTHONOPTIMIZE=2, under which Ray does not start: unset it, or set it to 1"
    if (file := file or get_synonyms_file(config)) is not None:
        try:
            read_synonyms(file)
        except UserError as error:
            yield str(error)
    for task in (*config.targets, *config.intermediate):
        parts = config.catalogue[task].parts
        every = (*parts.train, *parts.dev, *parts.test, *parts.candidates) if parts else ()
        sets = {part.source for part in every if part.source.own is None}  # a user's own were read with the config
        for each in sorted(sets, key=lambda data: data.repository):
            try:
                find_mirror(each)
            except DataError as error:
                yield f"{task}: {error}"


def get_synonyms_file(config: Config) -> Path | None:
    """The file of synonyms that trials of the config read; None if they read none."""
    named = config.space.noise.synonyms
    return Path(named).absolute() if named is not None and config.space.uses_synonyms else None


def read_synonyms(file: Path) -> Synonyms:
    """Read a file of synonyms.

    Raises:
        UserError: if the file cannot be read, is no dictionary of synonyms, or has no word with a neighbour.
    """
    try:
        found = load_synonyms(str(file))
    except OSError as error:
        raise UserError(f"space.noise.synonyms: {file} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise UserError(f"space.noise.synonyms: {error}") from error
    if not found.neighbours:
        raise UserError(f"space.noise.synonyms: {file} has no word with a neighbour")
    return found
