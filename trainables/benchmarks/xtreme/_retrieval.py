"""Tatoeba, BUCC, Mewsli-X, LAReQA: find what belongs together."""

from dataclasses import replace

from trainables.benchmarks.xtreme._questions import SQUAD_TRAIN
from trainables.benchmarks.xtreme._tags import XTREME_SOURCE
from trainables.cards import (
    LAREQA_CANDIDATES_FORMAT,
    LAREQA_QUERY_FORMAT,
    MEWSLI_CANDIDATES_FORMAT,
    MEWSLI_PAIR_FORMAT,
    MEWSLI_QUERY_FORMAT,
    MTEB_TRANSLATION_FORMAT,
    QUESTION_SENTENCE_FORMAT,
    TRANSLATION_FORMAT,
    DatasetPart,
    DatasetSource,
    TaskCard,
    TaskParts,
)

_TATOEBA_CODES = {
    "af": "afr",
    "ar": "ara",
    "bg": "bul",
    "bn": "ben",
    "de": "deu",
    "el": "ell",
    "es": "spa",
    "et": "est",
    "eu": "eus",
    "fa": "pes",
    "fi": "fin",
    "fr": "fra",
    "he": "heb",
    "hi": "hin",
    "hu": "hun",
    "id": "ind",
    "it": "ita",
    "ja": "jpn",
    "jv": "jav",
    "ka": "kat",
    "kk": "kaz",
    "ko": "kor",
    "ml": "mal",
    "mr": "mar",
    "nl": "nld",
    "pt": "por",
    "ru": "rus",
    "sw": "swh",
    "ta": "tam",
    "te": "tel",
    "th": "tha",
    "tl": "tgl",
    "tr": "tur",
    "ur": "urd",
    "vi": "vie",
    "zh": "cmn",
}
_TATOEBA_ROWS = {"jv": 205, "ka": 746, "kk": 575, "ml": 687, "sw": 390, "ta": 307, "te": 234, "th": 548}
_TATOEBA_PART = DatasetPart(
    source=XTREME_SOURCE,
    row_format=TRANSLATION_FORMAT,
    configuration={code: f"tatoeba.{name}" for code, name in _TATOEBA_CODES.items()},
    split="validation",
    languages=tuple(_TATOEBA_CODES),
    rows=_TATOEBA_ROWS,
)
_TATOEBA_MTEB_CODES = {"az": "aze", "lt": "lit", "pl": "pol", "ro": "ron", "uk": "ukr"}
_TATOEBA_MTEB_PART = DatasetPart(
    source=DatasetSource(repository="mteb/tatoeba-bitext-mining", licence="CC BY 2.0"),
    row_format=MTEB_TRANSLATION_FORMAT,
    configuration={code: f"{name}-eng" for code, name in _TATOEBA_MTEB_CODES.items()},
    split="test",
    languages=tuple(_TATOEBA_MTEB_CODES),
)
TATOEBA_XTREME = TaskCard(
    kind="retrieval_from_english",
    description="find the translation of an English sentence, without training (Artetxe & Schwenk, TACL 2019)",
    train=0,
    languages=tuple(_TATOEBA_CODES),
    parts=TaskParts(test=(_TATOEBA_PART,)),
)
TATOEBA = replace(
    TATOEBA_XTREME,
    languages=tuple(sorted((*_TATOEBA_CODES, *_TATOEBA_MTEB_CODES))),
    parts=TaskParts(test=(_TATOEBA_PART, _TATOEBA_MTEB_PART)),
)

MEWSLI_LANGUAGES = ("ar", "de", "en", "es", "fa", "ja", "pl", "ro", "ta", "tr", "uk")
_MEWSLI_SOURCE = DatasetSource(
    repository="izhx/mewsli-x", licence="Apache-2.0 (a copy of the official download)", archived=True
)
_MEWSLI_PART = DatasetPart(
    source=_MEWSLI_SOURCE, row_format=MEWSLI_QUERY_FORMAT, split="validation", languages=MEWSLI_LANGUAGES
)
MEWSLIX = TaskCard(
    kind="dense_retrieval",
    description="which of a million entities, described in 50 languages, is mentioned? (Ruder et al., EMNLP 2021)",
    train=115_000,
    languages=MEWSLI_LANGUAGES,
    parts=TaskParts(
        train=(
            replace(
                _MEWSLI_PART,
                row_format=MEWSLI_PAIR_FORMAT,
                configuration="wikipedia_pairs",
                split="train",
                languages=("en",),
            ),
        ),
        dev=(_MEWSLI_PART,),
        test=(replace(_MEWSLI_PART, split="test"),),
        candidates=(
            replace(
                _MEWSLI_PART,
                row_format=MEWSLI_CANDIDATES_FORMAT,
                configuration="candidate_entities",
                split="test",
                languages=("mul",),
            ),
        ),
    ),
)

LAREQA_LANGUAGES = ("ar", "de", "el", "en", "es", "hi", "ru", "th", "tr", "vi", "zh")
_LAREQA_PART = DatasetPart(
    source=DatasetSource(repository="google-research-datasets/xquad_r", licence="CC BY-SA 4.0"),
    row_format=LAREQA_QUERY_FORMAT,
    split="validation",
    languages=LAREQA_LANGUAGES,
    rows=1190,
)
LAREQA = TaskCard(
    kind="dense_retrieval",
    description="find a question's answer among the sentences of all languages (Roy et al., EMNLP 2020; trained on SQuAD 1.1)",
    train=87_599,
    languages=LAREQA_LANGUAGES,
    published_difference="unless the set has sentence_breaks, which the hub's copy has not, contexts are cut into sentences by punctuation, a Thai one not at "
    "all: other candidates than the published ones",
    parts=TaskParts(
        train=(replace(SQUAD_TRAIN, row_format=QUESTION_SENTENCE_FORMAT),),
        test=(_LAREQA_PART,),
        candidates=(replace(_LAREQA_PART, row_format=LAREQA_CANDIDATES_FORMAT),),
    ),
)

BUCC_LANGUAGES = ("de", "fr", "ru", "zh")
_BUCC_PART = DatasetPart(
    source=XTREME_SOURCE,
    row_format=TRANSLATION_FORMAT,
    configuration="bucc18.{language}",
    split="validation",
    languages=BUCC_LANGUAGES,
    rows={"de": 1038, "fr": 929, "ru": 2374, "zh": 257},
)
BUCC = TaskCard(
    kind="mining",
    description="mine translations into English, without training (Zweigenbaum et al., BUCC 2018; the hub has the gold pairs alone)",
    train=0,
    languages=BUCC_LANGUAGES,
    pooling="first",
    published_difference="mined among the sentences of the gold pairs alone, all that the hub has: easier than the whole corpora",
    parts=TaskParts(
        dev=(_BUCC_PART,),
        test=(replace(_BUCC_PART, split="test", rows={"de": 9580, "fr": 9086, "ru": 14_435, "zh": 1899}),),
    ),
)
