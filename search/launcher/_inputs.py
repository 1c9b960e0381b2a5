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
    """Check the inputs of a launch.

    Returns:
        The config with the path of the synonyms in the search's folder, and the file to copy there, if any.

    Raises:
        UserError: if an input is missing, or the synonyms differ from those that the search started with.
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
    started = own.exists() and folder.journal.exists() and has_started(folder)
    if started and read_synonyms(own).digest != read_synonyms(file).digest:
        raise UserError(
            f"search {config.name!r} started with other synonyms than {file} holds now: trials with two dictionaries cannot be "
            f"compared. Choose a new name (--name), or use the synonyms of the search: --set space.noise.synonyms={own}"
        )
    noise = config.space.noise.model_copy(update={"synonyms": str(own)})
    return config.model_copy(
        update={"space": config.space.model_copy(update={"noise": noise})}
    ), None if started else file


def copy_synonyms(file: Path, folder: SearchFolder) -> None:
    """Copy the synonyms that a search starts with to its folder."""
    if file != folder.synonyms:
        with write_atomically(folder.synonyms) as temporary:
            temporary.write_bytes(read_regular_file(file))
