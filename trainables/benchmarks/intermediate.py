"""Intermediate tasks for every benchmark of the hub: the nine of Phang et al. (AACL 2020) and their relatives, and low-resource ones."""

from dataclasses import replace

from trainables.benchmarks import choices, shapes
from trainables.benchmarks.cards import CONVERTED, SEVERAL_LANGUAGES, Card, Part, Parts, Resource, Set, Shape
from trainables.benchmarks.xtreme.questions import SQUAD_TRAIN
from trainables.benchmarks.xtreme.texts import COPA_SET, COPA_TRAIN, NLI, XCOPA
from trainables.languages import LANGUAGES

_GLUE = Set(repository="nyu-mll/glue", licence="other: by task")
_SUPER_GLUE = COPA_SET


def _card(
    kind: str,
    about: str,
    train: int,
    of: Set,
    shape: Shape,
    *,
    configuration: str = "default",
    resource: Resource = "high",
) -> Card:
    """A task with one training set in English, whose own names for the labels are ours."""
    part = Part(set=of, shape=shape, configuration=configuration, split="train", rows=train)
    return Card(kind=kind, about=about, train=train, labels=shape.labels, resource=resource, parts=Parts(train=(part,)))


def _anli() -> Card:
    of = Set(repository="facebook/anli", licence="CC BY-NC 4.0")
    sizes = {"train_r1": 16_946, "train_r2": 45_460, "train_r3": 100_459}
    part = Part(
        set=of,
        shape=shapes.pair("premise", "hypothesis", NLI, hub_order=NLI),
        configuration="plain_text",
        split="train_r1",
    )
    return Card(
        kind="classification",
        about="inference, written against models in three rounds (Nie et al., ACL 2020)",
        train=sum(sizes.values()),
        labels=NLI,
        parts=Parts(train=tuple(replace(part, split=split, rows=rows) for split, rows in sizes.items())),
    )


def _in_several(card: Card, part: Part) -> Card:
    """Low in resources: training rows in several languages."""
    return replace(card, language=SEVERAL_LANGUAGES, resource="low", parts=Parts(train=(part,)))


AMERICAN = ("aym", "bzd", "cni", "gn", "hch", "nah", "oto", "quy", "shp", "tar")
INDIC = ("as", "bn", "gu", "hi", "kn", "ml", "mr", "or", "pa", "ta", "te")
AFRICAN = (
    "bam",
    "bbj",
    "ewe",
    "fon",
    "hau",
    "ibo",
    "kin",
    "lug",
    "luo",
    "mos",
    "nya",
    "pcm",
    "sna",
    "swa",
    "tsn",
    "twi",
    "wol",
    "xho",
    "yor",
    "zul",
)
NER_WITH_DATES = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC", "B-DATE", "I-DATE")
TEXTS_EACH = 2000
"""Articles of each language that masked language modelling reads."""

