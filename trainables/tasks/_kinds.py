"""Task kinds, one file each."""

from collections.abc import Collection

from trainables.cards import explain_unknown_metric
from trainables.tasks._base import TaskKind
from trainables.tasks._classification import Classification
from trainables.tasks._dense_retrieval import DenseRetrieval
from trainables.tasks._masked_language_modelling import MaskedLanguageModelling
from trainables.tasks._mining import Mining
from trainables.tasks._multi_label import MultiLabel
from trainables.tasks._multiple_choice import MultipleChoice
from trainables.tasks._question_answering import QuestionAnswering, QuestionAnsweringMLQA
from trainables.tasks._ranking import Ranking
from trainables.tasks._regression import Regression
from trainables.tasks._retrieval import Retrieval, RetrievalFromEnglish
from trainables.tasks._tagging import Tagging, TaggingByPrecision

TASK_KINDS: dict[str, TaskKind] = {
    "classification": Classification(),
    "multi_label": MultiLabel(),
    "regression": Regression(),
    "multiple_choice": MultipleChoice(),
    "tagging": Tagging(),
    "tagging_by_precision": TaggingByPrecision(),
    "question_answering": QuestionAnswering(),
    "question_answering_mlqa": QuestionAnsweringMLQA(),
    "retrieval": Retrieval(),
    "retrieval_from_english": RetrievalFromEnglish(),
    "mining": Mining(),
    "dense_retrieval": DenseRetrieval(),
    "ranking": Ranking(),
    "masked_language_modelling": MaskedLanguageModelling(),
}


def get_task_kind(kind: str, metric: str = "", labels: Collection[str] = ()) -> TaskKind:
    """The kind of a task.

    Args:
        kind: a key of `TASK_KINDS`.
        metric: the main metric, which is computed beside the kind's own; empty: the kind's default.
        labels: of the task, to check the label of ``f1:LABEL``; empty: any label.

    Raises:
        ValueError: when the kind has no such metric; see `trainables.cards.explain_unknown_metric`.
    """
    if wrong := explain_unknown_metric(kind, metric, labels):
        raise ValueError(wrong)
    found = TASK_KINDS[kind]
    return found.with_metric(metric) if metric else found
