"""Tiny encoders with random weights, each of the architecture and the tokenizer class of a public one, saved as checkpoints are."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    AutoModel,
    CanineConfig,
    CanineTokenizer,
    DebertaV2Config,
    DebertaV2Tokenizer,
    EuroBertConfig,
    ModernBertConfig,
    MT5Config,
    PretrainedConfig,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
    RemBertConfig,
    RemBertTokenizer,
    T5Tokenizer,
    XLMRobertaConfig,
    XLMRobertaTokenizer,
    XmodConfig,
)

from tests.tiny_encoders import SENTENCES, mbert

_SIZES = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
_BLOCKS = (*range(0x21, 0x7F), *range(0xA1, 0x1800), *range(0x1E00, 0x2070), *range(0x3001, 0x3100))
_ROBERTA_MARKS = {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2}


def xlm_r(folder: Path, positions: int = 514) -> str:
    """XLM-V, Glot500, multilingual E5 and BGE-M3: an XLM-R with other vocabularies and positions."""
    vocabulary = _unigrams("<s>", "<pad>", "</s>", "<unk>", last="<mask>")
    config = XLMRobertaConfig(
        **_SIZES, **_ROBERTA_MARKS, vocab_size=len(vocabulary), max_position_embeddings=positions, type_vocab_size=1
    )
    return _save(folder, config, XLMRobertaTokenizer(vocab=vocabulary, model_max_length=positions - 2))


def xmod(folder: Path, languages: Iterable[str] = ("en", "de")) -> str:
    """X-MOD, with adapters for `languages`, called as X-MOD calls them."""
    vocabulary = _unigrams("<s>", "<pad>", "</s>", "<unk>", last="<mask>")
    config = XmodConfig(
        **_SIZES,
        **_ROBERTA_MARKS,
        vocab_size=len(vocabulary),
        max_position_embeddings=514,
        type_vocab_size=1,
        languages=[f"{code}_XX" for code in languages],
    )
    return _save(folder, config, XLMRobertaTokenizer(vocab=vocabulary, model_max_length=512))


def modernbert(folder: Path) -> str:
    """mmBERT and other ModernBERTs: rotary positions, local and global attention, byte-level pairs."""
    tokenizer = _byte_level(("[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"), "[CLS]", "[SEP]", twice=True)
    config = ModernBertConfig(
        **_SIZES | {"num_hidden_layers": 4},
        vocab_size=len(tokenizer),
        max_position_embeddings=8192,
        pad_token_id=3,
        cls_token_id=1,
        sep_token_id=2,
        bos_token_id=1,
        eos_token_id=2,
    )
    return _save(folder, config, tokenizer)


def eurobert(folder: Path) -> str:
    """EuroBERT: Llama's layers without a causal mask, rotary positions."""
    marks = ("<|begin_of_text|>", "<|end_of_text|>", "<|mask|>", "<|pad|>")
    tokenizer = _byte_level(marks, marks[0], marks[1], twice=False)
    config = EuroBertConfig(
        **_SIZES,
        vocab_size=len(tokenizer),
        max_position_embeddings=8192,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=3,
        mask_token_id=2,
    )
    return _save(folder, config, tokenizer)


def mdeberta(folder: Path) -> str:
    """mDeBERTa-v3: relative positions, content and positions apart, no token types."""
    vocabulary = _unigrams("[PAD]", "[CLS]", "[SEP]", "[UNK]", last="[MASK]")
    config = DebertaV2Config(
        **_SIZES,
        vocab_size=len(vocabulary),
        max_position_embeddings=512,
        type_vocab_size=0,
        relative_attention=True,
        position_buckets=256,
        max_relative_positions=-1,
        norm_rel_ebd="layer_norm",
        share_att_key=True,
        pos_att_type=["p2c", "c2p"],
        position_biased_input=False,
        pooler_hidden_size=_SIZES["hidden_size"],
        pad_token_id=0,
    )
    return _save(folder, config, DebertaV2Tokenizer(vocab=vocabulary, unk_id=3, model_max_length=512))


