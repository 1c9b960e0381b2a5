"""Ways to spoil an encoder's folder, and what comes of using it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from trainables.encoders import fetch_encoder_weights, load_encoder
from trainables.validation import DataError

Spoil = Callable[[Path], object]


def used(folder: Path) -> str:
    """Everything that a search does with an encoder before it trains; its hash."""
    encoder = load_encoder.__wrapped__(str(folder))
    load_encoder.cache_clear()
    fetch_encoder_weights(str(folder))
    return encoder.hash


def refusal(folder: Path) -> str:
    with pytest.raises(DataError) as told:
        used(folder)
    said = str(told.value)
    assert "\n" not in said
    assert said.startswith(f"the encoder {folder} cannot be ")
    return said.partition(": ")[2]


def fields(file: str = "config.json", **told: Any) -> Spoil:
    def spoil(folder: Path) -> None:
        document = json.loads((folder / file).read_text(encoding="utf-8"))
        (folder / file).write_text(json.dumps(document | told), encoding="utf-8")

    return spoil


def text(file: str, content: str) -> Spoil:
    return lambda folder: (folder / file).write_text(content, encoding="utf-8")


def tokenizer(change: Callable[[dict[str, Any]], object]) -> Spoil:
    def spoil(folder: Path) -> None:
        document = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
        change(document)
        (folder / "tokenizer.json").write_text(json.dumps(document), encoding="utf-8")

    return spoil


def weights(change: Callable[[dict[str, torch.Tensor]], object]) -> Spoil:
    def spoil(folder: Path) -> None:
        tensors = load_file(folder / "model.safetensors")
        change(tensors)
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})

    return spoil


def sharded(weight_map: object) -> Spoil:
    def spoil(folder: Path) -> None:
        (folder / "model.safetensors").rename(folder.parent / "outside.safetensors")
        shutil.copy(folder.parent / "outside.safetensors", folder / "part.safetensors")
        index = json.dumps({"metadata": {}, "weight_map": weight_map}).replace("PARENT", str(folder.parent))
        (folder / "model.safetensors.index.json").write_text(index)

    return spoil


def instead(file: str, make: Callable[[Path], object]) -> Spoil:
    def spoil(folder: Path) -> None:
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).unlink(missing_ok=True)
        make(folder / file)

    return spoil


def moved_out(file: Path) -> None:
    outside = next(folder for folder in file.parents if folder.name == "encoder").with_name("outside")
    outside.mkdir(exist_ok=True)
    (outside / file.name).write_text("{}")
    file.symlink_to(outside / file.name)


class Touch:
    """What a pickle runs: it makes a file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.file,)


def pickled(protocol: Callable[[object, Path], object]) -> Spoil:
    def spoil(folder: Path) -> None:
        (folder / "model.safetensors").unlink()
        protocol({"a": Touch(folder.parent / "ran")}, folder / "pytorch_model.bin")

    return spoil


def evil(file: str, **told: Any) -> Spoil:
    """A file of code, and a document that names it."""

    def spoil(folder: Path) -> None:
        (folder / "evil.py").write_text(f"open({str(folder.parent / 'ran')!r}, 'w').close()\n")
        if not (folder / file).exists():
            (folder / file).write_text("{}")
        fields(file, **told)(folder)

    return spoil


def both(*spoils: Spoil) -> Spoil:
    return lambda folder: [spoil(folder) for spoil in spoils]
