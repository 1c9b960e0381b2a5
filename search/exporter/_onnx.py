"""ONNX copies of exported models, each checked against torch on rows of its task."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search.errors import UserError
from search.exporter._snippets import Usage

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module
    from transformers import PreTrainedModel

    from trainables.data import EncodedDataset

ONNX_FILE = "onnx/model.onnx"
"""Where transformers.js and optimum look for it in a repository."""
ONNX_TOLERANCE = 1e-4
"""Largest acceptable difference of any output from torch's."""
CHECKED_ROWS = 32
"""Rows on which the outputs are compared, from all languages in turn."""
_BATCH = 4
_MOST_BYTES_IN_FILE = 1_500_000_000
"""Protocol buffers end at 2 GiB: the weights of larger models are in a file beside ``model.onnx``."""
_PACKAGES = ("onnx", "onnxruntime", "onnxscript")


def check_onnx_packages() -> None:
    """Check that the extra is installed.

    Raises:
        UserError: if a package lacks.
    """
    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if missing:
        raise UserError(f"--onnx needs {', '.join(missing)}: pip install xlt-search[onnx]")


def write_onnx(model: "PreTrainedModel", dataset: "EncodedDataset", usage: Usage, folder: Path, name: str) -> float:
    """Write a model as ``onnx/model.onnx`` in its folder, and compare its outputs with torch's on rows of the task.

    Args:
        model: on the CPU, in float32.
        dataset: with the rows.
        usage: says which hidden states are pooled, for sentence vectors.
        folder: of the exported model.
        name: of the model, for messages.

    Returns:
        The largest difference of any output.

    Raises:
        UserError: if torch cannot convert it, or the outputs differ by more than `ONNX_TOLERANCE`.
    """
    import onnxruntime

    wrapped = _wrap_model(model.eval(), usage)
    batches = list(_make_batches(dataset))
    if "langs" in batches[0]:
        raise UserError(
            f"{name} cannot be written as ONNX (its encoder takes the number of each text's language): export it without --onnx"
        )
    file = folder / ONNX_FILE
    file.parent.mkdir()
    try:
        _convert(wrapped, batches[0], file)
        session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
        largest = max(_compare(wrapped, batch, session) for batch in batches)
    except Exception as error:  # the exporter, onnx and onnxruntime have no common base
        reason = str(error).strip().splitlines()[:1] or [type(error).__name__]
        raise UserError(f"{name} cannot be written as ONNX ({reason[0][:300]}): export it without --onnx") from error
    if not largest <= ONNX_TOLERANCE:
        raise UserError(
            f"{name} as ONNX differs from torch by {largest:.2g} on rows of the task, more than {ONNX_TOLERANCE:g}: "
            "export it without --onnx"
        )
    return largest


@dataclass(frozen=True, slots=True)
class _Exportable:
    """A module that takes its inputs by position and returns a tuple of tensors."""

    module: "Module"
    inputs: list[str]
    outputs: list[str]

    def select_inputs(self, batch: "dict[str, Tensor]") -> "dict[str, Tensor]":
        """Those of a batch that the module takes; token types that it lacks are zero."""
        import torch

        return {name: batch.get(name, torch.zeros_like(batch["input_ids"])) for name in self.inputs}


def _wrap_model(model: "PreTrainedModel", usage: Usage) -> _Exportable:
    import torch

    # A model with several token types reads them; one with a single type would look up what it lacks.
    several = (getattr(model.config, "type_vocab_size", 1) or 1) > 1
    names = ["input_ids", "attention_mask", *["token_type_ids"] * several]

    class Wrapped(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *inputs: "Tensor") -> "tuple[Tensor, ...]":
            batch = dict(zip(names, inputs, strict=True))
            if usage.is_sentence_encoder:
                states = self.model(**batch, output_hidden_states=True).hidden_states[usage.layer]
                mask = batch["attention_mask"].unsqueeze(-1).to(states.dtype)
                return (states[:, 0] if usage.pooling == "first" else (states * mask).sum(1) / mask.sum(1),)
            output = self.model(**batch)
            return (output.start_logits, output.end_logits) if usage.head == "span" else (output.logits,)

    outputs = {"span": ["start_logits", "end_logits"]}.get(usage.head, ["logits"])
    return _Exportable(Wrapped(), names, ["sentence_embedding"] if usage.is_sentence_encoder else outputs)


def _make_batches(dataset: "EncodedDataset") -> "Iterator[dict[str, Tensor]]":
    """Inputs of rows of the task: of all languages of dev (else test, else training rows), in turn."""
    from itertools import chain, islice

    from trainables.encoders import pad_features

    split = next((each for each in ("dev", "test") if dataset.languages(each)), None)
    if split is None:
        found: Any = iter(dataset.sample_train_rows(CHECKED_ROWS).encoded.features)
    else:
        sets = [dataset.load_evaluation_set(split, code).encoded.features for code in sorted(dataset.languages(split))]
        found = chain.from_iterable(zip(*sets, strict=False))
    rows = list(islice(found, CHECKED_ROWS))
    for start in range(0, len(rows), _BATCH):
        yield pad_features(rows[start : start + _BATCH], dataset.encoder.tokenizer.pad_id)


def _convert(wrapped: _Exportable, batch: "dict[str, Tensor]", file: Path) -> None:
    import torch

    inputs = wrapped.select_inputs(batch)
    names = ("batch", "length") if batch["input_ids"].dim() == 2 else ("batch", "choices", "length")
    sizes = dict(enumerate(torch.export.Dim.DYNAMIC for _ in names))
    with warnings.catch_warnings(), _silence_exporter():
        warnings.simplefilter("ignore")  # of the exporter, about itself
        torch.onnx.export(
            wrapped.module,
            tuple(inputs.values()),
            file,
            input_names=list(inputs),
            output_names=wrapped.outputs,
            dynamic_shapes=(tuple(sizes for _ in inputs),),
            dynamo=True,
            external_data=sum(value.nbytes for value in wrapped.module.parameters()) > _MOST_BYTES_IN_FILE,
            verbose=False,
        )


@contextmanager
def _silence_exporter() -> Iterator[None]:
    """Keep the exporter's log of what it skips (torchvision) off the terminal."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _compare(wrapped: _Exportable, batch: "dict[str, Tensor]", session: Any) -> float:
    """The largest difference between the outputs of torch and of onnxruntime."""
    import torch

    inputs = wrapped.select_inputs(batch)
    found = session.run(None, {name: value.numpy() for name, value in inputs.items()})
    with torch.inference_mode():
        expected = wrapped.module(*inputs.values())
    return max(float(abs(one - other.numpy()).max()) for one, other in zip(found, expected, strict=True))
