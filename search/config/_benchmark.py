"""The config of the benchmark: one, or several whose tasks one search may name."""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from trainables.benchmarks import (
    BENCHMARK_SEPARATOR,
    BENCHMARKS,
    BENCHMARKS_WITH_SYNONYMS,
    explain_unknown_benchmark,
    get_task_catalogue,
)


def _join_names(value: Any) -> Any:
    """Several names in one text, as trials and journals hold them; anything else as it is."""
    if isinstance(value, list | tuple) and value and all(isinstance(name, str) for name in value):
        return BENCHMARK_SEPARATOR.join(value)
    return value


BenchmarkName = Annotated[
    str,
    BeforeValidator(_join_names, json_schema_input_type=str | list[str]),
    Field(validate_default=True),
]
"""A benchmark, or a list of them, which is kept as one text."""


def check_benchmark(benchmark: str, own_tasks: Iterable[str] | None) -> str:
    """Return the benchmark if it is known, or may be absent, and shares no task's name with the user's own.

    Args:
        benchmark: of a config; empty where it names none.
        own_tasks: names of the user's own tasks; None where they are invalid.

    Raises:
        ValueError: with what is allowed.
    """
    if not benchmark:
        if own_tasks is not None and not list(own_tasks):
            raise ValueError(
                f"name a benchmark, or describe tasks of your own under tasks; allowed: {', '.join(BENCHMARKS)}"
            )
        return benchmark
    if problem := explain_unknown_benchmark(benchmark):
        raise ValueError(problem)
    if both := sorted(get_task_catalogue(benchmark).keys() & set(own_tasks or ())):
        raise ValueError(f"{benchmark} has tasks of these names: {', '.join(both)}; name yours differently under tasks")
    return benchmark


def check_synonyms(benchmark: str | None) -> None:
    """Check that a benchmark has synonyms of its own.

    Raises:
        ValueError: with what to set.
    """
    if benchmark not in BENCHMARKS_WITH_SYNONYMS:
        raise ValueError(
            f"augmentation needs a dictionary of synonyms, and {benchmark} has none: set space.noise.synonyms"
        )
