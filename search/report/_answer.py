"""The answer of a search for a terminal: the best trial, the verdict, transfer by language family."""

from collections.abc import Iterator, Mapping
from statistics import fmean

from rich.console import RenderableType

from search.analysis import analyse_curricula, collect_repeated_scores, count_environments, describe_mixed_environments
from search.config import Config
from search.results import Comparison, Verdict, build_results, decide_verdict
from search.statistics import compute_interval
from search.study import Study, TrialRecord, find_baseline_record, find_pareto_front
from search.terminal import TextTable
from trainables.languages import DEFAULT_SOURCE
from trainables.outcome import Outcome
from trainables.transfer import Split

ALL_FAMILIES = "all families"


def render_answer(study: Study) -> Iterator[RenderableType]:
    """The best trial with its verdict, its transfer by family against the baseline, and what shared stages saved.

    Yields lines of text and tables; one line where no trial is complete.
    """
    ranked, repeats, config = study.get_complete_trials(), study.get_repeat_outcomes(), study.config
    verdict = decide_verdict(ranked, repeats, config)
    failed = [record for record in study.get_trial_records() if record.state == "failed"]
    if verdict.best is None:
        yield f"{config.name}: no complete trial yet" + (f", {len(failed)} failed" if failed else "")
        return
    best = next(record for record in ranked if record.number == verdict.best)
    pruned = [record for record in study.get_trial_records() if record.state == "pruned"]
    besides = [
        f"{len(records)} {what}" for records, what in ((pruned, "more ended early"), (failed, "failed")) if records
    ]
    yield f"{config.name}: trial {best.number}, the best of {len(ranked)}" + (
        f" ({', '.join(besides)})" if besides else ""
    )
    yield f"  {best.trial}"
    trained_in = f" in {config.rules.name_source()}" if config.rules.source != DEFAULT_SOURCE else ""
    yield f"  then each target{trained_in}, {best.trial.target_settings}" if best.trial else ""
    yield ""
    yield from _render_verdict(verdict, best, ranked, config.objective)
    yield ""
    first = find_baseline_record(ranked, config)
    others = [record for record in ranked if record is not best and (not repeats or record.number in repeats)]
    rival = first if first is not best else next(iter(others), None)
    plain = rival is first and best.trial is not None and best.trial.curriculum
    name = "no intermediate stage" if plain else f"trial {rival.number}" if rival else ""
    gains = _collect_gains(study, best) if plain and best.number in repeats else {}
    theirs = repeats.get(rival.number, {}) if rival else {}
    yield _build_family_table(best, repeats.get(best.number, {}), rival, theirs, name, gains)
    if gains:
        yield "  gains: simultaneous 95 % intervals on test, for all families of all finalists together (the last row: for all finalists)"
    if config.second_objective is not None:
        yield ""
        yield from _render_pareto_front(find_pareto_front(ranked, config), config)
    yield ""
    outcomes = [record.outcome for record in [*ranked, *pruned] if record.outcome]
    outcomes += [outcome for by_seed in repeats.values() for outcome in by_seed.values()]
    yield _describe_sharing(outcomes)
    if sentence := describe_mixed_environments(count_environments(outcomes)):
        yield sentence


def _render_verdict(verdict: Verdict, best: TrialRecord, ranked: list[TrialRecord], objective: str) -> Iterator[str]:
    if verdict.value is None:
        yield f"  {objective} {best.value:.3f} on dev, the search's own seed; UNCONFIRMED: no finalist was repeated on fresh seeds"
        return
    seeds = verdict.value.seeds
    how = "on one fresh seed" if seeds == 1 else f"over {seeds} fresh seeds, 95 % interval"
    yield f"  {objective} {verdict.value.clip(0.0, 1.0)} on dev {how}{_describe_correction(verdict)}"
    if len(verdict.comparisons) > 1 and seeds > 1:
        yield f"  differences to the other finalists on dev, paired by seed; simultaneous 95 % intervals for {len(verdict.comparisons)} comparisons:"
    curricula = {record.number: str(record.trial) for record in ranked}
    for comparison in verdict.comparisons:
        yield f"  {_describe_comparison(comparison)} trial {comparison.other}: {curricula[comparison.other]}"
    if seeds == 2:
        yield "  with two fresh seeds the intervals rest on few differences: use three seeds or more (finalists.seeds)"
    words = {
        "separated": "SEPARATED: significantly better than each other finalist on the same seeds",
        "tie": "A TIE: at least one other finalist is not significantly worse on the same seeds",
        "unconfirmed": "UNCONFIRMED: a verdict needs another finalist, at least two fresh seeds, and every finalist on all the seeds that "
        "the config asks for",
    }
    yield f"  {words[verdict.conclusion]}"


