"""Ranks a config's intermediate tasks, and encoders, for its targets before anything is trained."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import fmean, pstdev
from typing import TYPE_CHECKING, Any, get_args

from search.config import Config
from search.suggestion._logme import EvidenceFit, fit_evidence
from search.suggestion._measures import (
    Measure,
    measure_h_score,
    measure_shared_directions,
    measure_similarity,
)
from trainables.curriculum import Stage

if TYPE_CHECKING:
    from trainables.data import EncodedDataset
    from trainables.encoders import Weights
    from trainables.representations import Representations

DEFAULT_EXAMPLES = 1000
"""Texts of each task, and labelled examples among them, at most."""
MIN_EXAMPLES = 20

ReportProgress = Callable[[str], None]
"""Called with what is done next."""


@dataclass(frozen=True, slots=True)
class MeasuredTask:
    """An intermediate task and its measures."""

    task: str
    measures: dict[Measure, float]
    """By name; the mean over targets of those that depend on the target. What cannot be measured is absent."""
    targets: dict[str, dict[Measure, float]]
    """By target, the measures that depend on it."""


@dataclass(frozen=True, slots=True)
class MeasuredEncoder:
    """An encoder and the measures of the targets' labels on its vectors."""

    encoder: str
    measures: dict[Measure, float]
    """Means over targets."""
    targets: dict[str, dict[Measure, float]]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The measures of a config's tasks and encoders."""

    tasks: list[MeasuredTask]
    encoders: list[MeasuredEncoder]
    left_out: dict[str, str] = field(default_factory=dict)
    """By target, why measures lack it."""
    seconds: float = 0.0

    @property
    def measures(self) -> list[Measure]:
        """The measures that every task has, in order."""
        return [name for name in get_args(Measure) if all(name in each.measures for each in self.tasks)]

    def rank_tasks(self, measure: Measure) -> list[MeasuredTask]:
        """The tasks, the highest first."""
        return sorted(self.tasks, key=lambda each: (-each.measures[measure], each.task))

    def rank_encoders(self) -> list[MeasuredEncoder]:
        """The encoders by LogME, the highest first."""
        return sorted(self.encoders, key=lambda each: -each.measures.get("logme", float("-inf")))

    def build_prior(self, measure: Measure) -> dict[str, float]:
        """A value for `prior.tasks`: the measure in standard deviations from the mean of the pool; 0 is a task like the others."""
        values = [each.measures[measure] for each in self.tasks]
        middle, spread = fmean(values), pstdev(values)
        return {
            each.task: round((each.measures[measure] - middle) / spread, 2) if spread else 0.0
            for each in self.rank_tasks(measure)
        }


def suggest_tasks(
    config: Config,
    data_folder: str,
    *,
    encoders: Sequence[str] = (),
    examples: int = DEFAULT_EXAMPLES,
    train_steps: int = 0,
    report_progress: ReportProgress = lambda what: None,
) -> Suggestion:
    """Measure the intermediate tasks of a config with its encoder, and this and further encoders on its targets.

    Args:
        config: config of a search.
        data_folder: of the cached tables.
        encoders: further encoders, as a config names them.
        examples: of each task, at most.
        train_steps: steps of training on each intermediate task before the targets are measured again; 0: nothing is trained.
        report_progress: called once for each of `count_measurements`.

    Raises:
        trainables.validation.DataError: if a task or an encoder cannot be read.
    """
    started = time.monotonic()
    sampler = _Sampler(config, data_folder, examples, train_steps, report_progress)
    by_encoder = {name: sampler.sample_targets(name) for name in dict.fromkeys((config.encoder, *encoders))}
    targets = by_encoder[config.encoder]
    left_out = {
        task: "it has no training rows" if task not in targets else "its rows have no labels"
        for task in config.targets
        if task not in targets or targets[task].labelled is None
    }
    return Suggestion(
        [sampler.measure_task(task, targets) for task in config.intermediate],
        [_measure_encoder(name, found) for name, found in by_encoder.items()],
        left_out,
        time.monotonic() - started,
    )


def count_measurements(config: Config, encoders: Sequence[str], train_steps: int) -> int:
    """How often `suggest_tasks` reports progress."""
    passes = len({config.encoder, *encoders}) * len(config.targets) + len(config.intermediate)
    return passes + (len(config.intermediate) * (1 + len(config.targets)) if train_steps else 0)


