"""The data sets: by repository, each configuration's features, splits, languages and rows."""

from collections.abc import Sequence

from datasets import ClassLabel, Features, List, Value

from trainables.languages import LANGUAGES, XTREME_R_LANGUAGES

from . import rows
from .configuration import ALL, HELD_OUT, Configuration
from .many_languages import MANY_LANGUAGES
from .rows import MEWSLI, TYDI, UPOS, XNLI, Row
from .texts import TERRITORIES, words

NER = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC")
XNLI_LANGUAGES = words("ar bg de el en es fr hi ru sw th tr ur vi zh")
XQUAD_LANGUAGES = words("ar de el en es hi ru th tr vi zh")
MLQA_LANGUAGES = words("en es de ar hi vi zh")
PAWS_LANGUAGES = words("en de es fr ja ko zh")
UDPOS_R = words(
    "af ar bg de el en es et eu fa fi fr he hi hu id it ja kk ko lt mr nl pl pt ro ru ta te th tl tr uk ur vi wo yo zh"
)
UDPOS = [code for code in UDPOS_R if code not in ("lt", "pl", "uk", "wo", "ro")]
WIKIANN = [code for code in XTREME_R_LANGUAGES if code not in ("ht", "wo")]
PANX = [code for code in WIKIANN if code not in ("qu", "pl", "uk", "az", "lt", "pa", "gu", "ro")]
TATOEBA = words(
    "afr ara ben bul deu cmn ell est eus fin fra heb hin hun ind ita jav jpn kat kaz kor mal mar nld pes por rus spa "
    "swh tam tel tgl tha tur urd vie"
)
AMERICAN = words("aym bzd cni gn hch nah oto quy shp tar")
INDIC = words("as bn gu hi kn ml mr or pa ta te")
MASAKHANE = words("bam bbj ewe fon hau ibo kin lug luo mos nya pcm sna swa tsn twi wol xho yor zul")
UD_SPLITS = {"kk": ("train", "test"), "tl": ("test",), "th": ("test",), "yo": ("test",)}


def _features(strings: str, **others: object) -> Features:
    return Features({name: Value("string") for name in strings.split()} | others)


def _each(features: Features, splits: Sequence[str], row: Row, codes: Sequence[str], name: str = "{}") -> dict:
    """A configuration for each language."""
    return {name.format(code): Configuration(features, splits, row, (code,)) for code in codes}


def _classes(names: Sequence[str]) -> ClassLabel:
    return ClassLabel(names=list(names))


def _xglue(features: Features, row: Row, languages: str) -> Configuration:
    splits = [f"{kind}.{language}" for kind in HELD_OUT for language in languages.split()]
    return Configuration(features, ("train", *splits), row)


STRING, INT = Value("string"), Value("int32")
PAIR = _features("premise hypothesis", label=_classes(XNLI))
POS = Features({"tokens": List(STRING), "pos_tags": List(_classes(UPOS))})
TAGGED = Features({"tokens": List(STRING), "ner_tags": List(_classes(NER)), "langs": List(STRING)})
TEXT_FIRST = {"text": List(STRING), "answer_start": List(INT)}
START_FIRST = {"answer_start": List(INT), "text": List(STRING)}
TRANSLATED = _features("source_sentence target_sentence source_lang target_lang")
SQUAD = _features("id title context question", answers=TEXT_FIRST)
XTREME_QA = _features("id title context question", answers=START_FIRST)
XQUAD = _features("id context question", answers=TEXT_FIRST)
BOOLEANS = _classes(("False", "True"))
DATES = (*NER, "B-DATE", "I-DATE")
MISC = (*NER, "B-MISC", "I-MISC")
CATEGORIES = words("foodanddrink sports travel finance lifestyle news entertainment health video autos")
ANSWERS = ("answer0", "answer1", "answer2", "answer3")
CB = ("entailment", "contradiction", "neutral")
RTE = ("entailment", "not_entailment")

_glue_pair = rows.also(rows.hides(rows.inference()), idx=rows.index)
_paraphrases = rows.also(rows.hides(rows.paraphrase()), idx=rows.index)
_questions = rows.also(rows.hides(rows.paraphrase("question1 question2 label")), idx=rows.index)
_rte = rows.also(rows.hides(rows.inference(RTE, "sentence1 sentence2 label")), idx=rows.index)
_tydi = rows.question_answering(rows.tydi_id, title=True, several=True)
_squad = rows.question_answering(title=True, several=True)

