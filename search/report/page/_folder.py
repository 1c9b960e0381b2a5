"""The page and its pictures as files of a search's folder."""

from pathlib import Path
from typing import Any

from search.home import SearchFolder, write_atomically
from search.report.page._page import draw_figures, write_page


def write_page_and_pictures(analysis: dict[str, Any], folder: SearchFolder) -> dict[str, Path]:
    """Write the page and its pictures anew; returns the files by the names that artifacts have."""
    write_page(analysis, folder.report)
    folder.pictures.mkdir(exist_ok=True)
    found = {folder.report.name: folder.report}
    drawn = {f"{name}.png": figure for name, figure in draw_figures(analysis).items()}
    for name, figure in drawn.items():
        with write_atomically(folder.pictures / name) as aside:
            figure.savefig(aside, format="png")
        found[f"{folder.pictures.name}/{name}"] = folder.pictures / name
    for old in {*folder.pictures.glob("*.png")} - {*found.values()}:
        old.unlink()
    return found
