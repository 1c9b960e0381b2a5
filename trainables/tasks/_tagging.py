"""Tagging of words: named entities, parts of speech. Columns: words, tags (numbers of labels)."""

import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

from seqeval.metrics import f1_score, precision_score
from torch import Tensor
from transformers import AutoModelForTokenClassification, PretrainedConfig, PreTrainedModel
from transformers.utils import ModelOutput

from trainables.cards import Row
from trainables.encoders import IGNORED_LABEL, Batch, EncoderTokenizer, Feature, get_row_languages
from trainables.tasks._base import EncodedRows, Metrics, TaskKind, compute_log_probabilities

SEQEVAL_1_F1 = "f1_seqeval_1"
"""Chunk F1 of parts of speech as seqeval 1 has it, where that is another number."""


class Tagging(TaskKind):
    """A tag for the first piece of each word; scored by chunk F1 (seqeval, as XTREME-R does) and by word.

    Parts of speech are no chunks, and yet what XTREME, XTREME-R and XGLUE score by seqeval: equal neighbours count as one. Its version
    of their day, 0.0.12, compares whole tags, and so do we; seqeval 1 drops a tag's first letter, so that CCONJ and SCONJ are one to it
    and an X at the end of a sentence is none. Where the two may differ, seqeval 1's F1 is `SEQEVAL_1_F1`.
    """

    metrics: ClassVar[tuple[str, ...]] = ("f1", "accuracy")

    def build_model(self, config: PretrainedConfig, labels: Sequence[str]) -> PreTrainedModel:
        config.id2label = dict(enumerate(labels))
        config.label2id = {label: number for number, label in enumerate(labels)}
        return AutoModelForTokenClassification.from_config(config)

    def encode(self, rows: Sequence[Row], tokens: EncoderTokenizer, max_length: int) -> EncodedRows:
        """A sentence that is too long becomes several features, as in XTREME's scripts, so that every word is tagged; one whose words
        have no pieces becomes none."""
        features: list[Feature] = []
        source: list[int] = []
        left = [(number, 0) for number in range(len(rows))]
        while left:
            texts = [rows[number]["words"][start:] for number, start in left]
            languages = [get_row_languages(rows[number])[0] for number, _ in left]
            told = zip(left, *tokens.encode_words(texts, max_length, languages), strict=True)
            left = []
            for (number, start), feature, words in told:
                if all(word is None for word in words):
                    continue  # what is left has no pieces
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
        """A word that becomes several stays as it is: it has one tag."""
        said = [rewrite(word) for word in row["words"]]
        return row | {
            "words": [new if len(new.split()) == 1 else old for old, new in zip(row["words"], said, strict=True)]
        }

    def log_probabilities(self, output: ModelOutput, batch: Batch) -> list[Tensor]:
        return [compute_log_probabilities(output.logits[batch["labels"] != IGNORED_LABEL])]

    def compute_outputs(self, model: PreTrainedModel, batch: Batch, features: Sequence[Feature]) -> list[Any]:
        return list(model(**batch).logits.argmax(-1).tolist())

    def score(
        self, rows: Iterable[Row], encoded: EncodedRows, outputs: Sequence[Any], labels: Sequence[str]
    ) -> Metrics:
        told = list(rows)
        # A word without pieces, such as a sign of direction alone, cannot be tagged: it counts as the first label.
        found = [[0] * len(row["tags"]) for row in told]
        for number, feature, output in zip(encoded.rows, encoded.features, outputs, strict=True):
            tags = (tag for label, tag in zip(feature["labels"], output, strict=False) if label != IGNORED_LABEL)
            for word, tag in zip(feature["_words"], tags, strict=True):
                found[number][word] = tag
        truth, said = ([row["tags"] for row in told], found)
        pairs = [pair for a, b in zip(truth, said, strict=True) for pair in zip(a, b, strict=True)]
        scores = {"accuracy": sum(a == b for a, b in pairs) / len(pairs)} | score_chunks(truth, said, labels)
        others = {metric: score for metric, score in scores.items() if metric == SEQEVAL_1_F1}
        return {metric: scores[metric] for metric in self.metrics} | others


class TaggingByPrecision(Tagging):
    """The same, chunk precision counting first: what XGLUE's script takes for parts of speech (Liang et al., EMNLP 2020)."""

    metrics = ("precision", "accuracy", "f1")


def score_chunks(truth: Sequence[Sequence[int]], said: Sequence[Sequence[int]], labels: Sequence[str]) -> Metrics:
    """Precision and F1 of chunks by seqeval 0.0.12's rule, and seqeval 1's F1 (`SEQEVAL_1_F1`) where labels are no chunks' tags.

    Args:
        truth: numbers of labels, by sentence and word.
        said: of the same words.
        labels: by number.
    """
    whole = [label if "-" in label or label == "O" else f"{label[0]}-{label}" for label in labels]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".* seems not to be NE tag")
        scores = {
            "precision": float(precision_score(*_to_label_names(truth, said, whole), zero_division=0)),
            "f1": float(f1_score(*_to_label_names(truth, said, whole), zero_division=0)),
        }
        if whole != list(labels):
            scores[SEQEVAL_1_F1] = float(f1_score(*_to_label_names(truth, said, labels), zero_division=0))
    return scores


def _to_label_names(
    truth: Sequence[Sequence[int]], said: Sequence[Sequence[int]], labels: Sequence[str]
) -> tuple[list[list[str]], list[list[str]]]:
    return [[labels[tag] for tag in tags] for tags in truth], [[labels[tag] for tag in tags] for tags in said]
