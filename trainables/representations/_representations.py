"""A sample of a task's training examples as an encoder represents them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from random import Random

import numpy as np
import torch

from trainables.curriculum import Stage
from trainables.data import EncodedDataset
from trainables.encoders import Feature, Weights, get_feature_length, get_text_ids, pad_features
from trainables.representations._examples import (
    LabelledVector,
    LabelledVectors,
    iterate_examples,
    pool_texts,
    stack_examples,
)
from trainables.store import derive_random_seed
from trainables.tasks import get_model_inputs
from trainables.training import extract_encoder_weights, make_autocast, restore_model, train_stage

BATCH_SIZE = 32


@dataclass(frozen=True, slots=True)
class Representations:
    """What an encoder makes of a sample of a task's training examples."""

    mean: np.ndarray
    """[width]: the mean vector of the texts, each the mean of its tokens' last hidden states."""
    texts: int
    """Texts of the sample."""
    labelled: LabelledVectors | None
    """The labelled examples among them; None for a task without labels on its rows."""


def compute_representations(dataset: EncodedDataset, weights: Weights, examples: int, seed: int = 0) -> Representations:
    """Run a sample of a task's training texts through an encoder.

    Args:
        dataset: of the task, which has training rows.
        weights: of the encoder: the dataset's own, or trained further.
        examples: most texts (choices of a multiple choice are texts), and most labelled examples.
        seed: of the draw of the labelled examples. The texts are the first of `EncodedDataset.sample_train_rows`.
    """
    features = _take_texts(dataset.sample_train_rows(examples).encoded.features, examples)
    total, texts = np.zeros(dataset.encoder.config.hidden_size), 0
    found: list[list[LabelledVector]] = [[] for _ in features]
    for place, states in _iterate_states(dataset, weights, features):
        for vector in pool_texts(features[place], states):
            total, texts = total + vector, texts + 1
        found[place] = list(iterate_examples(features[place], states, Random(f"{seed}/{place}")))
    labelled = stack_examples([each for own in found for each in own], examples, Random(f"{seed}/examples"))
    return Representations(total / max(1, texts), texts, labelled)


def train_briefly(stage: Stage, dataset: EncodedDataset) -> Weights:
    """The encoder's weights after a stage of one task on top of the pre-trained encoder; nothing is stored.

    Raises:
        trainables.training.DivergedError: when the loss becomes infinite or NaN.
    """
    weights = dataset.encoder.weights
    trained = train_stage(replace(stage), derive_random_seed(stage, dataset.fingerprint), weights, [dataset])
    return extract_encoder_weights(trained.models[0], weights)


def _take_texts(features: Sequence[Feature], most: int) -> list[Feature]:
    """The first features with at most so many texts in all, and at least one; equal inputs count once: their labels, too, are equal, and
    evidence from them would be counted several times."""
    distinct = list({repr(get_model_inputs(feature)): feature for feature in features}.values())
    ends = np.cumsum([len(get_text_ids(feature)) for feature in distinct])
    return distinct[: max(1, int((ends <= most).sum()))]


def _iterate_states(
    dataset: EncodedDataset, weights: Weights, features: Sequence[Feature]
) -> Iterator[tuple[int, np.ndarray]]:
    """The place of each feature and its last hidden states, [length, width] or [choices, length, width]; shortest features first."""
    model = restore_model(weights, {}, dataset).base_model.eval()
    vars(model).pop("forward", None)  # a model of dense retrieval computes a loss in its own
    device = next(model.parameters()).device
    order = sorted(range(len(features)), key=lambda place: get_feature_length(features[place]))
    for start in range(0, len(order), BATCH_SIZE):
        places = order[start : start + BATCH_SIZE]
        batch = pad_features([_keep_inputs(features[place]) for place in places], dataset.encoder.tokenizer.pad_id)
        shape = batch["input_ids"].shape
        flat = {name: values.view(-1, shape[-1]).to(device) for name, values in batch.items()}
        with torch.inference_mode(), make_autocast(device):
            states = model(**flat).last_hidden_state.float().cpu().numpy()
        yield from zip(places, states.reshape(*shape, -1), strict=True)


def _keep_inputs(feature: Feature) -> Feature:
    """A feature without labels, which an encoder does not take."""
    labels = ("labels", "start_positions", "end_positions")
    return {name: values for name, values in feature.items() if name not in labels}
