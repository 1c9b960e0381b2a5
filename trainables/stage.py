"""Trains one stage: a task, or several mixed, on top of a parent's encoder."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

import torch
from torch import nn
from transformers import PretrainedConfig, PreTrainedModel

from trainables.curriculum import Stage
from trainables.encoders import Weights
from trainables.noise import NoisyLoss
from trainables.optimise import Batch, Schedule, optimise
from trainables.prepared import Prepared


@dataclass(frozen=True, slots=True)
class Trained:
    """A stage, trained."""

    models: list[PreTrainedModel]
    """One a task, all around the same encoder."""
    losses: list[float]
    seconds: float


def device() -> torch.device:
    """The GPU if this process sees one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def train(stage: Stage, draws: str, parent: Weights, tasks: Sequence[Prepared]) -> Trained:
    """Train the stage.

    Every random number (head, dropout, order of the data, noise) comes from `draws`, so that the stage gives the same bits
    whatever ran before it in this process, on one type of machine.

    Args:
        stage: what to train; with ``stage.steps == 0`` the model is only put together.
        draws: what the stage's random numbers come from, hexadecimal.
        parent: the encoder's weights to start from.
        tasks: the data of ``stage.tasks``.

    Raises:
        trainables.optimise.DivergedError: when the loss is not a number any more.
    """
    started = time.monotonic()
    seed = int(draws[:12], 16)
    where = device()
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        models = build(parent, tasks)
        together = nn.ModuleList(models).to(where)
        encoder = tasks[0].encoder
        noisy = NoisyLoss(
            stage.noise,
            encoder.embedding_norm,
            encoder.tokenizer.all_special_ids,
            torch.Generator(where).manual_seed(seed),
        )
        losses = optimise(
            together,
            _batches(stage, tasks, seed, where),
            lambda turn: noisy(models[turn[0]], turn[1]),
            Schedule(steps=stage.steps, learning_rate=stage.learning_rate, average=stage.average),
        )
    return Trained(models, losses, time.monotonic() - started)


def build(parent: Weights, tasks: Sequence[Prepared]) -> list[PreTrainedModel]:
    """A model for each task: fresh heads, drawn from torch's random numbers, around one encoder with `parent`'s weights."""
    models = [task.kind.head(_config(task), task.data.labels) for task in tasks]
    for model, task in zip(models, tasks, strict=True):
        if model is not models[0]:
            setattr(model, model.base_model_prefix, models[0].base_model)
        assert set(parent) == set(task.encoder.weights), "the parent is another encoder's"
        model.base_model.load_state_dict(_held(parent, model), strict=False)
    return models


def encoder_weights(model: PreTrainedModel, parent: Weights) -> Weights:
    """The encoder's weights inside a model, on the CPU; what the model does not hold stays the parent's."""
    held = model.base_model.state_dict()
    return {name: held[name].detach().cpu().clone() if name in held else value for name, value in parent.items()}


def head_weights(model: PreTrainedModel, parent: Weights) -> Weights:
    """What a model holds besides the encoder, on the CPU, by its full names."""
    prefix = f"{model.base_model_prefix}." if model.base_model is not model else ""
    return {
        name: value.detach().cpu().clone()
        for name, value in model.state_dict().items()
        if not (name.startswith(prefix) and name.removeprefix(prefix) in parent)
    }


def restore(encoder: Weights, head: Weights, task: Prepared) -> PreTrainedModel:
    """The model of a target from its stored weights."""
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        model = build(encoder, [task])[0]
    model.load_state_dict(head, strict=False)
    return model.to(device())


def _config(task: Prepared) -> PretrainedConfig:
    return type(task.encoder.config).from_dict(task.encoder.config.to_dict())


def _held(weights: Weights, model: PreTrainedModel) -> Weights:
    names = model.base_model.state_dict().keys()
    return {name: value for name, value in weights.items() if name in names}


def _batches(stage: Stage, tasks: Sequence[Prepared], seed: int, where: torch.device) -> Iterator[tuple[int, Batch]]:
    """Batches of the tasks in turn, so that a joint stage gives each the same number of steps."""
    streams = [
        task.batches(stage.batch_size, Random(f"{seed}/{name}")) for name, task in zip(stage.tasks, tasks, strict=True)
    ]
    while True:
        for turn, stream in enumerate(streams):
            yield turn, {key: tensor.to(where) for key, tensor in next(stream).items()}
