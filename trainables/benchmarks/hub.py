"""Data sets of the Hugging Face hub, or of a mirror of it, read row by row as tasks."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, islice
from logging import CRITICAL
from pathlib import Path
from typing import Any
from urllib.parse import quote

from datasets import ClassLabel, List, load_dataset
from datasets.utils.logging import disable_progress_bar, set_verbosity

from trainables.benchmarks import TAGGED, mirror_of
from trainables.benchmarks.cards import Card, DataError, Notes, Part, Parts, Row, Shape, UnreachableError
from trainables.benchmarks.shapes import EMPTY, LAREQA_CANDIDATES, READ, merged
from trainables.languages import SOURCE_LANGUAGE
from trainables.tasks import ITEM, Rows, TaskData

VERSION = 1
"""Bumped by hand whenever the same source would be read as other rows than before."""


def load(card: Card, parts: Parts) -> TaskData:
    """A task's data, none of them read yet: training rows in its language, dev and test rows in all of its languages."""
    train = [(part, language) for part in parts.train for language in part.languages]
    candidates = [(part, language) for part in parts.candidates for language in part.languages]
    labels = labels_of(card)
    return TaskData(
        card.kind,
        labels,
        _rows(train, labels, train=True) if train else None,
        {
            split: {language: _rows([(part, language)], labels) for part in having for language in part.languages}
            for split, having in (("dev", parts.dev), ("test", parts.test))
            if having
        },
        language=card.language,
        candidates=_rows(candidates, labels) if candidates else None,
        sample=card.sample,
    )


def labels_of(card: Card) -> tuple[str, ...]:
    """A task's labels: its table's, or those that its training set tells itself, in alphabetical order."""
    found: set[str] = set()
    for part in card.parts.train if card.parts and not card.labels else ():
        if "tags" in part.shape.columns:
            found |= {tag for row in opened(part, part.languages[0]) for tag in row[part.shape.columns["tags"]]}
    return card.labels or tuple(sorted(found))


def _rows(places: Sequence[tuple[Part, str]], labels: Sequence[str], *, train: bool = False) -> Rows:
    notes = Notes()
    source = json.dumps([VERSION, [_described(part, language) for part, language in places], labels, train])
    reading = partial(_read_all, places, labels, notes, train)
    return Rows(reading, hashlib.sha256(source.encode()).hexdigest(), notes)


def _read_all(places: Sequence[tuple[Part, str]], labels: Sequence[str], notes: Notes, train: bool) -> Iterator[Row]:
    notes.clear()
    told = chain.from_iterable(rows_of(part, language, labels, notes, train=train) for part, language in places)
    return merged(list(told)) if places[0][0].shape is LAREQA_CANDIDATES else told


def _described(part: Part, language: str) -> list[Any]:
    """What decides the rows without reading them: where they come from, and of a mirror when its files were written."""
    mirror = mirror_of(part.set)
    stamps = [_stamp(file) for file in _files(mirror, part, language)] if mirror else []
    without = _described(part.without, SOURCE_LANGUAGE) if part.without else None
    shape = [sorted(part.shape.columns.items()), part.shape.labels]
    shape += [part.shape.adapt.__qualname__] if part.shape.adapt else []
    asked = [part.set.repository, part.set.revision, part.configuration_of(language), part.split_of(language), language]
    return [asked, shape, part.item, part.skip, part.take, stamps, without]


def _files(mirror: Path, part: Part, language: str) -> list[Path]:
    """The files of a mirror that may hold the rows: those of the configuration and split, if they lie as on the hub."""
    own = mirror / part.configuration_of(language)
    return sorted(own.glob(f"{part.split_of(language)}-*.parquet")) or sorted(
        file for file in mirror.rglob("*") if file.is_file() and file.suffix != ".part"
    )


def _stamp(file: Path) -> tuple[str, int, int]:
    return file.name, file.stat().st_size, file.stat().st_mtime_ns


