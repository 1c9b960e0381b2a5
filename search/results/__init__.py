"""``results.json``, the verdict on finalists, and the analyses that it holds."""

from search.results._language_pairs import analyse_language_pairs
from search.results._paired_comparison import is_significantly_worse
from search.results._racing import analyse_racing
from search.results._results import build_results, serialize_results, write_results
from search.results._verdict import Comparison, Verdict, decide_verdict

__all__ = [
    "Comparison",
    "Verdict",
    "analyse_language_pairs",
    "analyse_racing",
    "build_results",
    "decide_verdict",
    "is_significantly_worse",
    "serialize_results",
    "write_results",
]
