"""Task kinds, one file each."""

from trainables.tasks.base import ITEM, Encoded, Feature, Row, TaskData, TaskKind, length, pad, texts
from trainables.tasks.classification import Classification
from trainables.tasks.multiple_choice import MultipleChoice
from trainables.tasks.question_answering import QuestionAnswering
from trainables.tasks.retrieval import Retrieval
from trainables.tasks.tagging import Tagging

KINDS: dict[str, TaskKind] = {
    "classification": Classification(),
    "multiple_choice": MultipleChoice(),
    "tagging": Tagging(),
    "question_answering": QuestionAnswering(),
    "retrieval": Retrieval(),
}

__all__ = ["ITEM", "KINDS", "Encoded", "Feature", "Row", "TaskData", "TaskKind", "length", "pad", "texts"]
