"""Tasks of a user's own, whose rows are in files, in sets of the hub or in a folder of mirrors."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from datasets import ClassLabel, Features, List, get_dataset_config_names, load_dataset_builder

from trainables.benchmarks.hub._mirror_check import check_mirror_files
from trainables.benchmarks.hub._source import list_converted_folders, make_read_error, open_split
from trainables.benchmarks.own import (
    HubReader,
    OwnTable,
    list_hub_splits,
    load_own_table,
    make_hub_source,
    resolve_own_task,
)
from trainables.cards import DatasetPart, DatasetSource, Row, RowFormat, find_mirror
from trainables.own_tasks import OwnTask
from trainables.validation import DataError, is_inside


def open_rows(part: DatasetPart, language: str) -> Iterable[Row]:
    """The original rows of a part: of a user's own task, or of a data set as it is published; see `open_split`."""
    if part.source.own is not None:
        return load_table(part.source.own).iterate_rows(part.split, language)
    return open_split(part, language)


def load_table(own: OwnTask) -> OwnTable:
    """The rows of a user's own task in memory.

    Raises:
        DataError: when they are not those that the config was read with; see `load_own_table`.
    """
    table = load_own_table(own, HUB_READER)
    if own.digest not in ("", table.digest):
        raise DataError(
            f"{own.name}: the rows of {own.place} have changed since the search was launched, and its trials could not be compared: "
            "undo the change, or launch under a new name"
        )
    return table


def resolve_task(own: OwnTask) -> tuple[OwnTask, tuple[str, ...]]:
    """A user's own task with its labels and numbers of rows, and notes about them.

    Raises:
        DataError: see `resolve_own_task`.
    """
    return resolve_own_task(own, load_own_table(own, HUB_READER))


def list_own_parts(own: OwnTask) -> tuple[DatasetPart, ...]:
    """The splits of the set of the hub that a task reads, each in one configuration under the language ``""``; none for files."""
    return tuple(split.make_part() for split in list_hub_splits(own, HUB_READER)[0]) if own.hub else ()


def _list_configurations(source: DatasetSource) -> Sequence[str]:
    if source.revision:
        return list_converted_folders(source.repository, source.revision, "")
    mirror = find_mirror(source)
    if mirror:
        check_mirror_files(mirror)
        if folders := {file.parent.name for file in _list_copied_files(mirror, "*", "*")}:
            return sorted(folders)
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
    if mirror and (files := _list_copied_files(mirror, configuration, "*")):
        return tuple(dict.fromkeys(file.name.rpartition("-of-")[0].rpartition("-")[0] for file in files))
    try:
        builder = load_dataset_builder(
            str(mirror or source.repository), configuration, revision=_get_commit(source, mirror)
        )
    except Exception as error:
        raise _make_error(source, configuration, error) from error
    return tuple(map(str, builder.config.data_files or builder.info.splits or ()))


def _list_copied_files(mirror: Path, configuration: str, split: str) -> list[Path]:
    """The files of a mirror that is laid out as xlt data fetch does: read without `datasets`, which reads the whole README of the mirror again
    for each configuration."""
    return sorted(mirror.glob(f"{configuration}/{split}-*-of-*.parquet"))


def _read_copied_files(files: Sequence[Path], mirror: Path) -> Iterator[Row]:
    if outside := next((file for file in files if not is_inside(file, mirror.resolve())), None):
        raise DataError(f"{outside} is a link that leaves its folder: put the file itself there")
    for file in files:
        table = pq.ParquetFile(file)
        named = _find_label_names(Features.from_arrow_schema(table.schema_arrow))
        for batch in table.iter_batches(batch_size=1024):
            yield from (_name_row(row, named) for row in batch.to_pylist())


def _get_commit(source: DatasetSource, mirror: Path | None) -> str | None:
    return None if mirror else source.commit


def _make_error(source: DatasetSource, configuration: str, error: Exception) -> DataError:
    row_format = RowFormat(columns={})
    return make_read_error(
        DatasetPart(source=source, row_format=row_format, split="any", configuration=configuration), "", error
    )


def _open_named_rows(part: DatasetPart, language: str) -> Iterator[Row]:
    """The rows of a set with the names of its ClassLabels in place of numbers."""
    mirror = find_mirror(part.source)
    try:
        if mirror and (files := _list_copied_files(mirror, part.configuration_of(language), part.split_of(language))):
            yield from _read_copied_files(files, mirror)
            return
        rows = open_split(part, language)
        named = _find_label_names(getattr(rows, "features", None) or {})
        for row in rows:
            yield _name_row(row, named)
    except DataError:
        raise
    except Exception as error:
        raise make_read_error(part, language, error) from error


def _find_label_names(features: Mapping[str, Any]) -> dict[str, list[str]]:
    kinds = {name: each.feature if isinstance(each, List) else each for name, each in features.items()}
    return {name: kind.names for name, kind in kinds.items() if isinstance(kind, ClassLabel)}


def _name_row(row: Row, named: Mapping[str, Sequence[str]]) -> Row:
    return row | {name: _name_labels(row[name], names) for name, names in named.items()}


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
