"""The folders of an exported trial's models: weights, tokenizer, card, and what else a model has beside them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from search.config import Config
from search.exporter._exported_trial import ExportedTrial
from search.exporter._few_shot_models import (
    ZERO_SHOT_SENTENCE,
    describe_continuation,
    make_folder_name,
    select_few_shot_outcome,
)
from search.exporter._merged_seeds import MergedSeeds, merge_seeds
from search.exporter._model_card import build_model_card
from search.exporter._onnx import write_onnx
from search.exporter._sentence_transformers import write_sentence_transformers_files
from search.exporter._snippets import Usage, describe_usage
from search.exporter._target_models import TargetModels
from trainables.curriculum import Stage, Trial
from trainables.outcome import Outcome

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from trainables.data import EncodedDataset
    from trainables.encoders import Weights


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFolders:
    """Writes the models of one trial."""

    best: ExportedTrial
    trial: Trial
    """With the place of its synonyms on this machine."""
    datasets: "Mapping[str, EncodedDataset]"
    outcome: Outcome
    repeats: dict[int, Outcome]
    stages: str
    """The stage store."""
    data: str
    """The folder of tables."""
    out: Path
    onnx: bool
    tell: Callable[[str], None]
    usages: dict[str, Usage] = field(default_factory=dict)
    """By target, of the models that were written."""

    def write_models(self) -> None:
        """Write the model of every target."""
        from trainables.training import restore_model

        models = self._open_models(self.trial, self.outcome)
        for stage in self.trial.targets:
            encoder, head, outcome = models.load_target(stage)
            model = restore_model(encoder, head, self.datasets[stage.task])
            self._write(
                self.out / "models" / stage.task, stage, model, outcome, few_shot=self._describe_zero_shot(stage)
            )
        self._write_few_shot_models(models)

    def _describe_zero_shot(self, stage: Stage) -> str:
        return ZERO_SHOT_SENTENCE if any(run.task == stage.task for run in self.outcome.few_shot_stages) else ""

    def _write_few_shot_models(self, models: TargetModels) -> None:
        """Write the model of every few-shot continuation."""
        from trainables.training import restore_model

        for run in self.outcome.few_shot_stages:
            (stage,) = (each for each in self.trial.targets if each.task == run.task)
            encoder, head = models.load_continuation(stage, run)
            model = restore_model(encoder, head, self.datasets[stage.task])
            repeats = {
                seed: select_few_shot_outcome(outcome, again)
                for seed, outcome in self.repeats.items()
                for again in outcome.few_shot_stages
                if (again.task, again.shots) == (run.task, run.shots)
            }
            outcome = select_few_shot_outcome(self.outcome, run)
            place = self.out / make_folder_name(run) / run.task
            self._write(place, stage, model, outcome, repeats=repeats, few_shot=describe_continuation(run))

    def write_merged_models(self, config: Config) -> None:
        """Merge the seeds of every target, tell how each mean compares, and write those that are better than the best seed."""
        opened = {
            seed: self._open_models(self.trial.with_seed(seed), outcome) for seed, outcome in self.repeats.items()
        }

        def load(seed: int, target: Stage) -> "tuple[Weights, Weights]":
            (stage,) = (each for each in opened[seed].trial.targets if each.task == target.task)
            encoder, head, _ = opened[seed].load_target(stage)
            return encoder, head

        for stage in self.trial.targets:
            dataset = self.datasets[stage.task]
            found = merge_seeds(stage, self.trial, dataset, self.repeats, config.objective, load)
            if found is None:
                self.tell(f"{stage.task} has no value on dev: its seeds are not merged")
                continue
            merged, model = found
            self.tell(str(merged))
            if merged.is_better:
                self._write(self.out / "merged" / stage.task, stage, model, self.outcome, merged)

    def _open_models(self, trial: Trial, outcome: Outcome) -> TargetModels:
        return TargetModels(trial, self.datasets, outcome, self.stages, self.data, self.best.threads, self.tell)

    def _write(
        self,
        place: Path,
        stage: Stage,
        model: "PreTrainedModel",
        outcome: Outcome,
        merged: MergedSeeds | None = None,
        *,
        repeats: dict[int, Outcome] | None = None,
        few_shot: str = "",
    ) -> None:
        dataset = self.datasets[stage.task]
        usage = self.usages[stage.task] = describe_usage(model, dataset)
        model.cpu().save_pretrained(place)
        dataset.encoder.pretrained_tokenizer.save_pretrained(place)
        if usage.is_sentence_encoder and not usage.note:
            write_sentence_transformers_files(place, usage)
        largest = self._write_onnx(place, stage, model, usage) if self.onnx else None
        seeds = self.repeats if repeats is None else repeats
        card = build_model_card(self.best, stage.task, usage, outcome, seeds, merged, largest, few_shot)
        (place / "README.md").write_text(card, encoding="utf-8")

    def _write_onnx(self, place: Path, stage: Stage, model: "PreTrainedModel", usage: Usage) -> float:
        name = f"{place.parent.name}/{stage.task}"
        largest = write_onnx(model, self.datasets[stage.task], usage, place, name)
        self.tell(f"{name} as ONNX differs from torch by {largest:.1g} at most")
        return largest
