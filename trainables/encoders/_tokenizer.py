"""Texts as the ids that an encoder reads: one face for fast tokenizers (XLM-R, mBERT) and for XLM's."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from transformers import PretrainedConfig, PreTrainedTokenizerBase

from trainables.encoders._xlm_tokenizer import KYTEA_MODEL, SEGMENTER_PACKAGES, XLMOffsetTokenizer
from trainables.languages import SOURCE_LANGUAGE

Feature = dict[str, Any]
"""``input_ids``, ``attention_mask``; for BERT ``token_type_ids``, for models with language embeddings ``langs``; unpadded."""
Span = tuple[int, int]
"""Characters: from, to."""
MAX_QUESTION_TOKENS = 64
"""Tokens of a question that are read beside a context, as in the XTREME scripts; later ones are cut off."""


def get_row_languages(row: Mapping[str, Any], second: str | None = None) -> tuple[str, str]:
    """The languages of a row's first and second text: its ``language`` and ``second_language``.

    Args:
        row: of a task; one that does not tell is in English.
        second: the second text's language where the row does not tell it; None: the first's.
    """
    first = row.get("language") or SOURCE_LANGUAGE
    return first, row.get("second_language") or second or first


class EncoderTokenizer:
    """An encoder's tokenizer."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, config: PretrainedConfig) -> None:
        """
        Args:
            tokenizer: of the encoder.
            config: the encoder's: what its positions allow, and the numbers of its languages.

        Raises:
            ValueError: for a model with language embeddings whose configuration does not number the languages.
        """
        self._tokenizer, self._config = tokenizer, config
        languages: dict[str, int] = getattr(config, "lang2id", None) or getattr(tokenizer, "lang2id", None) or {}
        embedded = bool(getattr(config, "use_lang_emb", False)) and getattr(config, "n_langs", 1) > 1
        if embedded and not languages:
            raise ValueError("the encoder has language embeddings, but its config.json has no lang2id")
        self._pretraining_languages, self._languages = languages, languages if embedded else {}
        self._xlm_tokenizer = XLMOffsetTokenizer(tokenizer, embedded=embedded) if config.model_type == "xlm" else None

    @property
    def special_ids(self) -> list[int]:
        """The ids of the special tokens."""
        return list(self._tokenizer.all_special_ids)

    @property
    def pad_id(self) -> int:
        """The id that pads."""
        return int(self._tokenizer.pad_token_id)

    @property
    def mask_id(self) -> int:
        """The id that stands for a hidden token."""
        return int(self._tokenizer.mask_token_id)

    @property
    def vocabulary_size(self) -> int:
        """How many ids there are, special ones among them."""
        return len(self._tokenizer)

    @property
    def max_input_length(self) -> int:
        """Tokens in the longest input that the encoder has positions for."""
        longest: int = self._config.max_position_embeddings
        # RoBERTa's positions begin after the number of the padding.
        return longest - self._config.pad_token_id - 1 if "roberta" in self._config.model_type else longest

    @property
    def notes(self) -> tuple[str, ...]:
        """What is missing for tokens like those of the pre-training, a line each."""
        lacking = self._xlm_tokenizer.languages_without_segmenter if self._xlm_tokenizer else ()
        missing = [code for code in lacking if not self._pretraining_languages or code in self._pretraining_languages]
        if not missing:
            return ()
        wanted = ", ".join(f"{SEGMENTER_PACKAGES[code]} for {code}" for code in missing)
        wanted += f" (with ~/{KYTEA_MODEL})" if "ja" in missing else ""
        return (f"every character of {', '.join(missing)} counts as a word; for words install {wanted}",)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of what decides the ids: vocabulary, merges, normalisation, special tokens, numbers of the languages, positions."""
        if self._tokenizer.is_fast:
            told = json.loads(self._tokenizer.backend_tokenizer.to_str())
            # How it was last called is part of what it tells.
            told |= {"truncation": None, "padding": None, "inputs": list(self._tokenizer.model_input_names)}
        else:
            told = {
                "vocabulary": self._tokenizer.get_vocab(),
                "merges": sorted((rank, merge) for merge, rank in getattr(self._tokenizer, "bpe_ranks", {}).items()),
                "lowercase": getattr(self._tokenizer, "do_lowercase_and_remove_accent", None),
                "missing": self._xlm_tokenizer.languages_without_segmenter if self._xlm_tokenizer else (),
            }
        told |= {
            "class": type(self._tokenizer).__name__,
            "special": [self._tokenizer.all_special_tokens, self._tokenizer.all_special_ids, self.pad_id],
            "languages": self._languages,
        }
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()

    def unknown_languages(self, languages: Iterable[str]) -> tuple[str, ...]:
        """Those that the model has no language embedding for; none for a model without any."""
        return tuple(code for code in languages if self._languages and code not in self._languages)

    def count_tokens(self, texts: Sequence[str], languages: Sequence[str]) -> list[int]:
        """Tokens of each text, special ones apart."""
        if self._xlm_tokenizer is None:
            return list(map(len, self._tokenizer(list(texts), add_special_tokens=False)["input_ids"]))
        return [len(self._xlm_tokenizer.encode(text, code)) for text, code in zip(texts, languages, strict=True)]

    def max_pair_tokens(self, max_length: int) -> int:
        """Tokens of a pair of texts in an input of so many, the special ones apart."""
        return max_length - self._count_special_tokens(True)

    def encode_pairs(
        self,
        first: Sequence[str],
        second: Sequence[str] | None,
        max_length: int,
        languages: Sequence[tuple[str, str]],
    ) -> list[Feature]:
        """Texts, or pairs of texts, one feature each.

        Args:
            first: the first texts.
            second: their second ones; None: there are none.
            max_length: tokens at most, the special ones among them; the longer text of a pair is cut first.
            languages: of the first and the second text of each.
        """
        if self._xlm_tokenizer is None:
            texts = list(first), None if second is None else list(second)
            encoding = self._tokenizer(*texts, truncation=True, max_length=max_length)
            return [_extract_feature(encoding, i) for i in range(len(first))]
        features = []
        for i, (one, other) in enumerate(languages):
            a, b = (
                self._xlm_tokenizer.encode(first[i], one),
                None if second is None else self._xlm_tokenizer.encode(second[i], other),
            )
            _truncate_pair(a, [] if b is None else b, max_length - self._count_special_tokens(b is not None))
            features.append(self._build_feature(a, b, one, other))
        return features

    def encode_words(
        self, words: Sequence[Sequence[str]], max_length: int, languages: Sequence[str]
    ) -> tuple[list[Feature], list[list[int | None]]]:
        """Texts that are words already.

        Args:
            words: of each text.
            max_length: tokens at most, the special ones among them; later words are cut off.
            languages: of each text.

        Returns:
            A feature for each text, and for each of its tokens the number of its word, None for special tokens.
        """
        if self._xlm_tokenizer is None:
            encoding = self._tokenizer(
                [list(text) for text in words], is_split_into_words=True, truncation=True, max_length=max_length
            )
            features = [_extract_feature(encoding, i) for i in range(len(words))]
            return features, [encoding.word_ids(i) for i in range(len(words))]
        features, numbers = [], []
        for text, language in zip(words, languages, strict=True):
            # A word of control characters alone has no pieces, and yet a tag.
            unknown = [self._tokenizer.unk_token_id]
            pieces = [
                (token, n)
                for n, word in enumerate(text)
                for token in self._xlm_tokenizer.encode(word, language) or unknown
            ]
            pieces = pieces[: max_length - self._count_special_tokens(False)]
            features.append(self._build_feature([token for token, _ in pieces], None, language, language))
            numbers.append([None, *(number for _, number in pieces), None])
        return features, numbers

    def encode_windows(
        self,
        questions: Sequence[str],
        contexts: Sequence[str],
        max_length: int,
        stride: int,
        languages: Sequence[tuple[str, str]],
    ) -> tuple[list[Feature], list[int], list[list[Span | None]]]:
        """Questions, each with a window of its context; of a long context several windows.

        Args:
            questions: the first texts, in every window: their first `MAX_QUESTION_TOKENS` tokens, and beside a context that does not
                fit at most half of what a window holds.
            contexts: the second texts.
            max_length: tokens at most, the special ones among them.
            stride: tokens that two windows that follow each other share.
            languages: of each question and its context.

        Returns:
            A feature for each window, the row that it comes from, and for each of its tokens the characters of the context, None
            for tokens of the question and special ones.
        """
        if self._xlm_tokenizer is None:
            return self._encode_windows_fast(questions, contexts, max_length, stride)
        features: list[Feature] = []
        rows: list[int] = []
        spans: list[list[Span | None]] = []
        free = max_length - self._count_special_tokens(True)
        for row, (asked, told) in enumerate(languages):
            question, pieces = (
                self._xlm_tokenizer.encode(questions[row], asked),
                self._xlm_tokenizer.encode_with_offsets(contexts[row], told),
            )
            question = question[:MAX_QUESTION_TOKENS]
            if len(question) + len(pieces) > free:
                question = question[: _compute_question_budget(free, stride)]
            room = free - len(question)
            for start in _compute_window_starts(len(pieces), room, stride):
                window = pieces[start : start + room]
                features.append(self._build_feature(question, [token for token, _ in window], asked, told))
                rows.append(row)
                spans.append([*[None] * (len(question) + 2), *(span for _, span in window), None])
        return features, rows, spans

    def _encode_windows_fast(
        self, questions: Sequence[str], contexts: Sequence[str], max_length: int, stride: int
    ) -> tuple[list[Feature], list[int], list[list[Span | None]]]:
        free = max_length - self._count_special_tokens(True)
        asked = self._tokenizer(list(questions), add_special_tokens=False)["input_ids"]
        encoding = self._tokenizer(
            [
                text
                if len(ids) <= _compute_question_budget(free, stride)
                else self._truncate_question(text, context, free, stride)
                for text, ids, context in zip(questions, asked, contexts, strict=True)
            ],
            list(contexts),
            truncation="only_second",
            max_length=max_length,
            stride=stride,
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
        )
        rows = list(encoding.pop("overflow_to_sample_mapping"))
        offsets = encoding.pop("offset_mapping")
        spans = [
            [span if text == 1 else None for span, text in zip(offsets[i], encoding.sequence_ids(i), strict=True)]
            for i in range(len(rows))
        ]
        return [_extract_feature(encoding, i) for i in range(len(rows))], rows, spans

    def _truncate_question(self, question: str, context: str, free: int, stride: int) -> str:
        """What is read of a question beside a context, in windows of `free` tokens."""
        question = self._truncate_text(question, MAX_QUESTION_TOKENS)
        fits = self._count_tokens(question) + self._count_tokens(context) <= free
        return question if fits else self._truncate_text(question, _compute_question_budget(free, stride))

    def _truncate_text(self, text: str, most: int) -> str:
        """As much of a text as has at most so many tokens."""
        if self._count_tokens(text) <= most:
            return text
        offsets = self._tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
        shorter = (text[:stop] for _, stop in reversed(offsets[:most]))
        return next((beginning for beginning in shorter if self._count_tokens(beginning) <= most), "")

    def _count_tokens(self, text: str) -> int:
        return len(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def _count_special_tokens(self, pair: bool) -> int:
        return int(self._tokenizer.num_special_tokens_to_add(pair))

    def _build_feature(self, first: list[int], second: list[int] | None, one: str, other: str) -> Feature:
        """A feature of XLM's: never with token types, which it would look up among the words."""
        ids = self._tokenizer.build_inputs_with_special_tokens(first, second)
        feature: Feature = {"input_ids": ids, "attention_mask": [1] * len(ids)}
        if self._languages:
            langs = [self._language_id(one)] * len(ids)
            if second is not None:  # before it the start, the first text and a separator, after it a separator
                langs[len(first) + 2 : -1] = [self._language_id(other)] * len(second)
            feature["langs"] = langs
        return feature

    def _language_id(self, language: str) -> int:
        """English's for a language that the model does not know, as in the XTREME scripts."""
        return self._languages.get(language, self._languages.get(SOURCE_LANGUAGE, 0))


def _extract_feature(encoding: Mapping[str, Sequence[Any]], number: int) -> Feature:
    return {key: values[number] for key, values in encoding.items()}


def _truncate_pair(first: list[int], second: list[int], most: int) -> None:
    """Take tokens off the end of the longer text, of the second at a tie, until both have `most` tokens together."""
    while len(first) + len(second) > max(most, 0):
        (first if len(first) > len(second) else second).pop()


def _compute_question_budget(free: int, stride: int) -> int:
    """Tokens of a question in windows of `free` tokens: the context has half, and more than two windows share."""
    return max(0, min(MAX_QUESTION_TOKENS, free // 2, free - stride - 1))


def _compute_window_starts(tokens: int, room: int, stride: int) -> range:
    """Where windows of `room` tokens begin that share `stride`: the last is the first that reaches the end."""
    return range(0, max(tokens - stride, 1), max(room - stride, 1))
