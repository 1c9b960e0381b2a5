"""Mirrors of data sets: for each split a parquet file, and the README that names them, as on the hub."""

import json
from pathlib import Path
from uuid import uuid4

from datasets import Dataset, IterableDataset
from huggingface_hub import snapshot_download

from trainables.benchmarks.hub._source import make_read_error, open_split
from trainables.cards import MODELS_FOLDER, DatasetPart

PARQUET_SUFFIX = "-00000-of-00001.parquet"
"""How the file of a split ends."""
README_MARKER = "---\n# written by xlt data fetch\n"
"""How the README of a set that was copied here begins."""
ENCODER_FILE_PATTERNS = ("*.json", "*.txt", "*.model", "*.safetensors")
"""What is copied of an encoder; one without safetensors has its weights in ``pytorch_model.bin``."""


def copy_split(part: DatasetPart, language: str, folder: Path) -> bool:
    """Copy one split of a set into a folder of mirrors, unless it is there.

    Args:
        part: whose set.
        language: whose configuration.
        folder: of mirrors; the file is ``namespace/name/CONFIGURATION/SPLIT-00000-of-00001.parquet``.

    Returns:
        Whether anything was copied.

    Raises:
        DataError: when it cannot be read.
    """
    assert not part.source.is_local, "it is on no hub"
    place = folder / part.source.repository
    file = place / part.configuration_of(language) / f"{part.split_of(language)}{PARQUET_SUFFIX}"
    if file.exists():
        _write_readme(place)  # it may have been killed before it could
        return False
    told = open_split(part, language)
    assert isinstance(told, Dataset | IterableDataset)
    if part.take is not None and part.contains_row is None:
        told = told.take(part.skip + part.take)
    file.parent.mkdir(parents=True, exist_ok=True)
    aside = file.with_suffix(f".{uuid4().hex[:8]}.part")
    try:
        told.to_parquet(str(aside))
        aside.rename(file)
    except Exception as error:
        raise make_read_error(part, language, error) from error
    finally:
        aside.unlink(missing_ok=True)
    _write_readme(place)
    return True


def _write_readme(place: Path) -> None:
    """Write the README from which `load_dataset` knows configurations and splits; one that came with a mirror stays as it is."""
    readme, configurations = place / "README.md", dict[str, list[dict[str, str]]]()
    before = readme.read_text(encoding="utf-8") if readme.exists() else README_MARKER
    for file in sorted(place.glob(f"*/*{PARQUET_SUFFIX}")):
        path = f"{file.parent.name}/{file.name}"
        configurations.setdefault(file.parent.name, []).append(
            {"split": file.name.removesuffix(PARQUET_SUFFIX), "path": path}
        )
    listed = [{"config_name": name, "data_files": files} for name, files in configurations.items()]
    card = f"{README_MARKER}configs: {json.dumps(listed, indent=1)}\n---\n"
    if before.startswith(README_MARKER) and before != card:
        aside = place / f"README.{uuid4().hex[:8]}.part"
        aside.write_text(card, encoding="utf-8")
        aside.rename(readme)


def copy_encoder(encoder: str, folder: Path) -> bool:
    """Copy an encoder of the hub into a folder of mirrors, ``models/namespace/name``; whether anything was copied."""
    place = folder / MODELS_FOLDER / encoder
    if place.is_dir():
        return False
    aside = place.with_name(f"{place.name}.part")  # taken up again where it was killed
    snapshot_download(encoder, local_dir=aside, allow_patterns=list(ENCODER_FILE_PATTERNS))
    if not any(aside.glob("*.safetensors")):
        snapshot_download(encoder, local_dir=aside, allow_patterns=["pytorch_model*.bin*"])
    aside.rename(place)
    return True
