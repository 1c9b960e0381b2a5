"""Tatoeba, BUCC, Mewsli-X, LAReQA: find what belongs together."""

from dataclasses import replace

from trainables.benchmarks import shapes
from trainables.benchmarks.cards import Card, Part, Parts, Set
from trainables.benchmarks.xtreme.questions import SQUAD_TRAIN
from trainables.benchmarks.xtreme.tags import XTREME_SET

_ISO3 = {
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
_FEWER = {"jv": 205, "ka": 746, "kk": 575, "ml": 687, "sw": 390, "ta": 307, "te": 234, "th": 548}
_tatoeba = Part(
    set=XTREME_SET,
    shape=shapes.TRANSLATIONS,
    configuration={code: f"tatoeba.{name}" for code, name in _ISO3.items()},
    split="validation",
    languages=tuple(_ISO3),
    rows=_FEWER,
)
_NEW_IN_TATOEBA = {"az": "aze", "lt": "lit", "pl": "pol", "ro": "ron", "uk": "ukr"}
_tatoeba_mteb = Part(
    set=Set(repository="mteb/tatoeba-bitext-mining", licence="CC BY 2.0"),
    shape=shapes.TRANSLATIONS_MTEB,
    configuration={code: f"{name}-eng" for code, name in _NEW_IN_TATOEBA.items()},
    split="test",
    languages=tuple(_NEW_IN_TATOEBA),
)
TATOEBA_XTREME = Card(
    kind="retrieval_from_english",
    about="find the translation of an English sentence, without training (Artetxe & Schwenk, TACL 2019)",
    train=0,
    languages=tuple(_ISO3),
    parts=Parts(test=(_tatoeba,)),
)
TATOEBA = replace(
    TATOEBA_XTREME,
    languages=tuple(sorted((*_ISO3, *_NEW_IN_TATOEBA))),
    parts=Parts(test=(_tatoeba, _tatoeba_mteb)),
)

MEWSLI_LANGUAGES = ("ar", "de", "en", "es", "fa", "ja", "pl", "ro", "ta", "tr", "uk")
_MEWSLI = Set(repository="izhx/mewsli-x", licence="Apache-2.0 (a copy of the official download)", archived=True)
_mewsli = Part(set=_MEWSLI, shape=shapes.MEWSLI_QUERY, split="validation", languages=MEWSLI_LANGUAGES)
MEWSLIX = Card(
    kind="dense_retrieval",
    about="which of a million entities, described in 50 languages, is mentioned? (Ruder et al., EMNLP 2021)",
    train=115_000,
    languages=MEWSLI_LANGUAGES,
    parts=Parts(
        train=(
            replace(
                _mewsli, shape=shapes.MEWSLI_PAIR, configuration="wikipedia_pairs", split="train", languages=("en",)
            ),
        ),
        dev=(_mewsli,),
        test=(replace(_mewsli, split="test"),),
        candidates=(
            replace(
                _mewsli,
                shape=shapes.MEWSLI_CANDIDATES,
                configuration="candidate_entities",
                split="test",
                languages=("mul",),
            ),
        ),
    ),
)

LAREQA_LANGUAGES = ("ar", "de", "el", "en", "es", "hi", "ru", "th", "tr", "vi", "zh")
_lareqa = Part(
    set=Set(repository="google-research-datasets/xquad_r", licence="CC BY-SA 4.0"),
    shape=shapes.LAREQA_QUERY,
    split="validation",
    languages=LAREQA_LANGUAGES,
    rows=1190,
)
LAREQA = Card(
    kind="dense_retrieval",
    about="find a question's answer among the sentences of all languages (Roy et al., EMNLP 2020; trained on SQuAD 1.1)",
    train=87_599,
    languages=LAREQA_LANGUAGES,
    unlike="unless the set has sentence_breaks, which the hub's copy has not, contexts are cut into sentences by punctuation, a Thai one not at "
    "all: other candidates than the published ones",
    parts=Parts(
        train=(replace(SQUAD_TRAIN, shape=shapes.QUESTION_AND_SENTENCE),),
        test=(_lareqa,),
        candidates=(replace(_lareqa, shape=shapes.LAREQA_CANDIDATES),),
    ),
)

BUCC_LANGUAGES = ("de", "fr", "ru", "zh")
_bucc = Part(
    set=XTREME_SET,
    shape=shapes.TRANSLATIONS,
    configuration="bucc18.{language}",
    split="validation",
    languages=BUCC_LANGUAGES,
    rows={"de": 1038, "fr": 929, "ru": 2374, "zh": 257},
)
BUCC = Card(
    kind="mining",
    about="mine translations into English, without training (Zweigenbaum et al., BUCC 2018; the hub has the gold pairs alone)",
    train=0,
    languages=BUCC_LANGUAGES,
    pooling="first",
    unlike="mined among the sentences of the gold pairs alone, all that the hub has: easier than the whole corpora",
    parts=Parts(
        dev=(_bucc,),
        test=(replace(_bucc, split="test", rows={"de": 9580, "fr": 9086, "ru": 14_435, "zh": 1899}),),
    ),
)
