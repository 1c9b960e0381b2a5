"""Loads the encoded datasets of a trial's tasks."""

from functools import lru_cache
from pathlib import Path

from trainables.benchmarks import load_task
from trainables.curriculum import Trial
from trainables.data._encoded_dataset import EncodedDataset
from trainables.data._shots import ShotRows
from trainables.data._table_cache import TableCache
from trainables.encoders import load_encoder
from trainables.few_shot import FewShot
from trainables.languages import DEFAULT_SOURCE
from trainables.own_tasks import OwnTask
from trainables.tasks import DEFAULT_POOLING, SentencePooling


def load_trial_datasets(trial: Trial, data: str | None = None) -> dict[str, EncodedDataset]:
    """The encoded dataset of every task of a trial, by name."""
    return {
        task: load_encoded_dataset(
            trial.benchmark,
            task,
            trial.encoder,
            stage.max_length,
            SentencePooling(stage.layer, stage.pooling),
            data,
            trial.own_tasks,
            trial.rules.source,
            trial.few_shot if stage in trial.targets else None,
        )
        for stage in trial.stages
        for task in stage.tasks
    }


@lru_cache(maxsize=64)
def load_encoded_dataset(
    benchmark: str,
    task: str,
    encoder: str,
    max_length: int,
    sentence_pooling: SentencePooling = DEFAULT_POOLING,
    data: str | None = None,
    own_tasks: tuple[OwnTask, ...] = (),
    source: tuple[str, ...] = DEFAULT_SOURCE,
    few_shot: FewShot | None = None,
) -> EncodedDataset:
    """The encoded dataset of a benchmark's task; it is kept in memory, its tables mapped from disk, for later calls.

    Args:
        benchmark: name of the benchmark.
        task: name of the task.
        encoder: as in a config.
        max_length: longest input in tokens.
        sentence_pooling: for task kinds that retrieve without training.
        data: the folder of the cached tables; None for a temporary folder of this process.
        own_tasks: the user's own tasks, beside the benchmark's.
        source: the source languages.
        few_shot: of a target: dev rows that it may be trained on are not scored.
    """
    table_cache = TableCache(Path(data)) if data else TableCache()
    rows = load_task(benchmark, task, own_tasks, source)
    shots = None if few_shot is None else ShotRows(rows, few_shot)
    return EncodedDataset(
        rows if shots is None else shots.withhold(),
        load_encoder(encoder),
        max_length,
        sentence_pooling,
        table_cache,
        shot_rows=shots,
    )
