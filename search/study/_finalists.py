"""Finalists: the trials that are repeated on fresh seeds, and the Pareto front of a search with two objectives."""

from collections.abc import Collection, Mapping, Sequence

from search.config import Config
from search.space import CurriculumSpace
from search.study._trial_record import TrialRecord


def select_finalists(ranked: Sequence[TrialRecord], config: Config) -> list[TrialRecord]:
    """The trials to repeat: the best ``finalists.top``, and the baseline to compare them with.

    With two objectives the trials of the Pareto front come first.
    """
    baseline = find_baseline_record(ranked, config)
    if config.second_objective is not None:
        front = {record.number for record in find_pareto_front(ranked, config)}
        ranked = sorted(ranked, key=lambda record: record.number not in front)
    others = [record for record in ranked if record is not baseline]
    return others[: config.finalists.count_finalists(len(others))] + ([baseline] if baseline is not None else [])


def find_baseline_record(records: Sequence[TrialRecord], config: Config) -> TrialRecord | None:
    """The baseline: the trial without intermediate stages that is trial 0 of every search (later if it was interrupted)."""
    parameters = CurriculumSpace(config).make_baseline_parameters()
    found = [record for record in records if record.parameters == parameters]
    return min(found, key=lambda record: record.number, default=None)


def find_pareto_front(ranked: Sequence[TrialRecord], config: Config) -> list[TrialRecord]:
    """The complete trials that no other trial dominates in both objectives, sorted by the first objective, best first."""
    sign = -1.0 if config.second_objective == "seconds" else 1.0
    found: list[TrialRecord] = []
    for record in sorted(
        ranked, key=lambda record: (-record.values[0], -sign * record.values[1], record.position or 0)
    ):
        if not found or sign * record.values[1] > sign * found[-1].values[1]:
            found.append(record)
    return found


def get_fresh_seeds(config: Config) -> range:
    """The seeds on which finalists are repeated."""
    return range(config.seed + 1, config.seed + 1 + config.finalists.seeds)


def list_missing_repeats(
    ranked: Sequence[TrialRecord], known: Mapping[int, Collection[int]], config: Config
) -> list[tuple[TrialRecord, int]]:
    """Finalists with their missing seeds, seed by seed, so that after an interruption all finalists have about equally many.

    Args:
        ranked: the complete trials, best first.
        known: the finished seeds, by trial number.
        config: config of the search.
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
