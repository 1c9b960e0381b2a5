"""UD-POS and WikiANN: a tag for every word."""

from dataclasses import replace

from trainables.cards import DatasetPart, DatasetSource, TaskCard, TaskParts, make_tagging_format

XTREME_SOURCE = DatasetSource(repository="google/xtreme", licence="by source: Apache-2.0, CC BY, CC BY-SA, CC BY-NC")
UPOS_TAGS = (
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
PANX_TAGS = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")

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
_UD_WITHOUT_DEV = {"kk", "th", "tl", "yo"}
_UDPOS_PART = DatasetPart(
    source=XTREME_SOURCE,
    row_format=make_tagging_format("tokens", "pos_tags", UPOS_TAGS, hub_order=UPOS_TAGS),
    configuration={code: f"udpos.{name}" for code, name in _UD_NAMES.items()},
    split="validation",
    languages=tuple(code for code in _UD_NAMES if code not in _UD_WITHOUT_DEV),
    rows={"en": 3974},
)
UDPOS_XTREME = TaskCard(
    kind="tagging",
    description="parts of speech (Universal Dependencies 2.5, all treebanks of a language, as google/xtreme has them)",
    labels=UPOS_TAGS,
    train=21_253,
    languages=tuple(_UD_NAMES),
    published_difference="words are syntactic ones, in the published task fused ones",
    parts=TaskParts(
        train=(replace(_UDPOS_PART, split="train", languages=("en",), rows=21_253),),
        dev=(_UDPOS_PART,),
        test=(replace(_UDPOS_PART, split="test", languages=tuple(_UD_NAMES), rows={"en": 5440}),),
    ),
)
_UDPOS_XTREME_R_PART = DatasetPart(
    source=DatasetSource(repository="izhx/xtreme-r-udpos", licence="by treebank (Universal Dependencies 2.7)"),
    row_format=make_tagging_format("tokens", "pos_tags", UPOS_TAGS),  # its order is not known: no numbers without names
    split="test",
    languages=tuple(sorted((*_UD_NAMES, "lt", "pl", "ro", "uk", "wo"))),
)
UDPOS = replace(
    UDPOS_XTREME,
    description="parts of speech (Universal Dependencies: in XTREME-R 2.5 in XTREME's 33 languages and 2.7 in lt pl ro uk wo; dev in other "
    "languages than English from google/xtreme)",
    languages=_UDPOS_XTREME_R_PART.languages,
    published_difference="the copy that is read names version 2.7 of Universal Dependencies for every language, XTREME-R's script takes 2.5 in 33",
    parts=TaskParts(
        train=(replace(_UDPOS_XTREME_R_PART, split="train", languages=("en",)),),
        dev=(
            replace(_UDPOS_XTREME_R_PART, split="validation", languages=("en",)),
            replace(_UDPOS_PART, languages=tuple(code for code in _UDPOS_PART.languages if code != "en")),
        ),
        test=(_UDPOS_XTREME_R_PART,),
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
_PANX_PART = DatasetPart(
    source=DatasetSource(repository="unimelb-nlp/wikiann", licence="unclear"),
    row_format=make_tagging_format("tokens", "ner_tags", PANX_TAGS, hub_order=PANX_TAGS),
    split="",
    languages=PANX_LANGUAGES,
)
_SMALL_PANX_ROWS = dict.fromkeys(["qu", "pa", "gu", "yo", "my", "jv"], 100)
_PANX_TRAIN_ROWS = (
    dict.fromkeys(PANX_LANGUAGES, 20_000)
    | dict.fromkeys(["et", "ta"], 15_000)
    | dict.fromkeys(["az", "bn", "eu", "ka", "lt", "ml", "tl"], 10_000)
    | dict.fromkeys(["af", "hi", "mr"], 5000)
    | dict.fromkeys(["kk", "sw", "te"], 1000)
    | _SMALL_PANX_ROWS
)
"""By the card of ``wikiann``."""
PANX = TaskCard(
    kind="tagging",
    description="persons, organisations and places in Wikipedia (Pan et al., ACL 2017; splits of Rahimi et al., ACL 2019)",
    labels=PANX_TAGS,
    train=20_000,
    train_sets=_PANX_TRAIN_ROWS,
    languages=PANX_LANGUAGES,
    parts=TaskParts(
        train=(replace(_PANX_PART, split="train", languages=("en",), rows=_PANX_TRAIN_ROWS),),
        dev=(replace(_PANX_PART, split="validation", rows=_SMALL_PANX_ROWS | {"en": 10_000}),),
        test=(replace(_PANX_PART, split="test", rows=_SMALL_PANX_ROWS | {"en": 10_000}),),
    ),
)
_PANX_XTREME_PART = replace(
    _PANX_PART, source=XTREME_SOURCE, configuration="PAN-X.{language}", languages=PANX_LANGUAGES_XTREME
)
PANX_XTREME = replace(
    PANX,
    train_sets={code: _PANX_TRAIN_ROWS[code] for code in PANX_LANGUAGES_XTREME},
    languages=PANX_LANGUAGES_XTREME,
    parts=TaskParts(
        train=(replace(_PANX_XTREME_PART, split="train", languages=("en",), rows=_PANX_TRAIN_ROWS),),
        dev=(replace(_PANX_XTREME_PART, split="validation", rows={"en": 10_000}),),
        test=(replace(_PANX_XTREME_PART, split="test", rows={"en": 10_000}),),
    ),
)
