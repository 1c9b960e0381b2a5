"""Task kinds, one file each."""

from trainables.tasks._base import TaskKind
from trainables.tasks._classification import Classification
from trainables.tasks._dense_retrieval import DenseRetrieval
from trainables.tasks._masked_language_modelling import MaskedLanguageModelling
from trainables.tasks._mining import Mining
from trainables.tasks._multiple_choice import MultipleChoice
from trainables.tasks._question_answering import QuestionAnswering, QuestionAnsweringMLQA
from trainables.tasks._ranking import Ranking
from trainables.tasks._retrieval import Retrieval, RetrievalFromEnglish
from trainables.tasks._tagging import Tagging, TaggingByPrecision

TASK_KINDS: dict[str, TaskKind] = {
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
