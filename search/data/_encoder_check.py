"""Checks of the encoder of a search: it can be loaded, knows the languages, lengths and layers that the config uses, and can be trained on
its tasks."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from search.config import Config
from search.data._requests import list_task_requests
from trainables.cards import count_encoder_weights, format_training_memory
from trainables.languages import PRETRAINING_LANGUAGES
from trainables.validation import DataError

if TYPE_CHECKING:
    from trainables.encoders import Encoder

FETCH_HINT = "without internet: xlt data fetch where there is some, then --data or XLT_DATA"


def find_encoder_problems(config: Config) -> Iterator[tuple[Literal["problem", "note"], str]]:
    """Problems for which a launch is refused, and notes on how the encoder reads text."""
    from trainables.encoders import fetch_encoder_weights, load_encoder

    try:
        encoder = load_encoder(config.encoder)
        tokenizer = encoder.tokenizer
        fetch_encoder_weights(config.encoder)
    except (DataError, OSError, ValueError) as error:
        is_hub_id = not Path(config.encoder).is_dir() and config.encoder != "miniature"
        hint = f" (a hub id, as no folder {config.encoder} lies beside the config; {FETCH_HINT})" if is_hub_id else ""
        yield "problem", f"encoder: {' '.join(str(error).split())}{hint}"
        return
    if unknown := tokenizer.unknown_languages(config.scored_languages):
        known = [code for code in config.scored_languages if code not in unknown]
        yield (
            "problem",
            f"encoder: {config.encoder} has no language {tokenizer.language_part} for {', '.join(unknown)}: "
            f"set languages to some of {', '.join(known) or 'those that it has'}",
        )
    longest = max(request.max_length for request in list_task_requests(config))
    if longest > tokenizer.max_input_length:
        yield (
            "problem",
            f"encoder: {config.encoder} reads at most {tokenizer.max_input_length} tokens; max_length is {longest}",
        )
    layers = encoder.config.num_hidden_layers
    for task, settings in config.training.tasks.items():
        if settings.layer is not None and settings.layer > layers:
            yield (
                "problem",
                f"training.tasks.{task}.layer: {config.encoder} has layers 0 to {layers}; got {settings.layer}",
            )
    if not config.rules.knows_pretraining:
        yield (
            "note",
            f"encoder: it is not known which languages {config.encoder} was pre-trained on, so every language but {config.rules.name_source()} "
            f"enters the means: set encoder_languages to one of {', '.join(PRETRAINING_LANGUAGES)}, or to a list of codes",
        )
    for note in tokenizer.notes:
        yield "note", f"encoder: {note}"
    yield from _try_kinds(config, encoder)


def _try_kinds(config: Config, encoder: "Encoder") -> Iterator[tuple[Literal["problem", "note"], str]]:
    """Try one step of every task kind of the config; no data are read."""
    from trainables.training import check_training_steps, has_memory_for_check

    if not has_memory_for_check(encoder):
        yield (
            "note",
            f"encoder: no step was tried before the data are read: {config.encoder} is too large for that here",
        )
        return
    tasks: dict[str, list[str]] = {}
    for request in list_task_requests(config):
        tasks.setdefault(request.card.kind, []).append(request.task)
    own = []
    for (kind, names), found in zip(tasks.items(), check_training_steps(encoder, tasks), strict=True):
        if isinstance(found, DataError):
            shown = f"{', '.join(dict.fromkeys(names))} ({kind.replace('_', ' ')})"
            yield "problem", f"encoder: {config.encoder} cannot be trained on {shown}: {found}"
        elif found.is_own_head:
            own.append(f"{kind.replace('_', ' ')} ({found.architecture})")
    if own:
        what = "transformers has no head that fits a"
        yield (
            "note",
            f"encoder: {what} {encoder.config.model_type!r} for {', '.join(own)}: a linear layer is trained on it",
        )


def describe_training_memory(config: Config) -> str | None:
    """What training holds in memory, reckoned; None where the encoder's weights are not in safetensors on this machine."""
    weights = count_encoder_weights(config.encoder)
    return None if weights is None else format_training_memory(weights)
