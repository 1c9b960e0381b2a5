"""What a search leaves for people: results, page and pictures in its folder."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from search import results
from search.analysis import analyse
from search.home import SearchFolder
from search.study import Study


@dataclass(frozen=True, slots=True)
class Review:
    """What was written."""

    files: Mapping[str, Path]
    """Page and pictures, by the names that artifacts have; none if they could not be made."""
    answer: list[str]
    """In three sentences."""


def review(study: Study, folder: SearchFolder, console: Console) -> Review:
    """Write results, page and pictures anew. What goes wrong with the latter two costs no search anything, and is told."""
    results.write(study, folder)
    try:
        from search.page.folder import refresh

        analysis = analysed(folder)
        return Review(refresh(analysis, folder), analysis["answer"])
    except Exception as error:
        console.print(
            f"the page could not be written ({type(error).__name__}: {error}); results.json is whole",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )
        return Review({}, [])


def analysed(folder: SearchFolder) -> dict[str, Any]:
    """The analysis of the results that are in the folder."""
    return analyse(json.loads(folder.results.read_text(encoding="utf-8")))
