"""What a search leaves for people: results, page and pictures in its folder."""

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


@dataclass(frozen=True, slots=True)
class ReportFiles:
    """What was written."""

    files: Mapping[str, Path]
    """Page and pictures, by the names that artifacts have; none if they could not be made."""
    answer: list[str]
    """In three sentences."""


def write_report_files(study: Study, folder: SearchFolder, console: Console) -> ReportFiles:
    """Write results, page and pictures anew. What goes wrong with the latter two costs no search anything, and is told."""
    write_results(study, folder)
    try:
        from search.report.page import write_page_and_pictures

        analysis = analyse_folder(folder)
        return ReportFiles(write_page_and_pictures(analysis, folder), analysis["answer"])
    except Exception as error:
        console.print(
            f"the page could not be written ({type(error).__name__}: {error}); results.json is whole",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
        return ReportFiles({}, [])


def analyse_folder(folder: SearchFolder) -> dict[str, Any]:
    """The analysis of the results that are in the folder."""
    return analyse_results(json.loads(folder.results.read_text(encoding="utf-8")))
