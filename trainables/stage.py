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

from trainables.arithmetic import device
from trainables.batches import Batch
from trainables.curriculum import Stage
from trainables.encoders import Weights
from trainables.noise.augmentation import Augmentation, augmentation
from trainables.noise.loss import NoisyLoss, scale
from trainables.noise.seam import Setting
from trainables.noise.substitution import Synonyms
from trainables.optimise import Schedule, optimise
from trainables.prepared import Prepared


@dataclass(frozen=True, slots=True)
class Trained:
    """A stage, trained."""

    models: list[PreTrainedModel]
    """One a task, all around the same encoder."""
    losses: list[float]
    seconds: float
    native: dict[str, float] = field(default_factory=dict)
    """Its robust-training method's own parameters, as they followed from the magnitude or the weight."""


Looks = Mapping[int, Callable[[Sequence[PreTrainedModel]], None]]
"""What looks at the models, by the number of steps taken; what it raises ends the training."""

SAMPLE = 1000
"""Training rows of each task that tell how far synonyms move a token."""


def train(
    stage: Stage,
    draws: str,
    parent: Weights,
    tasks: Sequence[Prepared],
    synonyms: Synonyms | None = None,
    looks: Looks = MappingProxyType({}),
) -> Trained:
    """Train the stage.

    Every random number (head, dropout, order of the data, noise) comes from `draws`, so that the stage gives the same bits
    whatever ran before it in this process, on one type of machine.

    Args:
        stage: what to train; with ``stage.steps == 0`` the model is only put together.
        draws: what the stage's random numbers come from, hexadecimal.
        parent: the encoder's weights to start from.
        tasks: the data of ``stage.tasks``.
        synonyms: what ``augmentation`` replaces words by; unused by other methods.
        looks: what looks at the models meanwhile; it changes no bit of them and does not count as training time.

    Raises:
        trainables.optimise.DivergedError: when the loss is not a number any more.
    """
    started = time.monotonic()
    seed = int(draws[:12], 16)
    where = device()
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        models = build(parent, tasks, stage.noise.dropout)
        together = nn.ModuleList(models).to(where)
        if not stage.steps:
            return Trained(models, [], time.monotonic() - started)
        noisy = NoisyLoss(
            _setting(stage, tasks),
            stage.steps,
            tasks[0].encoder.tokens.special_ids,
            torch.Generator(where).manual_seed(seed),
        )
        augmented = _augmented(stage, tasks, synonyms)
        looking = _Looking(models, together, looks)
        losses = optimise(
            together,
            _batches(stage, tasks, seed, where, augmented),
            lambda turn: noisy(models[turn[0]], turn[1], tasks[turn[0]].kind.log_probabilities),
            Schedule(
                steps=stage.steps,
                learning_rate=stage.learning_rate,
                warmup=stage.warmup,
                weight_decay=stage.weight_decay,
                average=stage.average,
            ),
            looking,
        )
    native = noisy.native if augmented is None else augmented.native
    return Trained(models, losses, time.monotonic() - started - looking.seconds, native)


@dataclass(slots=True)
class _Looking:
    """Lets someone look at the models between two steps, and leaves them and the random numbers as they were."""

    models: Sequence[PreTrainedModel]
    together: nn.Module
    looks: Looks
    seconds: float = 0.0

    def __call__(self, step: int, loss: float) -> None:
        if step in self.looks:
            started = time.monotonic()
            with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
                self.looks[step](self.models)
            self.together.train()
            self.seconds += time.monotonic() - started


def _setting(stage: Stage, tasks: Sequence[Prepared]) -> Setting:
    encoder, lengths = tasks[0].encoder, [task.mean_length for task in tasks]
    return Setting(
        noise=stage.noise,
        radius=stage.noise.magnitude * encoder.embedding_norm,
        width=encoder.embeddings.shape[1],
        length=fmean(length for length, _ in lengths),
        plain=fmean(plain for _, plain in lengths),
    )


def _augmented(stage: Stage, tasks: Sequence[Prepared], synonyms: Synonyms | None) -> Augmentation | None:
    if stage.noise.method != "augmentation":
        return None
    assert synonyms is not None, "augmentation needs synonyms"
    texts: list[str] = []

    def note(text: str) -> str:
        texts.append(text)
        return text

    for task in tasks:
        for row in task.train_rows[:SAMPLE]:
            task.kind.rewritten(row, note)
    return augmentation(synonyms, stage.noise, texts, tasks[0].encoder)


