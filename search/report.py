"""What a search found beyond its best trial: noise by method and magnitude, transfer with two languages at once."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from statistics import fmean
from typing import Any

from rich.console import RenderableType
from rich.table import Table

from search import racing
from search.intervals import interval
from search.present import answer
from search.recorded import Recorded, baseline, finalists
from search.study import Study
from search.verdict import judge
from trainables.benchmarks import LANGUAGES_OF, PUBLISHED
from trainables.benchmarks.catalogue import published_metrics
from trainables.curriculum import Noise, Trial
from trainables.noise.catalogue import Passes, passes
from trainables.outcome import Outcome
from trainables.transfer import Objective, Split, Transfer

EXTREMES = 5
"""Pairs of families shown at either end."""
BOTH = ["each text's language alone", "two languages"]
"""The two settings, over the same targets and the same pairs."""


def document(study: Study) -> dict[str, Any]:
    """The tables as JSON's own types."""
    ranked = study.complete()
    return {
        "name": study.config.name,
        "noise": _by_noise(ranked, study.config.objective),
        "racing": racing.document(study.recorded(), study.config),
        "generalized": _generalized(study, ranked),
        "published": _published(study, ranked),
    }


def lines(study: Study) -> Iterator[RenderableType]:
    """The answer, then the tables, for a terminal."""
    yield from answer(study)
    told = document(study)
    if any(row["noise"] != "none" for row in told["noise"]):
        yield ""
        yield "noise, over the trials that had it in some stage (dev, the search's own seed; not paired: a hint, no finding)"
        both = any(row["generalized"] is not None for row in told["noise"])
        yield _table(
            ["noise", "work a step", "trials", "transfer", *(BOTH if both else []), "native, mean over stages"],
            [
                (
                    row["noise"],
                    f"{row['work']:.2f}",
                    str(row["trials"]),
                    f"{row['transfer']:.3f}",
                    *([_share(row["unmixed"]), _share(row["generalized"])] if both else []),
                    ", ".join(f"{name} {value:.3g}" for name, value in row["native"].items()),
                )
                for row in told["noise"]
            ],
        )
    if told["racing"]["rules"] or any(row["correlation"] is not None for row in told["racing"]["rungs"]):
        yield ""
        yield from _race(told["racing"])
    if told["published"]:
        yield ""
        yield from _averages(told["published"])
    if told["generalized"]:
        yield ""
        yield from _pairs(told["generalized"])


def _race(told: dict[str, Any]) -> Iterator[RenderableType]:
    """How well values after some targets foretell final ones, and what that means for the trials that ended early."""
    yield (
        f"racing ({', '.join(told['rules'])}): {told['pruned']} trials ended early; {told['spared']} that should have were trained to their "
        "end, to see whether that was right"
        if told["rules"]
        else "how far values after some targets foretell final ones, that is, whether trials might race (racing.rules)"
    )
    rows = [
        (
            row["targets"][-1],
            f"{len(row['targets'])}",
            str(row["trials"]),
            "" if row["correlation"] is None else f"{row['correlation']:.2f} [{row['low']:.2f}, {row['high']:.2f}]",
        )
        for row in told["rungs"]
    ]
    yield _table(["after target", "targets", "trials to their end", "rank correlation with the final value"], rows)
    yield from racing.warnings(told)


def _averages(told: dict[str, Any]) -> Iterator[RenderableType]:
    """Each target by both rules, for the best trial and the baseline."""
    yield f"{told['benchmark']} on test, {told['seeds']} fresh seeds, by two rules"
    yield "  as published: the mean over all languages, English and unseen ones among them; F1 and exact match averaged"
    yield "  zero-shot: the mean over families of the languages that were seen in pre-training, English apart; the main metric"
    trials = told["trials"]
    titles = [f"trial {row['trial']} {rule}" for row in trials for rule in ("as published", "zero-shot")]
    rows = [
        (target, *(_share(row[rule].get(target)) for row in trials for rule in ("published", "zero_shot")))
        for target in told["targets"]
    ]
    means = [_share(row[f"{rule}_mean"]) for row in trials for rule in ("published", "zero_shot")]
    yield _table(["target", *titles], [*rows, (f"mean of {len(told['targets'])}", *means)])
    lacking = [*told["missing"], *told["missing_languages"]]
    if lacking:
        yield f"  the benchmark's own average is over {', '.join(lacking)} too: this is none of its table"


