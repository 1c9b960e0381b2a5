"""Features as padded tensors."""

from collections.abc import Sequence

import torch
from torch import Tensor

from trainables.encoders._features import Feature

Batch = dict[str, Tensor]
"""A model's inputs by name, each of shape [batch, length] or [batch, choices, length]; labels of shape [batch], or that of the ids."""
IGNORED_LABEL = -100
"""The label of tokens without a prediction."""


def pad_features(features: Sequence[Feature], pad_id: int) -> Batch:
    """Right-padded tensors of features: ids with `pad_id`, masks with 0, token labels with -100.

    Features of multiple choice hold lists of lists and become tensors of shape [batch, choices, length]. Keys that begin with
    ``_`` are for scoring and left out. Features without a mask get one of their tokens.
    """
    fill = {
        "input_ids": pad_id,
        "attention_mask": 0,
        "token_type_ids": 0,
        "langs": 0,
        "lang_ids": 0,
        "labels": IGNORED_LABEL,
    }
    batch: Batch = {}
    for key in features[0]:
        if key.startswith("_"):
            continue
        values = [feature[key] for feature in features]
        if not isinstance(values[0], list):
            batch[key] = torch.tensor(values)
        elif not isinstance(values[0][0], list):
            batch[key] = _pad_lists(values, fill[key])
        else:
            flat = _pad_lists([choice for value in values for choice in value], fill[key])
            batch[key] = flat.view(len(values), len(values[0]), -1)
    if "attention_mask" not in batch:
        batch["attention_mask"] = _build_mask([get_text_ids(feature) for feature in features], batch["input_ids"])
    return batch


def _build_mask(found: Sequence[list[list[int]]], ids: Tensor) -> Tensor:
    lengths = torch.tensor([[len(text) for text in row] for row in found]).view(ids.shape[:-1])
    return (torch.arange(ids.shape[-1]) < lengths.unsqueeze(-1)).long()


def _pad_lists(values: Sequence[list[int]], fill: int) -> Tensor:
    width = max(map(len, values))
    return torch.tensor([value + [fill] * (width - len(value)) for value in values])


def get_feature_length(feature: Feature) -> int:
    """Tokens of a feature, or of its longest choice."""
    return max(map(len, get_text_ids(feature)))


def get_text_ids(feature: Feature) -> list[list[int]]:
    """The ids of a feature's texts: one text, or one for each choice."""
    ids = feature["input_ids"]
    return ids if isinstance(ids[0], list) else [ids]
