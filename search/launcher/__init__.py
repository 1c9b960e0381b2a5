"""A launch: the scheduler, Ray Tune workers, the study in the hands of its only writer, progress."""

from search.launcher._launch import launch

__all__ = ["launch"]
