"""The miniature: real text in 49 languages from Unicode CLDR, and a small encoder."""

from trainables.benchmarks.miniature._cards import MINIATURE_LANGUAGES, MINIATURE_TASKS

__all__ = ["MINIATURE_LANGUAGES", "MINIATURE_TASKS"]
