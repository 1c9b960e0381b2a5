"""Benchmarks: their tasks and their data."""

from trainables.benchmarks._catalogue import (
    BENCHMARK_LANGUAGES,
    BENCHMARK_SEPARATOR,
    BENCHMARKS,
    PUBLISHED_TARGETS,
    TWO_TEXT_KINDS,
    explain_published_differences,
    explain_unknown_benchmark,
    get_benchmark_languages,
    get_published_metrics,
    get_task_catalogue,
)
from trainables.benchmarks._continuations import list_trial_continuations
from trainables.benchmarks._loading import BENCHMARKS_WITH_SYNONYMS, load_benchmark_synonyms, load_task

__all__ = [
    "BENCHMARKS",
    "BENCHMARKS_WITH_SYNONYMS",
    "BENCHMARK_LANGUAGES",
    "BENCHMARK_SEPARATOR",
    "PUBLISHED_TARGETS",
    "TWO_TEXT_KINDS",
    "explain_published_differences",
    "explain_unknown_benchmark",
    "get_benchmark_languages",
    "get_published_metrics",
    "get_task_catalogue",
    "list_trial_continuations",
    "load_benchmark_synonyms",
    "load_task",
]
