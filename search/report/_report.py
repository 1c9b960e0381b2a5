"""The report of a search: the answer, then the tables of the analysis, of noise, racing, published averages and failures."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from rich.console import RenderableType

from search.analysis import analyse_results
from search.errors import UserError
from search.report._analysis_tables import render_analysis_tables, render_answer_sentences
from search.report._answer import render_answer
from search.report._few_shot import render_few_shot
from search.report._language_pairs import LANGUAGE_SETTINGS, render_language_pairs
from search.report._own_tasks import render_own_tasks
from search.report._racing import render_racing
from search.report._status import PathFormatter, render_failures
from search.results import (
    analyse_language_pairs,
    analyse_racing,
    build_results,
    decide_verdict,
)
from search.study import Study, TrialRecord, find_baseline_record
from search.terminal import TextTable
from trainables.benchmarks import (
    BENCHMARK_LANGUAGES,
    PUBLISHED_TARGETS,
    explain_published_differences,
    get_published_metrics,
)
from trainables.curriculum import Noise, Trial
from trainables.noise_methods import Passes, count_passes
from trainables.outcome import Outcome
from trainables.transfer import Objective


def write_report_page(study: Study, file: Path) -> None:
    """Write the report as one self-contained HTML page.

    Raises:
        UserError: if it cannot be written there.
    """
    from search.report.page import write_page

    try:
        write_page(analyse_results(build_results(study)), file)
    except OSError as error:
        raise UserError(f"{file} cannot be written: {error.strerror or error}") from error


def build_report(study: Study) -> dict[str, Any]:
    """The report as JSON's own types: what `render_report` prints and the page shows."""
    ranked = study.get_complete_trials()
    return {
        "name": study.config.name,
        "analysis": analyse_results(build_results(study)),
        "noise": _summarise_noises(ranked, study.config.objective),
        "racing": analyse_racing(study.get_trial_records(), study.config),
        "generalized": analyse_language_pairs(study, ranked),
        "published": _compare_published(study, ranked),
    }


def render_report(study: Study, place: PathFormatter = str) -> Iterator[RenderableType]:
    """The answer, then the tables, for a terminal.

    Args:
        study: the search's.
        place: formats the path of a file of the search's folder.
    """
    yield from render_answer(study)
    report = build_report(study)
    yield ""
    yield from render_answer_sentences(report["analysis"])
    yield from render_analysis_tables(report["analysis"])
    yield from render_few_shot(report["analysis"].get("few_shot", ()))
    yield from render_own_tasks(report["analysis"].get("own_tasks", ()))
    if any(row["noise"] != "none" for row in report["noise"]):
        yield ""
        yield "noise: mean over the trials that have it in a stage (dev, the search's own seed); the trials differ in other settings too, so this is not a test"
        both = any(row["generalized"] is not None for row in report["noise"])
        yield TextTable.from_rows(
            [
                "noise",
                "cost per step",
                "trials",
                "transfer",
                *(LANGUAGE_SETTINGS if both else []),
                "native parameters, mean over stages",
            ],
            [
                (
                    row["noise"],
                    f"{row['work']:.2f}",
                    str(row["trials"]),
                    f"{row['transfer']:.3f}",
                    *([_format_score(row["unmixed"]), _format_score(row["generalized"])] if both else []),
                    ", ".join(f"{name} {value:.3g}" for name, value in row["native"].items()),
                )
                for row in report["noise"]
            ],
            wrapped_columns=["native parameters, mean over stages"],
        )
    if report["racing"]["rules"] or any(row["correlation"] is not None for row in report["racing"]["rungs"]):
        yield ""
        yield from render_racing(report["racing"])
    if report["published"]:
        yield ""
        yield from _render_published_averages(report["published"])
    if report["generalized"]:
        yield ""
        yield from render_language_pairs(report["generalized"])
    if report["analysis"]["failed"]:
        yield ""
        yield from render_failures(report["analysis"]["failed"], place)


