"""``xlt suggest``: intermediate tasks and encoders ranked for the targets before anything is trained."""

from pathlib import Path
from typing import Any, get_args

import click
from rich.progress import MofNCompleteColumn, TimeRemainingColumn

from search.cli._options import CONFIG_ARGUMENT, DATA_OPTION, JSON_OPTION, SET_OPTION, open_study, pass_home
from search.config import Config, load_config
from search.data import find_encoder_problems
from search.errors import UserError
from search.home import Home
from search.suggestion import (
    DEFAULT_EXAMPLES,
    DEFAULT_MEASURE,
    MIN_EXAMPLES,
    Measure,
    RankCorrelation,
    Suggestion,
    correlate_ranks,
    count_measurements,
    suggest_tasks,
    to_json,
)
from search.terminal import (
    Paragraph,
    TextTable,
    make_progress_bar,
    make_stderr_console,
    make_stdout_console,
    print_json,
)


@click.command()
@CONFIG_ARGUMENT
@SET_OPTION
@DATA_OPTION
@click.option(
    "--encoder", "encoders", multiple=True, help="A further encoder to compare on the targets; may be repeated."
)
@click.option(
    "--examples",
    type=click.IntRange(MIN_EXAMPLES),
    default=DEFAULT_EXAMPLES,
    show_default=True,
    help="Texts of each task, at most.",
)
@click.option(
    "--train-steps",
    type=click.IntRange(0),
    default=0,
    help="Train so many steps on each task, and measure the targets again; by default nothing is trained.",
)
@click.option(
    "--by",
    "measure",
    type=click.Choice(get_args(Measure)),
    help=f"Measure that ranks the tasks; by default tuned_logme with --train-steps, else {DEFAULT_MEASURE}.",
)
@click.option("--against", metavar="NAME", help="A finished search: how well do the measures rank tasks as it did?")
@JSON_OPTION
@pass_home
def suggest(
    home: Home,
    config: Path,
    overrides: tuple[str, ...],
    encoders: tuple[str, ...],
    examples: int,
    train_steps: int,
    measure: Measure | None,
    against: str | None,
    as_json: bool,
) -> None:
    """Rank the intermediate tasks of CONFIG for its targets before anything is trained, as a belief for prior.tasks.

    A sample of each task's training texts goes through the encoder once. Encoders are ranked by LogME of the targets' labels.
    """
    settings = load_config(config, overrides)
    if not settings.intermediate:
        raise UserError(f"{settings.name} has no intermediate tasks to rank: list some under intermediate")
    effects, basis = _find_effects(home, against)
    _check_encoders(settings, encoders)
    found = _measure(settings, home, encoders, examples, train_steps)
    measure = measure or ("tuned_logme" if "tuned_logme" in found.measures else DEFAULT_MEASURE)
    if measure not in found.measures:
        raise UserError(f"--by {measure}: not every task has it; these can rank: {', '.join(found.measures)}")
    correlations = {
        name: correlate_ranks({each.task: each.measures[name] for each in found.tasks}, effects)
        for name in (found.measures if against else ())
    }
    if as_json:
        print_json(_build_document(settings, found, measure, examples, against, basis, effects, correlations))
        return
    _print_suggestion(settings, found, measure, examples)
    if against:
        _print_comparison(against, basis, effects, correlations)


def _find_effects(home: Home, against: str | None) -> tuple[dict[str, float], str]:
    """What the search NAME found of each task, and from what."""
    if against is None:
        return {}, ""
    from search.analysis import estimate_task_effects
    from search.results import build_results

    effects, basis = estimate_task_effects(build_results(open_study(home.find_search(against))))
    if not effects:
        raise UserError(f"--against {against}: its trials identify the effect of no task ({basis})")
    return effects, basis


def _check_encoders(settings: Config, encoders: tuple[str, ...]) -> None:
    from trainables.benchmarks.hub import silence_datasets

    silence_datasets()
    problems = [
        text
        for name in dict.fromkeys((settings.encoder, *encoders))
        for kind, text in find_encoder_problems(settings.model_copy(update={"encoder": name}))
        if kind == "problem"
    ]
    if problems:
        raise UserError("\n".join([f"{settings.name} cannot be measured:", *(f"  {text}" for text in problems)]))


