"""The run of a launch: settings, the best trial's metrics, the answer as its description."""

from collections.abc import Mapping, Sequence
from typing import Any

from search.config import Config
from search.results import Verdict
from search.study import TrialRecord
from search.tracking._metrics import collect_finalist_metrics, collect_metrics
from search.tracking._run_content import NOTE_TAG, Dataset, RunContent
from search.tracking._trial_run import make_run_name
from trainables.outcome import Outcome


def build_launch_run(
    config: Config,
    best: TrialRecord | None = None,
    repeats: Mapping[int, Outcome] | None = None,
    verdict: Verdict | None = None,
    results: Mapping[str, Any] | None = None,
    answer: Sequence[str] = (),
    datasets: tuple[Dataset, ...] = (),
) -> RunContent:
    """Build the run from what is known: at the start of a launch, the settings alone.

    Args:
        config: the search.
        best: its best trial.
        repeats: that trial's outcomes on fresh seeds.
        verdict: on the finalists.
        results: the document of ``results.json``.
        answer: the answer, a paragraph each.
        datasets: the data of every task.
    """
    found: dict[str, float] = {}
    tags = {"xlt.state": "complete" if results else "running"}
    if best is not None and best.outcome is not None:
        found = (
            collect_metrics(best.outcome.transfer)
            | collect_finalist_metrics(repeats or {}, config)
            | _collect_confirmed_metrics(verdict)
        )
        found |= {} if best.value is None else {"objective": best.value}
        tags["xlt.best"] = make_run_name(best)
    if verdict is not None:
        tags["xlt.verdict"] = verdict.conclusion
    if results is not None:
        found |= {f"sharing/{name}": value for name, value in results["sharing"].items()}
        tags[NOTE_TAG] = _write_description(config, results, answer)
    return RunContent(
        number=None, name=config.name, params=_collect_params(config), tags=tags, metrics=found, datasets=datasets
    )


def _collect_confirmed_metrics(verdict: Verdict | None) -> dict[str, float]:
    """The objective of the best trial on fresh seeds with its interval, corrected for its selection."""
    if verdict is None or verdict.value is None or verdict.value.low is None or verdict.value.high is None:
        return {}
    value = {"": verdict.value.mean, "_low": verdict.value.low, "_high": verdict.value.high}
    return {f"finalist/corrected{name}": bound for name, bound in value.items()}


def _write_description(config: Config, results: Mapping[str, Any], answer: Sequence[str]) -> str:
    """The run's description, in Markdown."""
    counts: dict[str, int] = {}
    for trial in results["trials"]:
        counts[trial["state"]] = counts.get(trial["state"], 0) + 1
    paragraphs = "\n\n".join(line for line in answer if line) or "No trial is complete yet."
    return f"""{paragraphs}

Trials: {", ".join(f"{count} {state}" for state, count in counts.items()) or "none"}.

The whole of it, with `config.yaml` from this run's artifacts (it resumes, or extends):

    xlt launch config.yaml

The best trial as a config and a model, then trained again on other seeds:

    xlt export {config.name} DIR
    xlt train DIR/best.yaml --seeds 1,2,3
"""


def _collect_params(config: Config) -> dict[str, str]:
    return {
        "encoder": config.encoder,
        "benchmark": config.benchmark,
        "targets": ", ".join(config.targets),
        "intermediate": ", ".join(f"{task} ({config.get_resource(task)})" for task in config.intermediate),
        "objective": config.objective,
        "seed": str(config.seed),
    }
