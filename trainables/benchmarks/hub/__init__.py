"""Data sets of the Hugging Face hub, or of a mirror of it, checked and read row by row."""

from trainables.benchmarks.hub._mirror_copy import copy_encoder, copy_split
from trainables.benchmarks.hub._own_task import list_own_parts, load_table, resolve_task
from trainables.benchmarks.hub._source import silence_datasets
from trainables.benchmarks.hub._tasks import load_hub_task, read_labels, read_rows

__all__ = [
    "copy_encoder",
    "copy_split",
    "list_own_parts",
    "load_hub_task",
    "load_table",
    "read_labels",
    "read_rows",
    "resolve_task",
    "silence_datasets",
]
