"""Preparation of a launch's data: every set that trials use is read, tokenized and cached once."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import TimeRemainingColumn

from search.config import Config
from search.data._encoder_check import find_encoder_problems
from search.data._own_check import summarise_own_tasks
from search.data._requests import TaskRequest, list_task_requests
from search.data._shots import describe_shot_sources
from search.errors import UserError
from search.home import Home
from search.terminal import make_progress_bar, print_plain
from trainables.validation import DataError, UnreachableError

if TYPE_CHECKING:
    from trainables.data import EncodedDataset


def prepare_data(config: Config, home: Home, console: Console) -> None:
    """Encode the data sets of all trials, unless they are cached.

    Args:
        config: config of the search.
        home: the home folder, which holds the cache.
        console: shows the progress and a line for each task that was encoded.

    Raises:
        UserError: if the encoder or a data set cannot be used; the message lists all problems.
    """
    from trainables.benchmarks.hub import silence_datasets

    silence_datasets()
    problems = []
    for kind, text in find_encoder_problems(config):
        if kind == "problem":
            problems.append(text)
        else:
            print_plain(console, text)
    for sentence in describe_shot_sources(config):
        print_plain(console, sentence)
    if not problems:
        for note in summarise_own_tasks(config):
            print_plain(console, note)
        problems = _encode_tasks(config, home, console)
    if problems:
        lines = [f"{config.name} cannot be launched:", *(f"  {problem}" for problem in problems)]
        lines += ["xlt data check checks every set"] if len(problems) > 1 else []
        raise UserError("\n".join(lines))


def _encode_tasks(config: Config, home: Home, console: Console) -> list[str]:
    """Encode the tasks one after the other; returns the problems."""
    problems = []
    requests = list_task_requests(config)
    sizes = [request.estimate_rows(config.scored_languages) for request in requests]
    with make_progress_bar(console, TimeRemainingColumn()) as bar:
        line = bar.add_task("looking for data", total=sum(sizes))
        for request, size in zip(requests, sizes, strict=True):

            def show(what: str, rows: int, request: TaskRequest = request) -> None:
                bar.update(line, description=f"{request.task}: {what}, {rows:,} rows")

            try:
                if summary := _encode_task(request, config, home, show):
                    print_plain(console, summary)
            except DataError as error:
                problems.append(f"{request.task}: {error}")
                if isinstance(error, UnreachableError):
                    break
            bar.advance(line, size)
    return problems


def _encode_task(request: TaskRequest, config: Config, home: Home, show: Callable[[str, int], None]) -> str:
    """Encode what is not cached of a task; returns a summary, empty if all was cached."""
    from trainables.data import load_encoded_dataset

    was_cached = True
    started = time.monotonic()

    def report_progress(what: str, rows: int) -> None:
        nonlocal was_cached
        was_cached = False
        show(what, rows)

    dataset = replace(
        load_encoded_dataset(
            config.benchmark,
            request.task,
            config.encoder,
            request.max_length,
            data=str(home.data),
            own_tasks=config.own_tasks,
            source=config.rules.source,
            few_shot=config.few_shot_transfer if request.splits else None,
        ),
        report_progress=report_progress,
    )
    dataset.build_tables(request.splits, config.scored_languages)
    return "" if was_cached else _summarise(request, dataset, config.scored_languages, time.monotonic() - started)


def _summarise(request: TaskRequest, dataset: "EncodedDataset", languages: tuple[str, ...], seconds: float) -> str:
    training = (
        f"{len(dataset.train_rows):,} rows to train on, {dataset.mean_length[0]:.0f} tokens each"
        if request.card.train
        else ""
    )
    notes = "; ".join(f"{what}: {count:,}" for what, count in dataset.notes.items())
    counts = {split: len(dataset.languages(split).intersection(languages)) for split in request.splits}
    scoring = ", ".join(f"{split} in {count} language{'s' * (count > 1)}" for split, count in counts.items() if count)
    summary = "; ".join(part for part in (training, notes, scoring) if part)
    return f"read and tokenized {request.task}: {summary} ({seconds:.0f} s)"
