"""UD-POS and WikiANN: a tag for every word."""

from dataclasses import replace

from trainables.benchmarks import shapes
from trainables.benchmarks.cards import Card, Part, Parts, Set

XTREME_SET = Set(repository="google/xtreme", licence="by source: Apache-2.0, CC BY, CC BY-SA, CC BY-NC")
UPOS = (
    "ADJ",
    "ADP",
    "ADV",
    "AUX",
    "CCONJ",
    "DET",
    "INTJ",
    "NOUN",
    "NUM",
    "PART",
    "PRON",
    "PROPN",
    "PUNCT",
    "SCONJ",
    "SYM",
    "VERB",
    "X",
)
ENTITIES = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")

_UD_NAMES = {
    "af": "Afrikaans",
    "ar": "Arabic",
    "bg": "Bulgarian",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "et": "Estonian",
    "eu": "Basque",
    "fa": "Persian",
    "fi": "Finnish",
    "fr": "French",
    "he": "Hebrew",
    "hi": "Hindi",
    "hu": "Hungarian",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "kk": "Kazakh",
    "ko": "Korean",
    "mr": "Marathi",
    "nl": "Dutch",
    "pt": "Portuguese",
    "ru": "Russian",
    "ta": "Tamil",
    "te": "Telugu",
    "th": "Thai",
    "tl": "Tagalog",
    "tr": "Turkish",
    "ur": "Urdu",
    "vi": "Vietnamese",
    "yo": "Yoruba",
    "zh": "Chinese",
}
_WITHOUT_DEV = {"kk", "th", "tl", "yo"}
_udpos = Part(
    set=XTREME_SET,
    shape=shapes.tags("tokens", "pos_tags", UPOS, hub_order=UPOS),
    configuration={code: f"udpos.{name}" for code, name in _UD_NAMES.items()},
    split="validation",
    languages=tuple(code for code in _UD_NAMES if code not in _WITHOUT_DEV),
    rows={"en": 3974},
)
UDPOS_XTREME = Card(
    kind="tagging",
    about="parts of speech (Universal Dependencies 2.5, all treebanks of a language, as google/xtreme has them)",
    labels=UPOS,
    train=21_253,
    languages=tuple(_UD_NAMES),
    unlike="words are syntactic ones, in the published task fused ones",
    parts=Parts(
        train=(replace(_udpos, split="train", languages=("en",), rows=21_253),),
        dev=(_udpos,),
        test=(replace(_udpos, split="test", languages=tuple(_UD_NAMES), rows={"en": 5440}),),
    ),
)
_udpos_r = Part(
    set=Set(repository="izhx/xtreme-r-udpos", licence="by treebank (Universal Dependencies 2.7)"),
    shape=shapes.tags("tokens", "pos_tags", UPOS),  # its order is not known: no numbers without names
    split="test",
    languages=tuple(sorted((*_UD_NAMES, "lt", "pl", "ro", "uk", "wo"))),
)
UDPOS = replace(
    UDPOS_XTREME,
    about="parts of speech (Universal Dependencies: in XTREME-R 2.5 in XTREME's 33 languages and 2.7 in lt pl ro uk wo; dev in other "
    "languages than English from google/xtreme)",
    languages=_udpos_r.languages,
    unlike="the copy that is read names version 2.7 of Universal Dependencies for every language, XTREME-R's script takes 2.5 in 33",
    parts=Parts(
        train=(replace(_udpos_r, split="train", languages=("en",)),),
        dev=(
            replace(_udpos_r, split="validation", languages=("en",)),
            replace(_udpos, languages=tuple(code for code in _udpos.languages if code != "en")),
        ),
        test=(_udpos_r,),
    ),
)

PANX_LANGUAGES_XTREME = (
    "af",
    "ar",
    "bg",
    "bn",
    "de",
    "el",
    "en",
    "es",
    "et",
    "eu",
    "fa",
    "fi",
    "fr",
    "he",
    "hi",
    "hu",
    "id",
    "it",
    "ja",
    "jv",
    "ka",
    "kk",
    "ko",
    "ml",
    "mr",
    "ms",
    "my",
    "nl",
    "pt",
    "ru",
    "sw",
    "ta",
    "te",
    "th",
    "tl",
    "tr",
    "ur",
    "vi",
    "yo",
    "zh",
)
PANX_LANGUAGES = tuple(sorted((*PANX_LANGUAGES_XTREME, *["az", "gu", "lt", "pa", "pl", "qu", "ro", "uk"])))
_panx = Part(
    set=Set(repository="unimelb-nlp/wikiann", licence="unclear"),
    shape=shapes.tags("tokens", "ner_tags", ENTITIES, hub_order=ENTITIES),
    split="",
    languages=PANX_LANGUAGES,
)
_SMALL = dict.fromkeys(["qu", "pa", "gu", "yo", "my", "jv"], 100)
PANX = Card(
    kind="tagging",
    about="persons, organisations and places in Wikipedia (Pan et al., ACL 2017; splits of Rahimi et al., ACL 2019)",
    labels=ENTITIES,
    train=20_000,
    languages=PANX_LANGUAGES,
    parts=Parts(
        train=(replace(_panx, split="train", languages=("en",), rows=20_000),),
        dev=(replace(_panx, split="validation", rows=_SMALL | {"en": 10_000}),),
        test=(replace(_panx, split="test", rows=_SMALL | {"en": 10_000}),),
    ),
)
_panx_xtreme = replace(_panx, set=XTREME_SET, configuration="PAN-X.{language}", languages=PANX_LANGUAGES_XTREME)
PANX_XTREME = replace(
    PANX,
    languages=PANX_LANGUAGES_XTREME,
    parts=Parts(
        train=(replace(_panx_xtreme, split="train", languages=("en",), rows=20_000),),
        dev=(replace(_panx_xtreme, split="validation", rows={"en": 10_000}),),
        test=(replace(_panx_xtreme, split="test", rows={"en": 10_000}),),
    ),
)
