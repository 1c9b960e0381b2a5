"""The data that an exported model was trained on, from the cards of its tasks."""

from dataclasses import dataclass

from trainables.benchmarks import get_task_catalogue
from trainables.cards import MULTIPLE_LANGUAGES, DatasetSource, TaskCard
from trainables.curriculum import Trial

GENERATED_LICENCE = "Unicode-3.0"
"""The licence of Unicode CLDR, from which the text of the tasks that the package generates is made."""


@dataclass(frozen=True, slots=True)
class TrainingSource:
    """A data set of a task that a model was trained on."""

    task: str
    repository: str
    """``namespace/name`` on the hub; another name for data that are not there."""
    licence: str
    """As its card or paper states it."""
    citation: str = ""
    """How to cite it, where a user's own task says so."""

    @property
    def is_on_hub(self) -> bool:
        """Whether the repository is a hub id."""
        return self.repository.count("/") == 1 and not self.repository.startswith("local/")


def find_task_card(trial: Trial, task: str) -> TaskCard:
    """The card of one of a trial's tasks."""
    return get_task_catalogue(trial.benchmark, trial.own_tasks, trial.rules.source)[task]


def find_training_sources(trial: Trial, target: str) -> list[TrainingSource]:
    """The data sets of the trial's curriculum and of a target, in the order of training; a target without training has none."""
    stages = [*trial.curriculum, *(stage for stage in trial.targets if stage.task == target and stage.steps)]
    found = [
        source
        for stage in stages
        for task in stage.tasks
        for source in _list_sources(task, find_task_card(trial, task))
    ]
    return list(dict.fromkeys(found))


def describe_training_languages(trial: Trial, task: str) -> str:
    """The languages of a task's training rows, by name; their number where there are more than three."""
    card = find_task_card(trial, task)
    codes = tuple(dict.fromkeys(code for part in card.parts.train for code in part.languages)) if card.parts else ()
    if not codes:
        codes = trial.rules.source if card.language == MULTIPLE_LANGUAGES and card.train_sets else (card.language,)
    if codes == (MULTIPLE_LANGUAGES,):
        return "several languages"
    names = [trial.rules.get_name(code) for code in codes]
    return " and ".join(names) if len(names) < 4 else f"{len(names)} languages"


def _list_sources(task: str, card: TaskCard) -> list[TrainingSource]:
    if card.parts is None:
        return [TrainingSource(task, "generated", GENERATED_LICENCE)]
    return [
        TrainingSource(
            task,
            get_repository(part.source),
            part.source.licence or "unclear",
            part.source.own.citation if part.source.own else "",
        )
        for part in card.parts.train
    ]


def get_repository(source: DatasetSource) -> str:
    """The hub id of a data set, also of one that a user's own task reads; the task's name for files."""
    return (source.own.hub if source.own else "") or source.repository
