"""The MLflow run of a trial: name, params (the same keys for every trial of a search), tags, description."""

from collections.abc import Mapping
from typing import Literal

from search.config import Config
from search.statistics import compute_interval
from search.study import TrialRecord
from search.tracking._datasets import DatasetDigests
from search.tracking._metrics import (
    build_scores_table,
    build_seeds_table,
    collect_finalist_metrics,
    collect_trial_metrics,
)
from search.tracking._run_content import NOTE_TAG, RunContent
from trainables.curriculum import Stage, Trial
from trainables.outcome import Outcome

NO_VALUE = "none"
_RUN_STATUSES: dict[str, Literal["FAILED", "KILLED"]] = {"failed": "FAILED", "pruned": "KILLED"}


def build_trial_run(
    record: TrialRecord,
    repeats: Mapping[int, Outcome],
    config: Config,
    digests: DatasetDigests,
    failures: Mapping[str, str] | None = None,
) -> RunContent:
    """Build the run of a trial that has ended.

    Args:
        record: the trial.
        repeats: its outcomes on fresh seeds, by seed.
        config: the search.
        digests: of the data.
        failures: tracebacks of the trial and its repeats, by file name.
    """
    tables = {}
    if record.outcome is not None:
        tables["transfer.json"] = build_scores_table(record.outcome.transfer.scores)
        if record.outcome.transfer.generalized:
            tables["generalized.json"] = build_scores_table(record.outcome.transfer.generalized)
        for shots in record.outcome.transfer.list_shots():
            tables[f"few_shot_{shots}.json"] = build_scores_table(record.outcome.transfer.with_shots(shots).scores)
    if repeats:
        tables["seeds.json"] = build_seeds_table(repeats)
    return RunContent(
        number=record.number,
        name=make_run_name(record),
        params=collect_trial_params(record, config) if record.trial else {},
        tags=_collect_tags(record, repeats, config) | _make_failure_tags(failures or {}),
        metrics=collect_trial_metrics(record) | collect_finalist_metrics(repeats, config),
        datasets=digests.list_used(record),
        tables=tables,
        texts=failures or {},
        status=_RUN_STATUSES.get(record.state, "FINISHED"),
        seconds=record.outcome.seconds if record.outcome else 0.0,
    )


def make_run_name(record: TrialRecord) -> str:
    """Number and tasks in order: ``7: dates > facts``."""
    return f"{record.number}: {join_curriculum_tasks(record.trial) if record.trial else 'not put together'}"


def join_curriculum_tasks(trial: Trial) -> str:
    """Its tasks in order; a joint stage's are joined."""
    return " > ".join(stage.task for stage in trial.curriculum) or "no intermediate stage"


def classify_curriculum(trial: Trial, config: Config) -> str:
    """What kind of curriculum it is, as far as resources go: ``high > low``."""
    from search.analysis import Arm

    resources = tuple("+".join(config.get_resource(task) for task in stage.tasks) for stage in trial.curriculum)
    return Arm(0, trial, resources).condition