def rembert(folder: Path) -> str:
    """RemBERT: embeddings that are narrower than the layers, and wider at the output."""
    vocabulary = _unigrams("<pad>", "<unk>", "[CLS]", "[SEP]", last="[MASK]")
    config = RemBertConfig(
        **_SIZES,
        vocab_size=len(vocabulary),
        input_embedding_size=8,
        output_embedding_size=24,
        max_position_embeddings=512,
        pad_token_id=0,
        bos_token_id=2,
        eos_token_id=3,
    )
    return _save(folder, config, RemBertTokenizer(vocab=vocabulary, model_max_length=512))


def mt5(folder: Path) -> str:
    """mT5 as it is published, encoder and decoder; the encoder is used."""
    vocabulary = _unigrams("<pad>", "</s>", "<unk>", last="<extra_id_0>")
    tokenizer = T5Tokenizer(vocab=vocabulary, extra_ids=1)
    config = MT5Config(
        d_model=16,
        d_kv=8,
        d_ff=32,
        num_layers=2,
        num_heads=2,
        vocab_size=len(tokenizer),
        feed_forward_proj="gated-gelu",
        pad_token_id=0,
        eos_token_id=1,
        decoder_start_token_id=0,
    )
    return _save(folder, config, tokenizer)


def canine(folder: Path) -> str:
    """CANINE: characters, hashed."""
    config = CanineConfig(**_SIZES, max_position_embeddings=2048, num_hash_buckets=64, local_transformer_stride=8)
    return _save(folder, config, CanineTokenizer(model_max_length=2048))


ARCHITECTURES: dict[str, Callable[[Path], str]] = {
    "xlm-roberta": xlm_r,
    "bert": mbert,
    "modernbert": modernbert,
    "eurobert": eurobert,
    "deberta-v2": mdeberta,
    "rembert": rembert,
    "xmod": xmod,
    "mt5": mt5,
}
"""By the name of an architecture in transformers."""

REFUSED_ARCHITECTURES: dict[str, Callable[[Path], str]] = {"canine": canine}
"""Those that this program cannot train on any task kind."""


def _alphabet(texts: Iterable[str] = SENTENCES.values()) -> list[str]:
    found = {character for text in texts for character in text} | set(map(chr, _BLOCKS))
    return sorted(character for character in found if not character.isspace())


def _unigrams(*first: str, last: str) -> list[tuple[str, float]]:
    """A vocabulary of characters: `first`, the sign of a word's beginning, the characters, `last`."""
    return [*((token, 0.0) for token in first), *((each, -5.0) for each in ("▁", *_alphabet())), (last, 0.0)]


def _byte_level(marks: tuple[str, ...], first: str, last: str, *, twice: bool) -> PreTrainedTokenizerFast:
    """A tokenizer of single bytes, between `first` and `last`; `twice`: with `last` between two texts, too."""
    tokens = [*marks, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    tokenizer = Tokenizer(models.BPE(vocab={token: number for number, token in enumerate(tokens)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    between = f" {last}" if twice else ""
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{first} $A {last}",
        pair=f"{first} $A{between} $B {last}",
        special_tokens=[(token, tokens.index(token)) for token in (first, last)],
    )
    named: dict[str, Any] = {"pad_token": _find(marks, "pad"), "mask_token": _find(marks, "mask")}
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        **named,
        cls_token=first,
        sep_token=last,
        model_max_length=8192,
        model_input_names=["input_ids", "attention_mask"],
    )


def _find(marks: tuple[str, ...], part: str) -> str:
    return next(mark for mark in marks if part in mark.lower())


def _save(folder: Path, config: PretrainedConfig, tokenizer: PreTrainedTokenizerBase) -> str:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = AutoModel.from_config(config, dtype=torch.float32)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)
