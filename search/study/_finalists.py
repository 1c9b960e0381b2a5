"""Finalists: the trials that are repeated on fresh seeds, and the Pareto front of a search with two objectives."""

from collections.abc import Collection, Mapping, Sequence

from search.config import Config
from search.space import CurriculumSpace
from search.study._trial_record import TrialRecord


def select_finalists(ranked: Sequence[TrialRecord], config: Config) -> list[TrialRecord]:
    """The trials to repeat: the best ``finalists.top`` besides the baseline, and the baseline to compare them with.

    With two objectives those that none beats in both come first.
    """
    first = find_baseline_record(ranked, config)
    if config.second_objective is not None:
        unbeaten = {record.number for record in find_pareto_front(ranked, config)}
        ranked = sorted(ranked, key=lambda record: record.number not in unbeaten)
    others = [record for record in ranked if record is not first]
    return others[: config.finalists.count_finalists(len(others))] + ([first] if first is not None else [])


def find_baseline_record(records: Sequence[TrialRecord], config: Config) -> TrialRecord | None:
    """The trial without intermediate stages that every search begins with; an interrupted one has a later number."""
    parameters = CurriculumSpace(config).make_baseline_parameters()
    found = [record for record in records if record.parameters == parameters]
    return min(found, key=lambda record: record.number, default=None)


def find_pareto_front(ranked: Sequence[TrialRecord], config: Config) -> list[TrialRecord]:
    """The complete trials that no other one beats in both objectives, the best in the first one first."""
    sign = -1.0 if config.second_objective == "seconds" else 1.0
    found: list[TrialRecord] = []
    for record in sorted(
        ranked, key=lambda record: (-record.values[0], -sign * record.values[1], record.position or 0)
    ):
        if not found or sign * record.values[1] > sign * found[-1].values[1]:
            found.append(record)
    return found


def get_fresh_seeds(config: Config) -> range:
    """The seeds that finalists are repeated on."""
    return range(config.seed + 1, config.seed + 1 + config.finalists.seeds)


def list_missing_repeats(
    ranked: Sequence[TrialRecord], known: Mapping[int, Collection[int]], config: Config
) -> list[tuple[TrialRecord, int]]:
    """Finalists with the seeds that they lack, seed by seed, so that an interruption leaves every finalist with as many.

    Args:
        ranked: the complete trials, best first.
        known: the seeds that are done, by trial number.
        config: of the search.
    """
    if not config.finalists.top:
        return []
    chosen = [record for record in select_finalists(ranked, config) if record.trial is not None]
    return [
        (record, seed)
        for seed in get_fresh_seeds(config)
        for record in chosen
        if seed not in known.get(record.number, ())
    ]
