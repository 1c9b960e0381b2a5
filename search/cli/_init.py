"""The command that begins a search of one's own."""

from pathlib import Path

import click

from search.config import find_config, list_shipped_configs
from search.errors import UserError
from search.terminal import TextTable, make_stdout_console, print_line


@click.command()
@click.argument("name", required=False)
@click.argument("file", required=False, type=click.Path(path_type=Path))
def init(name: str | None, file: Path | None) -> None:
    """Write the commented config NAME into FILE (NAME.yaml), to be changed and launched; without NAME list what there is."""
    shipped = list_shipped_configs()
    if name is None:
        table = TextTable(["config", "what it is for"], left=["config", "what it is for"])
        for each, purpose in shipped.items():
            table.add(each, purpose)
        make_stdout_console().print(table)
        return
    if name not in shipped:
        raise UserError(f"there is no config {name!r}; there are {', '.join(shipped)}")
    file = file or Path(f"{name}.yaml")
    text = find_config(Path(name)).read_text(encoding="utf-8").replace(f"configs/{name}.yaml", str(file))
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError:
        raise UserError(f"{file} is there already: name another file") from None
    print_line(f"written to {file}; launch it: xlt launch {file}")