def _measure(settings: Config, home: Home, encoders: tuple[str, ...], examples: int, train_steps: int) -> Suggestion:
    with make_progress_bar(make_stderr_console(), MofNCompleteColumn(), TimeRemainingColumn()) as bar:
        line = bar.add_task("reading data", total=count_measurements(settings, encoders, train_steps), completed=-1)

        def show(what: str) -> None:
            bar.update(line, description=what, advance=1)

        return suggest_tasks(
            settings,
            str(home.data),
            encoders=encoders,
            examples=examples,
            train_steps=train_steps,
            report_progress=show,
        )


def _print_suggestion(settings: Config, found: Suggestion, measure: Measure, examples: int) -> None:
    console = make_stdout_console()
    console.print(
        Paragraph(
            f"{settings.name}: {len(found.tasks)} intermediate tasks for {', '.join(settings.targets)}, by {measure}; "
            f"at most {examples:,} texts a task, {found.seconds:.0f} s"
        )
    )
    table = TextTable(["task", *found.measures])
    for each in found.rank_tasks(measure):
        table.add_row(each.task, *(_format(name, each.measures[name]) for name in found.measures))
    console.print(table)
    for task, why in found.left_out.items():
        console.print(Paragraph(f"{task} is in no measure of labels: {why}"))
    _print_encoders(found)
    prior = ", ".join(f"{task}: {value:g}" for task, value in found.build_prior(measure).items())
    console.print("\na belief to check with --against, once a search is done:")
    console.print(f"prior:\n  tasks: {{{prior}}}")


def _print_encoders(found: Suggestion) -> None:
    console = make_stdout_console()
    targets = list(dict.fromkeys(name for each in found.encoders for name, own in each.targets.items() if own))
    if not targets:
        return
    console.print("\nencoders by the targets' labels:")
    table = TextTable(["encoder", "logme", "h_score", *(f"logme {target}" for target in targets)])
    for each in found.rank_encoders():
        own = [each.targets[target].get("logme") for target in targets]
        mean = [each.measures.get("logme"), each.measures.get("h_score")]
        table.add_row(each.encoder, *("" if value is None else f"{value:.3f}" for value in [*mean, *own]))
    console.print(table)


def _print_comparison(
    against: str, basis: str, effects: dict[str, float], correlations: dict[Measure, RankCorrelation | None]
) -> None:
    console = make_stdout_console()
    told = ", ".join(f"{task} {effect:+.3f}" for task, effect in sorted(effects.items(), key=lambda each: -each[1]))
    console.print(Paragraph(f"\nagainst {against} ({basis}); effects on transfer: {told}"))
    table = TextTable(["measure", "rank correlation", "95 % interval over tasks", "tasks"])
    for name, found in correlations.items():
        if found is None:
            table.add_row(name, "none", "", "")
        else:
            table.add_row(name, f"{found.value:+.2f}", f"[{found.low:+.2f}, {found.high:+.2f}]", f"{found.tasks}")
    console.print(table)
    if not any(found is not None and found.low > 0 for found in correlations.values()):
        console.print(
            Paragraph("No interval is above 0: on these tasks no measure is shown to rank better than chance.")
        )


def _build_document(
    settings: Config,
    found: Suggestion,
    measure: Measure,
    examples: int,
    against: str | None,
    basis: str,
    effects: dict[str, float],
    correlations: dict[Measure, RankCorrelation | None],
) -> dict[str, Any]:
    document: dict[str, Any] = {
        "name": settings.name,
        "encoder": settings.encoder,
        "examples": examples,
        "seed": settings.seed,
        "seconds": round(found.seconds, 1),
        "measure": measure,
        "tasks": [to_json(each) for each in found.rank_tasks(measure)],
        "encoders": [to_json(each) for each in found.rank_encoders()],
        "left_out": found.left_out,
        "prior": {"tasks": found.build_prior(measure)},
    }
    if against:
        known = {name: None if each is None else each.to_json() for name, each in correlations.items()}
        document["against"] = {"name": against, "basis": basis, "effects": effects, "correlations": known}
    return document


def _format(measure: Measure, value: float) -> str:
    return f"{value:,.0f}" if measure == "rows" else f"{value:.3f}"
