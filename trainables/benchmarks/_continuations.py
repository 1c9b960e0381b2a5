"""The few-shot continuations of a trial's targets."""

from functools import lru_cache

from trainables.benchmarks._catalogue import get_task_catalogue
from trainables.cards import list_continuations
from trainables.curriculum import Stage, Trial
from trainables.few_shot import FewShot
from trainables.own_tasks import OwnTask


def list_trial_continuations(trial: Trial, target: Stage) -> tuple[Stage, ...]:
    """The stages that go on from a target of a trial; none without few-shot rows. See `trainables.cards.list_continuations`."""
    if trial.few_shot is None:
        return ()
    return _list_continuations(trial.benchmark, trial.own_tasks, trial.rules.source, trial.few_shot, target)


@lru_cache(maxsize=1024)  # a sampler asks for every candidate
def _list_continuations(
    benchmark: str, own_tasks: tuple[OwnTask, ...], source: tuple[str, ...], few_shot: FewShot, target: Stage
) -> tuple[Stage, ...]:
    return list_continuations(target, few_shot, get_task_catalogue(benchmark, own_tasks, source)[target.task])
