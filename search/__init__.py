"""Searches over curricula of intermediate tasks: decides, launches, records, explains."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from search._api import (
        Config,
        ExportedTrial,
        Plan,
        Search,
        UserError,
        export,
        launch,
        load_config,
        load_search,
        plan,
        train,
        write_report,
    )
    from search.sampler import Candidate, CurriculumSampler, StageView

__all__ = [
    "Candidate",
    "Config",
    "CurriculumSampler",
    "ExportedTrial",
    "Plan",
    "Search",
    "StageView",
    "UserError",
    "export",
    "launch",
    "load_config",
    "load_search",
    "plan",
    "train",
    "write_report",
]

_OF_THE_SAMPLER = {"Candidate", "CurriculumSampler", "StageView"}


def __getattr__(name: str) -> Any:
    """Import a name on first use, so that no command waits for pandas or scikit-learn without using them."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("search.sampler" if name in _OF_THE_SAMPLER else "search._api"), name)


def __dir__() -> list[str]:
    return __all__