XTREME: dict[str, Configuration] = {
    **{
        f"udpos.{'Chinese' if code == 'zh' else LANGUAGES[code].name}": Configuration(
            POS, UD_SPLITS.get(code, ALL), rows.tagging("tokens", "pos_tags"), (code,)
        )
        for code in UDPOS
    },
    **_each(TAGGED, ALL, rows.wikiann(NER, spans=False), PANX, "PAN-X.{}"),
    **_each(
        XTREME_QA,
        HELD_OUT,
        rows.question_answering(lambda item: rows.key(item, 40), title=True),
        MLQA_LANGUAGES,
        "MLQA.{0}.{0}",
    ),
    **_each(
        _features("id context question", answers=START_FIRST),
        ("validation",),
        rows.question_answering(),
        XQUAD_LANGUAGES,
        "XQuAD.{}",
    ),
    **_each(TRANSLATED, ("validation",), rows.bitext("eng"), TATOEBA, "tatoeba.{}"),
    **_each(TRANSLATED, HELD_OUT, rows.bitext("en"), ["de", "fr", "ru", "zh"], "bucc18.{}"),
    "tydiqa": Configuration(XTREME_QA, ("train", "validation"), _tydi, tuple(TYDI)),
    "SQuAD": Configuration(XTREME_QA, ("train", "validation"), _squad),
    "XNLI": Configuration(
        _features("language sentence1 sentence2 gold_label"),
        HELD_OUT,
        rows.also(rows.inference(columns="sentence1 sentence2 gold_label", spelt=True), language=rows.language),
        XNLI_LANGUAGES,
    ),
    **_each(_features("sentence1 sentence2 label"), ALL, rows.paraphrase(spelt=True), PAWS_LANGUAGES, "PAWS-X.{}"),
}
XGLUE: dict[str, Configuration] = {
    "ner": _xglue(
        Features({"words": List(STRING), "ner": List(_classes(MISC))}), rows.entities(MISC, "words ner"), "en de es nl"
    ),
    "pos": _xglue(
        Features({"words": List(STRING), "pos": List(_classes(UPOS))}),
        rows.tagging("words", "pos"),
        "ar bg de el en es fr hi it nl pl pt ru th tr ur vi zh",
    ),
    "mlqa": _xglue(
        _features("context question", answers=START_FIRST), rows.question_answering(None), " ".join(MLQA_LANGUAGES)
    ),
    "nc": _xglue(_features("news_title news_body", news_category=_classes(CATEGORIES)), rows.news, "en de es fr ru"),
    "xnli": _xglue(PAIR, rows.inference(), " ".join(XNLI_LANGUAGES)),
    "paws-x": _xglue(
        _features("sentence1 sentence2", label=_classes(("different", "same"))), rows.paraphrase(), "en de es fr"
    ),
    "qadsm": _xglue(
        _features("query ad_title ad_description", relevance_label=_classes(("Bad", "Good"))),
        rows.advertisement,
        "en de fr",
    ),
    "wpr": _xglue(
        _features("query web_page_title web_page_snippet", relavance_label=_classes(rows.GRADES)),
        rows.web_page,
        "en de es fr it pt zh",
    ),
    "qam": _xglue(_features("question answer", label=BOOLEANS), rows.question_and_answer, "en de fr"),
}
GLUE: dict[str, Configuration] = {
    "mnli": Configuration(
        Features({**PAIR, "idx": INT}),
        ("train", "validation_matched", "validation_mismatched", "test_matched", "test_mismatched"),
        _glue_pair,
    ),
    "qqp": Configuration(
        _features("question1 question2", label=_classes(("not_duplicate", "duplicate")), idx=INT), ALL, _questions
    ),
    "rte": Configuration(_features("sentence1 sentence2", label=_classes(RTE), idx=INT), ALL, _rte),
    "mrpc": Configuration(
        _features("sentence1 sentence2", label=_classes(("not_equivalent", "equivalent")), idx=INT), ALL, _paraphrases
    ),
}
SUPER_GLUE: dict[str, Configuration] = {
    "copa": Configuration(
        _features("premise choice1 choice2 question", idx=INT, label=_classes(("choice1", "choice2"))),
        ALL,
        rows.hides(rows.copa),
    ),
    "cb": Configuration(
        _features("premise hypothesis", idx=INT, label=_classes(CB)),
        ALL,
        rows.also(rows.hides(rows.inference(CB)), idx=rows.index),
    ),
    "boolq": Configuration(_features("question passage", idx=INT, label=BOOLEANS), ALL, rows.hides(rows.boolq)),
    "rte": Configuration(
        _features("premise hypothesis", idx=INT, label=_classes(RTE)),
        ALL,
        rows.also(rows.hides(rows.inference(RTE)), idx=rows.index),
    ),
}

