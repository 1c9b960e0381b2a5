"""Collects what a trial has trained and scored so far, and builds its outcome."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from trainables.curriculum import Stage, Trial
from trainables.evaluation import Evaluation, RetainedScores
from trainables.few_shot import ZERO_SHOT
from trainables.outcome import FewShotRun, Outcome, StageRun, summarise_losses
from trainables.store import JsonDocument
from trainables.training import StageNode
from trainables.transfer import SplitScores, Transfer

StageCallback = Callable[[StageRun], None]
"""Called with each stage of a trial once it is trained or read from the store."""


@dataclass(slots=True)
class TrialResult:
    """The stages and scores of a running trial."""

    trial: Trial
    on_stage: StageCallback
    started: float = field(default_factory=lambda: time.monotonic())
    scores: dict[str, SplitScores] = field(default_factory=dict)
    """By target: scores with every text in one language."""
    generalized: dict[str, SplitScores] = field(default_factory=dict)
    """By target of two texts: scores with these in two languages."""
    metrics: dict[str, str] = field(default_factory=dict)
    """By target, its main metric."""
    runs: dict[str, StageRun] = field(default_factory=dict)
    """By stage key, in the order of training."""
    few_shot: dict[str, dict[str, SplitScores]] = field(default_factory=dict)
    """By target and number of rows: scores in the languages with few-shot rows."""
    few_shot_runs: list[FewShotRun] = field(default_factory=list)
    scoring_seconds: float = 0.0

    def build_outcome(self, running: StageRun | None = None, scores: SplitScores | None = None) -> Outcome:
        """The outcome so far.

        Args:
            running: a target that is being trained, if its scores so far count.
            scores: these scores.
        """
        found, runs = dict(self.scores), list(self.runs.values())
        if running is not None and scores is not None:
            found[running.task] = self._leave_out_apart(scores)
            runs.append(running)
        order = [stage.task for stage in self.trial.targets if stage.task in found]
        return Outcome(
            transfer=Transfer(
                {task: found[task] for task in order},
                {task: self.metrics[task] for task in order},
                {task: self.generalized[task] for task in order if task in self.generalized},
                self.trial.rules,
                {task: self.few_shot[task] for task in order if task in self.few_shot},
            ),
            few_shot_stages=tuple(sorted(self.few_shot_runs, key=lambda run: order.index(run.task))),
            stages=tuple(sorted(runs, key=lambda run: order.index(run.task) if run.target else -1)),
            seconds=time.monotonic() - self.started,
            scoring_seconds=self.scoring_seconds,
        )

    @contextmanager
    def time_scoring(self) -> Iterator[None]:
        """Count the seconds within the context as scoring."""
        started = time.monotonic()
        yield
        self.scoring_seconds += time.monotonic() - started

    def add_scores(self, task: str, evaluations: Sequence[Evaluation], scores: SplitScores) -> None:
        """Add the scores of a target.

        Args:
            task: the target's.
            evaluations: all of it.
            scores: by name of the evaluation.
        """
        found: SplitScores = {str(each.split): scores[each.name] for each in evaluations if not each.pairs}
        self.scores[task] = self._leave_out_apart(found)
        if generalized := {str(each.split): scores[each.name] for each in evaluations if each.pairs}:
            self.generalized[task] = generalized

    def add_few_shot(self, stage: Stage, zero_shot: SplitScores, scores: SplitScores, run: FewShotRun) -> None:
        """Add the scores and the stage of a few-shot continuation, and call `on_stage`.

        Args:
            stage: of the continuation.
            zero_shot: all scores of the target's model that it goes on from.
            scores: by split, in the languages with few-shot rows.
            run: of the stage.
        """
        found = self.few_shot.setdefault(stage.task, {})
        for code, count in run.shots.items():
            for split, languages in scores.items():
                if code in languages:
                    for name, row in ((ZERO_SHOT, zero_shot[split][code]), (str(count), languages[code])):
                        found.setdefault(name, {}).setdefault(split, {})[code] = row
        self.few_shot_runs.append(run)
        self.on_stage(run)

    def _leave_out_apart(self, scores: SplitScores) -> SplitScores:
        """The scores that count as zero-shot transfer: without languages that have few-shot rows alone."""
        if self.trial.few_shot is None:
            return scores
        apart = self.trial.few_shot.languages_apart
        return {
            split: {code: row for code, row in languages.items() if code not in apart}
            for split, languages in scores.items()
        }

    def add_stage(
        self,
        stage: Stage,
        node: StageNode,
        *,
        trained: bool,
        record: JsonDocument,
        retained: RetainedScores | None = None,
    ) -> None:
        """Add a stage and call `on_stage`.

        Args:
            stage: what was asked for.
            node: its node in the stage tree.
            trained: whether this trial trained it; False if the store had it.
            record: the stage's record in the store.
            retained: of an intermediate stage, the scores of the tasks trained so far, after it.
        """
        run = StageRun(
            key=node.key,
            task=stage.task,
            target=stage in self.trial.targets,
            trained=trained,
            seconds=record["seconds"],
            native=record.get("native", {}),
            losses=summarise_losses(record.get("losses", ())),
            environment=record.get("environment", {}),
            retained=retained or {},
        )
        self.runs[node.key] = run
        self.on_stage(run)
