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
"""Texts in a batch."""
TEXTS_IN_MEMORY = 32 * EVALUATION_BATCH_SIZE
"""Texts in memory at a time."""
PAIRS_IN_MEMORY = 16
"""Pairs of languages whose rows are in memory at a time."""

LanguageScores = dict[str, dict[str, float]]


def score_languages(
    model: PreTrainedModel, dataset: EncodedDataset, split: str, languages: Collection[str]
) -> LanguageScores:
    """Every metric of the task, in 0..1, by language, for those of `languages` that the split has.

    A metric's threshold for test is found on dev.
    """
    available = [code for code in dataset.data.evaluation.get(split, ()) if code in languages]
    sets = {code: dataset.load_evaluation_set(split, code) for code in available}
    kinds: dict[str, TaskKind] = {}
    if dataset.kind.has_threshold and split == "test":
        dev = {code: dataset.load_evaluation_set("dev", code) for code in available if code in dataset.languages("dev")}
        outputs = _compute_outputs(model, dataset, dev)
        kinds = {code: dataset.kind.tune_threshold(dev[code].rows, outputs[code]) for code in dev}
    return _score_sets(model, dataset, sets, kinds)


def score_language_pairs(
    model: PreTrainedModel, dataset: EncodedDataset, split: str, pairs: Sequence[LanguagePair]
) -> dict[str, dict[str, float]]:
    """Every metric, in 0..1, by pair of languages, with the first text in the first language and the second in the second; pairs that
    the split lacks are left out."""
    available = [pair for pair in pairs if set(pair) <= dataset.languages(split)]
    scores: LanguageScores = {}
    for start in range(0, len(available), PAIRS_IN_MEMORY):
        sets = {
            format_language_pair(*pair): dataset.load_language_pair(split, *pair)
            for pair in available[start : start + PAIRS_IN_MEMORY]
        }
        scores |= _score_sets(model, dataset, {name: rows for name, rows in sets.items() if rows.rows}, {})
    return scores


def score_train_sample(model: PreTrainedModel, dataset: EncodedDataset, rows: int) -> dict[str, float]:
    """Every metric, in 0..1, on a fixed sample of the task's own training rows (`EncodedDataset.sample_train_rows`).

    This measures what a model has retained of its training, not how well it generalises. The task kind must have metrics and be scored
    row by row (`TaskKind.scored_by_row`).
    """
    return _score_sets(model, dataset, {"train": dataset.sample_train_rows(rows)}, {})["train"]


def _score_sets(
    model: PreTrainedModel, dataset: EncodedDataset, sets: Mapping[str, EvaluationSet], kinds: Mapping[str, TaskKind]
) -> LanguageScores:
    """Every metric of every set; `kinds` has the kinds that differ from the task's own (a threshold)."""
    outputs = _compute_outputs(model, dataset, sets)
    if outputs and dataset.data.candidates is not None:
        outputs = _retrieve_candidates(model, dataset, sets, outputs)
    return {
        name: kinds.get(name, dataset.kind).score(rows.rows, rows.encoded, outputs[name], dataset.data.labels)
        for name, rows in sets.items()
    }


def _compute_outputs(
    model: PreTrainedModel, dataset: EncodedDataset, sets: Mapping[str, EvaluationSet]
) -> dict[str, list[Any]]:
    """The model's outputs for the features of each set."""
    features = [rows.encoded.features for rows in sets.values()]
    if not features:
        return {}
    ends = np.cumsum([len(each) for each in features])
    # In retrieval the same English texts occur in every language: equal inputs go through the model once.
    _, firsts, copies = np.unique(
        np.concatenate([_get_input_digests(each) for each in features]), return_index=True, return_inverse=True
    )
    lengths = np.concatenate([_get_lengths(each) for each in features])[firsts]
    order = np.lexsort((firsts, lengths))
    outputs: list[Any] = [None] * len(firsts)
    for start in range(0, len(order), TEXTS_IN_MEMORY):
        places = order[start : start + TEXTS_IN_MEMORY]
        chunk = _gather_features(features, ends, firsts[places])
        for place, output in zip(places, _run_model(model, dataset, chunk), strict=True):
            outputs[place] = output
    return _split_by_set(
        (outputs[copy] for copy in copies), {name: len(rows.encoded.features) for name, rows in sets.items()}
    )


