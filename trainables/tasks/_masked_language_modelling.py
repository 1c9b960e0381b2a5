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

MASKED_SHARE = 0.15
"""Share of the tokens that are guessed; of these 80 % are masked, 10 % replaced, 10 % left (Devlin et al., NAACL 2019)."""


class MaskedLanguageModelling(TaskKind):
    """Hidden tokens are guessed, others in each epoch. It is trained on, not scored."""

    metrics = ()

    def build_model(self, config: PretrainedConfig, labels: Sequence[str]) -> PreTrainedModel:
        return AutoModelForMaskedLM.from_config(config)

    def encode(self, rows: Sequence[Row], tokens: EncoderTokenizer, max_length: int) -> EncodedRows:
        """Texts without a token that could be guessed become none."""
        spoken = [get_row_languages(row) for row in rows]
        features = tokens.encode_pairs([row["text"] for row in rows], None, max_length, spoken)
        special = set(tokens.special_ids)
        kept = [row for row, feature in enumerate(features) if not special.issuperset(feature["input_ids"])]
        return EncodedRows([features[row] for row in kept], kept)

    def rewrite_texts(self, row: Row, rewrite: Callable[[str], str]) -> Row:
        return row | {"text": rewrite(row["text"])}

    def prepare_batch(self, batch: Batch, tokens: EncoderTokenizer, rng: Random) -> Batch:
        """The batch with tokens hidden, and as labels what they were."""
        drawn = torch.Generator().manual_seed(rng.getrandbits(63))
        ids = batch["input_ids"]
        plain = batch["attention_mask"].bool() & ~torch.isin(ids, torch.tensor(sorted(tokens.special_ids)))
        chance = torch.rand(ids.shape, generator=drawn).masked_fill(~plain, 2.0)
        # One at least: the mean over none is not a number.
        guessed = plain & ((chance < MASKED_SHARE) | (chance == chance.min()))
        how = torch.rand(ids.shape, generator=drawn)
        other = torch.randint(tokens.vocabulary_size, ids.shape, generator=drawn)
        hidden = ids.masked_fill(guessed & (how < 0.8), tokens.mask_id)
        hidden = torch.where(guessed & (how >= 0.9), other, hidden)
        return batch | {"input_ids": hidden, "labels": ids.masked_fill(~guessed, IGNORED_LABEL)}

    def log_probabilities(self, output: ModelOutput, batch: Batch) -> list[Tensor]:
        return [compute_log_probabilities(output.logits[batch["labels"] != IGNORED_LABEL])]
