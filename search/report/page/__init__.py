"""The report as one self-contained HTML page, and its pictures as figures."""

from search.report.page._folder import write_page_and_pictures
from search.report.page._page import write_page

__all__ = ["write_page", "write_page_and_pictures"]
