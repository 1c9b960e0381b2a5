"""The licence of an exported model: the most restrictive of the encoder's and of those of the data that it was trained on."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import yaml
from huggingface_hub import ModelCard, try_to_load_from_cache
from huggingface_hub.errors import HFValidationError

from search.exporter._training_sources import TrainingSource
from trainables.cards import find_encoder_mirror

LICENCES = (
    *("cc0-1.0", "unlicense", "pddl"),
    *("mit", "isc", "bsd-2-clause", "bsd-3-clause", "unicode-3.0", "apache-2.0"),
    *("odc-by", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0"),
    *("odbl", "cc-by-sa-3.0", "cc-by-sa-4.0", "gpl-3.0", "agpl-3.0"),
    *("cc-by-nc-2.0", "cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nc-sa-2.0", "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0"),
    *("cc-by-nd-4.0", "cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0"),
)
"""From the most permissive to the most restrictive: public domain, permissive, attribution, share-alike, non-commercial, no derivatives."""
_NOT_ON_HUB = frozenset({"unicode-3.0"})
"""Those of them for which the hub has no identifier."""
ORDER_IN_WORDS = (
    "public domain, permissive, attribution, share-alike, non-commercial, no derivatives, "
    "and last any licence that is unclear, mixed or unknown to the hub"
)
_ALIASES = {"cc0": "cc0-1.0", "apache": "apache-2.0", "odc-by-1.0": "odc-by"}
_ENCODER_LICENCES = {
    "miniature": "apache-2.0",
    "FacebookAI/xlm-roberta-base": "mit",
    "FacebookAI/xlm-roberta-large": "mit",
    "FacebookAI/xlm-mlm-100-1280": "cc-by-nc-4.0",
    "microsoft/mdeberta-v3-base": "mit",
    "jhu-clsp/mmBERT-base": "mit",
    "jhu-clsp/mmBERT-small": "mit",
    "EuroBERT/EuroBERT-210m": "apache-2.0",
    "EuroBERT/EuroBERT-610m": "apache-2.0",
    "intfloat/multilingual-e5-base": "mit",
    "BAAI/bge-m3": "mit",
}
"""By hub id, for encoders whose card is not at hand."""


def to_licence_identifier(text: str) -> str:
    """One of `LICENCES`, or empty for a licence that is none of them, as text: ``CC BY-NC 4.0 (paper)`` is ``cc-by-nc-4.0``."""
    plain = re.sub(r"\([^)]*\)", "", text).strip().lower()
    name = re.sub(r"[\s_]+", "-", plain)
    name = _ALIASES.get(name, name)
    return name if name in LICENCES else ""


def choose_licence(texts: Iterable[str]) -> dict[str, str]:
    """The most restrictive licence as the fields of a model card: ``license``, and ``license_name`` where the hub has no identifier.

    Args:
        texts: licences as their cards and papers state them; none: nothing is known.
    """
    stated = list(texts)
    if not stated:
        return {"license": "unknown"}
    worst = max(stated, key=_rank)
    name = to_licence_identifier(worst)
    if name and name not in _NOT_ON_HUB:
        return {"license": name}
    return {"license": "other", "license_name": name or _to_slug(worst)}


def find_encoder_licence(encoder: str) -> str:
    """The licence by the encoder's own card, in its folder, a mirror or the hub's cache, else by our table; empty where none is known."""
    folder = find_encoder_mirror(encoder) or Path(encoder)
    return _read_licence(folder / "README.md") or _read_cached_licence(encoder) or _ENCODER_LICENCES.get(encoder, "")


def describe_licences(encoder: str, sources: Sequence[TrainingSource]) -> str:
    """The licences, the rule, and what to cite, in Markdown."""
    own = find_encoder_licence(encoder)
    rows = [f"| encoder | {own or 'unknown: look it up'} |"]
    rows += [
        f"| `{source.task}`{f', {source.repository}' * source.is_on_hub} | {_to_cell(source.licence)} |"
        for source in sources
    ]
    cited = "".join(f"\n\nCite `{source.task}`: {_to_line(source.citation)}" for source in sources if source.citation)
    return (
        "| trained on | licence as stated |\n| --- | --- |\n"
        + "\n".join(rows)
        + f"\n\nThe licence of this card is the most restrictive of these, in the order: {ORDER_IN_WORDS}. "
        "It is a reading of what the sources state, no legal advice; whoever publishes the model checks it." + cited
    )


def _to_line(text: str) -> str:
    return " ".join(text.split())


def _to_cell(text: str) -> str:
    return _to_line(text).replace("|", "\\|")


def _rank(text: str) -> int:
    name = to_licence_identifier(text)
    return LICENCES.index(name) if name else len(LICENCES)


def _read_cached_licence(encoder: str) -> str:
    """The licence by the card in the hub's cache; empty for what is no hub id."""
    try:
        card = try_to_load_from_cache(encoder, "README.md")
    except HFValidationError:
        return ""
    return _read_licence(Path(card)) if isinstance(card, str) else ""


def _read_licence(card: Path) -> str:
    if not card.is_file():
        return ""
    try:
        data = ModelCard.load(card, ignore_metadata_errors=True).data
    except (OSError, ValueError, yaml.YAMLError):
        return ""
    stated = (data.license_name or data.license) if data.license == "other" else data.license
    return stated if isinstance(stated, str) else ""


def _to_slug(text: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-.") or "other"
