"""Paths of the launching machine that workers need."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SharedPaths:
    """Paths that workers on other nodes must see."""

    writable: tuple[str, ...] = ()
    """Folders and URLs that the launch and its workers write to."""
    readable: tuple[str, ...] = ()
    """Files and folders that the workers read."""
