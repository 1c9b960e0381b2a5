"""Masked language modelling, to be trained on alone or mixed into another stage. Column: text."""

from collections.abc import Callable, Sequence
from random import Random

import torch
from torch import Tensor
from transformers import AutoModelForMaskedLM, PretrainedConfig, PreTrainedModel
from transformers.utils import ModelOutput

from trainables.cards import Row
from trainables.encoders import IGNORED_LABEL, Batch, EncoderTokenizer, get_row_languages
from trainables.tasks._base import EncodedRows, TaskKind, compute_log_probabilities
from trainables.tasks._heads import build_head_model

MASKED_SHARE = 0.15
"""Share of the tokens that are predicted; of these 80 % are masked, 10 % replaced, 10 % unchanged (Devlin et al., NAACL 2019)."""


class MaskedLanguageModelling(TaskKind):
    """Prediction of masked tokens, drawn anew in each epoch. It is trained on and not scored."""

    metrics = ()

    def build_model(self, config: PretrainedConfig, labels: Sequence[str]) -> PreTrainedModel:
        return build_head_model(AutoModelForMaskedLM, config)

    def encode(self, rows: Sequence[Row], tokens: EncoderTokenizer, max_length: int) -> EncodedRows:
        """The features of texts; texts with special tokens only are left out."""
        languages = [get_row_languages(row) for row in rows]
        features = tokens.encode_pairs([row["text"] for row in rows], None, max_length, languages)
        special = set(tokens.special_ids)
        kept = [row for row, feature in enumerate(features) if not special.issuperset(feature["input_ids"])]
        return EncodedRows([features[row] for row in kept], kept)

    def rewrite_texts(self, row: Row, rewrite: Callable[[str], str]) -> Row:
        return row | {"text": rewrite(row["text"])}

    def prepare_batch(self, batch: Batch, tokens: EncoderTokenizer, rng: Random) -> Batch:
        """The batch with tokens masked or replaced, and the original ones as labels."""
        generator = torch.Generator().manual_seed(rng.getrandbits(63))
        ids = batch["input_ids"]
        plain = batch["attention_mask"].bool() & ~torch.isin(ids, torch.tensor(sorted(tokens.special_ids)))
        draw = torch.rand(ids.shape, generator=generator).masked_fill(~plain, 2.0)
        # At least one token: the mean loss over none is NaN.
        predicted = plain & ((draw < MASKED_SHARE) | (draw == draw.min()))
        replacement = torch.rand(ids.shape, generator=generator)
        other = torch.randint(tokens.vocabulary_size, ids.shape, generator=generator)
        hidden = ids.masked_fill(predicted & (replacement < 0.8), tokens.mask_id)
        hidden = torch.where(predicted & (replacement >= 0.9), other, hidden)
        return batch | {"input_ids": hidden, "labels": ids.masked_fill(~predicted, IGNORED_LABEL)}

    def log_probabilities(self, output: ModelOutput, batch: Batch) -> list[Tensor]:
        return [compute_log_probabilities(output.logits[batch["labels"] != IGNORED_LABEL])]
