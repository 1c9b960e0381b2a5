"""Intermediate tasks for every benchmark of the hub: the nine of Phang et al. (AACL 2020) and their relatives, and low-resource ones."""

from dataclasses import replace

from trainables.benchmarks.xtreme import COPA_SOURCE, COPA_TRAIN, NLI_LABELS, SQUAD_TRAIN, XCOPA
from trainables.cards import (
    COMMONSENSE_FORMAT,
    CONVERTED_REVISION,
    HELLASWAG_FORMAT,
    HOTPOT_FORMAT,
    MULTIPLE_LANGUAGES,
    PLAIN_TEXT_FORMAT,
    QUESTION_FORMAT,
    DatasetPart,
    DatasetSource,
    Resource,
    RowFormat,
    TaskCard,
    TaskParts,
    make_choice_format,
    make_pair_format,
    make_tagging_format,
)
from trainables.languages import LANGUAGES

_GLUE_SOURCE = DatasetSource(repository="nyu-mll/glue", licence="other: by task")
_SUPER_GLUE_SOURCE = COPA_SOURCE


def _make_card(
    kind: str,
    about: str,
    train: int,
    of: DatasetSource,
    shape: RowFormat,
    *,
    configuration: str = "default",
    resource: Resource = "high",
) -> TaskCard:
    """A task with one training set in English, whose own names for the labels are ours."""
    part = DatasetPart(source=of, row_format=shape, configuration=configuration, split="train", rows=train)
    return TaskCard(
        kind=kind,
        description=about,
        train=train,
        labels=shape.labels,
        resource=resource,
        parts=TaskParts(train=(part,)),
    )


def _make_anli_card() -> TaskCard:
    of = DatasetSource(repository="facebook/anli", licence="CC BY-NC 4.0")
    sizes = {"train_r1": 16_946, "train_r2": 45_460, "train_r3": 100_459}
    part = DatasetPart(
        source=of,
        row_format=make_pair_format("premise", "hypothesis", NLI_LABELS, hub_order=NLI_LABELS),
        configuration="plain_text",
        split="train_r1",
    )
    return TaskCard(
        kind="classification",
        description="inference, written against models in three rounds (Nie et al., ACL 2020)",
        train=sum(sizes.values()),
        labels=NLI_LABELS,
        parts=TaskParts(train=tuple(replace(part, split=split, rows=rows) for split, rows in sizes.items())),
    )


def _make_multilingual(card: TaskCard, part: DatasetPart) -> TaskCard:
    """Low in resources: training rows in several languages."""
    return replace(card, language=MULTIPLE_LANGUAGES, resource="low", parts=TaskParts(train=(part,)))


