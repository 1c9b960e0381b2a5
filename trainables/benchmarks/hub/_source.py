"""Opens the original rows of a data set: on the Hugging Face hub, in a mirror of it, or in local files."""

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain
from logging import CRITICAL
from pathlib import Path
from urllib.parse import quote

from datasets import Dataset, IterableDataset, load_dataset, load_dataset_builder
from datasets.utils.logging import disable_progress_bar, set_verbosity
from huggingface_hub import HfApi, RepoFolder

from trainables.benchmarks.hub._mirror_check import check_column_types, check_mirror_files, check_split_files
from trainables.cards import CONVERTED_REVISION, TAGGED_FILE_FORMAT, DatasetPart, Row, find_mirror
from trainables.validation import DataError, UnreachableError, is_inside

_MAX_LINE_BYTES = 2**20
"""Most bytes of a line with a word and its tag; a longer line is read as several, which are refused."""
SCRIPT_ERROR = "scripts are no longer supported"
"""The message of `datasets` for a data set whose branch holds a script."""


def open_split(part: DatasetPart, language: str) -> Iterable[Row]:
    """The data set's original rows, as from `load_dataset`.

    Rows are streamed where possible, since `datasets` prepares all splits in order to read one, and some data sets have a
    machine-translated training set in every language. A mirror is always streamed: `datasets` would read its prepared copy again even
    if the files have changed.
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
        rows: Iterable[Row] = _load_from_mirror(mirror, part.configuration_of(language), split, stream)
    except Exception as error:
        raise make_read_error(part, language, error) from error
    return rows


def _load_from_mirror(mirror: Path, configuration: str, split: str, stream: bool) -> Iterable[Row]:
    """The rows of a mirror, after checks that nothing outside of it is read."""
    check_mirror_files(mirror)
    builder = load_dataset_builder(str(mirror), configuration)
    # `datasets` prepares all splits if it prepares one.
    check_split_files(builder, [split] if stream else builder.config.data_files or (), mirror)
    if not stream:
        builder.download_and_prepare()
    rows: Dataset | IterableDataset = builder.as_streaming_dataset(split) if stream else builder.as_dataset(split)
    check_column_types(rows.features)
    return rows


def _load_from_hub(part: DatasetPart, language: str, stream: bool) -> Iterable[Row]:
    """The rows from the main branch, or from the converted branch if the card names it or main holds a script.

    Raises:
        DataError: when main holds a script and there is no converted branch.
    """
    repository, revision = part.source.repository, part.source.revision or CONVERTED_REVISION
    configuration, split = part.configuration_of(language), part.split_of(language)
    if part.source.revision is None or not _has_revision(repository, revision):
        try:
            pinned = {"revision": part.source.commit} if part.source.commit else {}
            rows: Iterable[Row] = load_dataset(repository, configuration, split=split, streaming=stream, **pinned)
        except RuntimeError as error:
            if SCRIPT_ERROR not in str(error):
                raise
            if not _has_revision(repository, revision):
                what = f"its main branch holds a script, which datasets no longer runs, and it has no branch {revision}"
                raise DataError(what) from error
        else:
            return rows
    # The converted branch has no README that names its configurations.
    at = f"hf://datasets/{repository}@{quote(revision, safe='')}"
    files = {split: f"{at}/{configuration}/{split}/*.parquet"}
    try:
        rows = load_dataset("parquet", data_files=files, split=split, streaming=stream)
    except (FileNotFoundError, ValueError) as error:
        if isinstance(error, FileNotFoundError) or "data_files are invalid" in str(error):
            raise DataError(f"its branch {revision} has no such configuration and split") from error
        raise
    return rows


def list_converted_folders(repository: str, revision: str, folder: str) -> tuple[str, ...]:
    """The folders in a folder of a branch with the hub's own conversion: configurations at the top, splits in each.

    Raises:
        DataError: when the branch cannot be listed.
    """
    try:
        entries = HfApi().list_repo_tree(repository, folder or None, revision=revision, repo_type="dataset")
        return tuple(entry.path.rpartition("/")[2] for entry in entries if isinstance(entry, RepoFolder))
    except Exception as error:
        raise (UnreachableError if _is_unreachable(error) else DataError)(
            f"{repository}, branch {revision}: {explain_error(error)}"
        ) from error


@cache
def _has_revision(repository: str, revision: str) -> bool:
    return HfApi().revision_exists(repository, revision, repo_type="dataset")


def make_read_error(part: DatasetPart, language: str, error: Exception) -> DataError:
    """An error that says what went wrong with a data set, and what to do."""
    mirror, why = find_mirror(part.source), explain_error(error)
    hint = "without internet: xlt data fetch where there is some, then --data or XLT_DATA"
    if mirror:
        hint = f"in {mirror}: remove what is broken there; xlt data fetch copies what is missing"
    elif isinstance(error, DataError):
        hint = f"put a copy in parquet into FOLDER/{part.source.repository}, and name FOLDER by --data or XLT_DATA"
    lost = not mirror and _is_unreachable(error)
    return (UnreachableError if lost else DataError)(f"{part.describe_source(language)}: {why} ({hint})")


def _is_unreachable(error: BaseException | None) -> bool:
    """Whether the cause is a host that cannot be reached."""
    if error is None:
        return False
    kinds = {kind.__name__ for kind in type(error).__mro__}
    # Every HTTP client has its own class for errors of the transport.
    away = isinstance(error, ConnectionError | TimeoutError) or "TransportError" in kinds
    return away or _is_unreachable(error.__cause__ or error.__context__)


def explain_error(error: Exception) -> str:
    """The cause of an error, in one line."""
    cause = error if isinstance(error, DataError) else error.__cause__ or error
    # The rest of the message is a long list of supported extensions.
    why = " ".join(str(cause).split()).partition(" with any supported extension")[0]
    return f"{type(cause).__name__}: {why}" if isinstance(cause, LookupError) else why or type(cause).__name__


def silence_datasets() -> None:
    """Keep the progress bars of `datasets`, and its logging of errors that it also raises, off the terminal."""
    disable_progress_bar()
    set_verbosity(CRITICAL)


def _read_tagged_file(folder: Path | None, split: str, named: str) -> Iterator[Row]:
    """Sentences of a file with a word and its tag a line, a tab between them, and an empty line after each sentence."""
    assert folder is not None, "find_mirror refuses a local data set without a mirror"
    file = folder / f"{split}.tsv"
    if not file.is_file():
        raise DataError(f"{named}: there is no {file}; expected: {TAGGED_FILE_FORMAT}")
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
                    f"{named}: line {number} of {file} has {len(cells)} columns; expected: {TAGGED_FILE_FORMAT}"
                )
            elif sentence:
                words, tags = map(list, zip(*sentence, strict=True))
                yield {"tokens": words, "tags": tags}
                sentence = []
