"""Rows to encoded datasets, cached in Arrow tables."""

from trainables.data._encoded_dataset import EncodedDataset, EvaluationSet
from trainables.data._loading import load_encoded_dataset, load_trial_datasets
from trainables.data._table_cache import ArrowTable, take_rows

__all__ = ["ArrowTable", "EncodedDataset", "EvaluationSet", "load_encoded_dataset", "load_trial_datasets", "take_rows"]