def _pairs(told: dict[str, Any]) -> Iterator[RenderableType]:
    """Both settings side by side, for each finalist and each target of the best, then the pairs of families at either end."""
    seeds = f"{told['seeds']} fresh seeds" if told["seeds"] else "the search's own seed"
    yield f"the two texts of an example in two languages, pairs without English ({told['split']}, {seeds}); mean over targets of two texts"
    yield _table(
        ["trial", *BOTH, "gain over the baseline in two", ""],
        [
            (str(row["trial"]), f"{row['unmixed']:.3f}", f"{row['generalized']:.3f}", row["told"], row["words"])
            for row in told["finalists"]
        ],
    )
    yield ""
    yield f"trial {told['trial']} by target and by families"
    yield _table(
        ["target", *BOTH, "difference"],
        [
            (
                target,
                f"{row['unmixed']:.3f}",
                f"{row['generalized']:.3f}",
                f"{row['generalized'] - row['unmixed']:+.3f}",
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


def _by_noise(ranked: Sequence[Recorded], objective: Objective) -> list[dict[str, Any]]:
    """For each noise: how many trials had it, their mean objective and transfer in both settings, what a step of it costs."""
    grouped: dict[Noise, list[Outcome]] = defaultdict(list)
    natives: dict[Noise, list[dict[str, float]]] = defaultdict(list)
    for record in ranked:
        if record.trial is not None and record.outcome is not None:
            for noise in _noises(record.trial):
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
                "work": passes(noise).work / Passes().work,
                "trials": len(outcomes),
                "transfer": fmean(outcome.transfer.objective(objective) for outcome in outcomes),
                "unmixed": fmean(_mean(transfer.unmixed_means()) for transfer in paired) if paired else None,
                "generalized": fmean(_mean(transfer.generalized_means()) for transfer in paired) if paired else None,
                "native": {
                    name: fmean(told[name] for told in natives[noise] if name in told)
                    for name in dict.fromkeys(name for told in natives[noise] for name in told)
                },
            }
        )
    return rows


def _published(study: Study, ranked: Sequence[Recorded]) -> dict[str, Any] | None:
    """The best trial and the baseline on test by the benchmark's own rule and by ours; None where it has none, or before there are
    fresh seeds."""
    config, repeats = study.config, study.repeats()
    number, plain = judge(ranked, repeats, config).best, baseline(ranked, config)
    if config.benchmark not in PUBLISHED or number is None or not repeats.get(number):
        return None
    shown = dict.fromkeys([number, *([plain.number] if plain and repeats.get(plain.number) else [])])
    trials = []
    for trial in shown:
        transfers = [outcome.transfer for outcome in repeats[trial].values()]
        both = {
            "published": [t.published(published_metrics(config.benchmark)) for t in transfers],
            "zero_shot": [t.target_means("test") for t in transfers],
        }
        row: dict[str, Any] = {"trial": trial}
        for rule, told in both.items():
            row[rule] = {target: fmean(by_seed[target] for by_seed in told) for target in told[0]}
            row[f"{rule}_mean"] = _mean(row[rule])
        trials.append(row)
    return {
        "benchmark": config.benchmark,
        "seeds": len(repeats[number]),
        "targets": list(config.targets),
        "missing": [task for task in PUBLISHED[config.benchmark] if task not in config.targets],
        "missing_languages": [code for code in LANGUAGES_OF[config.benchmark] if code not in config.scored_languages],
        "trials": trials,
    }


def _mean(means: dict[str, float]) -> float:
    return fmean(means.values())


def _generalized(study: Study, ranked: Sequence[Recorded]) -> dict[str, Any] | None:
    """Finalists in both settings: on test over their fresh seeds, or on dev before there are any; None if no pairs were scored."""
    repeats = study.repeats()
    number = judge(ranked, repeats, study.config).best
    outcomes = {record.number: record.outcome for record in ranked if record.outcome}
    if number is None or not outcomes[number].transfer.generalized_means():
        return None
    fresh = bool(repeats.get(number))
    split: Split = "test" if fresh else "dev"
    by_trial = {
        record.number: {seed: outcome.transfer for seed, outcome in repeats[record.number].items()}
        if fresh
        else {study.config.seed: outcomes[record.number].transfer}
        for record in finalists(ranked, study.config)
        if record.number in (repeats if fresh else outcomes)
    }
    if not fresh:
        by_trial = {number: {study.config.seed: outcomes[number].transfer}} | by_trial
    plain = baseline(ranked, study.config)
    rival = by_trial.get(plain.number, {}) if plain else {}
    words = {record.number: str(record.trial) for record in ranked}
    transfers = list(by_trial[number].values())
    tables = [transfer.family_pair_means(split) for transfer in transfers]
    intervals = {families: interval([table[families] for table in tables]).within(0.0, 1.0) for families in tables[0]}
    return {
        "trial": number,
        "split": split,
        "seeds": len(transfers) if fresh else 0,
        "finalists": [_finalist(number, words[number], by_seed, rival, split) for number, by_seed in by_trial.items()],
        "targets": {
            target: {
                "unmixed": fmean(transfer.unmixed_means(split)[target] for transfer in transfers),
                "generalized": fmean(transfer.generalized_means(split)[target] for transfer in transfers),
            }
            for target in transfers[0].generalized_means(split)
        },
        "families": [
            {"first": first, "second": second, "mean": told.mean, "low": told.low, "high": told.high, "told": str(told)}
            for (first, second), told in intervals.items()
        ],
    }


def _finalist(
    number: int, words: str, by_seed: dict[int, Transfer], rival: dict[int, Transfer], split: Split
) -> dict[str, Any]:
    """One finalist in both settings, and its gain over the baseline in two languages on the seeds that both have."""
    shared = sorted(by_seed.keys() & rival.keys()) if by_seed is not rival else []
    gains = [_mean(by_seed[s].generalized_means(split)) - _mean(rival[s].generalized_means(split)) for s in shared]
    gain = interval(gains) if gains else None
    return {
        "trial": number,
        "words": words,
        "unmixed": fmean(_mean(transfer.unmixed_means(split)) for transfer in by_seed.values()),
        "generalized": fmean(_mean(transfer.generalized_means(split)) for transfer in by_seed.values()),
        "gain": None if gain is None else {"mean": gain.mean, "low": gain.low, "high": gain.high},
        "told": "" if gain is None else gain.signed(),
    }
