"""The configs that are shipped with the package, by name."""

from pathlib import Path

_FOLDER = Path(__file__).parents[1] / "configs"


def list_shipped_configs() -> dict[str, str]:
    """The purpose of each shipped config by its name: the first comment line of the file."""
    return {file.stem: _read_purpose(file) for file in sorted(_FOLDER.glob("*.yaml"))}


def find_config(path: Path) -> Path:
    """The file of a config: `path` where there is one, else the shipped config of that name."""
    shipped = _FOLDER / f"{path}.yaml"
    return shipped if not path.exists() and path.name == str(path) and shipped.is_file() else path


def get_base_folder(file: Path) -> Path:
    """The folder that relative paths in a config refer to: the folder of the file; for a shipped config the working directory."""
    return Path.cwd() if file.parent == _FOLDER else file.parent


def _read_purpose(file: Path) -> str:
    return file.read_text(encoding="utf-8").partition("\n")[0].removeprefix("#").strip()
