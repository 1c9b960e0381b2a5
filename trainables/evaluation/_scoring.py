"""Scores a model on every language of a task, and on pairs of languages."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
import torch
from transformers import PreTrainedModel

from trainables.data import ArrowTable, EncodedDataset, EvaluationSet, take_rows
from trainables.encoders import Feature, get_feature_length, pad_features
from trainables.tasks import RANKING_DEPTH, RetrievedCandidates, TaskKind, find_nearest, get_model_inputs
from trainables.training import make_autocast
from trainables.transfer import LanguagePair, format_language_pair

EVALUATION_BATCH_SIZE = 128
"""Texts that go through the model at a time."""
TEXTS_IN_MEMORY = 32 * EVALUATION_BATCH_SIZE
"""Texts that are in memory at a time."""
PAIRS_IN_MEMORY = 16
"""Pairs of languages whose rows are in memory at the same time."""

LanguageScores = dict[str, dict[str, float]]


def score_languages(
    model: PreTrainedModel, prepared: EncodedDataset, split: str, languages: Collection[str]
) -> LanguageScores:
    """Every metric of the task by language, for those of `languages` that the split has.

    Where a metric has a threshold, that of test is found on dev.
    """
    there = [code for code in prepared.data.evaluation.get(split, ()) if code in languages]
    sets = {code: prepared.load_evaluation_set(split, code) for code in there}
    kinds: dict[str, TaskKind] = {}
    if prepared.kind.has_threshold and split == "test":
        dev = {code: prepared.load_evaluation_set("dev", code) for code in there if code in prepared.languages("dev")}
        said = _compute_outputs(model, prepared, dev)
        kinds = {code: prepared.kind.tune_threshold(dev[code].rows, said[code]) for code in dev}
    return _score_sets(model, prepared, sets, kinds)


def score_language_pairs(
    model: PreTrainedModel, prepared: EncodedDataset, split: str, pairs: Sequence[LanguagePair]
) -> dict[str, dict[str, float]]:
    """Every metric by pair of languages, the first text in the one, the second in the other; pairs that the split lacks left out."""
    there = [pair for pair in pairs if set(pair) <= prepared.languages(split)]
    scores: LanguageScores = {}
    for start in range(0, len(there), PAIRS_IN_MEMORY):
        sets = {
            format_language_pair(*pair): prepared.load_language_pair(split, *pair)
            for pair in there[start : start + PAIRS_IN_MEMORY]
        }
        scores |= _score_sets(model, prepared, {name: rows for name, rows in sets.items() if rows.rows}, {})
    return scores


def score_train_sample(model: PreTrainedModel, prepared: EncodedDataset, rows: int) -> dict[str, float]:
    """Every metric on so many of the task's own training rows: always the same ones (`Prepared.drawn`).

    It tells what a model has kept of what it was taught, not how well it does on rows that it never saw. The task's kind has metrics
    and is scored row by row (`TaskKind.by_row`).
    """
    return _score_sets(model, prepared, {"train": prepared.sample_train_rows(rows)}, {})["train"]


def _score_sets(
    model: PreTrainedModel, prepared: EncodedDataset, sets: Mapping[str, EvaluationSet], kinds: Mapping[str, TaskKind]
) -> LanguageScores:
    """Every metric of every set, by a kind of its own where it has one."""
    said = _compute_outputs(model, prepared, sets)
    if said and prepared.data.candidates is not None:
        said = _retrieve_candidates(model, prepared, sets, said)
    return {
        name: kinds.get(name, prepared.kind).score(rows.rows, rows.encoded, said[name], prepared.data.labels)
        for name, rows in sets.items()
    }


def _compute_outputs(
    model: PreTrainedModel, prepared: EncodedDataset, sets: Mapping[str, EvaluationSet]
) -> dict[str, list[Any]]:
    """What the model says of each feature of each set."""
    features = [rows.encoded.features for rows in sets.values()]
    if not features:
        return {}
    ends = np.cumsum([len(each) for each in features])
    # English stands beside every language in retrieval: what reads alike goes through the model once.
    _, firsts, twins = np.unique(
        np.concatenate([_get_input_digests(each) for each in features]), return_index=True, return_inverse=True
    )
    lengths = np.concatenate([_get_lengths(each) for each in features])[firsts]
    order = np.lexsort((firsts, lengths))
    outputs: list[Any] = [None] * len(firsts)
    for start in range(0, len(order), TEXTS_IN_MEMORY):
        places = order[start : start + TEXTS_IN_MEMORY]
        told = _gather_features(features, ends, firsts[places])
        for place, output in zip(places, _run_model(model, prepared, told), strict=True):
            outputs[place] = output
    return _split_by_set(
        (outputs[twin] for twin in twins), {name: len(rows.encoded.features) for name, rows in sets.items()}
    )


def _split_by_set(values: Iterable[Any], sizes: Mapping[str, int]) -> dict[str, list[Any]]:
    """Values that come one set after the other, by set."""
    told = iter(values)
    return {name: list(islice(told, size)) for name, size in sizes.items()}


def _gather_features(features: Sequence[Sequence[Feature]], ends: np.ndarray, places: np.ndarray) -> list[Feature]:
    """Features by their places in all sets, one set being read once."""
    owners = np.searchsorted(ends, places, side="right")
    found: dict[int, Feature] = {}
    for owner in np.unique(owners):
        start = ends[owner] - len(features[owner])
        own = places[owners == owner]
        found |= zip(own.tolist(), take_rows(features[owner], (own - start).tolist()), strict=True)
    return [found[place] for place in places.tolist()]


def _run_model(model: PreTrainedModel, prepared: EncodedDataset, features: Sequence[Feature]) -> Iterator[Any]:
    """The kind's outputs, in the order of the features."""
    device = next(model.parameters()).device
    model.eval()
    with torch.inference_mode(), make_autocast(device):
        for start in range(0, len(features), EVALUATION_BATCH_SIZE):
            group = features[start : start + EVALUATION_BATCH_SIZE]
            batch = pad_features(group, prepared.encoder.tokenizer.pad_id)
            on_device = {key: tensor.to(device) for key, tensor in batch.items()}
            yield from prepared.kind.compute_outputs(model, on_device, group)


