"""The environments in which the stages of a search were trained: hardware, precision, package versions."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from trainables.outcome import Outcome

UNKNOWN_VALUE = "unknown"


def count_environments(outcomes: Iterable[Outcome]) -> list[dict[str, Any]]:
    """The distinct environments of the stages, each with its number of ``stages``, the most frequent first."""
    runs = {run.key: run.environment for outcome in outcomes for run in outcome.all_stages}
    counted = Counter(tuple(sorted(environment.items())) for environment in runs.values())
    return [dict(environment) | {"stages": count} for environment, count in counted.most_common()]


def find_differences(environments: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """The fields in which environments differ, each with its values in the order of the environments."""
    fields = sorted({field for environment in environments for field in environment} - {"stages"})
    values_by_field = {field: [str(each.get(field, UNKNOWN_VALUE)) for each in environments] for field in fields}
    return {field: values for field, values in values_by_field.items() if len(set(values)) > 1}


def describe_mixed_environments(environments: Sequence[Mapping[str, Any]]) -> str | None:
    """A sentence that lists the environments if stages were trained in more than one; else None."""
    differing = find_differences(environments)
    if not differing:
        return None
    descriptions = [
        f"{each['stages']} stage{'s' * (each['stages'] > 1)}: "
        + ", ".join(f"{field} {values[index]}" for field, values in differing.items())
        for index, each in enumerate(environments)
    ]
    return f"stages were trained in {len(environments)} environments ({'; '.join(descriptions)}): differences between trials may be due to the environment"