@dataclass(frozen=True, slots=True)
class _Sampler:
    """Samples tasks and measures them."""

    config: Config
    data_folder: str
    examples: int
    train_steps: int
    report_progress: ReportProgress

    def sample_targets(self, encoder: str) -> dict[str, "Representations"]:
        """By name, the targets with training rows."""
        found = {}
        for task in self.config.targets:
            self.report_progress(f"{task}, {encoder}")
            dataset = self._load(task, encoder)
            if dataset.data.train is not None:
                found[task] = self._represent(dataset, dataset.encoder.weights)
        return found

    def measure_task(self, task: str, targets: dict[str, "Representations"]) -> MeasuredTask:
        self.report_progress(task)
        dataset = self._load(task, self.config.encoder)
        own = self._represent(dataset, dataset.encoder.weights)
        fit = None if own.labelled is None else fit_evidence(own.labelled.vectors, own.labelled.outputs)
        pairs: dict[str, dict[Measure, float]] = {name: {} for name in targets}
        for name, target in targets.items():
            pairs[name]["similarity"] = measure_similarity(own, target)
            if fit is not None and target.labelled is not None:
                pairs[name]["directions"] = measure_shared_directions(fit, target.labelled)
        if self.train_steps:
            for name, measures in self._measure_after_training(task, dataset, targets):
                pairs[name] |= measures
        return MeasuredTask(
            task, _average(pairs) | _measure_labels(own, fit) | {"rows": float(len(dataset.train_rows))}, pairs
        )

    def _measure_after_training(
        self, task: str, dataset: "EncodedDataset", targets: dict[str, "Representations"]
    ) -> Iterator[tuple[str, dict[Measure, float]]]:
        """By target, by how much its measures rise with brief training on the task."""
        from trainables.representations import train_briefly

        self.report_progress(f"training on {task}, {self.train_steps} steps")
        weights = train_briefly(self._make_stage(task), dataset)
        for name in self.config.targets:
            self.report_progress(f"{name} after {task}")
            before = _measure_labels(targets[name]) if name in targets else {}
            if before:
                after = _measure_labels(self._represent(self._load(name, self.config.encoder), weights))
                gains = {measure: after[measure] - value for measure, value in before.items()}
                yield name, {_TUNED[measure]: gain for measure, gain in gains.items()}

    def _make_stage(self, task: str) -> Stage:
        settings, rates = self.config.get_stage_settings(task), self.config.space.learning_rate.values
        return Stage(
            task=task,
            learning_rate=rates[len(rates) // 2],
            steps=self.train_steps,
            batch_size=settings.batch_size,
            max_length=settings.max_length,
            warmup=settings.warmup,
            weight_decay=settings.weight_decay,
            seed=self.config.seed,
        )

    def _load(self, task: str, encoder: str) -> "EncodedDataset":
        from trainables.data import load_encoded_dataset

        length = self.config.get_stage_settings(task).max_length
        return load_encoded_dataset(
            self.config.benchmark,
            task,
            encoder,
            length,
            data=self.data_folder,
            own_tasks=self.config.own_tasks,
            source=self.config.source,
        )

    def _represent(self, dataset: "EncodedDataset", weights: "Weights") -> "Representations":
        from trainables.representations import compute_representations

        return compute_representations(dataset, weights, self.examples, self.config.seed)


_TUNED: dict[Measure, Measure] = {"logme": "tuned_logme", "h_score": "tuned_h_score"}


def _measure_labels(found: "Representations", fit: EvidenceFit | None = None) -> dict[Measure, float]:
    """LogME and H-score of a task's own labels; empty without labels."""
    if found.labelled is None:
        return {}
    fit = fit or fit_evidence(found.labelled.vectors, found.labelled.outputs)
    h_score = measure_h_score(found.labelled)
    measures: dict[Measure, float] = {"logme": fit.logme}
    return measures if h_score is None else measures | {"h_score": h_score}


def _measure_encoder(encoder: str, targets: dict[str, "Representations"]) -> MeasuredEncoder:
    measured = {name: _measure_labels(found) for name, found in targets.items()}
    return MeasuredEncoder(encoder, _average(measured), measured)


def _average(targets: dict[str, dict[Measure, float]]) -> dict[Measure, float]:
    """The mean over the targets that have it, of each measure."""
    names = dict.fromkeys(name for own in targets.values() for name in own)
    return {name: fmean(own[name] for own in targets.values() if name in own) for name in names}


def to_json(found: MeasuredTask | MeasuredEncoder) -> dict[str, Any]:
    """As JSON's own types."""
    name = {"task": found.task} if isinstance(found, MeasuredTask) else {"encoder": found.encoder}
    return name | {"measures": found.measures, "targets": found.targets}
