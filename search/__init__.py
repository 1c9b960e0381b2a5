"""Searches over curricula of intermediate tasks: decides, launches, records, explains."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from search.frames import Search, load_search

__all__ = ["Search", "load_search"]


def __getattr__(name: str) -> Any:
    """Frames need pandas, which no command should wait for that does not show any."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import search.frames

    return getattr(search.frames, name)
