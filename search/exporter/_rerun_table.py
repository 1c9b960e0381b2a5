"""Scores of an exported trial that was trained again, beside the exported scores, for a terminal."""

from collections.abc import Iterator
from statistics import fmean

from rich.console import RenderableType

from search.exporter._agreement import ScoreAgreement
from search.exporter._exported_trial import ExportedTrial
from search.terminal import TextTable
from trainables.outcome import Outcome
from trainables.transfer import Transfer


def render_rerun(
    best: ExportedTrial, outcomes: dict[int, Outcome], found: ScoreAgreement | None
) -> Iterator[RenderableType]:
    """A table of mean scores by target, exported and by seed, then the comparison on the exported seed."""
    yield f"trial {best.number} of {best.name}: {best.trial}"
    titles = ["target", "exported", *(f"seed {seed}" for seed in outcomes)]
    table = TextTable(titles, left_aligned_columns=titles)
    metrics = next(iter(outcomes.values())).transfer.metrics
    recorded = Transfer(best.scores, metrics)
    means = [transfer.target_means() for transfer in (recorded, *(outcome.transfer for outcome in outcomes.values()))]
    for target in best.scores:
        table.add_row(target, *(f"{by_target[target]:.4f}" if target in by_target else "" for by_target in means))
    overall = [f"{fmean(by_target.values()):.4f}" if by_target else "" for by_target in means]
    table.add_row("mean over families", *overall, style="bold")
    yield table
    if found is not None:
        yield f"seed {best.seed}: {found}"
