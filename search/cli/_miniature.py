"""``xlt miniature``: the embedded benchmark's encoder."""

from pathlib import Path

import click
from rich.progress import Progress, TimeElapsedColumn

from search.errors import UserError
from search.terminal import make_stderr_console, print_line


@click.group()
def miniature() -> None:
    """The embedded benchmark."""


@miniature.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--steps", type=int, help="Instead of the shipped encoder's number of steps.")
def build(directory: Path, seed: int, steps: int | None) -> None:
    """Train the miniature's tokenizer and encoder on CLDR text, and write them to DIRECTORY."""
    from trainables.pretraining import PretrainingRecipe, pretrain_encoder

    if directory.exists():
        raise UserError(f"{directory} exists already: name a new folder")
    recipe = PretrainingRecipe(seed=seed) if steps is None else PretrainingRecipe(seed=seed, steps=steps)
    console = make_stderr_console()
    with Progress(*Progress.get_default_columns(), TimeElapsedColumn(), console=console) as progress:
        task = progress.add_task("tokenizer", total=recipe.steps)

        def show(step: int, loss: float) -> None:
            progress.update(task, completed=step, description=f"masked loss {loss:.2f}")
            if not console.is_terminal and step % 200 == 0:
                console.print(f"step {step} of {recipe.steps}: masked loss {loss:.2f}")

        pretrain_encoder(recipe, directory, show)
    print_line(f"written to {directory}")
