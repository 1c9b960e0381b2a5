"""Inputs of a launch besides its config: the synonyms of a search are copied into its folder, the mirror's path is made absolute."""

import os
from pathlib import Path

from search.config import Config
from search.errors import UserError
from search.home import SearchFolder, write_atomically
from search.planner import find_input_problems, get_synonyms_file, read_synonyms
from search.study import has_started
from trainables.cards import MIRROR_VARIABLE
from trainables.validation import read_regular_file


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
    if begun and read_synonyms(own).digest != read_synonyms(file).digest:
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