def build(parent: Weights, tasks: Sequence[Prepared], dropout: float = 0.0) -> list[PreTrainedModel]:
    """A model for each task: fresh heads, drawn from torch's random numbers, around one encoder with `parent`'s weights.

    Args:
        parent: the encoder's weights.
        tasks: whose heads.
        dropout: its rate in encoder and heads; 0: the encoder's own.
    """
    models = [task.kind.head(_config(task, dropout), task.data.labels) for task in tasks]
    _share_encoder(models)
    for model, task in zip(models, tasks, strict=True):
        _compute_head_in_float32(model)
        assert set(parent) == set(task.encoder.weights), "the parent is another encoder's"
        model.base_model.load_state_dict(_held(parent, model), strict=False)
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


def encoder_weights(model: PreTrainedModel, parent: Weights) -> Weights:
    """The encoder's weights inside a model, on the CPU; what the model does not hold stays the parent's."""
    held = model.base_model.state_dict()
    return {name: held[name].detach().cpu().clone() if name in held else value for name, value in parent.items()}


def head_weights(model: PreTrainedModel, parent: Weights) -> Weights:
    """What a model holds besides the encoder, on the CPU, by its full names."""
    return {name: value.detach().cpu().clone() for name, value in _besides(model, parent).items()}


def heads_like(tasks: Sequence[Prepared]) -> list[Weights]:
    """Names, shapes and types of what `head_weights` gives of each task's model when a stage mixes them: tensors without numbers."""
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())), torch.device("meta"):
        models = [task.kind.head(_config(task, 0.0), task.data.labels) for task in tasks]
        _share_encoder(models)
    return [_besides(model, task.encoder.weights) for model, task in zip(models, tasks, strict=True)]


def _besides(model: PreTrainedModel, parent: Weights) -> Weights:
    prefix = f"{model.base_model_prefix}." if model.base_model is not model else ""
    return {
        name: value
        for name, value in model.state_dict().items()
        if not (name.startswith(prefix) and name.removeprefix(prefix) in parent)
    }


def restore(encoder: Weights, head: Weights, task: Prepared) -> PreTrainedModel:
    """The model of a target from its stored weights."""
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        model = build(encoder, [task])[0]
    model.load_state_dict(head, strict=False)
    return model.to(device())


DROPOUTS = (
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
    with torch.autocast(device().type, enabled=False):
        return type(part).forward(
            part, *map(_single, inputs), **{name: _single(value) for name, value in named.items()}
        )


def _single(value: Any) -> Any:
    return (
        value.float() if isinstance(value, torch.Tensor) and value.dtype in (torch.bfloat16, torch.float16) else value
    )


def _config(task: Prepared, dropout: float) -> PretrainedConfig:
    settings = task.encoder.config.to_dict()
    if dropout:
        settings |= {name: dropout for name in DROPOUTS if settings.get(name) is not None}
    return type(task.encoder.config).from_dict(settings)


def _held(weights: Weights, model: PreTrainedModel) -> Weights:
    names = model.base_model.state_dict().keys()
    return {name: value for name, value in weights.items() if name in names}


def _batches(
    stage: Stage, tasks: Sequence[Prepared], seed: int, where: torch.device, augmented: Augmentation | None
) -> Iterator[tuple[int, Batch]]:
    """Batches of the tasks, each batch of one; by how many examples each has, or in turn."""
    rewrite = _Rewriting(stage, augmented, seed) if augmented else None
    streams = [
        task.batches(stage.batch_size, Random(f"{seed}/{name}"), rewrite)
        for name, task in zip(stage.tasks, tasks, strict=True)
    ]
    for turn in _turns(stage, [len(task.train.features) for task in tasks], seed):
        yield turn, {key: tensor.to(where) for key, tensor in next(streams[turn]).items()}
        if rewrite:
            rewrite.step += 1


def _turns(stage: Stage, sizes: Sequence[int], seed: int) -> Iterator[int]:
    """Whose batch is next, for ever."""
    if not stage.mixing:
        yield from cycle(range(len(sizes)))
    rng, weights = Random(f"{seed}/mixing"), [size**stage.mixing for size in sizes]
    while True:
        yield rng.choices(range(len(sizes)), weights)[0]


class _Rewriting:
    """Replaces words, at each step as often as the stage's schedule says."""

    def __init__(self, stage: Stage, augmented: Augmentation, seed: int) -> None:
        self.stage, self.augmented, self.rng, self.step = stage, augmented, Random(f"{seed}/synonyms"), 0

    def __call__(self, text: str) -> str:
        return self.augmented.rewrite(text, scale(self.stage.noise, self.step, self.stage.steps), self.rng)
