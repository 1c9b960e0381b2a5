"""Trains one stage: a task, or several mixed, on top of a parent's encoder."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from random import Random
from statistics import fmean
from types import MappingProxyType, MethodType
from typing import Any

import torch
from torch import nn
from transformers import PretrainedConfig, PreTrainedModel

from trainables.curriculum import Stage
from trainables.data import EncodedDataset
from trainables.encoders import Batch, Weights
from trainables.synonyms import Synonyms
from trainables.training._device import get_device
from trainables.training._optimizer import OptimizerSettings, run_training_loop
from trainables.training.noise import (
    NoiseSetting,
    NoisyLoss,
    SynonymAugmentation,
    build_augmentation,
    compute_schedule_factor,
)


@dataclass(frozen=True, slots=True)
class TrainedStage:
    """A stage, trained."""

    models: list[PreTrainedModel]
    """One a task, all around the same encoder."""
    losses: list[float]
    seconds: float
    native: dict[str, float] = field(default_factory=dict)
    """Its robust-training method's own parameters, as they followed from the magnitude or the weight."""


StepCallbacks = Mapping[int, Callable[[Sequence[PreTrainedModel]], None]]
"""What looks at the models, by the number of steps taken; what it raises ends the training."""

SYNONYM_SAMPLE_ROWS = 1000
"""Training rows of each task that tell how far synonyms move a token."""


def train_stage(
    stage: Stage,
    draws: str,
    parent: Weights,
    tasks: Sequence[EncodedDataset],
    synonyms: Synonyms | None = None,
    looks: StepCallbacks = MappingProxyType({}),
) -> TrainedStage:
    """Train the stage.

    Every random number (head, dropout, order of the data, noise) comes from `random_seed`, so that the stage gives the same bits
    whatever ran before it in this process, on one type of machine.

    Args:
        stage: what to train; with ``stage.steps == 0`` the model is only put together.
        draws: what the stage's random numbers come from, hexadecimal.
        parent: the encoder's weights to start from.
        tasks: the data of ``stage.tasks``.
        synonyms: what ``augmentation`` replaces words by; unused by other methods.
        looks: what looks at the models meanwhile; it changes no bit of them and does not count as training time.

    Raises:
        trainables.training.DivergedError: when the loss is not a number any more.
    """
    started = time.monotonic()
    seed = int(draws[:12], 16)
    where = get_device()
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        models = build_models(parent, tasks, stage.noise.dropout)
        together = nn.ModuleList(models).to(where)
        if not stage.steps:
            return TrainedStage(models, [], time.monotonic() - started)
        noisy = NoisyLoss(
            _build_noise_setting(stage, tasks),
            stage.steps,
            tasks[0].encoder.tokenizer.special_ids,
            torch.Generator(where).manual_seed(seed),
        )
        augmented = _build_augmentation(stage, tasks, synonyms)
        looking = _CallbackRunner(models, together, looks)
        losses = run_training_loop(
            together,
            _iterate_batches(stage, tasks, seed, where, augmented),
            lambda turn: noisy(models[turn[0]], turn[1], tasks[turn[0]].kind.log_probabilities),
            OptimizerSettings(
                steps=stage.steps,
                learning_rate=stage.learning_rate,
                warmup=stage.warmup,
                weight_decay=stage.weight_decay,
                average=stage.average,
            ),
            looking,
        )
    native = noisy.native if augmented is None else augmented.native
    return TrainedStage(models, losses, time.monotonic() - started - looking.seconds, native)


@dataclass(slots=True)
class _CallbackRunner:
    """Lets someone look at the models between two steps, and leaves them and the random numbers as they were."""

    models: Sequence[PreTrainedModel]
    module: nn.Module
    step_callbacks: StepCallbacks
    seconds: float = 0.0

    def __call__(self, step: int, loss: float) -> None:
        if step in self.step_callbacks:
            started = time.monotonic()
            with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
                self.step_callbacks[step](self.models)
            self.module.train()
            self.seconds += time.monotonic() - started


def _build_noise_setting(stage: Stage, tasks: Sequence[EncodedDataset]) -> NoiseSetting:
    encoder, lengths = tasks[0].encoder, [task.mean_length for task in tasks]
    return NoiseSetting(
        noise=stage.noise,
        radius=stage.noise.magnitude * encoder.embedding_norm,
        width=encoder.embeddings.shape[1],
        length=fmean(length for length, _ in lengths),
        perturbable_length=fmean(plain for _, plain in lengths),
    )


def _build_augmentation(
    stage: Stage, tasks: Sequence[EncodedDataset], synonyms: Synonyms | None
) -> SynonymAugmentation | None:
    if stage.noise.method != "augmentation":
        return None
    assert synonyms is not None, "augmentation needs synonyms"
    texts: list[str] = []

    def note(text: str) -> str:
        texts.append(text)
        return text

    for task in tasks:
        for row in task.train_rows[:SYNONYM_SAMPLE_ROWS]:
            task.kind.rewrite_texts(row, note)
    return build_augmentation(synonyms, stage.noise, texts, tasks[0].encoder)


def build_models(parent: Weights, tasks: Sequence[EncodedDataset], dropout: float = 0.0) -> list[PreTrainedModel]:
    """A model for each task: fresh heads, drawn from torch's random numbers, around one encoder with `parent`'s weights.

    Args:
        parent: the encoder's weights.
        tasks: whose heads.
        dropout: its rate in encoder and heads; 0: the encoder's own.
    """
    models = [task.kind.build_model(_make_model_config(task, dropout), task.data.labels) for task in tasks]
    _share_encoder(models)
    for model, task in zip(models, tasks, strict=True):
        _compute_head_in_float32(model)
        assert set(parent) == set(task.encoder.weights), "the parent is another encoder's"
        model.base_model.load_state_dict(_select_encoder_weights(parent, model), strict=False)
    return models