def _get_lengths(features: Sequence[Feature]) -> np.ndarray:
    return (
        features.column("_length")
        if isinstance(features, ArrowTable)
        else np.array([get_feature_length(each) for each in features])
    )


def _get_input_digests(features: Sequence[Feature]) -> np.ndarray:
    """A number for each feature that is the same for those with the same output."""
    if isinstance(features, ArrowTable):
        return features.column("_reads")
    return np.array([hash(repr(get_model_inputs(feature))) for feature in features])


def _retrieve_candidates(
    model: PreTrainedModel,
    prepared: EncodedDataset,
    sets: Mapping[str, EvaluationSet],
    vectors: Mapping[str, list[Any]],
) -> dict[str, list[RetrievedCandidates]]:
    """What each query finds among the candidates, whose vectors are in memory one block at a time."""
    asked = [row["answered_by"] for rows in sets.values() for row in rows.rows]
    queries = torch.stack([vector for name in sets for vector in vectors[name]]).numpy()
    answers = prepared.candidates.rows
    assert isinstance(answers, ArrowTable)
    _, numbers = find_nearest(queries, _iterate_candidate_blocks(model, prepared), RANKING_DEPTH)
    right = answers.select_columns("answers")
    relevant = Counter(key for row in right for key in row["answers"])
    found = []
    for key, ranked in zip(asked, numbers, strict=True):
        told = right.take([number for number in ranked.tolist() if number >= 0])
        found.append(RetrievedCandidates([key in row["answers"] for row in told], relevant[key]))
    return _split_by_set(found, {name: len(vectors[name]) for name in sets})


def _iterate_candidate_blocks(model: PreTrainedModel, prepared: EncodedDataset) -> Iterator[np.ndarray]:
    features = prepared.candidates.encoded.features
    lengths = _get_lengths(features)
    for start in range(0, len(features), TEXTS_IN_MEMORY):
        order = np.argsort(lengths[start : start + TEXTS_IN_MEMORY], kind="stable")
        told = take_rows(features, (order + start).tolist())
        block = torch.stack(list(_run_model(model, prepared, told))).numpy()
        yield np.ascontiguousarray(block[np.argsort(order)])
