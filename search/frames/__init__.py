"""A search as pandas frames."""

from search.frames._frames import Search, load_search

__all__ = ["Search", "load_search"]