def _render_published_averages(comparison: dict[str, Any]) -> Iterator[RenderableType]:
    """Scores by target under both rules of averaging, for the best trial and the baseline."""
    yield f"{comparison['benchmark']} on test, mean over {comparison['seeds']} fresh seeds, averaged by two rules"
    yield "  as published: mean over all languages, with the source language and languages unseen in pre-training; mean of F1 and exact match"
    yield "  it uses the metrics of the benchmark's own script (official_* in results.json where ours differ)"
    yield "  zero-shot: mean over families of the main metric, without the source language and without languages unseen in pre-training"
    trials = comparison["trials"]
    titles = [f"trial {row['trial']} {rule}" for row in trials for rule in ("as published", "zero-shot")]
    rows = [
        (target, *(_format_score(row[rule].get(target)) for row in trials for rule in ("published", "zero_shot")))
        for target in comparison["targets"]
    ]
    means = [_format_score(row[f"{rule}_mean"]) for row in trials for rule in ("published", "zero_shot")]
    yield TextTable.from_rows(["target", *titles], [*rows, (f"mean of {len(comparison['targets'])}", *means)])
    for target, difference in comparison["unlike"].items():
        yield f"  {target} is not the published task: {difference}"
    lacking = [*comparison["missing"], *comparison["missing_languages"]]
    if lacking:
        yield f"  not comparable with published tables: their average includes {', '.join(lacking)} too"


def _format_score(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _list_noises(trial: Trial) -> tuple[Noise, ...]:
    """The distinct noises of a trial's stages in order of stage; `Noise()` alone if no stage has one."""
    stages = (*trial.curriculum, *(stage for stage in trial.targets if stage.steps))
    found = dict.fromkeys(stage.noise for stage in stages if stage.noise.method != "none")
    return tuple(found) or (Noise(),)


def _summarise_noises(ranked: Sequence[TrialRecord], objective: Objective) -> list[dict[str, Any]]:
    """For each noise: how many trials have it, their mean objective and transfer in both settings, and its cost per step."""
    grouped: dict[Noise, list[Outcome]] = defaultdict(list)
    natives: dict[Noise, list[dict[str, float]]] = defaultdict(list)
    for record in ranked:
        if record.trial is not None and record.outcome is not None:
            for noise in _list_noises(record.trial):
                grouped[noise].append(record.outcome)
            for stage, run in zip(record.trial.stages, record.outcome.stages, strict=True):
                if run.native:
                    natives[stage.noise].append(run.native)
    rows = []
    for noise, outcomes in sorted(grouped.items(), key=lambda item: str(item[0])):
        paired = [outcome.transfer for outcome in outcomes if outcome.transfer.generalized_means()]
        rows.append(
            {
                "noise": str(noise),
                "work": count_passes(noise).forward_equivalents / Passes().forward_equivalents,
                "trials": len(outcomes),
                "transfer": fmean(outcome.transfer.objective(objective) for outcome in outcomes),
                "unmixed": fmean(_average_targets(transfer.unmixed_means()) for transfer in paired) if paired else None,
                "generalized": fmean(_average_targets(transfer.generalized_means()) for transfer in paired)
                if paired
                else None,
                "native": {
                    name: fmean(parameters[name] for parameters in natives[noise] if name in parameters)
                    for name in dict.fromkeys(name for parameters in natives[noise] for name in parameters)
                },
            }
        )
    return rows


def _compare_published(study: Study, ranked: Sequence[TrialRecord]) -> dict[str, Any] | None:
    """The best trial and the baseline on test, averaged by the benchmark's rule and by ours; None for a benchmark without a published
    average, or before there are fresh seeds."""
    config, repeats = study.config, study.get_repeat_outcomes()
    number, plain = decide_verdict(ranked, repeats, config).best, find_baseline_record(ranked, config)
    if config.benchmark not in PUBLISHED_TARGETS or number is None or not repeats.get(number):
        return None
    shown = dict.fromkeys([number, *([plain.number] if plain and repeats.get(plain.number) else [])])
    trials = []
    for trial in shown:
        transfers = [outcome.transfer for outcome in repeats[trial].values()]
        both = {
            "published": [t.published_means(get_published_metrics(config.benchmark)) for t in transfers],
            "zero_shot": [t.target_means("test") for t in transfers],
        }
        row: dict[str, Any] = {"trial": trial}
        for rule, means in both.items():
            row[rule] = {target: fmean(by_seed[target] for by_seed in means) for target in means[0]}
            row[f"{rule}_mean"] = _average_targets(row[rule])
        trials.append(row)
    return {
        "benchmark": config.benchmark,
        "seeds": len(repeats[number]),
        "targets": list(config.targets),
        "unlike": explain_published_differences(config.benchmark, config.targets, config.rules.source),
        "missing": [task for task in PUBLISHED_TARGETS[config.benchmark] if task not in config.targets],
        "missing_languages": [
            code for code in BENCHMARK_LANGUAGES[config.benchmark] if code not in config.scored_languages
        ],
        "trials": trials,
    }


def _average_targets(means: dict[str, float]) -> float:
    return fmean(means.values())
