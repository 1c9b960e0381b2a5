"""Copies data sets and encoders of the hub into mirrors: a parquet file for each split, and a README that names them, as on the hub."""

import json
from pathlib import Path
from uuid import uuid4

from datasets import Dataset, IterableDataset
from huggingface_hub import snapshot_download

from trainables.benchmarks.hub._source import make_read_error, open_split
from trainables.cards import MODELS_FOLDER, DatasetPart

PARQUET_SUFFIX = "-00000-of-00001.parquet"
"""Suffix of the file of a split."""
README_MARKER = "---\n# written by xlt data fetch\n"
"""Beginning of the README of a data set that was copied by this module."""
ENCODER_FILE_PATTERNS = ("*.json", "*.txt", "*.model", "*.safetensors")
"""Files of an encoder that are copied; an encoder without safetensors has its weights in ``pytorch_model.bin``."""


def copy_split(part: DatasetPart, language: str, folder: Path) -> bool:
    """Copy one split of a data set into a folder of mirrors, unless it is there.

    Args:
        part: of the data set.
        language: of the configuration.
        folder: of mirrors; the file is ``namespace/name/CONFIGURATION/SPLIT-00000-of-00001.parquet``.

    Returns:
        Whether anything was copied.

    Raises:
        DataError: when it cannot be read.
    """
    assert not part.source.is_local, "it is on no hub"
    mirror = folder / part.source.repository
    file = mirror / part.configuration_of(language) / f"{part.split_of(language)}{PARQUET_SUFFIX}"
    if file.exists():
        _write_readme(mirror)  # an earlier copy may have been killed before this step
        return False
    rows = open_split(part, language)
    assert isinstance(rows, Dataset | IterableDataset)
    if part.take is not None and part.contains_row is None:
        rows = rows.take(part.skip + part.take)
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_suffix(f".{uuid4().hex[:8]}.part")
    try:
        rows.to_parquet(str(unfinished))
        unfinished.rename(file)
    except Exception as error:
        raise make_read_error(part, language, error) from error
    finally:
        unfinished.unlink(missing_ok=True)
    _write_readme(mirror)
    return True


def _write_readme(mirror: Path) -> None:
    """Write the README with configurations and splits for `load_dataset`; a README that another program wrote is kept."""
    readme, configurations = mirror / "README.md", dict[str, list[dict[str, str]]]()
    before = readme.read_text(encoding="utf-8") if readme.exists() else README_MARKER
    for file in sorted(mirror.glob(f"*/*{PARQUET_SUFFIX}")):
        path = f"{file.parent.name}/{file.name}"
        configurations.setdefault(file.parent.name, []).append(
            {"split": file.name.removesuffix(PARQUET_SUFFIX), "path": path}
        )
    listed = [{"config_name": name, "data_files": files} for name, files in configurations.items()]
    card = f"{README_MARKER}configs: {json.dumps(listed, indent=1)}\n---\n"
    if before.startswith(README_MARKER) and before != card:
        unfinished = mirror / f"README.{uuid4().hex[:8]}.part"
        unfinished.write_text(card, encoding="utf-8")
        unfinished.rename(readme)


def copy_encoder(encoder: str, folder: Path) -> bool:
    """Copy an encoder of the hub into a folder of mirrors, ``models/namespace/name``, and return whether anything was copied."""
    mirror = folder / MODELS_FOLDER / encoder
    if mirror.is_dir():
        return False
    unfinished = mirror.with_name(f"{mirror.name}.part")  # a killed download is resumed
    snapshot_download(encoder, local_dir=unfinished, allow_patterns=list(ENCODER_FILE_PATTERNS))
    if not any(unfinished.glob("*.safetensors")):
        snapshot_download(encoder, local_dir=unfinished, allow_patterns=["pytorch_model*.bin*"])
    unfinished.rename(mirror)
    return True
