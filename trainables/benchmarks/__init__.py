"""Benchmarks: their tasks and their data."""

from trainables.benchmarks._catalogue import (
    BENCHMARK_LANGUAGES,
    BENCHMARKS,
    PUBLISHED_TARGETS,
    TWO_TEXT_KINDS,
    explain_published_differences,
    get_benchmark_languages,
    get_published_metrics,
    get_task_catalogue,
)
from trainables.benchmarks._loading import BENCHMARKS_WITH_SYNONYMS, load_benchmark_synonyms, load_task

__all__ = [
    "BENCHMARKS",
    "BENCHMARKS_WITH_SYNONYMS",
    "BENCHMARK_LANGUAGES",
    "PUBLISHED_TARGETS",
    "TWO_TEXT_KINDS",
    "explain_published_differences",
    "get_benchmark_languages",
    "get_published_metrics",
    "get_task_catalogue",
    "load_benchmark_synonyms",
    "load_task",
]
