"""Scores a model on every language of a task, and on pairs of languages."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
import torch
from transformers import PreTrainedModel

from trainables.arithmetic import autocast
from trainables.batches import length, pad
from trainables.prepared import Prepared, ScoredSet
from trainables.tables import Table, take
from trainables.tasks import TaskKind, reads
from trainables.tasks.dense_retrieval import DEPTH, Found
from trainables.tasks.nearest import nearest
from trainables.tokens import Feature
from trainables.transfer import LanguagePair, pair_name

BATCH = 128
"""Texts that go through the model at a time."""
AHEAD = 32 * BATCH
"""Texts that are in memory at a time."""
TOGETHER = 16
"""Pairs of languages whose rows are in memory at the same time."""

Scores = dict[str, dict[str, float]]


def score(model: PreTrainedModel, prepared: Prepared, split: str, languages: Collection[str]) -> Scores:
    """Every metric of the task by language, for those of `languages` that the split has.

    Where a metric has a threshold, that of test is found on dev.
    """
    there = [code for code in prepared.data.evaluation.get(split, ()) if code in languages]
    sets = {code: prepared.scored(split, code) for code in there}
    kinds: dict[str, TaskKind] = {}
    if prepared.kind.tuned and split == "test":
        dev = {code: prepared.scored("dev", code) for code in there if code in prepared.languages("dev")}
        said = _said(model, prepared, dev)
        kinds = {code: prepared.kind.tune(dev[code].rows, said[code]) for code in dev}
    return _score(model, prepared, sets, kinds)


def score_pairs(
    model: PreTrainedModel, prepared: Prepared, split: str, pairs: Sequence[LanguagePair]
) -> dict[str, dict[str, float]]:
    """Every metric by pair of languages, the first text in the one, the second in the other; pairs that the split lacks left out."""
    there = [pair for pair in pairs if set(pair) <= prepared.languages(split)]
    scores: Scores = {}
    for start in range(0, len(there), TOGETHER):
        sets = {pair_name(*pair): prepared.mixed(split, *pair) for pair in there[start : start + TOGETHER]}
        scores |= _score(model, prepared, {name: rows for name, rows in sets.items() if rows.rows}, {})
    return scores


def score_trained(model: PreTrainedModel, prepared: Prepared, rows: int) -> dict[str, float]:
    """Every metric on so many of the task's own training rows: always the same ones (`Prepared.drawn`).

    It tells what a model has kept of what it was taught, not how well it does on rows that it never saw. The task's kind has metrics
    and is scored row by row (`TaskKind.by_row`).
    """
    return _score(model, prepared, {"train": prepared.drawn(rows)}, {})["train"]


def _score(
    model: PreTrainedModel, prepared: Prepared, sets: Mapping[str, ScoredSet], kinds: Mapping[str, TaskKind]
) -> Scores:
    """Every metric of every set, by a kind of its own where it has one."""
    said = _said(model, prepared, sets)
    if said and prepared.data.candidates is not None:
        said = _retrieved(model, prepared, sets, said)
    return {
        name: kinds.get(name, prepared.kind).score(rows.rows, rows.encoded, said[name], prepared.data.labels)
        for name, rows in sets.items()
    }


def _said(model: PreTrainedModel, prepared: Prepared, sets: Mapping[str, ScoredSet]) -> dict[str, list[Any]]:
    """What the model says of each feature of each set."""
    features = [rows.encoded.features for rows in sets.values()]
    if not features:
        return {}
    ends = np.cumsum([len(each) for each in features])
    # English stands beside every language in retrieval: what reads alike goes through the model once.
    _, firsts, twins = np.unique(
        np.concatenate([_reads(each) for each in features]), return_index=True, return_inverse=True
    )
    lengths = np.concatenate([_lengths(each) for each in features])[firsts]
    order = np.lexsort((firsts, lengths))
    outputs: list[Any] = [None] * len(firsts)
    for start in range(0, len(order), AHEAD):
        places = order[start : start + AHEAD]
        told = _gathered(features, ends, firsts[places])
        for place, output in zip(places, _outputs(model, prepared, told), strict=True):
            outputs[place] = output
    return _parted((outputs[twin] for twin in twins), {name: len(rows.encoded.features) for name, rows in sets.items()})


def _parted(values: Iterable[Any], sizes: Mapping[str, int]) -> dict[str, list[Any]]:
    """Values that come one set after the other, by set."""
    told = iter(values)
    return {name: list(islice(told, size)) for name, size in sizes.items()}


def _gathered(features: Sequence[Sequence[Feature]], ends: np.ndarray, places: np.ndarray) -> list[Feature]:
    """Features by their places in all sets, one set being read once."""
    owners = np.searchsorted(ends, places, side="right")
    found: dict[int, Feature] = {}
    for owner in np.unique(owners):
        start = ends[owner] - len(features[owner])
        own = places[owners == owner]
        found |= zip(own.tolist(), take(features[owner], (own - start).tolist()), strict=True)
    return [found[place] for place in places.tolist()]


def _outputs(model: PreTrainedModel, prepared: Prepared, features: Sequence[Feature]) -> Iterator[Any]:
    """The kind's outputs, in the order of the features."""
    device = next(model.parameters()).device
    model.eval()
    with torch.inference_mode(), autocast(device):
        for start in range(0, len(features), BATCH):
            group = features[start : start + BATCH]
            batch = pad(group, prepared.encoder.tokens.pad_id)
            on_device = {key: tensor.to(device) for key, tensor in batch.items()}
            yield from prepared.kind.outputs(model, on_device, group)


def _lengths(features: Sequence[Feature]) -> np.ndarray:
    return features.column("_length") if isinstance(features, Table) else np.array([length(each) for each in features])


def _reads(features: Sequence[Feature]) -> np.ndarray:
    """A number for each feature that is the same for those with the same output."""
    if isinstance(features, Table):
        return features.column("_reads")
    return np.array([hash(repr(reads(feature))) for feature in features])


def _retrieved(
    model: PreTrainedModel, prepared: Prepared, sets: Mapping[str, ScoredSet], vectors: Mapping[str, list[Any]]
) -> dict[str, list[Found]]:
    """What each query finds among the candidates, whose vectors are in memory one block at a time."""
    asked = [row["answered_by"] for rows in sets.values() for row in rows.rows]
    queries = torch.stack([vector for name in sets for vector in vectors[name]]).numpy()
    answers = prepared.candidates.rows
    assert isinstance(answers, Table)
    _, numbers = nearest(queries, _blocks(model, prepared), DEPTH)
    right = answers.only("answers")
    relevant = Counter(key for row in right for key in row["answers"])
    found = []
    for key, ranked in zip(asked, numbers, strict=True):
        told = right.take([number for number in ranked.tolist() if number >= 0])
        found.append(Found([key in row["answers"] for row in told], relevant[key]))
    return _parted(found, {name: len(vectors[name]) for name in sets})


def _blocks(model: PreTrainedModel, prepared: Prepared) -> Iterator[np.ndarray]:
    features = prepared.candidates.encoded.features
    lengths = _lengths(features)
    for start in range(0, len(features), AHEAD):
        order = np.argsort(lengths[start : start + AHEAD], kind="stable")
        told = take(features, (order + start).tolist())
        block = torch.stack(list(_outputs(model, prepared, told))).numpy()
        yield np.ascontiguousarray(block[np.argsort(order)])
