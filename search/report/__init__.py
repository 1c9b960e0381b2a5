"""The report for people: tables for a terminal, page and pictures for a search's folder."""

from search.report._answer import render_answer
from search.report._files import write_report_files
from search.report._racing import list_racing_warnings
from search.report._report import build_report, render_report, write_report_page
from search.report._status import make_path_formatter, render_status

__all__ = [
    "build_report",
    "list_racing_warnings",
    "make_path_formatter",
    "render_answer",
    "render_report",
    "render_status",
    "write_report_files",
    "write_report_page",
]
