"""Tasks of a user's own: their files become cards and rows, as those of the catalogue are."""

from trainables.benchmarks.own._card import make_own_card, resolve_own_task
from trainables.benchmarks.own._hub_set import HubReader, list_hub_splits, make_hub_source
from trainables.benchmarks.own._table import PLACE_COLUMN, OwnTable, describe_own_source, load_own_table

__all__ = [
    "PLACE_COLUMN",
    "HubReader",
    "OwnTable",
    "describe_own_source",
    "list_hub_splits",
    "load_own_table",
    "make_hub_source",
    "make_own_card",
    "resolve_own_task",
]
