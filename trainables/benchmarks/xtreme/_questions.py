"""XQuAD, MLQA, TyDiQA-GoldP: a span of a text."""

from dataclasses import replace

from trainables.benchmarks.xtreme._tags import XTREME_SOURCE
from trainables.cards import (
    QUESTION_FORMAT,
    SCORED_QUESTION_FORMAT,
    DatasetPart,
    DatasetSource,
    Row,
    TaskCard,
    TaskParts,
)
from trainables.validation import UnusableRowError

ANSWER_METRICS = ("f1", "exact_match")
"""XTREME and XTREME-R average the two."""
SQUAD_SOURCE = DatasetSource(repository="rajpurkar/squad", licence="CC BY-SA 4.0")
SQUAD_TRAIN = DatasetPart(
    source=SQUAD_SOURCE, row_format=QUESTION_FORMAT, configuration="plain_text", split="train", rows=87_599
)
XQUAD_LANGUAGES = ("ar", "de", "el", "en", "es", "hi", "ro", "ru", "th", "tr", "vi", "zh")
_XQUAD_PART = DatasetPart(
    source=DatasetSource(repository="google/xquad", licence="CC BY-SA 4.0"),
    row_format=SCORED_QUESTION_FORMAT,
    configuration="xquad.{language}",
    split="validation",
    languages=XQUAD_LANGUAGES,
    rows=1190,
    item_column="id",
)
# XQuAD was translated out of SQuAD's dev set: what it has of it is test.
SQUAD_DEV = replace(
    SQUAD_TRAIN,
    row_format=SCORED_QUESTION_FORMAT,
    split="validation",
    rows=10_570,
    excluded_part=replace(_XQUAD_PART, languages=("en",)),
)
XQUAD = TaskCard(
    kind="question_answering",
    description="the answer's span in a translated SQuAD (Artetxe et al., ACL 2020; trained on SQuAD 1.1)",
    train=87_599,
    languages=XQUAD_LANGUAGES,
    published_metrics=ANSWER_METRICS,
    parts=TaskParts(train=(SQUAD_TRAIN,), dev=(SQUAD_DEV,), test=(_XQUAD_PART,)),
)
XQUAD_XTREME = replace(
    XQUAD,
    languages=tuple(code for code in XQUAD_LANGUAGES if code != "ro"),
    parts=replace(
        XQUAD.parts,  # type: ignore[type-var]
        test=(replace(_XQUAD_PART, languages=tuple(code for code in XQUAD_LANGUAGES if code != "ro")),),
    ),
)

MLQA_LANGUAGES = ("ar", "de", "en", "es", "hi", "vi", "zh")
_MLQA_PART = DatasetPart(
    source=XTREME_SOURCE,
    row_format=SCORED_QUESTION_FORMAT,
    configuration="MLQA.{language}.{language}",
    split="validation",
    languages=MLQA_LANGUAGES,
    rows={"en": 1148, "de": 512, "ar": 517, "es": 500, "hi": 507, "vi": 511, "zh": 504},
    item_column="id",
)
MLQA = TaskCard(
    kind="question_answering_mlqa",
    description="the answer's span, question and text in one language (Lewis et al., ACL 2020; trained on SQuAD 1.1)",
    train=87_599,
    languages=MLQA_LANGUAGES,
    published_metrics=ANSWER_METRICS,
    parts=TaskParts(
        train=(SQUAD_TRAIN,),
        dev=(_MLQA_PART,),
        test=(
            replace(
                _MLQA_PART,
                split="test",
                rows={"en": 11_590, "de": 4517, "ar": 5335, "es": 5253, "hi": 4918, "vi": 5495, "zh": 5137},
            ),
        ),
    ),
)

_TYDIQA_NAMES = {
    "ar": "arabic",
    "bn": "bengali",
    "en": "english",
    "fi": "finnish",
    "id": "indonesian",
    "ko": "korean",
    "ru": "russian",
    "sw": "swahili",
    "te": "telugu",
}


def _is_in_tydiqa_language(row: Row, language: str) -> bool:
    name = str(row.get("id") or "").split("-")[0].casefold()
    if name not in _TYDIQA_NAMES.values():
        raise UnusableRowError("no language of its own in column id, row left out")
    return name == _TYDIQA_NAMES[language]


TYDIQA_DEV_ROWS = 300
_TYDIQA_TRAIN_ROWS = {
    "ar": 14_805,
    "bn": 2390,
    "en": 3696,
    "fi": 6855,
    "id": 5702,
    "ko": 1625,
    "ru": 6490,
    "sw": 2755,
    "te": 5563,
}
"""Of the gold passage task, by its paper; 49,881 together."""
_TYDIQA_PART = DatasetPart(
    source=DatasetSource(repository="google-research-datasets/tydiqa", licence="Apache-2.0"),
    row_format=SCORED_QUESTION_FORMAT,
    configuration="secondary_task",
    split="validation",
    languages=tuple(_TYDIQA_NAMES),
    contains_row=_is_in_tydiqa_language,
)
TYDIQA = TaskCard(
    kind="question_answering",
    description="the answer's span in a text written in the language (gold passages; Clark et al., TACL 2020)",
    train=3396,
    train_sets={code: rows - TYDIQA_DEV_ROWS for code, rows in _TYDIQA_TRAIN_ROWS.items()},
    languages=tuple(_TYDIQA_NAMES),
    published_metrics=ANSWER_METRICS,
    parts=TaskParts(
        train=(
            replace(_TYDIQA_PART, row_format=QUESTION_FORMAT, split="train", languages=("en",), skip=TYDIQA_DEV_ROWS),
        ),
        dev=(replace(_TYDIQA_PART, split="train", take=TYDIQA_DEV_ROWS),),
        test=(_TYDIQA_PART,),
    ),
)
