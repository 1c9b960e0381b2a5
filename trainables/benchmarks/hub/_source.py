"""The rows of a set as it has them: on the Hugging Face hub, in a mirror of it, or in local files."""

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain
from logging import CRITICAL
from pathlib import Path
from urllib.parse import quote

from datasets import Dataset, IterableDataset, load_dataset, load_dataset_builder
from datasets.utils.logging import disable_progress_bar, set_verbosity
from huggingface_hub import HfApi

from trainables.benchmarks.hub._mirror_check import check_column_types, check_mirror_files, check_split_files
from trainables.cards import CONVERTED_REVISION, TAGGED_FILE_FORMAT, DatasetPart, Row, find_mirror
from trainables.validation import DataError, UnreachableError, is_inside

_MAX_LINE_BYTES = 2**20
"""Bytes of a word and its tag; a longer line is read as several, and refused."""
SCRIPT_ERROR = "scripts are no longer supported"
"""What `datasets` says of a set whose branch holds a script."""


def open_split(part: DatasetPart, language: str) -> Iterable[Row]:
    """The set's own rows, as `load_dataset` gives them.

    To prepare one split of a set is to prepare all, and every language of some has a machine-translated training set: whatever can
    be is streamed. So is a mirror: what was prepared of it once is taken again though its files have changed.
    """
    mirror = find_mirror(part.source)
    split = part.split_of(language)
    packed = part.source.archived and not (mirror and any(mirror.rglob("*.parquet")))
    stream = not packed and (mirror is not None or part.take is not None or split != "train")
    if part.source.is_local:
        return _read_tagged_file(mirror, split, part.describe_source(language))
    try:
        if mirror is None:
            return _load_from_hub(part, language, stream)
        told: Iterable[Row] = _load_from_mirror(mirror, part.configuration_of(language), split, stream)
    except Exception as error:
        raise make_read_error(part, language, error) from error
    return told


def _load_from_mirror(mirror: Path, configuration: str, split: str, stream: bool) -> Iterable[Row]:
    """As `load_dataset` gives it, once it is clear that nothing but the mirror is read."""
    check_mirror_files(mirror)
    builder = load_dataset_builder(str(mirror), configuration)
    # To prepare one split is to prepare all.
    check_split_files(builder, [split] if stream else builder.config.data_files or (), mirror)
    if not stream:
        builder.download_and_prepare()
    told: Dataset | IterableDataset = builder.as_streaming_dataset(split) if stream else builder.as_dataset(split)
    check_column_types(told.features)
    return told


def _load_from_hub(part: DatasetPart, language: str, stream: bool) -> Iterable[Row]:
    """From the main branch; from the converted one where the set's card says so, or where main holds a script.

    Raises:
        DataError: when main holds a script and nothing of it is converted.
    """
    repository, revision = part.source.repository, part.source.revision or CONVERTED_REVISION
    configuration, split = part.configuration_of(language), part.split_of(language)
    if part.source.revision is None or not _has_revision(repository, revision):
        try:
            told: Iterable[Row] = load_dataset(repository, configuration, split=split, streaming=stream)
        except RuntimeError as error:
            if SCRIPT_ERROR not in str(error):
                raise
            if not _has_revision(repository, revision):
                what = f"its main branch holds a script, which datasets no longer runs, and it has no branch {revision}"
                raise DataError(what) from error
        else:
            return told
    # Such a branch has no README that would name its configurations.
    at = f"hf://datasets/{repository}@{quote(revision, safe='')}"
    files = {split: f"{at}/{configuration}/{split}/*.parquet"}
    try:
        told = load_dataset("parquet", data_files=files, split=split, streaming=stream)
    except (FileNotFoundError, ValueError) as error:
        if isinstance(error, FileNotFoundError) or "data_files are invalid" in str(error):
            raise DataError(f"its branch {revision} has no such configuration and split") from error
        raise
    return told


@cache
def _has_revision(repository: str, revision: str) -> bool:
    return HfApi().revision_exists(repository, revision, repo_type="dataset")


def make_read_error(part: DatasetPart, language: str, error: Exception) -> DataError:
    """What went wrong with a set, and what to do."""
    mirror, why = find_mirror(part.source), explain_error(error)
    hint = "without internet: xlt data fetch where there is some, then --data or XLT_DATA"
    if mirror:
        hint = f"in {mirror}: remove what is broken there; xlt data fetch copies what is missing"
    elif isinstance(error, DataError):
        hint = f"put a copy in parquet into FOLDER/{part.source.repository}, and name FOLDER by --data or XLT_DATA"
    lost = not mirror and _is_unreachable(error)
    return (UnreachableError if lost else DataError)(f"{part.describe_source(language)}: {why} ({hint})")


def _is_unreachable(error: BaseException | None) -> bool:
    """Whether it comes of a host that cannot be reached."""
    if error is None:
        return False
    kinds = {kind.__name__ for kind in type(error).__mro__}
    # Every HTTP client has a class of its own for what goes wrong on the way.
    away = isinstance(error, ConnectionError | TimeoutError) or "TransportError" in kinds
    return away or _is_unreachable(error.__cause__ or error.__context__)


def explain_error(error: Exception) -> str:
    """Why an error came, in one line."""
    told = error if isinstance(error, DataError) else error.__cause__ or error
    # What it could have been read as instead is a long list.
    why = " ".join(str(told).split()).partition(" with any supported extension")[0]
    return f"{type(told).__name__}: {why}" if isinstance(told, LookupError) else why or type(told).__name__


def silence_datasets() -> None:
    """Keep the bars of `datasets`, and what it logs of errors that it raises as well, off the terminal."""
    disable_progress_bar()
    set_verbosity(CRITICAL)


def _read_tagged_file(folder: Path | None, split: str, named: str) -> Iterator[Row]:
    """Sentences of a file with a word and its tag a line, a tab between them, and an empty line after each sentence."""
    assert folder is not None, "mirror_of refuses a local set that is nowhere"
    file = folder / f"{split}.tsv"
    if not file.is_file():
        raise DataError(f"{named}: there is no {file}; it wants {TAGGED_FILE_FORMAT}")
    if not is_inside(file, folder.resolve()):
        raise DataError(f"{named}: {file} is a link that leaves its folder: put the file itself there")
    sentence: list[list[str]] = []
    with file.open("rb") as lines:
        for number, read in enumerate(chain(iter(lambda: lines.readline(_MAX_LINE_BYTES), b""), [b""]), start=1):
            try:
                line = read.decode("utf-8-sig").rstrip("\r\n")
            except UnicodeDecodeError as error:
                raise DataError(f"{named}: line {number} of {file} is not in UTF-8") from error
            cells = line.split("\t") if line.strip() else []
            if len(cells) == 2:
                sentence.append(cells)
            elif cells:
                raise DataError(
                    f"{named}: line {number} of {file} has {len(cells)} columns; it wants {TAGGED_FILE_FORMAT}"
                )
            elif sentence:
                words, tags = map(list, zip(*sentence, strict=True))
                yield {"tokens": words, "tags": tags}
                sentence = []
