"""Trains one stage: a task, or several mixed, on top of a parent's encoder."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from random import Random
from statistics import fmean
from types import MappingProxyType

import torch
from torch import nn
from transformers import PreTrainedModel

from trainables.curriculum import Stage
from trainables.data import EncodedDataset
from trainables.encoders import Batch, Weights
from trainables.synonyms import Synonyms
from trainables.training._device import get_device
from trainables.training._models import build_models
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
    """The result of training a stage."""

    models: list[PreTrainedModel]
    """One for each task, all with the same encoder."""
    losses: list[float]
    seconds: float
    native: dict[str, float] = field(default_factory=dict)
    """The robust-training method's own parameters, computed from the magnitude or the weight."""


StepCallbacks = Mapping[int, Callable[[Sequence[PreTrainedModel]], None]]
"""Callbacks by the number of completed steps; each gets the models. An exception from one ends the training."""

SYNONYM_SAMPLE_ROWS = 1000
"""Training rows of each task from which the displacement of tokens by synonyms is computed."""


def train_stage(
    stage: Stage,
    random_seed: str,
    parent: Weights,
    datasets: Sequence[EncodedDataset],
    synonyms: Synonyms | None = None,
    step_callbacks: StepCallbacks = MappingProxyType({}),
    head: Weights | None = None,
) -> TrainedStage:
    """Train the stage.

    Every random number (initial head, dropout, order of the data, noise) comes from `random_seed`: on one type of machine the stage
    gets the same bits, whatever ran before it in this process.

    Args:
        stage: what to train; with ``stage.steps == 0`` the models are built and not trained.
        random_seed: hexadecimal; see `trainables.store.derive_random_seed`.
        parent: the encoder's initial weights.
        datasets: of ``stage.tasks``.
        synonyms: for ``augmentation``; other methods ignore them.
        step_callbacks: called between steps; they change no bit of the models, and their time does not count as training time.
        head: of one task, the head's initial weights, with which a trained model goes on training; None for a fresh head.

    Raises:
        trainables.training.DivergedError: when the loss becomes infinite or NaN.
    """
    started = time.monotonic()
    seed = int(random_seed[:12], 16)
    device = get_device()
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        models = build_models(parent, datasets, stage.noise.dropout)
        if head is not None:
            models[0].load_state_dict(head, strict=False)
            models = [datasets[0].kind.resume_training(models[0])]
        module = nn.ModuleList(models).to(device)
        if not stage.steps:
            return TrainedStage(models, [], time.monotonic() - started)
        noisy_loss = NoisyLoss(
            _build_noise_setting(stage, datasets),
            stage.steps,
            datasets[0].encoder.tokenizer.special_ids,
            torch.Generator(device).manual_seed(seed),
        )
        augmentation = _build_augmentation(stage, datasets, synonyms)
        callback_runner = _CallbackRunner(models, module, step_callbacks)
        losses = run_training_loop(
            module,
            _iterate_batches(stage, datasets, seed, device, augmentation),
            lambda turn: noisy_loss(models[turn[0]], turn[1], datasets[turn[0]].kind.log_probabilities),
            OptimizerSettings(
                steps=stage.steps,
                learning_rate=stage.learning_rate,
                warmup=stage.warmup,
                weight_decay=stage.weight_decay,
                average=stage.average,
            ),
            callback_runner,
        )
        models = [task.kind.finish_training(model) for model, task in zip(models, datasets, strict=True)]
    native = noisy_loss.native if augmentation is None else augmentation.native
    return TrainedStage(models, losses, time.monotonic() - started - callback_runner.seconds, native)


@dataclass(slots=True)
class _CallbackRunner:
    """Runs the callbacks of a step; leaves the models and the random number generators unchanged."""

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


def _build_noise_setting(stage: Stage, datasets: Sequence[EncodedDataset]) -> NoiseSetting:
    encoder, lengths = datasets[0].encoder, [task.mean_length for task in datasets]
    return NoiseSetting(
        noise=stage.noise,
        radius=stage.noise.magnitude * encoder.embedding_norm,
        width=encoder.embeddings.shape[1],
        length=fmean(length for length, _ in lengths),
        perturbable_length=fmean(plain for _, plain in lengths),
    )


def _build_augmentation(
    stage: Stage, datasets: Sequence[EncodedDataset], synonyms: Synonyms | None
) -> SynonymAugmentation | None:
    if stage.noise.method != "augmentation":
        return None
    assert synonyms is not None, "augmentation needs synonyms"
    texts: list[str] = []

    def note(text: str) -> str:
        texts.append(text)
        return text

    for task in datasets:
        for row in task.train_rows[:SYNONYM_SAMPLE_ROWS]:
            task.kind.rewrite_texts(row, note)
    return build_augmentation(synonyms, stage.noise, texts, datasets[0].encoder)


def _iterate_batches(
    stage: Stage,
    datasets: Sequence[EncodedDataset],
    seed: int,
    device: torch.device,
    augmentation: SynonymAugmentation | None,
) -> Iterator[tuple[int, Batch]]:
    """Batches, each of one task and with the task's number, on the device; see `Stage.mixing`."""
    rewrite = _SynonymRewriter(stage, augmentation, seed) if augmentation else None
    streams = [
        task.iterate_batches(stage.batch_size, Random(f"{seed}/{name}"), rewrite)
        for name, task in zip(stage.tasks, datasets, strict=True)
    ]
    for turn in _choose_tasks(stage, [len(task.train.features) for task in datasets], seed):
        yield turn, {key: tensor.to(device) for key, tensor in next(streams[turn]).items()}
        if rewrite:
            rewrite.step += 1


def _choose_tasks(stage: Stage, sizes: Sequence[int], seed: int) -> Iterator[int]:
    """The number of the task of each batch, without end."""
    if not stage.mixing:
        yield from cycle(range(len(sizes)))
    rng, weights = Random(f"{seed}/mixing"), [size**stage.mixing for size in sizes]
    while True:
        yield rng.choices(range(len(sizes)), weights)[0]


class _SynonymRewriter:
    """Replaces words of a text with the probability that the stage's schedule gives for the current step."""

    def __init__(self, stage: Stage, augmentation: SynonymAugmentation, seed: int) -> None:
        self.stage, self.augmented, self.rng, self.step = stage, augmentation, Random(f"{seed}/synonyms"), 0

    def __call__(self, text: str) -> str:
        return self.augmented.rewrite(
            text, compute_schedule_factor(self.stage.noise, self.step, self.stage.steps), self.rng
        )
