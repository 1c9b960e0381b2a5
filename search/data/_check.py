"""Data before anything is trained: every set looked at, made ready for the workers, or copied for machines without internet."""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rich.console import Console
from rich.progress import TimeRemainingColumn

from search.config import Config
from search.errors import UserError
from search.home import Home
from search.terminal import make_progress_bar
from trainables.benchmarks import get_task_catalogue
from trainables.cards import DatasetPart, RowNotes, TaskCard
from trainables.transfer import Split
from trainables.validation import DataError, UnreachableError

if TYPE_CHECKING:
    from trainables.data import EncodedDataset

QUICK_ROWS = 100
"""Rows of each set that a quick look reads."""
FETCH_HINT = "without internet: xlt data fetch where there is some, then --data or XLT_DATA"
HUB_UNREACHABLE = "other sets were not looked at: the hub cannot be reached"
ASSUMED_ROWS = 2000
"""Rows that a set is taken to have, for progress, where no table says."""


@dataclass(frozen=True, slots=True)
class TaskRequest:
    """One task as a search asks for it."""

    task: str
    card: TaskCard
    max_length: int
    splits: tuple[Split, ...]
    """Those that it is scored on; none for an intermediate task."""

    def parts(self, languages: tuple[str, ...]) -> Iterator[tuple[str, DatasetPart, str]]:
        """Split, part and language of everything that is read of the hub."""
        if self.card.parts is None:
            return
        parts = self.card.parts
        for part in parts.train:
            yield from (("train", part, language) for language in part.languages)
        for split in self.splits:
            having = parts.dev if split == "dev" else parts.test
            yield from ((split, part, code) for part in having for code in part.languages if code in languages)
        if self.splits:
            yield from (("candidates", part, code) for part in parts.candidates for code in part.languages)


def list_task_requests(config: Config) -> list[TaskRequest]:
    """Every task at every length that trials of the config have, targets first."""
    tasks = get_task_catalogue(config.benchmark)
    splits: tuple[Split, ...] = ("dev", "test") if config.finalists.top else ("dev",)
    found = [
        TaskRequest(task, tasks[task], config.get_stage_settings(task).max_length, splits) for task in config.targets
    ]
    for task in config.intermediate if config.curriculum.max_length else ():
        lengths = {config.get_stage_settings(task).max_length}
        if config.curriculum.joint and config.curriculum.max_length > 1:
            lengths.add(config.training.intermediate.max_length)
        found += [TaskRequest(task, tasks[task], length, ()) for length in sorted(lengths)]
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetCheck:
    """What a look at one set showed."""

    task: str
    split: str
    language: str
    where: str
    """Set, configuration and split, and the language where several share them."""
    licence: str
    rows: int | None
    """None if it could not be read."""
    expected: int | None
    """By the task's table."""
    mended: dict[str, int]
    """What is left out or mended when it is read, and how often."""
    first: dict[str, int]
    """In which row each of it was found first, from 0."""
    problem: str | None
    """Why a search cannot use it."""

    @property
    def is_unexpected(self) -> bool:
        """Whether it can be used, and is not what the table says."""
        return self.problem is None and self.expected is not None and self.rows != self.expected

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def check_datasets(config: Config, quick: bool, tell: Callable[[str, int, int], None]) -> Iterator[DatasetCheck]:
    """Read every set that the config asks for.

    Args:
        config: the search.
        quick: the first hundred rows of each alone.
        tell: hears which set is being read, its number, and how many there are.
    """
    from trainables.benchmarks.hub import silence_datasets

    silence_datasets()
    seen: dict[tuple[str, str, str], tuple[str, DatasetPart, TaskRequest]] = {}
    for each in list_task_requests(config):
        for split, part, language in each.parts(config.scored_languages):
            seen.setdefault((each.task, split, f"{part.describe_source(language)} {language}"), (language, part, each))
    lost = False
    for number, ((task, split, _), (language, part, each)) in enumerate(seen.items()):
        tell(f"{task}: {part.describe_source(language)}", number, len(seen))
        asked_for = replace(part, take=min(QUICK_ROWS, part.take or QUICK_ROWS)) if quick else part
        notes, problem = RowNotes(), HUB_UNREACHABLE if lost else None
        try:
            if not lost:
                _read_rows(each.card, split, asked_for, language, notes)
        except DataError as error:
            problem, lost = str(error), isinstance(error, UnreachableError)
        yield _build_dataset_check(task, split, part, asked_for, language, notes, problem)


def _read_rows(card: TaskCard, split: str, part: DatasetPart, language: str, notes: RowNotes) -> None:
    from trainables.benchmarks.hub import read_labels, read_rows

    for _ in read_rows(part, language, read_labels(card), notes, train=split == "train"):
        pass


