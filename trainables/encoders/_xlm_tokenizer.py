"""XLM's pieces of a text, and the characters that each stands for: Moses' tokens, then byte-pair encoding.

XLM's tokenizer is plain Python and tells no offsets. It also rewrites what it reads (quotation marks, full-width signs, accents),
so pieces are found again by rewriting the text character by character and comparing.
"""

import unicodedata
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from sys import modules

from transformers import PreTrainedTokenizerBase

TokenSpan = tuple[int, tuple[int, int]]
"""A token's id, and its characters: from, to."""

SEGMENTER_PACKAGES = {"th": "pythainlp", "zh": "rjieba", "ja": "Mykytea"}
"""The packages that find words where there are no spaces, in the languages that XLM was pre-trained on as words."""
KYTEA_MODEL = "local/share/kytea/model.bin"
"""What Mykytea needs besides; from the home directory, where XLM's tokenizer looks for it."""
DEFAULT_LANGUAGE = "en"
"""Moses' language where it is not told another."""
END_OF_WORD = "</w>"
_SPACELESS_RANGES = (
    *((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0xA9E0, 0xA9FF), (0xAA60, 0xAA7F)),
    *((0x3005, 0x3007), (0x3040, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF9F)),
    *((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x323AF)),
)
"""Thai and Lao, Burmese, Khmer, Burmese; kana; Han."""


class XLMOffsetTokenizer:
    """An `XLMTokenizer` that knows where its pieces come from."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, *, embedded: bool) -> None:
        """
        Args:
            tokenizer: XLM's.
            embedded: whether the model has language embeddings.
        """
        self.tokenizer, self._has_language_embeddings = tokenizer, embedded
        self.languages_without_segmenter = tuple(
            code for code in SEGMENTER_PACKAGES if not _is_segmenter_installed(code)
        )
        """Languages whose words nothing here finds: each of their characters is taken for a word."""
        self._normalised_characters: dict[str, str] = {}

    def encode(self, text: str, language: str) -> list[int]:
        """The text's pieces.

        Args:
            text: any.
            language: its ISO 639-1 code; for one that Moses does not know its default is taken.
        """
        ids: list[int] = self.tokenizer.convert_tokens_to_ids(self._tokenize_words(text, language))
        return ids

    def encode_with_offsets(self, text: str, language: str) -> list[TokenSpan]:
        """The same pieces with their characters.

        A text that XLM rewrites past recognition is tokenized word by word, such a word character by character, and of such a
        character each piece stands for the whole.
        """
        return list(self._iterate_with_offsets(text, 0, language, (str.isspace, _is_isolated)))

    def _iterate_with_offsets(
        self, text: str, at: int, language: str, cuts: tuple[Callable[[str], bool], ...]
    ) -> Iterator[TokenSpan]:
        tokens = self._tokenize_words(text, language)
        spans = self._find_spans(text, [token.removesuffix(END_OF_WORD) for token in tokens])
        if spans is None and cuts:
            for start, part in _split_isolated(text, cuts[0]):
                yield from self._iterate_with_offsets(part, at + start, language, cuts[1:])
            return
        ids = self.tokenizer.convert_tokens_to_ids(tokens)
        for token, (start, stop) in zip(ids, spans or [(0, len(text))] * len(ids), strict=True):
            yield token, (at + start, at + stop)

    def _tokenize_words(self, text: str, language: str) -> list[str]:
        # The tokenizer drops line breaks as control characters and would join the words around them.
        words = text.split()
        if language in self.languages_without_segmenter:
            words = [part for word in words for _, part in _split_isolated(word, _is_spaceless)]
        # Its public `tokenize` takes `lang` and does not pass it on (transformers 5.23): every text would be English.
        tokens: list[str] = self.tokenizer._tokenize(" ".join(words), lang=self._tokenizer_language(language))
        return tokens

    def _tokenizer_language(self, language: str) -> str:
        """The language as the tokenizer is to hear it."""
        known = self.tokenizer.lang2id
        if language in self.languages_without_segmenter or (
            known and language not in known
        ):  # it would log an error for every text
            return DEFAULT_LANGUAGE
        # The tokenizer strips Romanian of its diacritics, as only one model with language embeddings was trained.
        return DEFAULT_LANGUAGE if language == "ro" and not self._has_language_embeddings else language

    def _find_spans(self, text: str, pieces: list[str]) -> list[tuple[int, int]] | None:
        """The characters of each piece; None if the text, rewritten, does not read like the pieces."""
        owners: list[int] = []
        glyphs: list[tuple[int, int]] = []
        said = []
        for start, stop, shown in self._iterate_characters(text):
            owners += [len(glyphs)] * len(shown)
            glyphs.append((start, stop))
            said.append(shown)
        if "".join(said) != "".join(pieces) or not all(pieces):
            return None
        spans, first = [], 0
        for piece in pieces:
            last = first + len(piece) - 1
            spans.append((glyphs[owners[first]][0], glyphs[owners[last]][1]))
            first = last + 1
        return spans

    def _iterate_characters(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Each character of a text as XLM sees it; those it does not see (accents, controls) go with a neighbour in the word."""
        start, shown = 0, ""
        for i, character in enumerate(text):
            seen = self._normalise_character(character)
            if shown and (seen or character.isspace()):
                yield start, i, shown
                start, shown = i, ""
            if character.isspace():
                start = i + 1
            shown += seen
        if shown:
            yield start, len(text), shown

    def _normalise_character(self, character: str) -> str:
        """A character as XLM's tokenizer rewrites it, without spaces."""
        if character not in self._normalised_characters:
            shown = "".join(self.tokenizer.moses_pipeline(character, lang=DEFAULT_LANGUAGE).split())
            if self.tokenizer.do_lowercase_and_remove_accent:
                bare = unicodedata.normalize("NFD", shown.lower())
                shown = "".join(c for c in bare if unicodedata.category(c) != "Mn").lower()
            self._normalised_characters[character] = shown
        return self._normalised_characters[character]


def _is_segmenter_installed(language: str) -> bool:
    """Whether what finds a language's words is there."""
    name = SEGMENTER_PACKAGES[language]
    there = name in modules or find_spec(name) is not None
    return there and (language != "ja" or (Path.home() / KYTEA_MODEL).is_file())


def _split_isolated(text: str, alone: Callable[[str], bool]) -> Iterator[tuple[int, str]]:
    """Where it begins, and what it says: each character that is to stand alone, with its marks, and what is between them."""
    begin, before = 0, False
    for i, character in enumerate(text):
        if i and unicodedata.category(character).startswith("M"):
            continue
        now = alone(character)
        if i and (now or before):
            yield begin, text[begin:i]
            begin = i
        before = now
    if text:
        yield begin, text[begin:]


def _is_spaceless(character: str) -> bool:
    """Whether its script has no spaces between words."""
    return any(first <= ord(character) <= last for first, last in _SPACELESS_RANGES)


def _is_isolated(character: str) -> bool:
    return _is_spaceless(character) or not character.isalnum()