def rows_of(part: Part, language: str, labels: Sequence[str], notes: Notes, *, train: bool = False) -> Iterator[Row]:
    """One language's rows of a part as the task kind wants them.

    Args:
        part: where they are.
        language: which.
        labels: the card's; rows have their numbers.
        notes: counts what was dropped or mended.
        train: rows with an empty text are dropped, and rows have no `ITEM`.

    Raises:
        DataError: saying which set, configuration and split, what is wrong with it and what is needed.
    """
    named = part.named(language)
    columns, shape = part.shape.columns, part.shape
    own = {"language": language} if len(part.languages) > 1 else {}
    told = opened(part, language)
    names = _names(told, next((columns[ours] for ours in ("label", "tags") if ours in columns), ""))
    if names is not None and shape.labels and set(names) != set(shape.labels):
        raise DataError(f"{named}: labels {', '.join(names)} instead of {', '.join(shape.labels)}")
    to_number = {their: number for number, their in enumerate(shape.labels or labels)}
    for place, row in enumerate(_checked(told, part, language, notes)):
        where = f"{named}, row {place + part.skip}"
        ours = {name: _present(name, row[their]) for name, their in columns.items()}
        ours |= {"sentence_breaks": row["sentence_breaks"]} if row.get("sentence_breaks") else {}
        for name in ("label", "tags") if to_number else ():
            if name in ours:
                ours[name] = _numbers(ours[name], names or tuple(to_number), to_number, where)
        item = {} if train else {ITEM: str(row[part.item]) if part.item else str(place)}
        for each in _adapted(shape, ours, notes, where):
            if train and not all(_texts(each)):
                notes[EMPTY] += 1
            else:
                yield own | each | item


def _present(name: str, value: Any) -> Any:
    """A text that a set leaves out is an empty one."""
    return "" if value is None and name not in ("label", "tags", "answerKey") else value


def _adapted(shape: Shape, ours: Row, notes: Notes, where: str) -> Sequence[Row]:
    """The rows that one with our names becomes, each of them whole."""
    try:
        rows = list(shape.adapt(ours, notes)) if shape.adapt else [ours]
        for row in rows:
            if "choices" in row and not 0 <= row["label"] < len(row["choices"]):
                raise ValueError(f"label {ours.get('label')} is none of its {len(row['choices'])} choices")
            if "tags" in row and len(row["tags"]) != len(row["words"]):
                raise ValueError(f"{len(row['words'])} words and {len(row['tags'])} tags")
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        told = ours.get("label", ours.get("answerKey", 0))
        raise DataError(f"{where}: {_hidden(told) or _why(error)}") from error
    return rows


def _texts(row: Row) -> Iterator[str]:
    for name in ("text", "text_pair", "context", "question", "query", "candidate"):
        if row.get(name) is not None:
            yield row[name].strip()
    for name in ("choices", "words"):
        if name in row:
            yield from (text.strip() for text in row[name] or [""])


def opened(part: Part, language: str) -> Iterable[Row]:
    """The set's own rows, as `load_dataset` gives them.

    To prepare one split of a set is to prepare all, and every language of some has a machine-translated training set: whatever can
    be is streamed. So is a mirror: what was prepared of it once is taken again though its files have changed.
    """
    mirror = mirror_of(part.set)
    split = part.split_of(language)
    packed = part.set.archived and not (mirror and any(mirror.rglob("*.parquet")))
    stream = not packed and (mirror is not None or part.take is not None or split != "train")
    if part.set.local:
        return _tagged(mirror, split, part.named(language))
    try:
        if mirror is None and part.set.revision is not None:
            # Such a branch has no README that would name its configurations.
            at = f"hf://datasets/{part.set.repository}@{quote(part.set.revision, safe='')}"
            files = {split: f"{at}/{part.configuration_of(language)}/{split}/*.parquet"}
            told: Iterable[Row] = load_dataset("parquet", data_files=files, split=split, streaming=stream)
        else:
            place = str(mirror or part.set.repository)
            told = load_dataset(place, part.configuration_of(language), split=split, streaming=stream)
    except Exception as error:
        raise unreadable(part, language, error) from error
    return told


def unreadable(part: Part, language: str, error: Exception) -> DataError:
    """What went wrong with a set, and what to do."""
    mirror, why = mirror_of(part.set), _why(error)
    if mirror:
        hint = f"in {mirror}: remove what is broken there; xlt data fetch copies what is missing"
        return DataError(f"{part.named(language)}: {why} ({hint})")
    if part.set.revision and "data_files are invalid" in why:
        why = f"revision {part.set.revision} has no such file"
    hint = "without internet: xlt data fetch where there is some, then --data or XLT_DATA"
    lost = isinstance(error, ConnectionError) or type(error).__name__.startswith("Connect")
    return (UnreachableError if lost else DataError)(f"{part.named(language)}: {why} ({hint})")


