"""Files beside a model of sentence vectors by which sentence-transformers loads it, with its layer and pooling.

The schema is that of sentence-transformers' own saved models (``modules.json``, one folder a module), with the key names of its version
3, which its later versions read as well (tried with 3.4.1, 4.1.0, 5.2.0 and 6.2.0).
"""

import json
from pathlib import Path
from typing import Any

from search.exporter._snippets import Usage

_PACKAGE = "sentence_transformers.models"
WEIGHTS_FILE = "model.safetensors"


def write_sentence_transformers_files(folder: Path, usage: Usage) -> None:
    """Write ``modules.json`` and the modules' configs beside an exported model.

    A layer other than the last is chosen by a weighted mean over layers whose other weights are zero, so that the whole model stays in
    the folder.

    Args:
        folder: of the model.
        usage: of a model of sentence vectors.
    """
    inner = usage.layer < usage.layers
    modules: list[tuple[str, str, dict[str, Any] | None]] = [("Transformer", "", None)]
    if inner:
        modules.append(("WeightedLayerPooling", "1_WeightedLayerPooling", _describe_layer(usage)))
    modules.append(("Pooling", f"{len(modules)}_Pooling", _describe_pooling(usage)))
    modules.append(("Normalize", f"{len(modules)}_Normalize", {}))
    listed = [
        {"idx": place, "name": str(place), "path": path, "type": f"{_PACKAGE}.{name}"}
        for place, (name, path, _) in enumerate(modules)
    ]
    _write_json(folder / "modules.json", listed)
    _write_json(folder / "config_sentence_transformers.json", {"prompts": {}, "similarity_fn_name": "cosine"})
    settings: dict[str, Any] = {"max_seq_length": usage.max_length, "do_lower_case": False}
    _write_json(
        folder / "sentence_bert_config.json",
        settings | ({"config_args": {"output_hidden_states": True}} if inner else {}),
    )
    for name, path, config in modules:
        if config is not None:
            (folder / path).mkdir()
            _write_json(folder / path / "config.json", config)
        if name == "WeightedLayerPooling":
            _write_layer_weights(folder / path / WEIGHTS_FILE, usage)


def _describe_layer(usage: Usage) -> dict[str, Any]:
    return {
        "word_embedding_dimension": usage.width,
        "layer_start": usage.layer,
        "num_hidden_layers": usage.layers,
    }


def _describe_pooling(usage: Usage) -> dict[str, Any]:
    first = usage.pooling == "first"
    return {
        "word_embedding_dimension": usage.width,
        "pooling_mode_cls_token": first,
        "pooling_mode_mean_tokens": not first,
        "pooling_mode_max_tokens": False,
        "pooling_mode_mean_sqrt_len_tokens": False,
    }


def _write_layer_weights(file: Path, usage: Usage) -> None:
    """One for the layer, zero for those above it."""
    import torch
    from safetensors.torch import save_file

    weights = torch.zeros(usage.layers + 1 - usage.layer)
    weights[0] = 1.0
    save_file({"layer_weights": weights}, file, metadata={"format": "pt"})


def _write_json(file: Path, content: Any) -> None:
    file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
