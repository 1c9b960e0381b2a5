"""Masked language modelling, to be trained on alone or mixed into another stage. Column: text."""

from collections.abc import Callable, Sequence
from random import Random

import torch
from torch import Tensor
from transformers import AutoModelForMaskedLM, PretrainedConfig, PreTrainedModel
from transformers.utils import ModelOutput

from trainables.batches import IGNORED, Batch
from trainables.benchmarks.rows import Row
from trainables.tasks.base import Encoded, TaskKind, log_probabilities
from trainables.tokens import Tokens, row_languages

HIDDEN = 0.15
"""Share of the tokens that are guessed; of these 80 % are masked, 10 % replaced, 10 % left (Devlin et al., NAACL 2019)."""


class MaskedLanguageModelling(TaskKind):
    """Hidden tokens are guessed, others in each epoch. It is trained on, not scored."""

    metrics = ()

    def head(self, config: PretrainedConfig, labels: Sequence[str]) -> PreTrainedModel:
        return AutoModelForMaskedLM.from_config(config)

    def encode(self, rows: Sequence[Row], tokens: Tokens, max_length: int) -> Encoded:
        """Texts without a token that could be guessed become none."""
        spoken = [row_languages(row) for row in rows]
        features = tokens.pairs([row["text"] for row in rows], None, max_length, spoken)
        special = set(tokens.special_ids)
        kept = [row for row, feature in enumerate(features) if not special.issuperset(feature["input_ids"])]
        return Encoded([features[row] for row in kept], kept)

    def rewritten(self, row: Row, rewrite: Callable[[str], str]) -> Row:
        return row | {"text": rewrite(row["text"])}

    def trained_on(self, batch: Batch, tokens: Tokens, rng: Random) -> Batch:
        """The batch with tokens hidden, and as labels what they were."""
        drawn = torch.Generator().manual_seed(rng.getrandbits(63))
        ids = batch["input_ids"]
        plain = batch["attention_mask"].bool() & ~torch.isin(ids, torch.tensor(sorted(tokens.special_ids)))
        chance = torch.rand(ids.shape, generator=drawn).masked_fill(~plain, 2.0)
        # One at least: the mean over none is not a number.
        guessed = plain & ((chance < HIDDEN) | (chance == chance.min()))
        how = torch.rand(ids.shape, generator=drawn)
        other = torch.randint(tokens.vocabulary, ids.shape, generator=drawn)
        hidden = ids.masked_fill(guessed & (how < 0.8), tokens.mask_id)
        hidden = torch.where(guessed & (how >= 0.9), other, hidden)
        return batch | {"input_ids": hidden, "labels": ids.masked_fill(~guessed, IGNORED)}

    def log_probabilities(self, output: ModelOutput, batch: Batch) -> list[Tensor]:
        return [log_probabilities(output.logits[batch["labels"] != IGNORED])]
