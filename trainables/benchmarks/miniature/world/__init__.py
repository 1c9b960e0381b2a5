"""The miniature's world as text: facts, sentences, tasks and synonyms from Unicode CLDR through Babel."""

from trainables.benchmarks.miniature.world._records import DATE_KINDS, PLACE_KINDS, WorldRecord, draw_records
from trainables.benchmarks.miniature.world._rendering import render_date, render_fact, render_list, render_place
from trainables.benchmarks.miniature.world._synonyms import build_synonyms
from trainables.benchmarks.miniature.world._tasks import load_miniature_task

__all__ = [
    "DATE_KINDS",
    "PLACE_KINDS",
    "WorldRecord",
    "build_synonyms",
    "draw_records",
    "load_miniature_task",
    "render_date",
    "render_fact",
    "render_list",
    "render_place",
]
