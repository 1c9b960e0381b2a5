"""The tasks that a search trains and scores, with the sets that they read."""

from collections.abc import Iterator
from dataclasses import dataclass

from search.config import Config
from trainables.cards import DatasetPart, TaskCard
from trainables.transfer import Split

ASSUMED_ROWS = 2000
"""Rows of a set without a number of rows on its card, for the estimate of progress."""


@dataclass(frozen=True, slots=True)
class TaskRequest:
    """A task at one length, as trials of a search use it."""

    task: str
    card: TaskCard
    max_length: int
    """Tokens of an input, at most."""
    splits: tuple[Split, ...]
    """The splits that it is scored on; none for an intermediate task."""
    has_shots: bool = False
    """Whether it is a target of which languages other than the source languages may have few-shot rows."""

    def iterate_parts(self, languages: tuple[str, ...]) -> Iterator[tuple[str, DatasetPart, str]]:
        """Split, part and language of every set of the hub that is read, if these languages are scored."""
        if self.card.parts is None:
            return
        parts = self.card.parts
        for part in parts.train:
            yield from (("train", part, language) for language in part.languages)
        for part in parts.shots if self.has_shots else ():
            yield from (("shots", part, code) for code in part.languages if code in languages)
        for split in self.splits:
            scored = parts.dev if split == "dev" else parts.test
            yield from ((split, part, code) for part in scored for code in part.languages if code in languages)
        if self.splits:
            yield from (("candidates", part, code) for part in parts.candidates for code in part.languages)

    def estimate_rows(self, languages: tuple[str, ...]) -> int:
        """About how many rows are read in all, if these languages are scored."""
        if self.card.parts is None:
            return self.card.train + len(languages) * (self.card.dev + self.card.test)
        return sum(
            part.expected_rows(language) or part.take or ASSUMED_ROWS
            for _, part, language in self.iterate_parts(languages)
        )


def list_task_requests(config: Config) -> list[TaskRequest]:
    """Every task at every length that trials of the config use, targets first."""
    tasks = config.catalogue
    splits: tuple[Split, ...] = ("dev", "test") if config.finalists.top else ("dev",)
    requests = [
        TaskRequest(
            task, tasks[task], config.get_stage_settings(task).max_length, splits, config.few_shot_transfer is not None
        )
        for task in config.targets
    ]
    for task in config.intermediate if config.curriculum.max_length else ():
        lengths = {config.get_stage_settings(task).max_length}
        if config.curriculum.joint and config.curriculum.max_length > 1:
            lengths.add(config.training.intermediate.max_length)
        requests += [TaskRequest(task, tasks[task], length, ()) for length in sorted(lengths)]
    return requests
