"""The launch's own run: the answer, what the store saved, the settings."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search.config import Config
from search.results import Verdict, decide_verdict
from search.study import Study, TrialRecord
from search.tracking._datasets import DatasetDigests
from search.tracking._metrics import collect_finalist_metrics, collect_metrics
from search.tracking._run_content import NOTE_TAG, Dataset, RunContent
from search.tracking._trial_run import make_run_name
from trainables.outcome import Outcome

if TYPE_CHECKING:
    from search.tracking._view import TrackingView


@dataclass(frozen=True, slots=True)
class LaunchResult:
    """A launch that has ended, as it is written later, in another thread."""

    config: Config
    best: TrialRecord | None
    repeats: Mapping[int, Outcome]
    verdict: Verdict
    results: Mapping[str, Any]
    answer: tuple[str, ...]
    files: Mapping[str, Path]

    @classmethod
    def from_study(cls, study: Study, results: Path, files: Mapping[str, Path], answer: Sequence[str]) -> "LaunchResult":
        """Read it from the study and its ``results.json``."""
        repeats, ranked = study.repeats(), study.get_complete_trials()
        verdict = decide_verdict(ranked, repeats, study.config)
        best = next((record for record in ranked if record.number == verdict.best), None)
        settings = results.with_name("config.yaml")
        artifacts = {"results.json": results, **({"config.yaml": settings} if settings.exists() else {}), **files}
        return cls(
            study.config,
            best,
            repeats.get(best.number, {}) if best else {},
            verdict,
            json.loads(results.read_text(encoding="utf-8")),
            tuple(answer) or _collect_answer(study),
            artifacts,
        )

    def write(self, view: "TrackingView", digests: DatasetDigests) -> None:
        """Write the launch's own run and mark the best trial's."""
        sheet = build_launch_run(
            self.config, self.best, self.repeats, self.verdict, self.results, self.answer, digests.list_all()
        )
        view.write(sheet)
        view.attach_artifacts(self.files)
        view.mark_best(self.best.number if self.best else None, self.verdict.conclusion)


def _collect_answer(study: Study) -> tuple[str, ...]:
    from search.report import render_answer

    return tuple(line.strip() for line in render_answer(study) if isinstance(line, str) and line.strip())


def build_launch_run(
    config: Config,
    best: TrialRecord | None = None,
    repeats: Mapping[int, Outcome] | None = None,
    verdict: Verdict | None = None,
    results: Mapping[str, Any] | None = None,
    answer: Sequence[str] = (),
    datasets: tuple[Dataset, ...] = (),
) -> RunContent:
    """The run as far as it is known: at the start of a launch the settings alone.

    Args:
        config: the search.
        best: its best trial.
        repeats: that trial's outcomes on fresh seeds.
        verdict: how sure that is.
        results: the document of ``results.json``.
        answer: what was found, in words, a paragraph each.
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
    """The best one's objective on fresh seeds as the verdict has it, corrected for its having been chosen."""
    if verdict is None or verdict.value is None or verdict.value.low is None or verdict.value.high is None:
        return {}
    value = {"": verdict.value.mean, "_low": verdict.value.low, "_high": verdict.value.high}
    return {f"finalist/corrected{name}": bound for name, bound in value.items()}


def _write_description(config: Config, results: Mapping[str, Any], answer: Sequence[str]) -> str:
    """The run's description, in Markdown."""
    counts: dict[str, int] = {}
    for trial in results["trials"]:
        counts[trial["state"]] = counts.get(trial["state"], 0) + 1
    told = "\n\n".join(line for line in answer if line) or "No trial is complete yet."
    return f"""{told}

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
        "intermediate": ", ".join(f"{task} ({config.resource(task)})" for task in config.intermediate),
        "objective": config.objective,
        "seed": str(config.seed),
    }
