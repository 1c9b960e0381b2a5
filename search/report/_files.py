"""The files of a report in the search's folder: results.json, page and pictures."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from search.analysis import analyse_results
from search.home import SearchFolder
from search.results import write_results
from search.study import Study
from search.terminal import print_plain


@dataclass(frozen=True, slots=True)
class ReportFiles:
    """The files that were written, and the answer."""

    files: Mapping[str, Path]
    """Page and pictures by artifact name; empty if they could not be made."""
    answer: list[str]
    """The answer in up to three sentences."""


def write_report_files(study: Study, folder: SearchFolder, console: Console) -> ReportFiles:
    """Write results, page and pictures anew. An error in page or pictures is printed and does not stop the search."""
    write_results(study, folder)
    try:
        from search.report.page import write_page_and_pictures

        analysis = analyse_folder(folder)
        return ReportFiles(write_page_and_pictures(analysis, folder), analysis["answer"])
    except Exception as error:
        print_plain(
            console,
            f"the page could not be written ({type(error).__name__}: {error}); results.json is complete",
        )
        return ReportFiles({}, [])


def analyse_folder(folder: SearchFolder) -> dict[str, Any]:
    """Analyse the ``results.json`` of the folder."""
    return analyse_results(json.loads(folder.results.read_text(encoding="utf-8")))
