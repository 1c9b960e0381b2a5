"""Synonym augmentation at a magnitude: how far synonyms move a stage's tokens, in the unit of all methods."""

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

    As published, labels are kept, the texts of a pair are drawn independently, and the original word is one of the candidates. The paper
    makes copies once and trains on these; here every example is drawn anew in each epoch, so that the number of steps does not change.
    """

    synonyms: Synonyms
    scale: float
    """See `Synonyms.replace_words`; 1 is the published setting."""
    reached_magnitude: float
    """The magnitude in effect: below the noise's magnitude where even the published setting moves tokens less."""

    @property
    def native(self) -> dict[str, float]:
        """The scale, and the magnitude in effect."""
        return {"scale": self.scale, "reached": self.reached_magnitude}

    def rewrite(self, text: str, schedule: float, rng: Random) -> str:
        """The text with words replaced, at the scale times the schedule's factor."""
        return self.synonyms.replace_words(text, self.scale * schedule, rng)


def build_augmentation(synonyms: Synonyms, noise: Noise, texts: Iterable[str], encoder: Encoder) -> SynonymAugmentation:
    """The substitution that moves tokens by the noise's magnitude, as far as possible.

    The magnitude is the expected L2 distance, per token, between the mean embeddings of the pieces of a word and of its replacement,
    relative to the mean norm of the embeddings. This is our definition: the paper gives no size for the substitution.

    Args:
        synonyms: from which replacements are drawn.
        noise: of the stage. With a rising or falling schedule the scale is at most 0.5, so that it never exceeds 1 at any step.
        texts: the stage's training texts, or a sample of them.
        encoder: its tokenizer and embeddings measure the distances.
    """
    most = _compute_displacement(synonyms, texts, encoder) / encoder.embedding_norm
    highest = 1.0 if noise.schedule == "constant" else 0.5
    scale = min(highest, noise.magnitude / most) if most else 0.0
    return SynonymAugmentation(synonyms, scale, scale * most)


def _compute_displacement(synonyms: Synonyms, texts: Iterable[str], encoder: Encoder) -> float:
    """Expected distance per token at scale 1, in the unit of the embeddings."""
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