INTERMEDIATE: dict[str, Card] = {
    "anli": _anli(),
    "mnli": _card(
        "classification",
        "inference (Williams et al., NAACL 2018)",
        392_702,
        _GLUE,
        shapes.pair("premise", "hypothesis", NLI, hub_order=NLI),
        configuration="mnli",
    ),
    "qqp": _card(
        "classification",
        "do two questions ask the same? (Quora)",
        363_846,
        _GLUE,
        shapes.pair("question1", "question2", ("not_duplicate", "duplicate"), hub_order=("not_duplicate", "duplicate")),
        configuration="qqp",
    ),
    "squad": Card(
        kind="question_answering",
        about="the answer's span (Rajpurkar et al., EMNLP 2016)",
        train=87_599,
        parts=Parts(train=(SQUAD_TRAIN,)),
    ),
    "squad_v2": _card(
        "question_answering",
        "the answer's span, if there is one (Rajpurkar et al., ACL 2018)",
        130_319,
        Set(repository="rajpurkar/squad_v2", licence="CC BY-SA 4.0"),
        shapes.QUESTIONS,
        configuration="squad_v2",
    ),
    "hotpotqa": _card(
        "question_answering",
        "the answer's span in the paragraphs that support it (Yang et al., EMNLP 2018); yes and no are left out",
        90_447,
        Set(repository="hotpotqa/hotpot_qa", licence="CC BY-SA 4.0"),
        shapes.HOTPOT,
        configuration="distractor",
    ),
    "commonsenseqa": _card(
        "multiple_choice",
        "common sense, five choices (Talmor et al., NAACL 2019)",
        9741,
        Set(repository="tau/commonsense_qa", licence="MIT"),
        choices.COMMONSENSE,
    ),
    "cosmosqa": _card(
        "multiple_choice",
        "what a text leaves unsaid, four choices (Huang et al., EMNLP 2019)",
        25_262,
        Set(repository="allenai/cosmos_qa", licence="CC BY 4.0", revision=CONVERTED),
        choices.columns(("context", "question"), ("answer0", "answer1", "answer2", "answer3")),
    ),
    "ccg": Card(
        kind="tagging",
        about="categories of combinatory grammar (CCGbank, Hockenmaier & Steedman, CL 2007), from your own licensed copy",
        train=38_015,
        parts=Parts(
            train=(
                Part(
                    set=Set(repository="local/ccg", licence="LDC2005T13: to be licensed"),
                    shape=shapes.tags("tokens", "tags", ()),
                    split="train",
                    configuration="default",
                ),
            ),
        ),
    ),
    "hellaswag": _card(
        "multiple_choice",
        "how a text goes on, four choices (Zellers et al., ACL 2019)",
        39_905,
        Set(repository="Rowan/hellaswag", licence="MIT"),
        choices.HELLASWAG,
    ),
    "siqa": _card(
        "multiple_choice",
        "social common sense, three choices (Sap et al., EMNLP 2019)",
        33_410,
        Set(repository="lighteval/siqa", licence="unclear"),
        choices.columns(("context", "question"), ("answerA", "answerB", "answerC"), first=1),
    ),
    "rte": _card(
        "classification",
        "inference (Dagan et al., 2005, and its successors)",
        2490,
        _GLUE,
        shapes.pair(
            "sentence1", "sentence2", ("entailment", "not_entailment"), hub_order=("entailment", "not_entailment")
        ),
        configuration="rte",
        resource="low",
    ),
    "copa": replace(
        XCOPA,
        about="cause or effect? (Roemmele et al., 2011)",
        languages=(),
        resource="low",
        parts=Parts(train=(COPA_TRAIN,)),
    ),
    "cb": _card(
        "classification",
        "inference on embedded clauses (de Marneffe et al., 2019)",
        250,
        _SUPER_GLUE,
        shapes.pair("premise", "hypothesis", NLI, hub_order=("entailment", "contradiction", "neutral")),
        configuration="cb",
        resource="low",
    ),
    "mrpc": _card(
        "classification",
        "do two sentences say the same? (Dolan & Brockett, 2005)",
        3668,
        _GLUE,
        shapes.pair(
            "sentence1", "sentence2", ("not_equivalent", "equivalent"), hub_order=("not_equivalent", "equivalent")
        ),
        configuration="mrpc",
        resource="low",
    ),
    "boolq": _card(
        "classification",
        "yes or no, from a passage (Clark et al., NAACL 2019)",
        9427,
        _SUPER_GLUE,
        shapes.pair("question", "passage", ("False", "True"), hub_order=("False", "True")),
        configuration="boolq",
        resource="low",
    ),
    "scitail": _card(
        "classification",
        "inference from science exams (Khot et al., AAAI 2018)",
        23_097,
        Set(repository="allenai/scitail", licence="Apache-2.0"),
        shapes.pair("premise", "hypothesis", ("entails", "neutral")),
        configuration="tsv_format",
        resource="low",
    ),
    "americasnli": _in_several(
        Card(
            kind="classification",
            about="inference in ten indigenous languages of the Americas (Ebrahimi et al., ACL 2022): its validation set, translated from XNLI's dev set",
            train=6457,
            labels=NLI,
            made_from=("xnli",),
        ),
        Part(
            set=Set(repository="nala-cub/americas_nli", licence="CC BY-SA 4.0"),
            shape=shapes.pair("premise", "hypothesis", NLI, hub_order=NLI),
            split="validation",
            languages=AMERICAN,
            rows=dict.fromkeys(AMERICAN, 743) | {"cni": 658, "nah": 376, "oto": 222},
        ),
    ),
    "indicxnli": _in_several(
        Card(
            kind="classification",
            about="XNLI translated into eleven languages of India (Aggarwal et al., EMNLP 2022): 1,000 examples of each",
            train=11_000,
            labels=NLI,
        ),
        Part(
            set=Set(repository="Divyanshu/indicxnli", licence="CC0", revision=CONVERTED),
            shape=shapes.pair("premise", "hypothesis", NLI, hub_order=NLI),
            split="train",
            languages=INDIC,
            take=1000,
        ),
    ),
    "masakhaner": _in_several(
        Card(
            kind="tagging",
            about="persons, organisations, places and dates in twenty African languages (Adelani et al., EMNLP 2022)",
            train=106_965,
            labels=NER_WITH_DATES,
        ),
        Part(
            set=Set(repository="masakhane/masakhaner2", licence="CC BY-NC 4.0", revision=CONVERTED),
            shape=shapes.tags("tokens", "ner_tags", NER_WITH_DATES, hub_order=NER_WITH_DATES),
            split="train",
            languages=AFRICAN,
        ),
    ),
    "mlm": Card(
        kind="masked_language_modelling",
        about="Wikipedia in every language of XTREME-R with words hidden: mixed into another stage it keeps the languages alive",
        train=TEXTS_EACH * len(LANGUAGES),
        language=SEVERAL_LANGUAGES,
        parts=Parts(
            train=(
                Part(
                    set=Set(repository="wikimedia/wikipedia", licence="CC BY-SA 3.0"),
                    shape=shapes.PLAIN_TEXT,
                    configuration="20231101.{language}",
                    split="train",
                    languages=tuple(LANGUAGES),
                    take=TEXTS_EACH,
                ),
            )
        ),
    ),
}
