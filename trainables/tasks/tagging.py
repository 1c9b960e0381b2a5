"""Tagging of words: named entities, parts of speech. Columns: words, tags (numbers of labels)."""

from collections.abc import Callable, Sequence
from typing import Any

from seqeval.metrics import f1_score
from torch import Tensor
from transformers import AutoModelForTokenClassification, PretrainedConfig, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import ModelOutput

from trainables.optimise import Batch
from trainables.tasks.base import IGNORED, Encoded, Feature, Metrics, Row, log_probabilities


class Tagging:
    """A tag for the first piece of each word; scored by chunk F1 (seqeval, as XTREME-R does) and by word."""

    metrics = ("f1", "accuracy")
    second = ()

    def head(self, config: PretrainedConfig, labels: Sequence[str]) -> PreTrainedModel:
        config.id2label = dict(enumerate(labels))
        config.label2id = {label: number for number, label in enumerate(labels)}
        return AutoModelForTokenClassification.from_config(config)

    def encode(self, rows: Sequence[Row], tokenizer: PreTrainedTokenizerBase, max_length: int) -> Encoded:
        encoding = tokenizer(
            [row["words"] for row in rows], is_split_into_words=True, truncation=True, max_length=max_length
        )
        features: list[Feature] = []
        for i, row in enumerate(rows):
            words = encoding.word_ids(i)
            first = [word is not None and (p == 0 or words[p - 1] != word) for p, word in enumerate(words)]
            tags = [row["tags"][word] if here else IGNORED for word, here in zip(words, first, strict=True)]
            features.append({key: values[i] for key, values in encoding.items()} | {"labels": tags})
        return Encoded(features, list(range(len(rows))))

    def rewritten(self, row: Row, rewrite: Callable[[str], str]) -> Row:
        """A word that becomes several stays as it is: it has one tag."""
        said = [rewrite(word) for word in row["words"]]
        return row | {
            "words": [new if len(new.split()) == 1 else old for old, new in zip(row["words"], said, strict=True)]
        }

    def log_probabilities(self, output: ModelOutput, batch: Batch) -> list[Tensor]:
        return [log_probabilities(output.logits[batch["labels"] != IGNORED])]

    def outputs(self, model: PreTrainedModel, batch: Batch) -> list[Any]:
        return list(model(**batch).logits.argmax(-1).tolist())

    def score(self, rows: Sequence[Row], encoded: Encoded, outputs: Sequence[Any], labels: Sequence[str]) -> Metrics:
        truth, said = [], []
        for row, feature, output in zip(rows, encoded.features, outputs, strict=True):
            kept = [tag for label, tag in zip(feature["labels"], output, strict=False) if label != IGNORED]
            truth.append([labels[tag] for tag in row["tags"]])
            said.append([labels[tag] for tag in kept] + ["O"] * (len(row["tags"]) - len(kept)))
        pairs = [pair for a, b in zip(truth, said, strict=True) for pair in zip(a, b, strict=True)]
        return {
            "f1": float(f1_score(truth, said, zero_division=0)),
            "accuracy": sum(a == b for a, b in pairs) / len(pairs),
        }
