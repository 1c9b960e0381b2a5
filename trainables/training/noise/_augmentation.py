"""How far synonyms move a stage's tokens: the augmentation's magnitude, in the unit that all methods share."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

import torch
from torch import Tensor

from trainables.curriculum import Noise
from trainables.encoders import Encoder
from trainables.synonyms import Synonyms


@dataclass(frozen=True, slots=True)
class SynonymAugmentation:
    """Synonym substitution of one stage (RS-DA; Huang et al., EMNLP 2021, section 3.2).

    As there, labels stay, each text of a pair is drawn by itself, and the words as they are come in as one draw among the
    others. There copies are made once and stand in for the training set; here every example is drawn anew each time it is
    trained on, so that the number of steps stays the config's.
    """

    synonyms: Synonyms
    scale: float
    """See `Synonyms.replaced`; 1 is the published setting."""
    reached_magnitude: float
    """The magnitude it reaches: below the magnitude asked for where even the published setting moves tokens less."""

    @property
    def native(self) -> dict[str, float]:
        """The scale, and the magnitude reached."""
        return {"scale": self.scale, "reached": self.reached_magnitude}

    def rewrite(self, text: str, schedule: float, rng: Random) -> str:
        """The text with words replaced, at the scale times what the schedule makes of it."""
        return self.synonyms.replace_words(text, self.scale * schedule, rng)


def build_augmentation(synonyms: Synonyms, noise: Noise, texts: Iterable[str], encoder: Encoder) -> SynonymAugmentation:
    """The substitution that moves tokens by a magnitude.

    Its magnitude is the expected L2 distance, per token, between the mean embedding of a word's pieces and its replacement's,
    relative to the mean embedding norm: a choice of ours, since the paper tells no size for it.

    Args:
        synonyms: whose neighbours are drawn.
        noise: its magnitude; one that rises or falls reaches half as far in the mean, since no word can be replaced oftener than at
            scale 1.
        texts: the stage's training texts, or a sample.
        encoder: whose tokenizer and embeddings are meant.
    """
    most = _compute_displacement(synonyms, texts, encoder) / encoder.embedding_norm
    highest = 1.0 if noise.schedule == "constant" else 0.5
    scale = min(highest, noise.magnitude / most) if most else 0.0
    return SynonymAugmentation(synonyms, scale, scale * most)


def _compute_displacement(synonyms: Synonyms, texts: Iterable[str], encoder: Encoder) -> float:
    """Expected distance per token at scale 1, in the units of the embeddings."""
    counts = Counter((core, others) for text in texts for _, core, _, others in synonyms.find_matches(text) if core)
    words = sorted({word for core, others in counts for word in (core, *others)})
    if not words:
        return 0.0
    pieces = encoder.pretrained_tokenizer(words, add_special_tokens=False)["input_ids"]
    place = {
        word: (len(ids), _mean_embedding(encoder.embeddings, ids)) for word, ids in zip(words, pieces, strict=True)
    }
    moved = tokens = 0.0
    for (core, others), count in counts.items():
        size, centre = place[core]
        tokens += count * size
        distances = [float((place[other][1] - centre).norm()) for other in others]
        moved += count * size * sum(distances) / (len(others) + 1)
    return moved / tokens


def _mean_embedding(table: Tensor, ids: list[int]) -> Tensor:
    return table[torch.tensor(ids, dtype=torch.long)].mean(0) if ids else torch.zeros(table.shape[1])
