"""What a search found beyond its best trial: noise by method and magnitude, transfer with two languages at once."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from statistics import fmean
from typing import Any

from rich.console import RenderableType
from rich.table import Table

from search.present import answer
from search.study import Recorded, Study
from search.verdict import interval, judge
from trainables.curriculum import Noise, Trial
from trainables.noise.catalogue import Passes, passes
from trainables.outcome import Outcome
from trainables.transfer import Split

EXTREMES = 5
"""Pairs of families shown at either end."""


def document(study: Study) -> dict[str, Any]:
    """The tables as JSON's own types."""
    return {"name": study.config.name, "noise": _by_noise(study.complete()), "generalized": _generalized(study)}


def lines(study: Study) -> Iterator[RenderableType]:
    """The answer, then the tables, for a terminal."""
    yield from answer(study)
    told = document(study)
    if len(told["noise"]) > 1:
        yield ""
        yield "noise, over the trials that had it in some stage (dev, the search's own seed; not paired: a hint, no finding)"
        both = any(row["generalized"] is not None for row in told["noise"])
        yield _table(
            [
                "noise",
                "work a step",
                "trials",
                "transfer",
                *(["in two languages"] if both else []),
                "native, mean over stages",
            ],
            [
                (
                    row["noise"],
                    f"{row['work']:.2f}",
                    str(row["trials"]),
                    f"{row['transfer']:.3f}",
                    *([_share(row["generalized"])] if both else []),
                    ", ".join(f"{name} {value:.3g}" for name, value in row["native"].items()),
                )
                for row in told["noise"]
            ],
        )
    if told["generalized"]:
        yield ""
        yield from _pairs(told["generalized"])


def _pairs(told: dict[str, Any]) -> Iterator[RenderableType]:
    """Both settings side by side, then the pairs of families at either end."""
    seeds = f"{told['seeds']} fresh seeds" if told["seeds"] else "the search's own seed"
    yield f"trial {told['trial']}, the two texts of an example in two languages, pairs without English ({told['split']}, {seeds})"
    yield _table(
        ["target", "each text's language alone", "two languages", "difference"],
        [
            (
                target,
                f"{row['standard']:.3f}",
                f"{row['generalized']:.3f}",
                f"{row['generalized'] - row['standard']:+.3f}",
            )
            for target, row in told["targets"].items()
        ],
    )
    yield ""
    ordered = sorted(told["families"], key=lambda row: -row["mean"])
    shown = ordered if len(ordered) <= 2 * EXTREMES else [*ordered[:EXTREMES], None, *ordered[-EXTREMES:]]
    table = Table("first text in", "second text in", "mean over targets, 95 % interval", box=None, pad_edge=False)
    for row in shown:
        table.add_row(row["first"], row["second"], row["told"]) if row else table.add_row("...", "...", "...")
    yield table


def _table(titles: Sequence[str], rows: Sequence[tuple[str, ...]]) -> Table:
    table = Table(*titles, box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for row in rows:
        table.add_row(*row)
    return table


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _noises(trial: Trial) -> tuple[Noise, ...]:
    """The different noises of a trial's stages, in the order in which they come; one that is none if there is no other."""
    stages = (*trial.curriculum, *(stage for stage in trial.targets if stage.steps))
    found = dict.fromkeys(stage.noise for stage in stages if stage.noise.method != "none")
    return tuple(found) or (Noise(),)


def _by_noise(ranked: Sequence[Recorded]) -> list[dict[str, Any]]:
    """For each noise: how many trials had it, their mean transfer in both settings, what a step of it costs."""
    grouped: dict[Noise, list[Outcome]] = defaultdict(list)
    natives: dict[Noise, list[dict[str, float]]] = defaultdict(list)
    for record in ranked:
        if record.trial is not None and record.outcome is not None:
            for noise in _noises(record.trial):
                grouped[noise].append(record.outcome)
            for stage, run in zip(
                (*record.trial.curriculum, *record.trial.targets), record.outcome.stages, strict=True
            ):
                if run.native:
                    natives[stage.noise].append(run.native)
    rows = []
    for noise, outcomes in sorted(grouped.items(), key=lambda item: str(item[0])):
        generalized = [fmean(means.values()) for outcome in outcomes if (means := outcome.transfer.generalized_means())]
        rows.append(
            {
                "noise": str(noise),
                "work": passes(noise).work / Passes().work,
                "trials": len(outcomes),
                "transfer": fmean(outcome.transfer.mean() for outcome in outcomes),
                "generalized": fmean(generalized) if generalized else None,
                "native": {
                    name: fmean(told[name] for told in natives[noise]) for name in next(iter(natives[noise]), {})
                },
            }
        )
    return rows


def _generalized(study: Study) -> dict[str, Any] | None:
    """The best trial in both settings: on test over its fresh seeds, or on dev before there are any."""
    ranked, repeats = study.complete(), study.repeats()
    number = judge(ranked, repeats, study.config).best
    best = next((record.outcome for record in ranked if record.number == number and record.outcome), None)
    if number is None or best is None or not best.transfer.generalized:
        return None
    fresh = list(repeats.get(number, {}).values())
    split: Split = "test" if fresh else "dev"
    transfers = [outcome.transfer for outcome in fresh or [best]]
    tables = [transfer.family_pair_means(split) for transfer in transfers]
    intervals = {families: interval([table[families] for table in tables]).within(0.0, 1.0) for families in tables[0]}
    return {
        "trial": number,
        "split": split,
        "seeds": len(fresh),
        "targets": {
            target: {
                "standard": fmean(transfer.unmixed_means(split)[target] for transfer in transfers),
                "generalized": fmean(transfer.generalized_means(split)[target] for transfer in transfers),
            }
            for target in transfers[0].generalized_means(split)
        },
        "families": [
            {"first": first, "second": second, "mean": told.mean, "low": told.low, "high": told.high, "told": str(told)}
            for (first, second), told in intervals.items()
        ],
    }
