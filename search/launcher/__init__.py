"""Launch a search: scheduler, Ray Tune workers, racing, the study as its launch writes it, progress."""

from search.launcher._launch import launch

__all__ = ["launch"]
