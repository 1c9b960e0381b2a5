"""Texts as ids: one interface to fast tokenizers (XLM-R, mBERT, most others) and to XLM's."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from transformers import PretrainedConfig, PreTrainedTokenizerBase

from trainables.encoders._architectures import compute_max_input_length, find_surplus_inputs, number_adapters
from trainables.encoders._features import Feature, Span
from trainables.encoders._tokenizer_hash import hash_tokenizer
from trainables.encoders._windows import (
    MAX_QUESTION_TOKENS,
    compute_question_budget,
    compute_window_starts,
    truncate_pair,
)
from trainables.encoders._xlm_tokenizer import KYTEA_MODEL, SEGMENTER_PACKAGES, XLMOffsetTokenizer
from trainables.languages import SOURCE_LANGUAGE
from trainables.validation import DataError


class EncoderTokenizer:
    """Encodes texts as features, with an encoder's pre-trained tokenizer."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, config: PretrainedConfig) -> None:
        """
        Args:
            tokenizer: of the encoder.
            config: of the encoder, with the number of its positions and the numbers of its languages.

        Raises:
            ValueError: for a model with language embeddings whose configuration does not number the languages.
        """
        self._tokenizer, self._config = tokenizer, config
        languages: dict[str, int] = getattr(config, "lang2id", None) or getattr(tokenizer, "lang2id", None) or {}
        embedded = bool(getattr(config, "use_lang_emb", False)) and getattr(config, "n_langs", 1) > 1
        if embedded and not languages:
            raise ValueError("the encoder has language embeddings, but its config.json has no lang2id")
        self._pretraining_languages, self._languages = languages, languages if embedded else {}
        self._adapters = number_adapters(config)
        self._surplus = find_surplus_inputs(config, tokenizer.model_input_names)
        self._xlm_tokenizer = XLMOffsetTokenizer(tokenizer, embedded=embedded) if config.model_type == "xlm" else None

    @property
    def special_ids(self) -> list[int]:
        """The ids of the special tokens."""
        return list(self._tokenizer.all_special_ids)

    @property
    def pad_id(self) -> int:
        """The id of the padding token."""
        return int(self._tokenizer.pad_token_id)

    @property
    def mask_id(self) -> int:
        """The id of the mask token.

        Raises:
            DataError: when there is none.
        """
        if self._tokenizer.mask_token_id is None:
            raise DataError("its tokenizer has no mask token, which masked language modelling needs")
        return int(self._tokenizer.mask_token_id)

    @property
    def vocabulary_size(self) -> int:
        """The number of ids, including special ones."""
        return len(self._tokenizer)

    @property
    def max_input_length(self) -> int:
        """Most tokens of an input, by the encoder's positions."""
        return compute_max_input_length(self._config)

    @property
    def notes(self) -> tuple[str, ...]:
        """One line for each difference between these tokens and those of the pre-training: missing word segmenters."""
        unsegmented = self._xlm_tokenizer.languages_without_segmenter if self._xlm_tokenizer else ()
        if not (missing := [code for code in unsegmented if code in (self._pretraining_languages or unsegmented)]):
            return ()
        packages = ", ".join(f"{SEGMENTER_PACKAGES[code]} for {code}" for code in missing)
        packages += f" (with ~/{KYTEA_MODEL})" if "ja" in missing else ""
        return (f"every character of {', '.join(missing)} is taken for a word; to segment words install {packages}",)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of what decides the ids; see `hash_tokenizer`."""
        missing = self._xlm_tokenizer.languages_without_segmenter if self._xlm_tokenizer else ()
        return hash_tokenizer(self._tokenizer, self._languages or self._adapters, missing)

    @property
    def language_part(self) -> str:
        """What the encoder has for each language: an embedding (XLM) or an adapter (X-MOD)."""
        return "adapter" if self._adapters else "embedding"

    def unknown_languages(self, languages: Iterable[str]) -> tuple[str, ...]:
        """The languages without a language embedding or adapter; none for a model that has neither."""
        known = self._languages or self._adapters
        return tuple(code for code in languages if known and code not in known)

    def count_tokens(self, texts: Sequence[str], languages: Sequence[str]) -> list[int]:
        """The number of tokens of each text, without special tokens."""
        return list(map(len, self._list_ids(texts, languages)))

    def count_unknown_tokens(self, texts: Sequence[str], languages: Sequence[str]) -> list[tuple[int, int]]:
        """`count_tokens` of each text, and how many of these stand for what the vocabulary lacks."""
        return [(len(ids), list(ids).count(self._tokenizer.unk_token_id)) for ids in self._list_ids(texts, languages)]

    def _list_ids(self, texts: Sequence[str], languages: Sequence[str]) -> list[list[int]]:
        if self._xlm_tokenizer is None:
            return list(self._tokenizer(list(texts), add_special_tokens=False, verbose=False)["input_ids"])
        return [self._xlm_tokenizer.encode(text, code) for text, code in zip(texts, languages, strict=True)]

    def max_pair_tokens(self, max_length: int) -> int:
        """Most tokens of a pair of texts in an input of `max_length` tokens, without special tokens."""
        return max_length - self._count_special_tokens(True)

    def encode_pairs(
        self,
        first: Sequence[str],
        second: Sequence[str] | None,
        max_length: int,
        languages: Sequence[tuple[str, str]],
    ) -> list[Feature]:
        """Encode texts, or pairs of texts, as one feature each.

        Args:
            first: the first texts.
            second: the second texts; None: single texts.
            max_length: most tokens, including special ones; the longer text of a pair is truncated first.
            languages: of the first and the second text of each pair.
        """
        if self._xlm_tokenizer is None:
            texts = list(first), None if second is None else list(second)
            encoding = self._tokenizer(*texts, truncation=True, max_length=max_length)
            return [self._extract_feature(encoding, i, one) for i, (one, _) in enumerate(languages)]
        features = []
        for i, (one, other) in enumerate(languages):
            a, b = (
                self._xlm_tokenizer.encode(first[i], one),
                None if second is None else self._xlm_tokenizer.encode(second[i], other),
            )
            truncate_pair(a, [] if b is None else b, max_length - self._count_special_tokens(b is not None))
            features.append(self._build_feature(a, b, one, other))
        return features

    def encode_words(
        self, words: Sequence[Sequence[str]], max_length: int, languages: Sequence[str]
    ) -> tuple[list[Feature], list[list[int | None]]]:
        """Encode texts that are split into words.

        Args:
            words: of each text.
            max_length: most tokens, including special ones; later words are cut off.
            languages: of each text.

        Returns:
            A feature for each text, and for each of its tokens the number of its word, None for special tokens.
        """
        if self._xlm_tokenizer is None:
            encoding = self._tokenizer(
                [list(text) for text in words], is_split_into_words=True, truncation=True, max_length=max_length
            )
            features = [self._extract_feature(encoding, i, language) for i, language in enumerate(languages)]
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
        """Encode questions, each with a window of its context; a long context gives several windows.

        Args:
            questions: the first texts of every window: their first `MAX_QUESTION_TOKENS` tokens; beside a context that does not fit into
                one window, at most half of a window.
            contexts: the second texts.
            max_length: most tokens, including special ones.
            stride: tokens that two consecutive windows share.
            languages: of each question and its context.

        Returns:
            A feature for each window, the number of its row, and for each of its tokens its characters in the context, None for tokens
            of the question and special ones.
        """
        if self._xlm_tokenizer is None:
            return self._encode_windows_fast(questions, contexts, max_length, stride, languages)
        features: list[Feature] = []
        rows: list[int] = []
        spans: list[list[Span | None]] = []
        free = max_length - self._count_special_tokens(True)
        for row, (question_language, context_language) in enumerate(languages):
            question, pieces = (
                self._xlm_tokenizer.encode(questions[row], question_language),
                self._xlm_tokenizer.encode_with_offsets(contexts[row], context_language),
            )
            question = question[:MAX_QUESTION_TOKENS]
            if len(question) + len(pieces) > free:
                question = question[: compute_question_budget(free, stride)]
            room = free - len(question)
            for start in compute_window_starts(len(pieces), room, stride):
                window = pieces[start : start + room]
                features.append(
                    self._build_feature(question, [token for token, _ in window], question_language, context_language)
                )
                rows.append(row)
                spans.append([*[None] * (len(question) + 2), *(span for _, span in window), None])
        return features, rows, spans

    def _encode_windows_fast(
        self,
        questions: Sequence[str],
        contexts: Sequence[str],
        max_length: int,
        stride: int,
        languages: Sequence[tuple[str, str]],
    ) -> tuple[list[Feature], list[int], list[list[Span | None]]]:
        free = max_length - self._count_special_tokens(True)
        question_ids = self._tokenizer(list(questions), add_special_tokens=False)["input_ids"]
        encoding = self._tokenizer(
            [
                text
                if len(ids) <= compute_question_budget(free, stride)
                else self._truncate_question(text, context, free, stride)
                for text, ids, context in zip(questions, question_ids, contexts, strict=True)
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
        return [self._extract_feature(encoding, i, languages[row][1]) for i, row in enumerate(rows)], rows, spans

    def _truncate_question(self, question: str, context: str, free: int, stride: int) -> str:
        """The part of a question that is encoded beside a context, in windows of `free` tokens."""
        question = self._truncate_text(question, MAX_QUESTION_TOKENS)
        fits = self._count_tokens(question) + self._count_tokens(context) <= free
        return question if fits else self._truncate_text(question, compute_question_budget(free, stride))

    def _truncate_text(self, text: str, most: int) -> str:
        """The longest beginning of a text with at most `most` tokens."""
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
        """A feature for XLM: without token types, which XLM would look up in its table of words."""
        ids = self._tokenizer.build_inputs_with_special_tokens(first, second)
        feature: Feature = {"input_ids": ids, "attention_mask": [1] * len(ids)}
        if self._languages:
            langs = [self._language_id(one)] * len(ids)
            if second is not None:  # before it the start, the first text and a separator, after it a separator
                langs[len(first) + 2 : -1] = [self._language_id(other)] * len(second)
            feature["langs"] = langs
        return feature

    def _language_id(self, language: str) -> int:
        """The number of a language; that of English for a language without one, as in the XTREME scripts."""
        known = self._languages or self._adapters
        return known.get(language, known.get(SOURCE_LANGUAGE, 0))

    def _extract_feature(self, encoding: Mapping[str, Sequence[Any]], number: int, language: str) -> Feature:
        """A feature of a fast tokenizer: without what the model does not take; for X-MOD with the adapter of a language."""
        feature: Feature = {key: values[number] for key, values in encoding.items() if key not in self._surplus}
        if self._adapters:
            feature["lang_ids"] = self._language_id(language)
        return feature
