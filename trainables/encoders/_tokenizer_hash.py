"""The hash of a tokenizer: a part of the encoder's hash, and of the keys of encoded rows."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from transformers import PreTrainedTokenizerBase


def hash_tokenizer(
    tokenizer: PreTrainedTokenizerBase, languages: Mapping[str, int], without_segmenter: Sequence[str]
) -> str:
    """SHA-256 of what decides the ids: vocabulary, merges, normalisation, special tokens, numbers of the languages, positions.

    Args:
        tokenizer: of the encoder.
        languages: the numbers of the language embeddings; empty for an encoder without any.
        without_segmenter: the languages whose words XLM's tokenizer cannot find on this machine.
    """
    content: dict[str, Any]
    if tokenizer.is_fast:
        content = json.loads(tokenizer.backend_tokenizer.to_str())
        # The settings of the last call are part of the tokenizer's own document.
        content |= {"truncation": None, "padding": None, "inputs": list(tokenizer.model_input_names)}
    else:
        content = {
            "vocabulary": tokenizer.get_vocab(),
            "merges": sorted((rank, merge) for merge, rank in getattr(tokenizer, "bpe_ranks", {}).items()),
            "lowercase": getattr(tokenizer, "do_lowercase_and_remove_accent", None),
            "missing": without_segmenter,
        }
    content |= {
        "class": type(tokenizer).__name__,
        "special": [tokenizer.all_special_tokens, tokenizer.all_special_ids, int(tokenizer.pad_token_id)],
        "languages": languages,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