def _share_encoder(models: Sequence[PreTrainedModel]) -> None:
    """Give every model the first one's encoder, part by part, and what that lacks (a pooler) of the first model that has it.

    By parts, since a model without a head is its own encoder and cannot be within another.
    """
    parts: dict[str, nn.Module] = {}
    for model in models:
        parts = dict(model.base_model.named_children()) | parts
    for model in models if len(models) > 1 else ():
        for name, part in parts.items():
            setattr(model.base_model, name, part)
        model.tie_weights()


def extract_encoder_weights(model: PreTrainedModel, parent: Weights) -> Weights:
    """The encoder's weights inside a model, on the CPU; what the model does not hold stays the parent's."""
    held = model.base_model.state_dict()
    return {name: held[name].detach().cpu().clone() if name in held else value for name, value in parent.items()}


def extract_head_weights(model: PreTrainedModel, parent: Weights) -> Weights:
    """What a model holds besides the encoder, on the CPU, by its full names."""
    return {name: value.detach().cpu().clone() for name, value in _select_head_weights(model, parent).items()}


def describe_head_weights(tasks: Sequence[EncodedDataset]) -> list[Weights]:
    """Names, shapes and types of what `extract_head_weights` gives of each task's model when a stage mixes them: tensors without numbers."""
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())), torch.device("meta"):
        models = [task.kind.build_model(_make_model_config(task, 0.0), task.data.labels) for task in tasks]
        _share_encoder(models)
    return [_select_head_weights(model, task.encoder.weights) for model, task in zip(models, tasks, strict=True)]


def _select_head_weights(model: PreTrainedModel, parent: Weights) -> Weights:
    prefix = f"{model.base_model_prefix}." if model.base_model is not model else ""
    return {
        name: value
        for name, value in model.state_dict().items()
        if not (name.startswith(prefix) and name.removeprefix(prefix) in parent)
    }


def restore_model(encoder: Weights, head: Weights, task: EncodedDataset) -> PreTrainedModel:
    """The model of a target from its stored weights."""
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        model = build_models(encoder, [task])[0]
    model.load_state_dict(head, strict=False)
    return model.to(get_device())


DROPOUT_FIELDS = (
    *("hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout"),
    *("dropout", "attention_dropout", "summary_first_dropout"),
)
"""What the configurations of BERT and XLM-R, then of XLM, call their dropout rates; one that is None follows another."""


def _compute_head_in_float32(model: PreTrainedModel) -> None:
    """Keep autocast out of the head: in half precision most small perturbations change no logit, and consistency has no gradient."""
    if model.base_model is model:
        return
    for name, part in model.named_children():
        if name != model.base_model_prefix:
            part.forward = MethodType(_forward_in_float32, part)


def _forward_in_float32(part: nn.Module, *inputs: Any, **named: Any) -> Any:
    with torch.autocast(get_device().type, enabled=False):
        return type(part).forward(
            part, *map(_to_float32, inputs), **{name: _to_float32(value) for name, value in named.items()}
        )


def _to_float32(value: Any) -> Any:
    return (
        value.float() if isinstance(value, torch.Tensor) and value.dtype in (torch.bfloat16, torch.float16) else value
    )


def _make_model_config(task: EncodedDataset, dropout: float) -> PretrainedConfig:
    settings = task.encoder.config.to_dict()
    if dropout:
        settings |= {name: dropout for name in DROPOUT_FIELDS if settings.get(name) is not None}
    return type(task.encoder.config).from_dict(settings)


def _select_encoder_weights(weights: Weights, model: PreTrainedModel) -> Weights:
    names = model.base_model.state_dict().keys()
    return {name: value for name, value in weights.items() if name in names}


def _iterate_batches(
    stage: Stage, tasks: Sequence[EncodedDataset], seed: int, where: torch.device, augmented: SynonymAugmentation | None
) -> Iterator[tuple[int, Batch]]:
    """Batches of the tasks, each batch of one; by how many examples each has, or in turn."""
    rewrite = _SynonymRewriter(stage, augmented, seed) if augmented else None
    streams = [
        task.iterate_batches(stage.batch_size, Random(f"{seed}/{name}"), rewrite)
        for name, task in zip(stage.tasks, tasks, strict=True)
    ]
    for turn in _choose_tasks(stage, [len(task.train.features) for task in tasks], seed):
        yield turn, {key: tensor.to(where) for key, tensor in next(streams[turn]).items()}
        if rewrite:
            rewrite.step += 1


def _choose_tasks(stage: Stage, sizes: Sequence[int], seed: int) -> Iterator[int]:
    """Whose batch is next, for ever."""
    if not stage.mixing:
        yield from cycle(range(len(sizes)))
    rng, weights = Random(f"{seed}/mixing"), [size**stage.mixing for size in sizes]
    while True:
        yield rng.choices(range(len(sizes)), weights)[0]


class _SynonymRewriter:
    """Replaces words, at each step as often as the stage's schedule says."""

    def __init__(self, stage: Stage, augmented: SynonymAugmentation, seed: int) -> None:
        self.stage, self.augmented, self.rng, self.step = stage, augmented, Random(f"{seed}/synonyms"), 0

    def __call__(self, text: str) -> str:
        return self.augmented.rewrite(
            text, compute_schedule_factor(self.stage.noise, self.step, self.stage.steps), self.rng
        )
