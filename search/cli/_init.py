"""``xlt init``: write a commented config to start from."""

import re
from pathlib import Path

import click

from search.config import NAME_PATTERN, find_config, list_shipped_configs
from search.errors import UserError
from search.terminal import TextTable, make_stdout_console, print_line


@click.command()
@click.argument("name", required=False)
@click.argument("file", required=False, type=click.Path(path_type=Path))
def init(name: str | None, file: Path | None) -> None:
    """Write the commented config NAME to FILE (by default NAME.yaml), to edit and launch. Without NAME: list the configs."""
    shipped = list_shipped_configs()
    if name is None:
        table = TextTable(["config", "purpose"], left_aligned_columns=["config", "purpose"])
        for each, purpose in shipped.items():
            table.add_row(each, purpose)
        make_stdout_console().print(table)
        return
    if name not in shipped:
        raise UserError(f"there is no config {name!r}; there are {', '.join(shipped)}")
    file = file or Path(f"{name}.yaml")
    text = _rename(find_config(Path(name)).read_text(encoding="utf-8"), name, file)
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError:
        raise UserError(f"{file} exists already: name another file") from None
    print_line(f"written to {file}; launch it: xlt launch {file}")


def _rename(text: str, name: str, file: Path) -> str:
    """The config with the file's name in place of the shipped one's, so that its search is another one."""
    text = text.replace(f"configs/{name}.yaml", str(file))
    if NAME_PATTERN.fullmatch(file.stem):
        text = re.sub(rf"^name: {name}\b", f"name: {file.stem}", text, flags=re.MULTILINE)
        text = text.replace(f"searches/{name}/", f"searches/{file.stem}/")
    return text
