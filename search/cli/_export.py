"""``xlt export`` and ``xlt train``."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
from pydantic import TypeAdapter, ValidationError
from rich.progress import Progress

from search.cli._options import DATA_OPTION, JSON_OPTION, NAME_ARGUMENT, open_study, pass_home
from search.errors import UserError
from search.home import Home
from search.terminal import make_stderr_console, make_stdout_console, print_json, print_line
from trainables.ranges import Seed

if TYPE_CHECKING:
    from search.exporter import ExportedTrial
    from trainables.outcome import Outcome, StageRun


@click.command()
@NAME_ARGUMENT
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--trial", type=int, help="Number of the trial; by default the best one.")
@click.option(
    "--merge", type=click.Choice(["seeds"]), help="Average the seeds of a finalist; keep the mean where it is better."
)
@click.option("--onnx", is_flag=True, help="Also write each model as ONNX, checked against torch (extra onnx).")
@click.option("--register", is_flag=True, help="Also register it as a version of MLflow's model NAME, with alias best.")
@DATA_OPTION
@pass_home
def export(
    home: Home, name: str, directory: Path, trial: int | None, merge: str | None, onnx: bool, register: bool
) -> None:
    """Write best.yaml, results.json and the models of the search NAME to DIRECTORY."""
    from search.exporter import export as write_export

    folder = home.find_search(name)
    study = open_study(folder)
    with make_stderr_console().status("reading the models, or training them again"):
        exported = write_export(study, folder, home, directory, trial, _print_note, onnx=onnx, merge_seeds=bool(merge))
    console = make_stdout_console()
    console.print(f"trial {exported.number}: {exported.trial}", soft_wrap=True)
    few_shot = ", few_shot/" * (directory / "few_shot").is_dir()
    console.print(f"written to {directory}: README.md, best.yaml, results.json, models/{few_shot}", soft_wrap=True)
    console.print(f"run it again: xlt train {directory / 'best.yaml'}", soft_wrap=True)
    if register:
        from search.exporter import register_best

        print_line(register_best(study, home, directory, exported))


def _print_note(note: str) -> None:
    print_line(note, err=True)


@click.command()
@click.argument("exported", metavar="BEST.YAML", type=click.Path(path_type=Path))
@click.option("--seeds", help="Comma-separated; by default the seed of the exported trial.")
@DATA_OPTION
@JSON_OPTION
def train(exported: Path, seeds: str | None, as_json: bool) -> None:
    """Train and score an exported trial again, and compare the scores with the exported ones."""
    from search.exporter import compare_rerun, load_exported_trial, render_rerun

    best = load_exported_trial(exported)
    outcomes = _rerun_with_progress(best, _parse_seeds(seeds) if seeds is not None else [best.seed])
    agreement = compare_rerun(best, outcomes)
    if as_json:
        by_seed = {str(seed): outcome.to_json() for seed, outcome in outcomes.items()}
        print_json(
            {
                "same": agreement and agreement.is_identical,
                "agreement": agreement and agreement.to_json(),
                "seeds": by_seed,
            }
        )
        return
    for line in render_rerun(best, outcomes, agreement):
        make_stdout_console().print(line)


def _parse_seeds(text: str) -> list[int]:
    try:
        return TypeAdapter(list[Seed]).validate_python(text.split(","))
    except ValidationError:
        raise UserError(
            f"--seeds {text}: expected whole numbers below 2**32, separated by commas, such as 1,2,3"
        ) from None


def _rerun_with_progress(best: "ExportedTrial", seeds: list[int]) -> "dict[int, Outcome]":
    from search.exporter import rerun_exported_trial

    console = make_stderr_console()
    total = len(seeds) * (len(best.trial.curriculum) + len(best.trial.targets))
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("training", total=total)

        def show(run: "StageRun") -> None:
            progress.update(task, advance=1, description=f"trained {run.task}")
            if not console.is_terminal:
                console.print(f"trained {run.task}, {run.seconds:.1f} s", highlight=False)

        return rerun_exported_trial(best, seeds, show)
