"""Tasks of a user's own, whose rows are in files, in sets of the hub or in a folder of mirrors."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from datasets import ClassLabel, List, get_dataset_config_names, load_dataset_builder

from trainables.benchmarks.hub._mirror_check import check_mirror_files
from trainables.benchmarks.hub._source import list_converted_folders, make_read_error, open_split
from trainables.benchmarks.own import HubReader, OwnTable, load_own_table, make_hub_source, resolve_own_task
from trainables.cards import DatasetPart, DatasetSource, Row, RowFormat, find_mirror
from trainables.own_tasks import OwnTask
from trainables.validation import DataError


def open_rows(part: DatasetPart, language: str) -> Iterable[Row]:
    """The original rows of a part: of a user's own task, or of a data set as it is published; see `open_split`."""
    if part.source.own is not None:
        return load_table(part.source.own).iterate_rows(part.split, language)
    return open_split(part, language)


def load_table(own: OwnTask) -> OwnTable:
    """The rows of a user's own task in memory.

    Raises:
        DataError: see `load_own_table`.
    """
    return load_own_table(own, HUB_READER)


def resolve_task(own: OwnTask) -> tuple[OwnTask, tuple[str, ...]]:
    """A user's own task with its labels and numbers of rows, and notes about them.

    Raises:
        DataError: see `resolve_own_task`.
    """
    return resolve_own_task(own, load_table(own))


def _list_configurations(source: DatasetSource) -> Sequence[str]:
    if source.revision:
        return list_converted_folders(source.repository, source.revision, "")
    mirror = find_mirror(source)
    if mirror:
        check_mirror_files(mirror)
    try:
        names: list[str] = get_dataset_config_names(
            str(mirror or source.repository), revision=_get_commit(source, mirror)
        )
    except Exception as error:
        raise _make_error(source, "any", error) from error
    return names


def _list_splits(source: DatasetSource, configuration: str) -> Sequence[str]:
    if source.revision:
        return list_converted_folders(source.repository, source.revision, configuration)
    mirror = find_mirror(source)
    try:
        builder = load_dataset_builder(
            str(mirror or source.repository), configuration, revision=_get_commit(source, mirror)
        )
    except Exception as error:
        raise _make_error(source, configuration, error) from error
    return tuple(map(str, builder.config.data_files or builder.info.splits or ()))


def _get_commit(source: DatasetSource, mirror: Path | None) -> str | None:
    return None if mirror else source.commit


def _make_error(source: DatasetSource, configuration: str, error: Exception) -> DataError:
    row_format = RowFormat(columns={})
    return make_read_error(
        DatasetPart(source=source, row_format=row_format, split="any", configuration=configuration), "", error
    )


def _open_named_rows(part: DatasetPart, language: str) -> Iterator[Row]:
    """The rows of a set with the names of its ClassLabels in place of numbers."""
    rows = open_split(part, language)
    named = {
        name: kind.names
        for name, feature in (getattr(rows, "features", None) or {}).items()
        if isinstance(kind := feature.feature if isinstance(feature, List) else feature, ClassLabel)
    }
    try:
        for row in rows:
            yield row | {name: _name_labels(row[name], names) for name, names in named.items()}
    except DataError:
        raise
    except Exception as error:
        raise make_read_error(part, language, error) from error


def _name_labels(value: int | list[int] | None, names: Sequence[str]) -> str | list[str] | None:
    """Names; None for a hidden label."""
    if isinstance(value, list):
        return [names[number] for number in value if 0 <= number < len(names)]
    return names[value] if value is not None and 0 <= value < len(names) else None


def _list_files(own: OwnTask) -> tuple[Path, ...]:
    mirror = find_mirror(make_hub_source(own))
    if mirror is None:
        return ()
    return tuple(sorted(file for file in mirror.rglob("*") if file.is_file() and file.suffix != ".part"))


HUB_READER = HubReader(_list_configurations, _list_splits, _open_named_rows, _list_files)
