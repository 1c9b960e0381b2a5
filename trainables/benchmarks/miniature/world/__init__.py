"""The miniature's world as text: facts, sentences, tasks and synonyms from Unicode CLDR through Babel."""

from trainables.benchmarks.miniature.world._records import DATE_KINDS, PLACE_KINDS, WorldRecord, draw_records
from trainables.benchmarks.miniature.world._rendering import render_date, render_fact, render_list, render_place

__all__ = [
    "DATE_KINDS",
    "PLACE_KINDS",
    "WorldRecord",
    "draw_records",
    "render_date",
    "render_fact",
    "render_list",
    "render_place",
]
