"""Tiny XLM-Rs, mBERTs and XLMs with random weights, saved as checkpoints are; their tokenizers know single characters. Copies of them
that differ in one thing."""

import json
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from transformers import (
    AutoModel,
    BertConfig,
    BertTokenizer,
    PretrainedConfig,
    PreTrainedTokenizerBase,
    XLMConfig,
    XLMRobertaConfig,
    XLMRobertaTokenizer,
    XLMTokenizer,
)

XNLI15 = ("ar", "bg", "de", "el", "en", "es", "fr", "hi", "ru", "sw", "th", "tr", "ur", "vi", "zh")
"""The languages of xlm-mlm-tlm-xnli15-1024, in the order of their numbers."""
SENTENCES = {
    "en": "The capital of Kenya is Nairobi, says Dr. Who.",
    "de": "Die Hauptstadt von Österreich ist Wien.",
    "fr": "La capitale de la Côte d’Ivoire est Yamoussoukro.",
    "el": "Πρωτεύουσα της Ελλάδας είναι η Αθήνα.",
    "ru": "Столица России - город Москва.",
    "ar": "عاصمة مصر هي القاهرة.",
    "hi": "भारत की राजधानी नई दिल्ली है।",
    "th": "เมืองหลวงของประเทศไทยคือกรุงเทพ",
    "my": "မြန်မာနိုင်ငံ၏ မြို့တော်မှာ နေပြည်တော် ဖြစ်သည်။",
    "zh": "中国的首都是北京。",
    "ja": "日本の首都は東京です。",
    "ko": "한국의 수도는 서울이다.",
}
"""One in many scripts."""
MERGES = ("t h", "th e</w>", "a n", "an d</w>", "c a", "a l</w>")
_WIDTH, _LAYERS, _HEADS = 16, 2, 2
_BLOCKS = (*range(0x21, 0x7F), *range(0xA1, 0x1800), *range(0x1E00, 0x2070), *range(0x3001, 0x3100))
"""From Latin to Khmer, signs and kana; of Han and Hangul only what the texts have."""


def xlm_r(folder: Path, texts: Iterable[str] = SENTENCES.values()) -> str:
    """Save an XLM-R whose vocabulary has the characters of `texts`; the folder's name."""
    marks = [(token, 0.0) for token in ("<s>", "<pad>", "</s>", "<unk>")]
    vocabulary = [*marks, *((token, -5.0) for token in ["▁", *_alphabet(texts)]), ("<mask>", 0.0)]
    config = XLMRobertaConfig(
        vocab_size=len(vocabulary),
        hidden_size=_WIDTH,
        num_hidden_layers=_LAYERS,
        num_attention_heads=_HEADS,
        intermediate_size=2 * _WIDTH,
        max_position_embeddings=514,
        type_vocab_size=1,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
    )
    return _saved(folder, config, XLMRobertaTokenizer(vocab=vocabulary, model_max_length=512))


def mbert(folder: Path, texts: Iterable[str] = SENTENCES.values()) -> str:
    """Save an mBERT, with token types, whose vocabulary has the characters of `texts`; the folder's name."""
    alphabet = _alphabet(texts)
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *alphabet, *(f"##{character}" for character in alphabet)]
    config = BertConfig(
        vocab_size=len(tokens),
        hidden_size=_WIDTH,
        num_hidden_layers=_LAYERS,
        num_attention_heads=_HEADS,
        intermediate_size=2 * _WIDTH,
        max_position_embeddings=512,
        type_vocab_size=2,
        pad_token_id=0,
    )
    vocabulary = {token: number for number, token in enumerate(tokens)}
    return _saved(folder, config, BertTokenizer(vocab=vocabulary, do_lower_case=False, model_max_length=512))


def xlm(folder: Path, languages: Sequence[str] = (), texts: Iterable[str] = SENTENCES.values()) -> str:
    """Save an XLM whose vocabulary has the characters of `texts`; the folder's name.

    Args:
        folder: to save it in; made if it is not there.
        languages: that it has embeddings for, as xlm-mlm-tlm-xnli15-1024 has, whose tokenizer takes off case and accents; none:
            it has no language embeddings and keeps both, as xlm-mlm-100-1280.
        texts: whose characters it knows, with and without the accents and in lower case.
    """
    alphabet = _alphabet(texts)
    tokens = ["<s>", "</s>", "<pad>", "<unk>", *(f"<special{number}>" for number in range(10))]
    tokens += [*alphabet, *(f"{character}</w>" for character in alphabet), *("".join(pair.split()) for pair in MERGES)]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(
        json.dumps({token: number for number, token in enumerate(dict.fromkeys(tokens))}), encoding="utf-8"
    )
    (folder / "merges.txt").write_text("".join(f"{pair}\n" for pair in MERGES), encoding="utf-8")
    tokenizer = XLMTokenizer(
        str(folder / "vocab.json"),
        str(folder / "merges.txt"),
        do_lowercase_and_remove_accent=bool(languages),
        model_max_length=512,
    )
    config = XLMConfig(
        vocab_size=len(tokenizer),
        emb_dim=_WIDTH,
        n_layers=_LAYERS,
        n_heads=_HEADS,
        max_position_embeddings=512,
        n_langs=len(languages) or 100,
        use_lang_emb=bool(languages),
        lang2id={language: number for number, language in enumerate(languages)},
        id2lang={str(number): language for number, language in enumerate(languages)},
    )
    return _saved(folder, config, tokenizer)


def changed(folder: str, copy: Path, file: str, **fields: object) -> str:
    """A copy of an encoder's folder with other values in one of its JSON files."""
    shutil.copytree(folder, copy)
    document = json.loads((copy / file).read_text())
    (copy / file).write_text(json.dumps(document | fields))
    return str(copy)


def permuted(folder: str, copy: Path) -> str:
    """A copy of an encoder's folder in which two hundred pieces of the vocabulary stand for each other."""
    tokenizer = json.loads((Path(folder) / "tokenizer.json").read_text())
    vocabulary = tokenizer["model"]["vocab"]
    vocabulary[100:300] = reversed(vocabulary[100:300])
    return changed(folder, copy, "tokenizer.json", model=tokenizer["model"])


def _alphabet(texts: Iterable[str]) -> list[str]:
    found = {character for text in texts for character in text} | set(map(chr, _BLOCKS))
    return sorted(character for character in found if not character.isspace())


def _saved(folder: Path, config: PretrainedConfig, tokenizer: PreTrainedTokenizerBase) -> str:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = AutoModel.from_config(config, dtype=torch.float32)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)