AMERICASNLI_LANGUAGES = ("aym", "bzd", "cni", "gn", "hch", "nah", "oto", "quy", "shp", "tar")
INDICXNLI_LANGUAGES = ("as", "bn", "gu", "hi", "kn", "ml", "mr", "or", "pa", "ta", "te")
MASAKHANER_LANGUAGES = (
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
MASAKHANER_TAGS = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC", "B-DATE", "I-DATE")
TEXTS_PER_LANGUAGE = 2000
"""Articles of each language that masked language modelling reads."""

INTERMEDIATE_TASKS: dict[str, TaskCard] = {
    "anli": _make_anli_card(),
    "mnli": _make_card(
        "classification",
        "inference (Williams et al., NAACL 2018)",
        392_702,
        _GLUE_SOURCE,
        make_pair_format("premise", "hypothesis", NLI_LABELS, hub_order=NLI_LABELS),
        configuration="mnli",
    ),
    "qqp": _make_card(
        "classification",
        "do two questions ask the same? (Quora)",
        363_846,
        _GLUE_SOURCE,
        make_pair_format(
            "question1", "question2", ("not_duplicate", "duplicate"), hub_order=("not_duplicate", "duplicate")
        ),
        configuration="qqp",
    ),
    "squad": TaskCard(
        kind="question_answering",
        description="the answer's span (Rajpurkar et al., EMNLP 2016)",
        train=87_599,
        parts=TaskParts(train=(SQUAD_TRAIN,)),
    ),
    "squad_v2": _make_card(
        "question_answering",
        "the answer's span, if there is one (Rajpurkar et al., ACL 2018)",
        130_319,
        DatasetSource(repository="rajpurkar/squad_v2", licence="CC BY-SA 4.0"),
        QUESTION_FORMAT,
        configuration="squad_v2",
    ),
    "hotpotqa": _make_card(
        "question_answering",
        "the answer's span in the paragraphs that support it (Yang et al., EMNLP 2018); yes and no are left out",
        90_447,
        DatasetSource(repository="hotpotqa/hotpot_qa", licence="CC BY-SA 4.0"),
        HOTPOT_FORMAT,
        configuration="distractor",
    ),
    "commonsenseqa": _make_card(
        "multiple_choice",
        "common sense, five choices (Talmor et al., NAACL 2019)",
        9741,
        DatasetSource(repository="tau/commonsense_qa", licence="MIT"),
        COMMONSENSE_FORMAT,
    ),
    "cosmosqa": _make_card(
        "multiple_choice",
        "what a text leaves unsaid, four choices (Huang et al., EMNLP 2019)",
        25_262,
        DatasetSource(repository="allenai/cosmos_qa", licence="CC BY 4.0", revision=CONVERTED_REVISION),
        make_choice_format(("context", "question"), ("answer0", "answer1", "answer2", "answer3")),
    ),
    "ccg": TaskCard(
        kind="tagging",
        description="categories of combinatory grammar (CCGbank, Hockenmaier & Steedman, CL 2007), from your own licensed copy",
        train=38_015,
        parts=TaskParts(
            train=(
                DatasetPart(
                    source=DatasetSource(repository="local/ccg", licence="LDC2005T13: to be licensed"),
                    row_format=make_tagging_format("tokens", "tags", ()),
                    split="train",
                    configuration="default",
                ),
            ),
        ),
    ),
    "hellaswag": _make_card(
        "multiple_choice",
        "how a text goes on, four choices (Zellers et al., ACL 2019)",
        39_905,
        DatasetSource(repository="Rowan/hellaswag", licence="MIT"),
        HELLASWAG_FORMAT,
    ),
    "siqa": _make_card(
        "multiple_choice",
        "social common sense, three choices (Sap et al., EMNLP 2019)",
        33_410,
        DatasetSource(repository="lighteval/siqa", licence="unclear"),
        make_choice_format(("context", "question"), ("answerA", "answerB", "answerC"), first=1),
    ),
    "rte": _make_card(
        "classification",
        "inference (Dagan et al., 2005, and its successors)",
        2490,
        _GLUE_SOURCE,
        make_pair_format(
            "sentence1", "sentence2", ("entailment", "not_entailment"), hub_order=("entailment", "not_entailment")
        ),
        configuration="rte",
        resource="low",
    ),
    "copa": replace(
        XCOPA,
        description="cause or effect? (Roemmele et al., 2011)",
        languages=(),
        resource="low",
        parts=TaskParts(train=(COPA_TRAIN,)),
    ),
    "cb": _make_card(
        "classification",
        "inference on embedded clauses (de Marneffe et al., 2019)",
        250,
        _SUPER_GLUE_SOURCE,
        make_pair_format("premise", "hypothesis", NLI_LABELS, hub_order=("entailment", "contradiction", "neutral")),
        configuration="cb",
        resource="low",
    ),
    "mrpc": _make_card(
        "classification",
        "do two sentences say the same? (Dolan & Brockett, 2005)",
        3668,
        _GLUE_SOURCE,
        make_pair_format(
            "sentence1", "sentence2", ("not_equivalent", "equivalent"), hub_order=("not_equivalent", "equivalent")
        ),
        configuration="mrpc",
        resource="low",
    ),
    "boolq": _make_card(
        "classification",
        "yes or no, from a passage (Clark et al., NAACL 2019)",
        9427,
        _SUPER_GLUE_SOURCE,
        make_pair_format("question", "passage", ("False", "True"), hub_order=("False", "True")),
        configuration="boolq",
        resource="low",
    ),
    "scitail": _make_card(
        "classification",
        "inference from science exams (Khot et al., AAAI 2018)",
        23_097,
        DatasetSource(repository="allenai/scitail", licence="Apache-2.0"),
        make_pair_format("premise", "hypothesis", ("entails", "neutral")),
        configuration="tsv_format",
        resource="low",
    ),
    "americasnli": _make_multilingual(
        TaskCard(
            kind="classification",
            description="inference in ten indigenous languages of the Americas (Ebrahimi et al., ACL 2022): its validation set, translated from XNLI's dev set",
            train=6457,
            labels=NLI_LABELS,
            made_from=("xnli",),
        ),
        DatasetPart(
            source=DatasetSource(repository="nala-cub/americas_nli", licence="CC BY-SA 4.0"),
            row_format=make_pair_format("premise", "hypothesis", NLI_LABELS, hub_order=NLI_LABELS),
            split="validation",
            languages=AMERICASNLI_LANGUAGES,
            rows=dict.fromkeys(AMERICASNLI_LANGUAGES, 743) | {"cni": 658, "nah": 376, "oto": 222},
        ),
    ),
    "indicxnli": _make_multilingual(
        TaskCard(
            kind="classification",
            description="XNLI translated into eleven languages of India (Aggarwal et al., EMNLP 2022): 1,000 examples of each",
            train=11_000,
            labels=NLI_LABELS,
        ),
        DatasetPart(
            source=DatasetSource(repository="Divyanshu/indicxnli", licence="CC0", revision=CONVERTED_REVISION),
            row_format=make_pair_format("premise", "hypothesis", NLI_LABELS, hub_order=NLI_LABELS),
            split="train",
            languages=INDICXNLI_LANGUAGES,
            take=1000,
        ),
    ),
    "masakhaner": _make_multilingual(
        TaskCard(
            kind="tagging",
            description="persons, organisations, places and dates in twenty African languages (Adelani et al., EMNLP 2022)",
            train=106_965,
            labels=MASAKHANER_TAGS,
        ),
        DatasetPart(
            source=DatasetSource(
                repository="masakhane/masakhaner2", licence="CC BY-NC 4.0", revision=CONVERTED_REVISION
            ),
            row_format=make_tagging_format("tokens", "ner_tags", MASAKHANER_TAGS, hub_order=MASAKHANER_TAGS),
            split="train",
            languages=MASAKHANER_LANGUAGES,
        ),
    ),
    "mlm": TaskCard(
        kind="masked_language_modelling",
        description="Wikipedia in every language of XTREME-R with words hidden: mixed into another stage it keeps the languages alive",
        train=TEXTS_PER_LANGUAGE * len(LANGUAGES),
        language=MULTIPLE_LANGUAGES,
        parts=TaskParts(
            train=(
                DatasetPart(
                    source=DatasetSource(repository="wikimedia/wikipedia", licence="CC BY-SA 3.0"),
                    row_format=PLAIN_TEXT_FORMAT,
                    configuration="20231101.{language}",
                    split="train",
                    languages=tuple(LANGUAGES),
                    take=TEXTS_PER_LANGUAGE,
                ),
            )
        ),
    ),
}
