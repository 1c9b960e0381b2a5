"""Data before training: every set checked, encoded for the workers, or copied from the hub."""

from search.data._check import DatasetCheck, check_datasets, find_encoder_problems, list_task_requests, prepare_data

__all__ = ["DatasetCheck", "check_datasets", "find_encoder_problems", "list_task_requests", "prepare_data"]
