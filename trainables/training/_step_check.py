"""One step of training and one of scoring on made-up rows: whether an encoder can be trained on a task kind, before any data are read."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from random import Random

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.initialization import no_init_weights

from trainables.cards import Row, TaskData
from trainables.data import EncodedDataset
from trainables.encoders import Batch, Encoder, is_finite, pad_features
from trainables.tasks import Retrieval
from trainables.training._models import build_models, select_head_weights
from trainables.validation import DataError, convert_to_data_error

CHECKED_BYTES_PER_PARAMETER = 12
"""Memory of a check: the encoder's weights, those of the model and their gradients, in float32."""
_SAMPLE_LABELS = ("a", "b", "c")
_KINDS_WITHOUT_LABELS = frozenset({"regression"})
_SAMPLE_LENGTH = 32


@dataclass(frozen=True, slots=True)
class StepCheck:
    """The result of a check that found no problem."""

    architecture: str
    """The name of the model's class."""
    is_own_head: bool
    """Whether the head is of this program, because transformers has none that fits."""


def check_training_steps(encoder: Encoder, kinds: Iterable[str]) -> Iterator[StepCheck | DataError]:
    """Build an encoder's model for each task kind, train it for one step without an optimizer, and score.

    It runs on the CPU with one thread, and leaves torch's random numbers as they are.

    Args:
        encoder: whose weights are read, and released afterwards.
        kinds: keys of `trainables.tasks.TASK_KINDS`.

    Returns:
        For each kind the result, or why the encoder cannot be trained on it.
    """
    encoder = replace(encoder)  # the weights of the other one would be held any longer
    for kind in kinds:
        try:
            with convert_to_data_error("one step fails"):
                yield _check_kind(encoder, kind)
        except DataError as error:
            yield error


def _check_kind(encoder: Encoder, kind: str) -> StepCheck:
    labels = () if kind in _KINDS_WITHOUT_LABELS else _SAMPLE_LABELS
    dataset = EncodedDataset(TaskData(kind, labels, None, {}), encoder, _SAMPLE_LENGTH)
    with _undisturbed():
        model = _build_model(dataset)
        rows = [_make_sample_row(text, label) for label, text in enumerate(("a b c", "b a"))]
        encoded = dataset.kind.encode(rows, encoder.tokenizer, min(_SAMPLE_LENGTH, encoder.tokenizer.max_input_length))
        batch = pad_features(encoded.features, encoder.tokenizer.pad_id)
        if not isinstance(dataset.kind, Retrieval):
            _train_once(model, dataset.kind.prepare_batch(batch, encoder.tokenizer, Random(0)))
        if dataset.kind.metrics and dataset.kind.scored_by_row:
            with torch.inference_mode():
                outputs = dataset.kind.compute_outputs(model.eval(), batch, encoded.features)
            dataset.kind.score(rows, encoded, outputs, labels)
    return StepCheck(type(model).__name__, type(model).__module__.startswith("trainables."))


def _build_model(dataset: EncodedDataset) -> PreTrainedModel:
    """A model with the encoder's weights and a head of small random ones; random weights for all of it would take most of the time."""
    weights = dataset.encoder.weights
    with no_init_weights():
        (model,) = build_models(weights, [dataset])
    model.tie_weights()
    for name, each in select_head_weights(model, weights).items():
        if each.ndim > 1:
            nn.init.normal_(each, std=0.02)
        else:
            nn.init.constant_(each, float(name.endswith("weight")))
    return model


def has_memory_for_check(encoder: Encoder) -> bool:
    """Whether half of this machine's memory is enough for `check_training_steps`."""
    available = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return CHECKED_BYTES_PER_PARAMETER * encoder.parameter_count <= available / 2


def _train_once(model: PreTrainedModel, batch: Batch) -> None:
    loss: Tensor = model.train()(**batch).loss
    if not loss.isfinite():
        raise DataError(f"the loss of one step is {loss.item():g}")
    loss.backward()  # type: ignore[no-untyped-call]
    gradients = [(name, each.grad) for name, each in model.named_parameters() if each.grad is not None]
    if not gradients:
        raise DataError("one step gives no weight a gradient")
    for name, gradient in gradients:
        if not is_finite(gradient):
            raise DataError(f"one step gives {name} a gradient that is not finite")


@contextmanager
def _undisturbed() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            torch.manual_seed(0)
            yield
    finally:
        torch.set_num_threads(threads)


def _make_sample_row(text: str, label: int) -> Row:
    """A row with the columns of every kind."""
    return {
        "language": "en",
        "id": text,
        "text": text,
        "text_pair": text,
        "label": label,
        "labels": [label],
        "context": text,
        "question": text,
        "answers": {"text": ["b"], "answer_start": [text.index("b")]},
        "choices": [text, "c"],
        "words": text.split(),
        "tags": [0 for _ in text.split()],
        "source_sentence": text,
        "target_sentence": text,
        "query": text,
        "candidate": text,
        "candidate_pair": None,
    }
