"""Labelled examples among the hidden states of a batch: a text, a choice, a word or a token, by the form of the features."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np

from trainables.encoders import IGNORED_LABEL, Feature

LabelledVector = tuple[np.ndarray, Any]
"""A vector, [width], and its label: a number of a class, a float, or the numbers of all labels that it has."""


@dataclass(frozen=True, slots=True)
class LabelledVectors:
    """Vectors of labelled examples."""

    vectors: np.ndarray
    """[examples, width]"""
    labels: np.ndarray
    """[examples] numbers of classes, or [examples, outputs] floats: of a regression, or 0 and 1 for each label of a multi-label task."""

    @property
    def has_classes(self) -> bool:
        """Whether each example has one class."""
        return self.labels.ndim == 1

    @property
    def outputs(self) -> np.ndarray:
        """[examples, outputs]: the labels as numbers to be predicted; of classes 0 and 1 for each class that occurs."""
        if not self.has_classes:
            return self.labels
        found: np.ndarray = (self.labels[:, None] == np.unique(self.labels)).astype(np.float64)
        return found


def iterate_examples(feature: Feature, states: np.ndarray, rng: Random) -> Iterator[LabelledVector]:
    """The labelled examples of a feature.

    - Classification, ranking, regression: the text, by the mean of its tokens.
    - Multiple choice: each choice, right or wrong, less the mean of the row's choices: a softmax over choices ignores what they share.
    - Tagging: the first token of each word.
    - Span answers: the answer's first token, and a random other one of the context, less the mean of the context's tokens: a softmax over
      tokens ignores what they share. Windows without an answer have none.
    - Retrieval and masked language modelling: none, as no label is on a row.

    Args:
        feature: unpadded.
        states: [length, width] of its tokens, or [choices, length, width].
        rng: chooses the other token.
    """
    if "start_positions" in feature:
        yield from _iterate_answer_tokens(feature, states, rng)
    elif "_words" in feature:
        labels = np.asarray(feature["labels"])
        tagged = np.flatnonzero(labels != IGNORED_LABEL)
        yield from zip(states[tagged], labels[tagged].tolist(), strict=True)
    elif "labels" not in feature:
        return
    elif isinstance(feature["input_ids"][0], list):
        choices = np.stack(pool_texts(feature, states))
        centred = choices - choices.mean(0)
        yield from ((vector, int(place == feature["labels"])) for place, vector in enumerate(centred))
    else:
        yield pool_texts(feature, states)[0], feature["labels"]


def pool_texts(feature: Feature, states: np.ndarray) -> list[np.ndarray]:
    """The mean over the tokens of each text of a feature: of one text, or of each choice."""
    ids = feature["input_ids"]
    if not isinstance(ids[0], list):
        return [states[: len(ids)].mean(0)]
    return [states[place, : len(own)].mean(0) for place, own in enumerate(ids)]


def stack_examples(examples: Sequence[LabelledVector], count: int, rng: Random) -> LabelledVectors | None:
    """A random sample of `count` examples at most, in their order; None if there are no labels, or all are equal."""
    places = sorted(rng.sample(range(len(examples)), min(count, len(examples))))
    labels = _to_array([examples[place][1] for place in places])
    if not places or (labels == labels[0]).all():
        return None
    return LabelledVectors(np.stack([examples[place][0] for place in places]).astype(np.float64), labels)


def _iterate_answer_tokens(feature: Feature, states: np.ndarray, rng: Random) -> Iterator[LabelledVector]:
    start, end = feature["start_positions"], feature["end_positions"]
    context = [place for place, span in enumerate(feature["_spans"]) if span is not None]
    others = [place for place in context if not start <= place <= end]
    if start in context and others:
        middle = states[context].mean(0)
        yield states[start] - middle, 1
        yield states[rng.choice(others)] - middle, 0


def _to_array(labels: Sequence[Any]) -> np.ndarray:
    if labels and isinstance(labels[0], list):
        known = sorted({number for own in labels for number in own if number != IGNORED_LABEL})
        return np.array([[float(number in own) for number in known] for own in labels])
    found = np.array(labels)
    return found[:, None] if found.dtype.kind == "f" else found
