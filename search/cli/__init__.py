"""The command line ``xlt``: one module a group of commands."""

from search.cli._main import main

__all__ = ["main"]
