"""Task kinds, one file each: tensors, head, metrics."""

from trainables.tasks._base import EncodedRows, TaskKind, get_model_inputs
from trainables.tasks._dense_retrieval import RANKING_DEPTH, RetrievedCandidates
from trainables.tasks._kinds import TASK_KINDS, get_task_kind
from trainables.tasks._nearest_neighbours import find_nearest
from trainables.tasks._retrieval import DEFAULT_POOLING, Retrieval, SentencePooling

__all__ = [
    "DEFAULT_POOLING",
    "RANKING_DEPTH",
    "TASK_KINDS",
    "EncodedRows",
    "Retrieval",
    "RetrievedCandidates",
    "SentencePooling",
    "TaskKind",
    "find_nearest",
    "get_model_inputs",
    "get_task_kind",
]
