"""Scores a model on every language of a task, and on pairs of languages."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import torch
from transformers import PreTrainedModel

from trainables.optimise import autocast
from trainables.prepared import Prepared, ScoredSet, evaluation_batches
from trainables.transfer import LanguagePair, pair_name

TOGETHER = 16
"""Pairs of languages whose rows are in memory at the same time."""


def score(
    model: PreTrainedModel, prepared: Prepared, split: str, languages: Collection[str]
) -> dict[str, dict[str, float]]:
    """Every metric of the task by language, for those of `languages` that the split has."""
    return _score(model, prepared, {code: rows for code, rows in prepared.scored(split).items() if code in languages})


def score_pairs(
    model: PreTrainedModel, prepared: Prepared, split: str, pairs: Sequence[LanguagePair]
) -> dict[str, dict[str, float]]:
    """Every metric by pair of languages, the first text in the one, the second in the other; pairs that the split lacks left out."""
    there = [pair for pair in pairs if set(pair) <= prepared.scored(split).keys()]
    scores: dict[str, dict[str, float]] = {}
    for start in range(0, len(there), TOGETHER):
        sets = {pair_name(*pair): prepared.mixed(split, *pair) for pair in there[start : start + TOGETHER]}
        scores |= _score(model, prepared, {name: rows for name, rows in sets.items() if rows.rows})
    return scores


def _score(model: PreTrainedModel, prepared: Prepared, sets: Mapping[str, ScoredSet]) -> dict[str, dict[str, float]]:
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
    for name, rows in sets.items():
        stop = start + len(rows.encoded.features)
        scores[name] = prepared.kind.score(rows.rows, rows.encoded, outputs[start:stop], prepared.data.labels)
        start = stop
    return scores