def collect_trial_params(record: TrialRecord, config: Config) -> dict[str, str]:
    """The trial's curriculum and settings as params: the same keys for every trial of a search, plain numbers, so that charts can use them as axes.

    MLflow's parallel coordinates leave out a run that lacks one of the axes, and where an axis has numbers, what is no number: so a
    task that a trial does not hold has position 0 and rate 0. Words of more than thirty kinds lose the rest: ``first``, ``last``,
    ``condition`` and ``<task>``, the short name of ``position/<task>``, are the axes of an order, ``curriculum`` is for reading.
    """
    trial = record.trial
    assert trial is not None
    stages = trial.curriculum
    held = {task: (place, stage) for place, stage in enumerate(stages, 1) for task in stage.tasks}
    found = {
        "curriculum": " > ".join(stage.task for stage in stages) or NO_VALUE,
        "condition": classify_curriculum(trial, config),
        "length": str(len(stages)),
        "first": stages[0].task if stages else NO_VALUE,
        "last": stages[-1].task if stages else NO_VALUE,
    }
    for task in config.intermediate:
        place, stage = held.get(task, (0, None))
        found[f"position/{task}"] = str(place)
        found.setdefault(task, str(place))
        found[f"rate/{task}"] = f"{stage.learning_rate:g}" if stage else "0"
        if config.space.noise.along == "per_stage":
            found[f"magnitude/{task}"] = f"{stage.noise.magnitude:g}" if stage else "0"
    found |= {
        "noise": _describe_noises(stages),
        "magnitude": f"{max((each.noise.magnitude for each in stages), default=0):g}",
    }
    example = trial.trained_target
    found["rate/targets"] = f"{example.learning_rate:g}" if example else "0"
    found["noise/targets"] = _describe_noises((example,) if example else ())
    found["magnitude/targets"] = f"{example.noise.magnitude:g}" if example else "0"
    found["targets"] = trial.target_settings or "not trained"
    for place in range(1, config.curriculum.max_length + 1):
        found[f"stage.{place}"] = str(stages[place - 1]) if place <= len(stages) else NO_VALUE
    return found | {"native": _describe_native_parameters(record)}


def _describe_noises(stages: tuple[Stage, ...]) -> str:
    """The robust-training methods of some stages."""
    return ", ".join(dict.fromkeys(stage.noise.kind for stage in stages if stage.noise.method != NO_VALUE)) or NO_VALUE


def _describe_native_parameters(record: TrialRecord) -> str:
    """The native parameters of the noise methods, computed from magnitudes."""
    runs = record.outcome.stages if record.outcome else ()
    by_task = {
        run.task: ", ".join(f"{name} {value:.4g}" for name, value in run.native.items()) for run in runs if run.native
    }
    return "; ".join(f"{task}: {native}" for task, native in by_task.items()) or NO_VALUE


def _collect_tags(record: TrialRecord, repeats: Mapping[int, Outcome], config: Config) -> dict[str, str]:
    found = {"xlt.state": record.state, "xlt.finalist": "yes" if repeats else "no"}
    if record.trial is not None:
        found |= {
            "xlt.condition": classify_curriculum(record.trial, config),
            NOTE_TAG: _write_description(record, repeats, config),
        }
    if repeats:
        found["xlt.seeds"] = ", ".join(map(str, sorted(repeats)))
    if record.pruned is not None:
        found["xlt.pruned"] = record.pruned
    if record.error is not None:
        found["xlt.error"] = record.error[:4000]
    return found


def _make_failure_tags(failures: Mapping[str, str]) -> dict[str, str]:
    """A tag with the names of the traceback artifacts."""
    return {"xlt.failures": ", ".join(failures)} if failures else {}


def _write_description(record: TrialRecord, repeats: Mapping[int, Outcome], config: Config) -> str:
    """The run's description, in Markdown."""
    trial = record.trial
    assert trial is not None
    lines = [f"{position}. {stage}, {stage.steps} steps" for position, stage in enumerate(trial.curriculum, 1)]
    lines = [
        *(lines or ["No intermediate stage."]),
        "",
        f"Then each target: {trial.target_settings or 'not trained'}.",
        "",
    ]
    if record.value is not None:
        lines.append(f"{config.objective}: **{record.value:.3f}** on dev, the search's own seed.")
    if repeats:
        values = [outcome.transfer.objective(config.objective) for outcome in repeats.values()]
        interval = compute_interval(values).clip(0.0, 1.0)
        lines.append(
            f"{config.objective} on dev, {len(values)} fresh seeds: **{interval}**"
            + (", 95 % interval of this trial alone." if interval.low is not None else ".")
        )
    for why in (record.pruned, record.error):
        lines += ["", *(f"    {line}" for line in why[:2000].splitlines())] if why else []
    if record.failure is not None:
        lines += ["", f"Traceback: the artifact `{record.failure}`."]
    if record.state == "complete":
        lines += ["", f"Again: `xlt export {config.name} DIR --trial {record.number}`, then `xlt train DIR/best.yaml`."]
    return "\n".join(lines)
