"""Models of a stage: fresh heads around one shared encoder, and the weights of both."""

from collections.abc import Sequence
from types import MethodType
from typing import Any

import torch
from torch import nn
from transformers import PretrainedConfig, PreTrainedModel

from trainables.data import EncodedDataset
from trainables.encoders import Weights
from trainables.training._device import get_device


def build_models(parent: Weights, datasets: Sequence[EncodedDataset], dropout: float = 0.0) -> list[PreTrainedModel]:
    """A model for each task: a fresh head, initialised from torch's random numbers, on one shared encoder.

    Args:
        parent: the encoder's weights.
        datasets: of the tasks.
        dropout: rate in encoder and heads; 0: the encoder's own.
    """
    models = [task.kind.build_model(_make_model_config(task, dropout), task.data.labels) for task in datasets]
    _share_encoder(models)
    for model, task in zip(models, datasets, strict=True):
        _compute_head_in_float32(model)
        assert set(parent) == set(task.encoder.weights), "the parent is another encoder's"
        model.base_model.load_state_dict(_select_encoder_weights(parent, model), strict=False)
        _freeze_language_parts(model)
    return models


def _freeze_language_parts(model: PreTrainedModel) -> None:
    """Freeze the embeddings and language adapters of X-MOD, as in its fine-tuning (Pfeiffer et al., NAACL 2022): the adapters of other
    languages, which no batch reaches, stay fit for what is trained between them."""
    if model.config.model_type != "xmod":
        return
    parts = [model.base_model.embeddings]
    for layer in model.base_model.encoder.layer:
        own = (layer.output.adapter_layer_norm, layer.output.adapter_modules)
        parts += [part for part in own if part is not None]
    for part in parts:
        part.requires_grad_(False)


def _share_encoder(models: Sequence[PreTrainedModel]) -> None:
    """Give every model the encoder of the first, part by part; a part that it lacks (a pooler) comes from the first model that has one.

    By parts, since a model without a head is itself the encoder and cannot be a part of another model.
    """
    parts: dict[str, nn.Module] = {}
    for model in models:
        parts = dict(model.base_model.named_children()) | parts
    for model in models if len(models) > 1 else ():
        for name, part in parts.items():
            setattr(model.base_model, name, part)
        model.tie_weights()


def extract_encoder_weights(model: PreTrainedModel, parent: Weights) -> Weights:
    """The encoder's weights in a model, on the CPU; weights that the model lacks are the parent's."""
    held = model.base_model.state_dict()
    return {name: held[name].detach().cpu().clone() if name in held else value for name, value in parent.items()}


def extract_head_weights(model: PreTrainedModel, parent: Weights) -> Weights:
    """The weights of a model besides the encoder's, on the CPU, by their full names."""
    return {name: value.detach().cpu().clone() for name, value in select_head_weights(model, parent).items()}


def describe_head_weights(datasets: Sequence[EncodedDataset]) -> list[Weights]:
    """For each task of a stage, tensors on the meta device with the names, shapes and types of `extract_head_weights`."""
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())), torch.device("meta"):
        models = [task.kind.build_model(_make_model_config(task, 0.0), task.data.labels) for task in datasets]
        _share_encoder(models)
    return [select_head_weights(model, task.encoder.weights) for model, task in zip(models, datasets, strict=True)]


def select_head_weights(model: PreTrainedModel, parent: Weights) -> Weights:
    """The weights of a model besides the encoder's, by their full names; not copied."""
    prefix = f"{model.base_model_prefix}." if model.base_model is not model else ""
    return {
        name: value
        for name, value in model.state_dict().items()
        if not (name.startswith(prefix) and name.removeprefix(prefix) in parent)
    }


def restore_model(encoder: Weights, head: Weights, dataset: EncodedDataset) -> PreTrainedModel:
    """The model of a target, on this process's device, from its stored weights."""
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        model = build_models(encoder, [dataset])[0]
    model.load_state_dict(head, strict=False)
    return model.to(get_device())


DROPOUT_FIELDS = (
    *("hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout"),
    *("dropout", "attention_dropout", "summary_first_dropout"),
    *("embedding_dropout", "mlp_dropout"),
    *("pooler_dropout", "cls_dropout", "classifier_dropout_prob", "dropout_rate"),
)
"""The dropout rates in the configurations of BERT and XLM-R, of XLM, of ModernBERT, then of DeBERTa, RemBERT and T5; a rate that is None
follows another one."""


def _compute_head_in_float32(model: PreTrainedModel) -> None:
    """Disable autocast in the head: in half precision most small perturbations change no logit, and a consistency term has no gradient."""
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


def _make_model_config(dataset: EncodedDataset, dropout: float) -> PretrainedConfig:
    settings = dataset.encoder.config.to_dict()
    if dropout:
        settings |= {name: dropout for name in DROPOUT_FIELDS if settings.get(name) is not None}
    return type(dataset.encoder.config).from_dict(settings)


def _select_encoder_weights(weights: Weights, model: PreTrainedModel) -> Weights:
    names = model.base_model.state_dict().keys()
    return {name: value for name, value in weights.items() if name in names}
