"""Scores a model on every language of a task."""

from collections.abc import Collection
from typing import Any

import torch
from transformers import PreTrainedModel

from trainables.optimise import autocast
from trainables.prepared import Prepared, evaluation_batches


def score(
    model: PreTrainedModel, prepared: Prepared, split: str, languages: Collection[str]
) -> dict[str, dict[str, float]]:
    """Every metric of the task by language, for those of `languages` that the split has."""
    sets = {code: rows for code, rows in prepared.scored(split).items() if code in languages}
    features = [feature for rows in sets.values() for feature in rows.encoded.features]
    # English stands beside every language in retrieval: what reads alike goes through the model once.
    places: dict[str, list[int]] = {}
    for place, feature in enumerate(features):
        places.setdefault(repr(feature["input_ids"]), []).append(place)
    twins = list(places.values())
    outputs: list[Any] = [None] * len(features)
    device = next(model.parameters()).device
    model.eval()
    with torch.inference_mode(), autocast(device):
        for numbers, batch in evaluation_batches(
            [features[first] for first, *_ in twins], prepared.encoder.tokenizer.pad_token_id
        ):
            said = prepared.kind.outputs(model, {key: tensor.to(device) for key, tensor in batch.items()})
            for number, output in zip(numbers, said, strict=True):
                for place in twins[number]:
                    outputs[place] = output
    scores, start = {}, 0
    for code, rows in sets.items():
        stop = start + len(rows.encoded.features)
        scores[code] = prepared.kind.score(rows.rows, rows.encoded, outputs[start:stop], prepared.data.labels)
        start = stop
    return scores
