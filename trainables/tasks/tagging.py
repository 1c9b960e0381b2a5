"""Tagging of words: named entities, parts of speech. Columns: words, tags (numbers of labels)."""

import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

from seqeval.metrics import f1_score
from torch import Tensor
from transformers import AutoModelForTokenClassification, PretrainedConfig, PreTrainedModel
from transformers.utils import ModelOutput

from trainables.optimise import Batch
from trainables.tasks.base import IGNORED, Encoded, Feature, Metrics, Row, TaskKind, log_probabilities
from trainables.tokens import Tokens, row_languages


class Tagging(TaskKind):
    """A tag for the first piece of each word; scored by chunk F1 (seqeval, as XTREME-R does) and by word."""

    metrics: ClassVar[tuple[str, ...]] = ("f1", "accuracy")

    def head(self, config: PretrainedConfig, labels: Sequence[str]) -> PreTrainedModel:
        config.id2label = dict(enumerate(labels))
        config.label2id = {label: number for number, label in enumerate(labels)}
        return AutoModelForTokenClassification.from_config(config)

    def encode(self, rows: Sequence[Row], tokens: Tokens, max_length: int) -> Encoded:
        """A sentence that is too long becomes several features, as in XTREME's scripts, so that every word is tagged; one whose words
        have no pieces becomes none."""
        features: list[Feature] = []
        source: list[int] = []
        left = [(number, 0) for number in range(len(rows))]
        while left:
            texts = [rows[number]["words"][start:] for number, start in left]
            languages = [row_languages(rows[number])[0] for number, _ in left]
            told = zip(left, *tokens.words(texts, max_length, languages), strict=True)
            left = []
            for (number, start), feature, words in told:
                if all(word is None for word in words):
                    continue  # what is left has no pieces
                before = [None, *words]
                tagged = [None if word == last else word for word, last in zip(words, before, strict=False)]
                tags = rows[number]["tags"][start:]
                feature["labels"] = [IGNORED if word is None else tags[word] for word in tagged]
                feature["_words"] = [start + word for word in tagged if word is not None]
                features.append(feature)
                source.append(number)
                reached = max((word for word in words if word is not None), default=-1) + 1
                if 0 < reached < len(tags):
                    left.append((number, start + reached))
        order = sorted(range(len(features)), key=source.__getitem__)
        return Encoded([features[place] for place in order], [source[place] for place in order])

    def rewritten(self, row: Row, rewrite: Callable[[str], str]) -> Row:
        """A word that becomes several stays as it is: it has one tag."""
        said = [rewrite(word) for word in row["words"]]
        return row | {
            "words": [new if len(new.split()) == 1 else old for old, new in zip(row["words"], said, strict=True)]
        }

    def log_probabilities(self, output: ModelOutput, batch: Batch) -> list[Tensor]:
        return [log_probabilities(output.logits[batch["labels"] != IGNORED])]

    def outputs(self, model: PreTrainedModel, batch: Batch, features: Sequence[Feature]) -> list[Any]:
        return list(model(**batch).logits.argmax(-1).tolist())

    def score(self, rows: Iterable[Row], encoded: Encoded, outputs: Sequence[Any], labels: Sequence[str]) -> Metrics:
        told = list(rows)
        # A word without pieces, such as a sign of direction alone, cannot be tagged: it counts as the first label.
        found = [[0] * len(row["tags"]) for row in told]
        for number, feature, output in zip(encoded.rows, encoded.features, outputs, strict=True):
            tags = (tag for label, tag in zip(feature["labels"], output, strict=False) if label != IGNORED)
            for word, tag in zip(feature["_words"], tags, strict=True):
                found[number][word] = tag
        truth = [[labels[tag] for tag in row["tags"]] for row in told]
        said = [[labels[tag] for tag in tags] for tags in found]
        pairs = [pair for a, b in zip(truth, said, strict=True) for pair in zip(a, b, strict=True)]
        with warnings.catch_warnings():
            # Parts of speech are no chunks to seqeval, and yet what XTREME-R scores by it: equal neighbours count as one.
            warnings.filterwarnings("ignore", ".* seems not to be NE tag")
            f1 = float(f1_score(truth, said, zero_division=0))
        scores = {"f1": f1, "accuracy": sum(a == b for a, b in pairs) / len(pairs)}
        return {metric: scores[metric] for metric in self.metrics}


class TaggingByWord(Tagging):
    """The same, the share of right tags counting first, as for XGLUE's parts of speech."""

    metrics = ("accuracy", "f1")
