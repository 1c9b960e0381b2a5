"""Where mirrors of data sets and encoders lie."""

import os
from pathlib import Path

from trainables.cards._cards import DatasetSource
from trainables.validation import DataError

MIRROR_VARIABLE = "XLT_DATA"
"""The environment variable that names a folder with mirrors of data sets, ``FOLDER/namespace/name``."""

MODELS_FOLDER = "models"
"""The folder in it that holds mirrors of encoders."""

TAGGED_FILE_FORMAT = "a word, a tab and its tag a line, an empty line after each sentence"
"""What the files of local sets hold."""


def find_mirror(data: DatasetSource) -> Path | None:
    """The folder of a data set's mirror; None if no folder of mirrors is named and the hub is meant.

    Raises:
        DataError: when the folder of mirrors lacks the data set, or none is named for one that is on no hub.
    """
    named = os.environ.get(MIRROR_VARIABLE)
    if not named and not data.is_local:
        return None
    folder = Path(named or "FOLDER").absolute() / data.repository
    if named and folder.is_dir():
        return folder
    if data.is_local:
        wanted = f"{folder if named else 'FOLDER/' + data.repository}/train.tsv ({TAGGED_FILE_FORMAT})"
        named_by = "" if named else f", and name FOLDER by --data or {MIRROR_VARIABLE}"
        raise DataError(f"{data.repository}: on no hub ({data.licence}): put your copy into {wanted}{named_by}")
    raise DataError(
        f"{data.repository}: there is no {folder}: xlt data fetch --to {Path(str(named)).absolute()} copies it from the hub"
    )


def find_encoder_mirror(encoder: str) -> Path | None:
    """The folder of an encoder's mirror, ``FOLDER/models/namespace/name``; None if there is none."""
    folder = Path(os.environ.get(MIRROR_VARIABLE) or os.devnull).absolute() / MODELS_FOLDER / encoder
    return folder if folder.is_dir() and not Path(encoder).is_dir() else None
