"""Text and tables for terminals of any width and for pipes."""

from search.terminal._screen import (
    make_progress_bar,
    make_stderr_console,
    make_stdout_console,
    print_json,
    print_line,
    print_plain,
)
from search.terminal._table import Paragraph, TextTable

__all__ = [
    "Paragraph",
    "TextTable",
    "make_progress_bar",
    "make_stderr_console",
    "make_stdout_console",
    "print_json",
    "print_line",
    "print_plain",
]