def _build_dataset_check(
    task: str, split: str, part: DatasetPart, read: DatasetPart, language: str, notes: RowNotes, problem: str | None
) -> DatasetCheck:
    from trainables.cards import ROWS_READ

    rows = notes.pop(ROWS_READ, 0) if problem is None else None
    limited = read.take is not None or read.skip
    return DatasetCheck(
        task=task,
        split=split,
        language=language,
        where=part.describe_rows(language),
        licence=part.source.licence,
        rows=rows,
        expected=None if limited else part.expected_rows(language),
        mended=dict(notes) if problem is None else {},
        first=dict(notes.first) if problem is None else {},
        problem=problem,
    )


def find_encoder_problems(config: Config) -> Iterator[tuple[Literal["problem", "note"], str]]:
    """What keeps the encoder from reading what the config asks it to, and what one should know."""
    from trainables.encoders import fetch_encoder_weights, load_encoder

    try:
        encoder = load_encoder(config.encoder)
        tokens = encoder.tokenizer
        fetch_encoder_weights(config.encoder)
    except (DataError, OSError, ValueError) as error:
        of_hub = not Path(config.encoder).is_dir() and config.encoder != "miniature"
        hint = f" (a hub id, as no folder {config.encoder} lies beside the config; {FETCH_HINT})" if of_hub else ""
        yield "problem", f"encoder: {' '.join(str(error).split())}{hint}"
        return
    if unknown := tokens.unknown_languages(config.scored_languages):
        known = [code for code in config.scored_languages if code not in unknown]
        yield (
            "problem",
            f"encoder: {config.encoder} has no language embedding for {', '.join(unknown)}: "
            f"set languages to some of {', '.join(known) or 'those that it has'}",
        )
    longest = max(each.max_length for each in list_task_requests(config))
    if longest > tokens.max_input_length:
        yield (
            "problem",
            f"encoder: {config.encoder} reads {tokens.max_input_length} tokens; max_length asks for {longest}",
        )
    layers = encoder.config.num_hidden_layers
    for task, length in config.training.tasks.items():
        if length.layer is not None and length.layer > layers:
            yield (
                "problem",
                f"training.tasks.{task}.layer: {config.encoder} has layers 0 to {layers}; got {length.layer}",
            )
    for note in tokens.notes:
        yield "note", f"encoder: {note}"


def prepare_data(config: Config, home: Home, console: Console) -> None:
    """Read and tokenize everything that trials will ask for, unless it was before; with progress.

    Raises:
        UserError: listing every set that cannot be used.
    """
    from trainables.benchmarks.hub import silence_datasets
    from trainables.data import load_encoded_dataset

    silence_datasets()
    problems = []
    for kind, told in find_encoder_problems(config):
        if kind == "problem":
            problems.append(told)
        else:
            console.print(told, highlight=False, markup=False, soft_wrap=True)
    wanted = list_task_requests(config) if not problems else []
    sizes = [_estimate_rows(each, config.scored_languages) for each in wanted]
    with make_progress_bar(console, TimeRemainingColumn()) as bar:
        line = bar.add_task("looking for data", total=sum(sizes))
        for each, size in zip(wanted, sizes, strict=True):
            made: list[str] = []
            started = time.monotonic()

            def tell(what: str, rows: int, each: TaskRequest = each, made: list[str] = made) -> None:
                made.append(what)
                bar.update(line, description=f"{each.task}: {what}, {rows:,} rows")

            try:
                found = load_encoded_dataset(
                    config.benchmark, each.task, config.encoder, each.max_length, data=str(home.data)
                )
                heard = replace(found, report_progress=tell)
                heard.build_tables(each.splits, config.scored_languages)
            except DataError as error:
                problems.append(f"{each.task}: {error}")
                if isinstance(error, UnreachableError):
                    break
            else:
                if made:
                    console.print(
                        _describe_encoded_dataset(each, heard, config.scored_languages, time.monotonic() - started),
                        highlight=False,
                        markup=False,
                        soft_wrap=True,
                    )
            bar.advance(line, size)
    if problems:
        hint = "xlt data check looks at every set" if len(problems) > 1 else ""
        raise UserError(
            "\n".join([f"{config.name} cannot be launched:", *(f"  {each}" for each in problems), hint]).rstrip()
        )


def _describe_encoded_dataset(
    each: TaskRequest, prepared: "EncodedDataset", languages: tuple[str, ...], seconds: float
) -> str:
    trained = (
        f"{len(prepared.train_rows):,} rows to train on, {prepared.mean_length[0]:.0f} tokens each"
        if each.card.train
        else ""
    )
    mended = "; ".join(f"{what}: {count:,}" for what, count in prepared.notes.items())
    found = {split: len(prepared.languages(split).intersection(languages)) for split in each.splits}
    scored = ", ".join(f"{split} in {count} language{'s' * (count > 1)}" for split, count in found.items() if count)
    told = "; ".join(part for part in (trained, mended, scored) if part)
    return f"read and tokenized {each.task}: {told} ({seconds:.0f} s)"


def _estimate_rows(each: TaskRequest, languages: tuple[str, ...]) -> int:
    """About how many rows a task has in all."""
    if each.card.parts is None:
        return each.card.train + len(languages) * (each.card.dev + each.card.test)
    return sum(part.expected_rows(language) or part.take or ASSUMED_ROWS for _, part, language in each.parts(languages))
