"""Masakhane's sets of African languages: MasakhaNEWS, AfriSenti and MasakhaPOS."""

from dataclasses import replace

from trainables.benchmarks._parallel_cards import Split, make_parallel_card, map_configurations
from trainables.benchmarks.xtreme import UPOS_TAGS, XTREME
from trainables.cards import (
    CONVERTED_REVISION,
    DatasetSource,
    RowFormat,
    TaskCard,
    TaskParts,
    make_pair_format,
    make_tagging_format,
)


def _count(codes: str, *counts: int) -> dict[str, int]:
    return dict(zip(codes.split(), counts, strict=True))


_NEWS_LANGUAGES = "amh eng fra hau ibo lin lug orm pcm run sna som swa tir xho yor"
_NEWS_CATEGORIES = ("business", "entertainment", "health", "politics", "religion", "sports", "technology")
MASAKHANEWS = make_parallel_card(
    TaskCard(
        kind="classification",
        description="the topic of a news article, headline and text, in 14 African languages, English and French (Adelani et al., "
        "IJCNLP-AACL 2023); any of them can be the source",
        train=0,
        metric="weighted_f1",
    ),
    DatasetSource(
        repository="masakhane/masakhanews", licence="CC BY-NC 4.0 (as mteb states it; the set's own card: AFL-3.0)"
    ),
    make_pair_format("headline", "text", _NEWS_CATEGORIES, "category"),
    map_configurations(_NEWS_LANGUAGES),
    [
        Split(
            "train",
            _count(
                *(_NEWS_LANGUAGES, 1311, 3309, 1476, 2219, 1356, 608, 771, 1128),
                *(1060, 1117, 1288, 1021, 1658, 947, 1032, 1433),
            ),
        ),
        Split(
            "validation",
            _count(_NEWS_LANGUAGES, 188, 472, 211, 317, 194, 87, 110, 162, 152, 159, 185, 148, 237, 137, 147, 206),
        ),
        Split(
            "test",
            _count(_NEWS_LANGUAGES, 376, 948, 422, 637, 390, 175, 223, 325, 305, 322, 369, 294, 476, 272, 297, 411),
        ),
    ],
)

_TWEET_LANGUAGES = "amh arq ary hau ibo kin pcm por swa tso twi yor"
SENTIMENTS = ("positive", "neutral", "negative")
AFRISENTI = make_parallel_card(
    TaskCard(
        kind="classification",
        description="the sentiment of a tweet in twelve languages of Africa (Muhammad et al., EMNLP 2023); none of them is English: set source",
        train=0,
        metric="weighted_f1",
        published_difference="mteb's copy, which is read, has at most 2,048 test tweets of a language, and lacks Oromo and Tigrinya",
    ),
    DatasetSource(
        repository="mteb/AfriSentiClassification",
        licence="CC BY 4.0",
        commit="463850b9da81847227ff03f3f80a3310b93cba3c",
    ),
    RowFormat(columns={"text": "text", "label": "label"}, labels=SENTIMENTS, hub_order=SENTIMENTS),
    map_configurations(_TWEET_LANGUAGES),
    [
        Split(
            "train", _count(_TWEET_LANGUAGES, 5984, 1651, 5583, 14_172, 10_192, 3302, 5121, 3063, 1810, 804, 3481, 8522)
        ),
        Split("validation", _count(_TWEET_LANGUAGES, 1497, 414, 494, 2677, 1841, 827, 1281, 767, 453, 203, 388, 2090)),
        Split("test", _count(_TWEET_LANGUAGES, 1999, 958, 2048, 2048, 2048, 1026, 2048, 2048, 748, 254, 949, 2048)),
    ],
)

_POS_LANGUAGES = "bam bbj ewe fon hau ibo kin lug luo mos nya pcm sna swa tsn twi wol xho yor zul"
_POS_TAGS = (*UPOS_TAGS, "_")
"""The set's own list has ``_`` beside the 17 universal parts of speech, and no word with it."""
_HUB_POS = "NOUN PUNCT ADP NUM SYM SCONJ ADJ PART DET CCONJ PROPN PRON X _ ADV INTJ VERB AUX"
_POS_HUB_ORDER = tuple(_HUB_POS.split())
_AFRICAN_POS = make_parallel_card(
    TaskCard(
        kind="tagging",
        description="parts of speech of news in 20 African languages (Dione et al., ACL 2023); source en: English of Universal Dependencies, as "
        "XTREME has it; any of the 20 can be the source",
        train=0,
        metric="accuracy",
    ),
    DatasetSource(
        repository="masakhane/masakhapos",
        licence="CC BY-NC 4.0 (its repository; its card on the hub: AFL-3.0)",
        revision=CONVERTED_REVISION,
    ),
    make_tagging_format("tokens", "upos", _POS_TAGS, hub_order=_POS_HUB_ORDER),
    map_configurations(_POS_LANGUAGES),
    [
        Split(
            "train",
            _count(
                *(_POS_LANGUAGES, 775, 750, 728, 810, 753, 803, 757, 733, 758, 757),
                *(728, 752, 747, 693, 754, 785, 782, 752, 893, 753),
            ),
        ),
        Split(
            "validation",
            _count(
                *(_POS_LANGUAGES, 154, 149, 145, 161, 150, 160, 151, 146, 151, 151),
                *(145, 150, 149, 138, 150, 157, 156, 150, 178, 150),
            ),
        ),
        Split(
            "test",
            _count(
                *(_POS_LANGUAGES, 619, 599, 582, 646, 601, 642, 604, 586, 606, 604),
                *(582, 600, 596, 553, 602, 628, 625, 601, 713, 601),
            ),
        ),
    ],
)


def _add_english(card: TaskCard, english: TaskCard) -> TaskCard:
    """The card with English training and dev rows of another one."""
    assert card.parts is not None and english.parts is not None
    dev = replace(english.parts.dev[0], languages=(english.language,))
    parts = TaskParts(train=(*english.parts.train, *card.parts.train), dev=(dev, *card.parts.dev), test=card.parts.test)
    return replace(card, train=card.train + english.train, parts=parts)


MASAKHAPOS = _add_english(_AFRICAN_POS, XTREME["udpos"])
