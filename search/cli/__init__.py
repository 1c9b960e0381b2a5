"""The command line: words in, tables out."""

from search.cli._main import main

__all__ = ["main"]
