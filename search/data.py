"""Data before anything is trained: every set looked at, made ready for the workers, or copied for machines without internet."""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from search.config import Config
from search.errors import UserError
from search.home import Home
from trainables.benchmarks import catalogue
from trainables.benchmarks.cards import Card, DataError, Part
from trainables.transfer import Split

GUESS = 2000
"""Rows that a set is taken to have, for progress, where no table says."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One task as a search asks for it."""

    task: str
    card: Card
    max_length: int
    splits: tuple[Split, ...]
    """Those that it is scored on; none for an intermediate task."""

    def parts(self, languages: tuple[str, ...]) -> Iterator[tuple[str, Part, str]]:
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


def asked(config: Config) -> list[Asked]:
    """Every task at every length that trials of the config have, targets first."""
    tasks, training = catalogue(config.benchmark), config.training
    splits: tuple[Split, ...] = ("dev", "test") if config.finalists.top else ("dev",)
    found = [Asked(task, tasks[task], training.of(task, training.target).max_length, splits) for task in config.targets]
    for task in config.intermediate if config.curriculum.max_length else ():
        lengths = {training.of(task, training.intermediate).max_length}
        if config.curriculum.joint and config.curriculum.max_length > 1:
            lengths.add(training.intermediate.max_length)
        found += [Asked(task, tasks[task], length, ()) for length in sorted(lengths)]
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a look at one set showed."""

    task: str
    split: str
    language: str
    where: str
    """Set, configuration and split."""
    licence: str
    rows: int | None
    """None if it could not be read."""
    expected: int | None
    """By the task's table."""
    mended: dict[str, int]
    """What is dropped or mended when it is read, and how often."""
    problem: str | None
    """Why a search cannot use it."""

    @property
    def odd(self) -> bool:
        """Whether it can be used, and is not what the table says."""
        return self.problem is None and self.expected is not None and self.rows != self.expected

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def look(config: Config, quick: bool, tell: Callable[[str, int, int], None]) -> Iterator[Finding]:
    """Read every set that the config asks for.

    Args:
        config: the search.
        quick: the first hundred rows of each alone.
        tell: hears which set is being read, its number, and how many there are.
    """
    seen: dict[tuple[str, str, str], tuple[str, Part, Asked]] = {}
    for each in asked(config):
        for split, part, language in each.parts(config.scored_languages):
            seen.setdefault((each.task, split, f"{part.named(language)} {language}"), (language, part, each))
    for number, ((task, split, _), (language, part, each)) in enumerate(seen.items()):
        tell(f"{task}: {part.named(language)}", number, len(seen))
        yield _look(task, split, part, language, each.card, quick)


def _look(task: str, split: str, part: Part, language: str, card: Card, quick: bool) -> Finding:
    from trainables.benchmarks.hub import labels_of, rows_of
    from trainables.benchmarks.shapes import READ

    notes: Any = {}
    problem = None
    try:
        from collections import Counter

        notes = Counter()
        part = replace(part, take=min(100, part.take or 100)) if quick else part
        for _ in rows_of(part, language, labels_of(card), notes, train=split == "train"):
            pass
    except DataError as error:
        problem = str(error)
    rows = notes.pop(READ, 0) if problem is None else None
    limited = part.take is not None or part.skip
    return Finding(
        task=task,
        split=split,
        language=language,
        where=part.named(language),
        licence=part.set.licence,
        rows=rows,
        expected=None if limited else part.rows_of(language),
        mended=dict(notes),
        problem=problem,
    )


def encoder_problems(config: Config) -> Iterator[tuple[Literal["problem", "note"], str]]:
    """What keeps the encoder from reading what the config asks it to, and what one should know."""
    from trainables import encoders

    try:
        tokens = encoders.load(config.encoder).tokens
    except (DataError, ValueError) as error:
        yield "problem", f"encoder: {error}"
        return
    if unknown := tokens.unknown(config.scored_languages):
        known = [code for code in config.scored_languages if code not in unknown]
        yield (
            "problem",
            f"encoder: {config.encoder} has no language embedding for {', '.join(unknown)}: "
            f"set languages to some of {', '.join(known) or 'those that it has'}",
        )
    longest = max(each.max_length for each in asked(config))
    if longest > tokens.usable_length:
        yield "problem", f"encoder: {config.encoder} reads {tokens.usable_length} tokens; max_length asks for {longest}"
    for note in tokens.notes:
        yield "note", f"encoder: {note}"


def make_ready(config: Config, home: Home, console: Console) -> None:
    """Read and tokenize everything that trials will ask for, unless it was before; with progress.

    Raises:
        UserError: listing every set that cannot be used.
    """
    from trainables.prepared import Prepared, prepare

    problems = []
    for kind, told in encoder_problems(config):
        if kind == "problem":
            problems.append(told)
        else:
            console.print(told, highlight=False, markup=False, soft_wrap=True)
    wanted = asked(config) if not problems else []
    total = sum(_rows(each, config.scored_languages) for each in wanted)
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        line, before = bar.add_task("looking for data", total=total), 0
        for each in wanted:
            made: list[str] = []
            started = time.monotonic()

            def tell(what: str, rows: int, each: Asked = each, made: list[str] = made) -> None:
                made.append(what)
                bar.update(line, description=f"{each.task}: {what}, {rows:,} rows")

            try:
                found = prepare(config.benchmark, each.task, config.encoder, each.max_length, data=str(home.data))
                heard: Prepared = replace(found, tell=tell)
                heard.ready(each.splits, config.scored_languages)
            except DataError as error:
                problems.append(f"{each.task}: {error}")
            else:
                if made:
                    console.print(
                        _made(each, heard, time.monotonic() - started), highlight=False, markup=False, soft_wrap=True
                    )
            before += _rows(each, config.scored_languages)
            bar.update(line, completed=before)
    if problems:
        hint = "xlt data check looks at every set" if len(problems) > 1 else ""
        raise UserError(
            "\n".join([f"{config.name} cannot be launched:", *(f"  {each}" for each in problems), hint]).rstrip()
        )


def _made(each: Asked, prepared: Any, seconds: float) -> str:
    trained = (
        f"{len(prepared.train_rows):,} rows to train on, {prepared.mean_length[0]:.0f} tokens each"
        if each.card.train
        else ""
    )
    mended = ", ".join(f"{count:,} {what}" for what, count in prepared.notes.items())
    scored = (
        f"{', '.join(each.splits)} in {len(prepared.data.evaluation.get('test', ()))} languages" if each.splits else ""
    )
    told = "; ".join(part for part in (trained, mended, scored) if part)
    return f"read and tokenized {each.task}: {told} ({seconds:.0f} s)"


def _rows(each: Asked, languages: tuple[str, ...]) -> int:
    """About how many rows a task has in all."""
    if each.card.parts is None:
        return each.card.train + len(languages) * (each.card.dev + each.card.test)
    return sum(part.rows_of(language) or part.take or GUESS for _, part, language in each.parts(languages))