SETS: dict[str, dict[str, Configuration]] = {
    "facebook/xnli": _each(PAIR, ALL, rows.inference(), XNLI_LANGUAGES),
    "cambridgeltl/xcopa": _each(
        _features("premise choice1 choice2 question", label=INT, idx=INT, changed=Value("bool")),
        HELD_OUT,
        rows.also(rows.copa, changed=lambda item: item.number % 3 == 0),
        words("et ht id it qu sw ta th tr vi zh"),
    ),
    "izhx/xtreme-r-udpos": {
        code: Configuration(POS, ALL if code == "en" else ("test",), rows.tagging("tokens", "pos_tags"), (code,))
        for code in UDPOS_R
    },
    "google/xtreme": XTREME,
    "unimelb-nlp/wikiann": _each(
        Features({**TAGGED, "spans": List(STRING)}), ALL, rows.wikiann(NER, spans=True), WIKIANN
    ),
    "google/xquad": _each(XQUAD, ("validation",), rows.question_answering(), [*XQUAD_LANGUAGES, "ro"], "xquad.{}"),
    "google-research-datasets/tydiqa": {
        "secondary_task": Configuration(SQUAD, ("train", "validation"), _tydi, tuple(TYDI))
    },
    "rajpurkar/squad": {
        "plain_text": Configuration(
            SQUAD,
            ("train", "validation"),
            rows.question_answering(title=True, several=True, flawed=True),
            twice=("validation",),  # the paragraphs of XQuAD, and others
        )
    },
    "rajpurkar/squad_v2": {
        "squad_v2": Configuration(
            SQUAD, ("train", "validation"), rows.question_answering(title=True, several=True, unanswerable=True)
        )
    },
    "izhx/mewsli-x": {
        "wikipedia_pairs": Configuration(None, ("train", "validation"), rows.wikipedia_pair),
        **{code: Configuration(None, HELD_OUT, rows.mention, (code,)) for code in MEWSLI},
        "candidate_entities": Configuration(None, ("test",), rows.candidate, size=len(TERRITORIES)),
    },
    "google-research-datasets/xquad_r": _each(XQUAD, ("validation",), rows.question_answering(), XQUAD_LANGUAGES),
    "mteb/tatoeba-bitext-mining": _each(
        _features("sentence1 sentence2"),
        ("test",),
        rows.bitext(None, "sentence1", "sentence2"),
        ["aze", "lit", "pol", "ukr", "ron"],
        "{}-eng",
    ),
    "google-research-datasets/paws-x": _each(
        Features({"id": INT, **_features("sentence1 sentence2", label=_classes("01"))}),
        ALL,
        rows.also(rows.paraphrase(flawed=True), id=lambda item: item.number + 1),
        PAWS_LANGUAGES,
    ),
    "hgissbkh/xglue": XGLUE,
    "facebook/anli": {
        "plain_text": Configuration(
            _features("uid premise hypothesis", label=_classes(XNLI), reason=STRING),
            [f"{kind}_r{number}" for number in (1, 2, 3) for kind in ("train", "dev", "test")],
            rows.also(rows.inference(), uid=lambda item: rows.key(item, 36), reason=lambda item: item.place(0)),
        )
    },
    "nyu-mll/glue": GLUE,
    "aps/super_glue": SUPER_GLUE,
    "lighteval/siqa": {
        "default": Configuration(
            _features("context question answerA answerB answerC label"),
            ("train", "validation"),
            rows.multiple_choice(["answerA", "answerB", "answerC"], "label", lambda right: str(right + 1)),
        )
    },
    "hotpotqa/hotpot_qa": {
        "distractor": Configuration(
            _features(
                "id question answer type level",
                supporting_facts={"title": List(STRING), "sent_id": List(INT)},
                context={"title": List(STRING), "sentences": List(List(STRING))},
            ),
            ("train", "validation"),
            rows.hotpot,
        )
    },
    "tau/commonsense_qa": {
        "default": Configuration(
            _features(
                "id question question_concept",
                choices={"label": List(STRING), "text": List(STRING)},
                answerKey=STRING,
            ),
            ALL,
            rows.commonsense,
        )
    },
    "allenai/cosmos_qa": {
        "default": Configuration(
            _features("id context question answer0 answer1 answer2 answer3", label=INT),
            ALL,
            rows.also(rows.hides(rows.multiple_choice(ANSWERS, "label", int)), id=rows.key),
        )
    },
    "Rowan/hellaswag": {
        "default": Configuration(
            Features(
                {
                    "ind": INT,
                    **_features("activity_label ctx_a ctx_b ctx", endings=List(STRING)),
                    **_features("source_id split split_type label"),
                }
            ),
            ALL,
            rows.hellaswag,
        )
    },
    "allenai/scitail": {
        "tsv_format": Configuration(
            _features("premise hypothesis label"), ALL, rows.inference(("entails", "neutral"), spelt=True)
        )
    },
    "nala-cub/americas_nli": {
        "all_languages": Configuration(
            _features("language premise hypothesis", label=_classes(XNLI)),
            HELD_OUT,
            rows.also(rows.inference(), language=rows.language),
            AMERICAN,
        ),
        **_each(PAIR, HELD_OUT, rows.inference(), AMERICAN),
    },
    "Divyanshu/indicxnli": _each(PAIR, ALL, rows.inference(), INDIC),
    "masakhane/masakhaner2": _each(
        _features("id", tokens=List(STRING), ner_tags=List(_classes(DATES))),
        ALL,
        rows.also(rows.entities(DATES), id=lambda item: str(item.number)),
        MASAKHANE,
    ),
    "wikimedia/wikipedia": _each(
        _features("id url title text"), ("train",), rows.article, [*XTREME_R_LANGUAGES], "20231101.{}"
    ),
    **MANY_LANGUAGES,
}
"""Configurations by name, by repository."""
