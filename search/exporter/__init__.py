"""The best trial as files: ``best.yaml``, models, cards and a registered model."""

from search.exporter._export import export
from search.exporter._exported_trial import ExportedTrial, load_exported_trial
from search.exporter._registry import register_best
from search.exporter._rerun import compare_rerun, rerun_exported_trial
from search.exporter._rerun_table import render_rerun

__all__ = [
    "ExportedTrial",
    "compare_rerun",
    "export",
    "load_exported_trial",
    "register_best",
    "render_rerun",
    "rerun_exported_trial",
]
