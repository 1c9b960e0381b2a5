"""What a launch needs besides its config, looked at before anything is trained: synonyms, and mirrors of data sets."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from search.config import Config
from search.errors import UserError
from search.home import SearchFolder, write_atomically
from search.study import has_started
from trainables.benchmarks import get_task_catalogue
from trainables.cards import MIRROR_VARIABLE, find_mirror
from trainables.synonyms import Synonyms, load_synonyms
from trainables.validation import DataError, read_regular_file


def find_input_problems(config: Config, file: Path | None = None) -> Iterator[str]:
    """What a launch of the config would be refused for, each with what to do.

    Args:
        config: the search.
        file: its synonyms, where they are not the ones that the config names.
    """
    if sys.flags.optimize > 1:
        yield "Python runs with -OO or PYTHONOPTIMIZE=2, under which Ray does not start: unset it, or set it to 1"
    if (file := file or get_synonyms_file(config)) is not None:
        try:
            _read_synonyms(file)
        except UserError as error:
            yield str(error)
    for task in (*config.targets, *config.intermediate):
        parts = get_task_catalogue(config.benchmark)[task].parts
        sets = {part.source for part in (*parts.train, *parts.dev, *parts.test, *parts.candidates)} if parts else set()
        for each in sorted(sets, key=lambda data: data.repository):
            try:
                find_mirror(each)
            except DataError as error:
                yield f"{task}: {error}"


def resolve_inputs(config: Config, folder: SearchFolder) -> tuple[Config, Path | None]:
    """The config with its synonyms read from the search's own folder, and the file to copy there first, if there is one.

    Raises:
        UserError: when something is missing, or the synonyms are other ones than the search began with.
    """
    file, own = get_synonyms_file(config), folder.synonyms
    if file is not None and not file.exists() and own.exists():
        file = own
    if problems := list(find_input_problems(config, file)):
        raise UserError("\n".join([f"{config.name} cannot be launched:", *(f"  {problem}" for problem in problems)]))
    if os.environ.get(MIRROR_VARIABLE):
        # Workers run in other folders.
        os.environ[MIRROR_VARIABLE] = str(Path(os.environ[MIRROR_VARIABLE]).absolute())
    if file is None:
        return config, None
    begun = own.exists() and folder.journal.exists() and has_started(folder)
    if begun and _read_synonyms(own).digest != _read_synonyms(file).digest:
        raise UserError(
            f"search {config.name!r} began with other synonyms than {file} holds now: trials under two dictionaries cannot be "
            f"compared; take a new name (--name), or its own ones: --set space.noise.synonyms={own}"
        )
    noise = config.space.noise.model_copy(update={"synonyms": str(own)})
    return config.model_copy(
        update={"space": config.space.model_copy(update={"noise": noise})}
    ), None if begun else file


def copy_synonyms(file: Path, folder: SearchFolder) -> None:
    """Leave a copy of the synonyms that a search begins with in its folder."""
    if file != folder.synonyms:
        with write_atomically(folder.synonyms) as aside:
            aside.write_bytes(read_regular_file(file))


def get_synonyms_file(config: Config) -> Path | None:
    """The file that trials of the config read, or None if none does."""
    named = config.space.noise.synonyms
    return Path(named).absolute() if named is not None and config.space.uses_synonyms else None


def _read_synonyms(file: Path) -> Synonyms:
    try:
        found = load_synonyms(str(file))
    except OSError as error:
        raise UserError(f"space.noise.synonyms: {file} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise UserError(f"space.noise.synonyms: {error}") from error
    if not found.neighbours:
        raise UserError(f"space.noise.synonyms: {file} has no word with a neighbour")
    return found
