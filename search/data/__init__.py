"""Data before training: checks of every set and of the encoder, and the encoded datasets of a launch."""

from search.data._check import DatasetCheck, check_datasets
from search.data._encoder_check import describe_training_memory, find_encoder_problems
from search.data._own_check import describe_own_tasks
from search.data._preparation import prepare_data
from search.data._requests import list_task_requests
from search.data._shots import describe_shot_sources, list_shot_sources

__all__ = [
    "DatasetCheck",
    "check_datasets",
    "describe_own_tasks",
    "describe_shot_sources",
    "describe_training_memory",
    "find_encoder_problems",
    "list_shot_sources",
    "list_task_requests",
    "prepare_data",
]
