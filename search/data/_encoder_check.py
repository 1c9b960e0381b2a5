"""Checks of the encoder of a search: it can be loaded, and knows the languages, lengths and layers that the config uses."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from search.config import Config
from search.data._requests import list_task_requests
from trainables.validation import DataError

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
            f"encoder: {config.encoder} has no language embedding for {', '.join(unknown)}: "
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
    for note in tokenizer.notes:
        yield "note", f"encoder: {note}"
