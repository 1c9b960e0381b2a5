"""Which published list of pre-training languages holds for an encoder, as far as its name or its config says so for certain."""

import json
from pathlib import Path
from typing import Any

from trainables.languages._pretraining_languages import PRETRAINING_LANGUAGES
from trainables.languages._table import LANGUAGES

UNKNOWN = "unknown"
"""The name of the list of an encoder whose languages are not known."""

_BY_HUB_NAME = {
    "xlm-roberta-base": "xlm-r",
    "xlm-roberta-large": "xlm-r",
    "xlm-roberta-xl": "xlm-r",
    "xlm-roberta-xxl": "xlm-r",
    "xlm-v-base": "xlm-r",
    "mdeberta-v3-base": "xlm-r",
    "multilingual-minilm-l12-h384": "xlm-r",
    "multilingual-e5-small": "xlm-r",
    "multilingual-e5-base": "xlm-r",
    "multilingual-e5-large": "xlm-r",
    "bge-m3": "xlm-r",
    "bert-base-multilingual-cased": "mbert",
    "distilbert-base-multilingual-cased": "mbert",
    "mt5-small": "mt5",
    "mt5-base": "mt5",
    "mt5-large": "mt5",
    "mt5-xl": "mt5",
    "mt5-xxl": "mt5",
    "rembert": "rembert",
    "labse": "labse",
    "glot500-base": "glot500",
    "mmbert-small": "mmbert",
    "mmbert-base": "mmbert",
}
_NAMESPACES = {
    "",
    "baai",
    "cis-lmu",
    "distilbert",
    "facebook",
    "facebookai",
    "google",
    "google-bert",
    "intfloat",
    "jhu-clsp",
    "microsoft",
    "sentence-transformers",
    "setu4993",
}
_BY_CONFIG = {
    ("xlm-roberta", 250002): "xlm-r",
    ("xlm-roberta-xl", 250880): "xlm-r",
    ("xlm-roberta", 901629): "xlm-r",
    ("deberta-v2", 251000): "xlm-r",
    ("bert", 119547): "mbert",
    ("bert", 250037): "xlm-r",
    ("distilbert", 119547): "mbert",
    ("mt5", 250112): "mt5",
    ("rembert", 250300): "rembert",
    ("bert", 501153): "labse",
}
"""By architecture and rows of the embedding table: no other pre-training shares these. A model that was trained on from one of these has
seen at least the languages of its list."""


def identify_pretraining(encoder: str) -> str:
    """The name of the list in `PRETRAINING_LANGUAGES` that holds for an encoder; `UNKNOWN` where that is not certain.

    Args:
        encoder: ``miniature`` (pre-trained on those of XLM-R's languages that it has), a hub id, or a folder, of which only
            ``config.json`` is read. A folder that is not there is unknown.
    """
    if encoder == "miniature":
        return "xlm-r"
    if Path(encoder).is_dir():
        return _identify_config(Path(encoder) / "config.json")
    return _identify_name(encoder)


def is_seen(encoder: str, code: str) -> bool | None:
    """Whether an encoder was pre-trained on a language; None where its languages are not known."""
    return is_in_list(identify_pretraining(encoder), code)


def is_in_list(name: str, code: str) -> bool | None:
    """Whether a list of `PRETRAINING_LANGUAGES` has a language; None for `UNKNOWN`. For XLM-R the table's own column answers."""
    if name == UNKNOWN:
        return None
    if name == "xlm-r":
        return code in LANGUAGES and LANGUAGES[code].seen
    return code in PRETRAINING_LANGUAGES[name]


def _identify_name(encoder: str) -> str:
    namespace, _, name = encoder.lower().rpartition("/")
    return _BY_HUB_NAME.get(name, UNKNOWN) if namespace in _NAMESPACES else UNKNOWN


def _identify_config(file: Path) -> str:
    try:
        config: Any = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return UNKNOWN
    if not isinstance(config, dict):
        return UNKNOWN
    named = config.get("_name_or_path")
    by_name = _identify_name(named) if isinstance(named, str) else UNKNOWN
    if by_name != UNKNOWN:
        return by_name
    kind, size = config.get("model_type"), config.get("vocab_size")
    return _BY_CONFIG.get((kind, size), UNKNOWN) if isinstance(kind, str) and isinstance(size, int) else UNKNOWN
