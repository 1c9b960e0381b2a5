"""XQuAD, MLQA, TyDiQA-GoldP: a span of a text."""

from dataclasses import replace

from trainables.benchmarks import shapes
from trainables.benchmarks.cards import Card, Part, Parts, Row, Set
from trainables.benchmarks.xtreme.tags import XTREME_SET
from trainables.validation._errors import UnusableRowError

EXACT = ("f1", "exact_match")
"""XTREME and XTREME-R average the two."""
SQUAD_SET = Set(repository="rajpurkar/squad", licence="CC BY-SA 4.0")
SQUAD_TRAIN = Part(set=SQUAD_SET, shape=shapes.QUESTIONS, configuration="plain_text", split="train", rows=87_599)
XQUAD_LANGUAGES = ("ar", "de", "el", "en", "es", "hi", "ro", "ru", "th", "tr", "vi", "zh")
_xquad = Part(
    set=Set(repository="google/xquad", licence="CC BY-SA 4.0"),
    shape=shapes.QUESTIONS_SCORED,
    configuration="xquad.{language}",
    split="validation",
    languages=XQUAD_LANGUAGES,
    rows=1190,
    item="id",
)
# XQuAD was translated out of SQuAD's dev set: what it has of it is test.
SQUAD_DEV = replace(
    SQUAD_TRAIN,
    shape=shapes.QUESTIONS_SCORED,
    split="validation",
    rows=10_570,
    without=replace(_xquad, languages=("en",)),
)
XQUAD = Card(
    kind="question_answering",
    about="the answer's span in a translated SQuAD (Artetxe et al., ACL 2020; trained on SQuAD 1.1)",
    train=87_599,
    languages=XQUAD_LANGUAGES,
    published=EXACT,
    parts=Parts(train=(SQUAD_TRAIN,), dev=(SQUAD_DEV,), test=(_xquad,)),
)
XQUAD_XTREME = replace(
    XQUAD,
    languages=tuple(code for code in XQUAD_LANGUAGES if code != "ro"),
    parts=replace(
        XQUAD.parts,  # type: ignore[type-var]
        test=(replace(_xquad, languages=tuple(code for code in XQUAD_LANGUAGES if code != "ro")),),
    ),
)

MLQA_LANGUAGES = ("ar", "de", "en", "es", "hi", "vi", "zh")
_mlqa = Part(
    set=XTREME_SET,
    shape=shapes.QUESTIONS_SCORED,
    configuration="MLQA.{language}.{language}",
    split="validation",
    languages=MLQA_LANGUAGES,
    rows={"en": 1148, "de": 512, "ar": 517, "es": 500, "hi": 507, "vi": 511, "zh": 504},
    item="id",
)
MLQA = Card(
    kind="question_answering_mlqa",
    about="the answer's span, question and text in one language (Lewis et al., ACL 2020; trained on SQuAD 1.1)",
    train=87_599,
    languages=MLQA_LANGUAGES,
    published=EXACT,
    parts=Parts(
        train=(SQUAD_TRAIN,),
        dev=(_mlqa,),
        test=(
            replace(
                _mlqa,
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


def _tydiqa_language(row: Row, language: str) -> bool:
    name = str(row.get("id") or "").split("-")[0].casefold()
    if name not in _TYDIQA_NAMES.values():
        raise UnusableRowError("no language of its own in column id, row left out")
    return name == _TYDIQA_NAMES[language]


HELD_OUT = 300
_tydiqa = Part(
    set=Set(repository="google-research-datasets/tydiqa", licence="Apache-2.0"),
    shape=shapes.QUESTIONS_SCORED,
    configuration="secondary_task",
    split="validation",
    languages=tuple(_TYDIQA_NAMES),
    where=_tydiqa_language,
)
TYDIQA = Card(
    kind="question_answering",
    about="the answer's span in a text written in the language (gold passages; Clark et al., TACL 2020)",
    train=3396,
    languages=tuple(_TYDIQA_NAMES),
    published=EXACT,
    parts=Parts(
        train=(replace(_tydiqa, shape=shapes.QUESTIONS, split="train", languages=("en",), skip=HELD_OUT),),
        dev=(replace(_tydiqa, split="train", take=HELD_OUT),),
        test=(_tydiqa,),
    ),
)
