"""Measures of an encoder, and of intermediate tasks for targets, from vectors of samples of their training examples."""

from typing import TYPE_CHECKING, Literal

import numpy as np

from search.suggestion._h_score import compute_h_score
from search.suggestion._logme import EvidenceFit, fit_evidence

if TYPE_CHECKING:
    from trainables.representations import LabelledVectors, Representations

Measure = Literal["similarity", "directions", "logme", "h_score", "rows", "tuned_logme", "tuned_h_score"]
"""What an intermediate task is ranked by; more is better. Those of the task and a target are averaged over targets:

- `similarity`: `measure_similarity` of its texts and the target's.
- `directions`: `measure_shared_directions`.
- `logme`, `h_score`: of the task's own labels.
- `rows`: the number of its training rows.
- `tuned_logme`, `tuned_h_score`: by how much those of the target's labels rise when the encoder is briefly trained on the task.
"""
DEFAULT_MEASURE: Measure = "directions"
"""What ranks tasks where nothing is trained."""


def measure_h_score(labelled: "LabelledVectors") -> float | None:
    """H-score of the classes on the vectors; None for labels that are no classes."""
    return compute_h_score(labelled.vectors, labelled.labels) if labelled.has_classes else None


def measure_similarity(task: "Representations", target: "Representations") -> float:
    """Cosine of the mean vectors of two tasks' texts, in -1..1: the text embedding of Vu et al. (EMNLP 2020)."""
    scale = float(np.linalg.norm(task.mean) * np.linalg.norm(target.mean))
    return float(task.mean @ target.mean) / scale if scale else 0.0


def measure_shared_directions(task: EvidenceFit, target: "LabelledVectors") -> float:
    """LogME of the target's labels on the outputs of a linear model of the task's labels.

    The linear model is that of LogME, on the frozen encoder. Its outputs for the target's examples are what a head of the intermediate
    task would say of them; as in LEEP (Nguyen et al., ICML 2020), the question is how much that tells of the target's labels.

    Args:
        task: fitted to the task's labels.
        target: labelled examples of the target.
    """
    return fit_evidence(target.vectors @ task.weights, target.outputs).logme