def _split_by_set(values: Iterable[Any], sizes: Mapping[str, int]) -> dict[str, list[Any]]:
    """A sequence of values, one set after the other, split by set."""
    remaining = iter(values)
    return {name: list(islice(remaining, size)) for name, size in sizes.items()}


def _gather_features(features: Sequence[Sequence[Feature]], ends: np.ndarray, places: np.ndarray) -> list[Feature]:
    """Features by their places in the sequence of all sets; each set is read once."""
    owners = np.searchsorted(ends, places, side="right")
    found: dict[int, Feature] = {}
    for owner in np.unique(owners):
        start = ends[owner] - len(features[owner])
        own = places[owners == owner]
        found |= zip(own.tolist(), take_rows(features[owner], (own - start).tolist()), strict=True)
    return [found[place] for place in places.tolist()]


def _run_model(model: PreTrainedModel, dataset: EncodedDataset, features: Sequence[Feature]) -> Iterator[Any]:
    """The task kind's outputs, in the order of the features."""
    device = next(model.parameters()).device
    model.eval()
    with torch.inference_mode(), make_autocast(device):
        for start in range(0, len(features), EVALUATION_BATCH_SIZE):
            group = features[start : start + EVALUATION_BATCH_SIZE]
            batch = pad_features(group, dataset.encoder.tokenizer.pad_id)
            on_device = {key: tensor.to(device) for key, tensor in batch.items()}
            yield from dataset.kind.compute_outputs(model, on_device, group)


def _get_lengths(features: Sequence[Feature]) -> np.ndarray:
    return (
        features.column("_length")
        if isinstance(features, ArrowTable)
        else np.array([get_feature_length(each) for each in features])
    )


def _get_input_digests(features: Sequence[Feature]) -> np.ndarray:
    """A number for each feature, equal for features with equal model inputs."""
    if isinstance(features, ArrowTable):
        return features.column("_reads")
    return np.array([hash(repr(get_model_inputs(feature))) for feature in features])


def _retrieve_candidates(
    model: PreTrainedModel,
    dataset: EncodedDataset,
    sets: Mapping[str, EvaluationSet],
    vectors: Mapping[str, list[Any]],
) -> dict[str, list[RetrievedCandidates]]:
    """The ranking of the candidates for each query; the candidates' vectors are in memory one block at a time."""
    keys = [row["answered_by"] for rows in sets.values() for row in rows.rows]
    queries = torch.stack([vector for name in sets for vector in vectors[name]]).numpy()
    answers = dataset.candidates.rows
    assert isinstance(answers, ArrowTable)
    _, numbers = find_nearest(queries, _iterate_candidate_blocks(model, dataset), RANKING_DEPTH)
    right = answers.select_columns("answers")
    relevant = Counter(key for row in right for key in row["answers"])
    found = []
    for key, ranked in zip(keys, numbers, strict=True):
        retrieved = right.take([number for number in ranked.tolist() if number >= 0])
        found.append(RetrievedCandidates([key in row["answers"] for row in retrieved], relevant[key]))
    return _split_by_set(found, {name: len(vectors[name]) for name in sets})


def _iterate_candidate_blocks(model: PreTrainedModel, dataset: EncodedDataset) -> Iterator[np.ndarray]:
    features = dataset.candidates.encoded.features
    lengths = _get_lengths(features)
    for start in range(0, len(features), TEXTS_IN_MEMORY):
        order = np.argsort(lengths[start : start + TEXTS_IN_MEMORY], kind="stable")
        block_features = take_rows(features, (order + start).tolist())
        block = torch.stack(list(_run_model(model, dataset, block_features))).numpy()
        yield np.ascontiguousarray(block[np.argsort(order)])
