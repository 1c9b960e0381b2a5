"""Pre-trains the miniature's encoder."""

from trainables.pretraining._pretraining import PretrainingRecipe, pretrain_encoder

__all__ = ["PretrainingRecipe", "pretrain_encoder"]
