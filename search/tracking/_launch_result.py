"""The result of a launch, written into MLflow when the launch has ended."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from search.config import Config
from search.report import render_answer
from search.results import Verdict, decide_verdict
from search.study import Study, TrialRecord
from search.tracking._datasets import DatasetDigests
from search.tracking._launch_run import build_launch_run
from search.tracking._view import TrackingView
from trainables.outcome import Outcome


@dataclass(frozen=True, slots=True)
class LaunchResult:
    """The result of a launch that has ended; the tracker's thread writes it later."""

    config: Config
    best: TrialRecord | None
    repeats: Mapping[int, Outcome]
    verdict: Verdict
    results: Mapping[str, Any]
    answer: tuple[str, ...]
    files: Mapping[str, Path]

    @classmethod
    def from_study(
        cls, study: Study, results: Path, files: Mapping[str, Path], answer: Sequence[str]
    ) -> "LaunchResult":
        """Read it from the study and its ``results.json``; without `answer`, that of `search.report.render_answer`."""
        repeats, ranked = study.get_repeat_outcomes(), study.get_complete_trials()
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

    def write(self, view: TrackingView, digests: DatasetDigests) -> None:
        """Write the run of the launch with its artifacts, and tag the best trial's run."""
        sheet = build_launch_run(
            self.config, self.best, self.repeats, self.verdict, self.results, self.answer, digests.list_all()
        )
        view.write(sheet)
        view.attach_artifacts(self.files)
        view.mark_best(self.best.number if self.best else None, self.verdict.conclusion)


def _collect_answer(study: Study) -> tuple[str, ...]:
    return tuple(line.strip() for line in render_answer(study) if isinstance(line, str) and line.strip())