def _why(error: Exception) -> str:
    """An error's reason in one line."""
    reason = error.__cause__ or error
    # What it could have been read as instead is a long list.
    why = " ".join(str(reason).split()).partition(" with any supported extension")[0]
    return f"{type(reason).__name__}: {why}" if isinstance(reason, LookupError) else why or type(reason).__name__


def quieten() -> None:
    """Keep the bars of `datasets`, and what it logs of errors that it raises as well, off the terminal."""
    disable_progress_bar()
    set_verbosity(CRITICAL)


def _checked(told: Iterable[Row], part: Part, language: str, notes: Notes) -> Iterator[Row]:
    """The rows that are asked for, the first one having every column."""
    named = part.named(language)
    needed = {*part.shape.columns.values()} | ({part.item} if part.item else set())
    rows = (row for row in told if part.where is None or part.where(row, language))
    if part.without is not None:
        others = {row["context"].strip() for row in opened(part.without, SOURCE_LANGUAGE)}
        rows = (row for row in rows if row["context"].strip() not in others)
    seen = False
    try:
        for row in islice(rows, part.skip, None if part.take is None else part.skip + part.take):
            # A stream has the columns of the set's first file: what this one lacks of them is None in every row.
            there = [name for name, value in row.items() if value is not None]
            if not seen and (missing := sorted(needed - set(there))):
                lacking = f"no column {', '.join(missing)}, or nothing in its first row"
                raise DataError(f"{named}: {lacking}; it has {', '.join(there)}")
            seen = True
            notes[READ] += 1
            yield row
    except DataError:
        raise
    except Exception as error:
        raise unreadable(part, language, error) from error
    if not seen:
        beyond = f" after the first {part.skip}" if part.skip else ""
        raise DataError(f"{named}: it has no rows{f' in {language}' if part.where else ''}{beyond}")


def _names(told: Iterable[Row], column: str) -> tuple[str, ...] | None:
    """The labels' names in the set's own order, if it says them."""
    feature = (getattr(told, "features", None) or {}).get(column)
    feature = feature.feature if isinstance(feature, List) else feature
    return tuple(feature.names) if isinstance(feature, ClassLabel) else None


def _numbers(told: Any, names: Sequence[str], to_number: dict[str, int], where: str) -> Any:
    """Labels as numbers of the card's, by their names."""
    if isinstance(told, list):
        return [_numbers(each, names, to_number, where) for each in told]
    name = names[told] if isinstance(told, int) and 0 <= told < len(names) else told
    if name not in to_number:
        allowed = ", ".join(f"{their} ({number})" for number, their in enumerate(names))
        raise DataError(f"{where}: {_hidden(told) or f'label {name} is none of {allowed}'}")
    return to_number[name]


def _hidden(label: Any) -> str:
    """What is wrong with a label that a set keeps to itself; empty for others."""
    if label is not None and label not in (-1, "-1", ""):
        return ""
    return f"its label is hidden ({label!r}): this split has none to learn from or to score on"


def _tagged(folder: Path | None, split: str, named: str) -> Iterator[Row]:
    """Sentences of a file with a word and its tag a line, a tab between them, and an empty line after each sentence."""
    assert folder is not None, "mirror_of refuses a local set that is nowhere"
    file = folder / f"{split}.tsv"
    if not file.is_file():
        raise DataError(f"{named}: there is no {file}; it wants {TAGGED}")
    sentence: list[list[str]] = []
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(chain(lines, [""]), start=1):
            cells = line.rstrip("\n").split("\t") if line.strip() else []
            if len(cells) == 2:
                sentence.append(cells)
            elif cells:
                raise DataError(f"{named}: line {number} of {file} has {len(cells)} columns; it wants {TAGGED}")
            elif sentence:
                words, tags = map(list, zip(*sentence, strict=True))
                yield {"tokens": words, "tags": tags}
                sentence = []
