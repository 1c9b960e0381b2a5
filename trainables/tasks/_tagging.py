"""Tagging of words: named entities, parts of speech. Columns: words, tags (numbers of labels)."""

import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from seqeval.metrics import f1_score, precision_score
from torch import Tensor
from transformers import AutoModelForTokenClassification, PretrainedConfig, PreTrainedModel
from transformers.utils import ModelOutput

from trainables.cards import Row
from trainables.encoders import IGNORED_LABEL, Batch, EncoderTokenizer, Feature, get_row_languages
from trainables.tasks._base import EncodedRows, Metrics, TaskKind, compute_log_probabilities
from trainables.tasks._heads import build_head_model

SEQEVAL_1_F1 = "f1_seqeval_1"
"""The metric name of the chunk F1 of parts of speech under seqeval 1, where it differs."""


class Tagging(TaskKind):
    """A tag for the first token of each word; scored by chunk F1 (seqeval, as in XTREME-R) and by accuracy over words.

    XTREME, XTREME-R and XGLUE score parts of speech by seqeval as well, which joins equal neighbours into one chunk. The version of that
    time, 0.0.12, compares whole tags, and so does this kind; seqeval 1 drops the first letter of a tag, so that CCONJ and SCONJ are equal
    and an X at the end of a sentence is ignored. Where the two may differ, the F1 of seqeval 1 is reported as `SEQEVAL_1_F1`.
    """

    metrics: tuple[str, ...] = ("f1", "accuracy")

    def build_model(self, config: PretrainedConfig, labels: Sequence[str]) -> PreTrainedModel:
        config.id2label = dict(enumerate(labels))
        config.label2id = {label: number for number, label in enumerate(labels)}
        return build_head_model(AutoModelForTokenClassification, config)

    def encode(self, rows: Sequence[Row], tokens: EncoderTokenizer, max_length: int) -> EncodedRows:
        """The features of sentences. A sentence that is too long has several, as in XTREME's scripts, so that every word is tagged; one
        whose words have no tokens has none."""
        features: list[Feature] = []
        source: list[int] = []
        left = [(number, 0) for number in range(len(rows))]
        while left:
            texts = [rows[number]["words"][start:] for number, start in left]
            languages = [get_row_languages(rows[number])[0] for number, _ in left]
            encoded = zip(left, *tokens.encode_words(texts, max_length, languages), strict=True)
            left = []
            for (number, start), feature, words in encoded:
                if all(word is None for word in words):
                    continue  # the remaining words have no tokens
                before = [None, *words]
                tagged = [None if word == last else word for word, last in zip(words, before, strict=False)]
                tags = rows[number]["tags"][start:]
                feature["labels"] = [IGNORED_LABEL if word is None else tags[word] for word in tagged]
                feature["_words"] = [start + word for word in tagged if word is not None]
                features.append(feature)
                source.append(number)
                reached = max((word for word in words if word is not None), default=-1) + 1
                if 0 < reached < len(tags):
                    left.append((number, start + reached))
        order = sorted(range(len(features)), key=source.__getitem__)
        return EncodedRows([features[place] for place in order], [source[place] for place in order])

    def rewrite_texts(self, row: Row, rewrite: Callable[[str], str]) -> Row:
        """The row with its words rewritten; a word that would become several words is kept, since it has one tag."""
        rewritten = [rewrite(word) for word in row["words"]]
        return row | {
            "words": [new if len(new.split()) == 1 else old for old, new in zip(row["words"], rewritten, strict=True)]
        }

    def log_probabilities(self, output: ModelOutput, batch: Batch) -> list[Tensor]:
        return [compute_log_probabilities(output.logits[batch["labels"] != IGNORED_LABEL])]

    def compute_outputs(self, model: PreTrainedModel, batch: Batch, features: Sequence[Feature]) -> list[Any]:
        return list(model(**batch).logits.argmax(-1).tolist())

    def score(
        self, rows: Iterable[Row], encoded: EncodedRows, outputs: Sequence[Any], labels: Sequence[str]
    ) -> Metrics:
        materialised = list(rows)
        # A word without tokens, such as a lone mark of direction, cannot be tagged: it counts as the first label.
        found = [[0] * len(row["tags"]) for row in materialised]
        for number, feature, output in zip(encoded.rows, encoded.features, outputs, strict=True):
            tags = (tag for label, tag in zip(feature["labels"], output, strict=False) if label != IGNORED_LABEL)
            for word, tag in zip(feature["_words"], tags, strict=True):
                found[number][word] = tag
        truth, predicted = ([row["tags"] for row in materialised], found)
        pairs = [pair for a, b in zip(truth, predicted, strict=True) for pair in zip(a, b, strict=True)]
        scores = {"accuracy": sum(a == b for a, b in pairs) / len(pairs)} | score_chunks(truth, predicted, labels)
        others = {metric: score for metric, score in scores.items() if metric == SEQEVAL_1_F1}
        return {metric: scores[metric] for metric in self.metrics} | others


class TaggingByPrecision(Tagging):
    """Tagging with chunk precision as the main metric: XGLUE's metric of parts of speech (Liang et al., EMNLP 2020)."""

    metrics = ("precision", "accuracy", "f1")


def score_chunks(truth: Sequence[Sequence[int]], predicted: Sequence[Sequence[int]], labels: Sequence[str]) -> Metrics:
    """Precision and F1 of chunks by the rule of seqeval 0.0.12, and F1 of seqeval 1 (`SEQEVAL_1_F1`) if the labels are not chunk tags.

    Args:
        truth: label numbers by sentence and word.
        predicted: label numbers of the same words.
        labels: names by number.
    """
    whole = [label if "-" in label or label == "O" else f"{label[0]}-{label}" for label in labels]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".* seems not to be NE tag")
        scores = {
            "precision": float(precision_score(*_to_label_names(truth, predicted, whole), zero_division=0)),
            "f1": float(f1_score(*_to_label_names(truth, predicted, whole), zero_division=0)),
        }
        if whole != list(labels):
            scores[SEQEVAL_1_F1] = float(f1_score(*_to_label_names(truth, predicted, labels), zero_division=0))
    return scores


def _to_label_names(
    truth: Sequence[Sequence[int]], predicted: Sequence[Sequence[int]], labels: Sequence[str]
) -> tuple[list[list[str]], list[list[str]]]:
    return [[labels[tag] for tag in tags] for tags in truth], [[labels[tag] for tag in tags] for tags in predicted]