def _describe_correction(verdict: Verdict) -> str:
    """The measured mean, where the value corrects it for the choice of the best."""
    if verdict.uncorrected is None or not verdict.comparisons or verdict.value is None or verdict.value.low is None:
        return ""
    return f" (measured {verdict.uncorrected:.3f}, corrected for being the highest of {len(verdict.comparisons) + 1} finalists)"


def _describe_comparison(comparison: Comparison) -> str:
    difference = comparison.difference
    return f"{difference.format_signed()} on dev {'on one seed ' if difference.low is None else ''}against"


GainTexts = Mapping[str, str]
"""A formatted gain with its interval by family."""


def _collect_gains(study: Study, best: TrialRecord) -> GainTexts:
    """Gains of the best trial over no curriculum by family, on test and the seeds that all finalists share; empty with one seed."""
    scored = collect_repeated_scores(build_results(study))
    if scored is None or not scored.is_repeated or not scored.has_transfer:
        return {}
    row = next((row for row in analyse_curricula(scored) if row["trial"] == best.number), None)
    if row is None or row["gain"] is None:
        return {}
    return {family: gain["told"] for family, gain in row["family_gains"].items()} | {ALL_FAMILIES: row["gain"]["told"]}


def _build_family_table(
    best: TrialRecord,
    repeats: dict[int, Outcome],
    rival: TrialRecord | None,
    rivals: dict[int, Outcome],
    name: str,
    gains: GainTexts,
) -> TextTable:
    """Mean over targets by family: test on fresh seeds where there are any, else dev on the search's own seed.

    Args:
        best: the best trial.
        repeats: its outcomes on fresh seeds.
        rival: the trial that it is compared with.
        rivals: outcomes of that trial on fresh seeds.
        name: the column title of that trial.
        gains: formatted gains with their intervals by family, where they are known.
    """
    split: Split = "test" if repeats else "dev"
    mine = list(repeats.values()) or ([best.outcome] if best.outcome else [])
    others = list(rivals.values()) if repeats else [rival.outcome] if rival and rival.outcome else []
    title = f"family ({split}, mean over targets)"
    table = TextTable([title, "best", *([name, "gain"] if others else [])], wrapped_columns=[title])
    families = mine[0].transfer.family_means(split)
    for family in families:
        ours = compute_interval([outcome.transfer.family_means(split)[family] for outcome in mine]).mean
        theirs = fmean(outcome.transfer.family_means(split)[family] for outcome in others) if others else None
        table.add_row(family, f"{ours:.3f}", *_format_comparison(ours, theirs, gains.get(family)))
    if families:
        ours = fmean(outcome.transfer.mean(split) for outcome in mine)
        theirs = fmean(outcome.transfer.mean(split) for outcome in others) if others else None
        table.add_row(
            ALL_FAMILIES, f"{ours:.3f}", *_format_comparison(ours, theirs, gains.get(ALL_FAMILIES)), style="bold"
        )
    for code in mine[0].transfer.unseen_means(split):
        ours = fmean(outcome.transfer.unseen_means(split)[code] for outcome in mine)
        theirs = fmean(outcome.transfer.unseen_means(split)[code] for outcome in others) if others else None
        table.add_row(f"unseen: {code}", f"{ours:.3f}", *_format_comparison(ours, theirs), style="dim")
    return table


def _render_pareto_front(unbeaten: list[TrialRecord], config: Config) -> Iterator[RenderableType]:
    second = "seconds of training" if config.second_objective == "seconds" else config.second_objective
    yield f"Pareto front of {config.objective} and {second} (dev, the search's own seed): no trial is better in both than these"
    table = TextTable(
        ["trial", config.objective, str(config.second_objective), "curriculum"], wrapped_columns=["curriculum"]
    )
    for record in unbeaten:
        value, other = record.values
        table.add_row(
            str(record.number), f"{value:.3f}", f"{other:.1f}" if other > 1 else f"{other:.3f}", str(record.trial)
        )
    yield table


def _format_comparison(ours: float, theirs: float | None, gain: str | None = None) -> tuple[str, ...]:
    return () if theirs is None else (f"{theirs:.3f}", gain or f"{ours - theirs:+.3f}")


def _describe_sharing(outcomes: list[Outcome]) -> str:
    stages = [stage for outcome in outcomes for stage in outcome.all_stages]
    trained = sum(stage.trained for stage in stages)
    asked_seconds = sum(outcome.asked_seconds for outcome in outcomes)
    spent = sum(outcome.trained_seconds for outcome in outcomes)
    return f"stages: {trained} trained of {len(stages)} requested; training took {spent:.0f} s, {asked_seconds:.0f} s without shared stages"
