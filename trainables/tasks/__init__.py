"""Task kinds, one file each."""

from trainables.tasks.base import Encoded, TaskKind, reads
from trainables.tasks.classification import Classification
from trainables.tasks.dense_retrieval import DenseRetrieval
from trainables.tasks.masked_language_modelling import MaskedLanguageModelling
from trainables.tasks.mining import Mining
from trainables.tasks.multiple_choice import MultipleChoice
from trainables.tasks.question_answering import QuestionAnswering, QuestionAnsweringMLQA
from trainables.tasks.ranking import Ranking
from trainables.tasks.retrieval import Retrieval, RetrievalFromEnglish
from trainables.tasks.tagging import Tagging, TaggingByPrecision

KINDS: dict[str, TaskKind] = {
    "classification": Classification(),
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

__all__ = ["KINDS", "Encoded", "TaskKind", "reads"]
