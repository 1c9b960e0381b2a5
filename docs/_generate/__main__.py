"""Write every generated page and picture: ``python -m docs._generate``; with ``--check`` say which are out of date, and exit with 1."""

import sys
from collections.abc import Callable
from pathlib import Path

from docs._generate import configuration, rooms, tasks

DOCS = Path(__file__).parents[1]
GENERATED: dict[str, Callable[[], str]] = {
    "configuration.md": configuration.page,
    "tasks.md": tasks.page,
    "rooms.svg": rooms.picture,
}
"""By file name below docs/, what makes its text."""


def stale() -> list[str]:
    """The files whose text is not what their generator makes."""
    return [name for name, make in GENERATED.items() if _text(name) != make()]


def _text(name: str) -> str | None:
    file = DOCS / name
    return file.read_text(encoding="utf-8") if file.exists() else None


def main(words: list[str]) -> int:
    found = stale()
    if "--check" in words:
        for name in found:
            print(f"docs/{name} is out of date: run python -m docs._generate", file=sys.stderr)  # noqa: T201
        return int(bool(found))
    for name in found:
        (DOCS / name).write_text(GENERATED[name](), encoding="utf-8")
        print(f"written: docs/{name}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
