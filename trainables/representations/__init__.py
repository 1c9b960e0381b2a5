"""Vectors that an encoder gives for a sample of a task's training examples, and the labels of these examples."""

from trainables.representations._examples import LabelledVectors
from trainables.representations._representations import Representations, compute_representations, train_briefly

__all__ = ["LabelledVectors", "Representations", "compute_representations", "train_briefly"]
