"""Intermediate tasks for every benchmark of the hub: the nine of Phang et al. (AACL 2020), related ones, and low-resource ones."""

from dataclasses import replace

from trainables.benchmarks._english_cards import GLUE_SOURCE, make_english_card
from trainables.benchmarks._low_resource import LOW_RESOURCE_TASKS
from trainables.benchmarks.xtreme import NLI_LABELS, SQUAD_TRAIN
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
    TaskCard,
    TaskParts,
    make_choice_format,
    make_pair_format,
    make_tagging_format,
)
from trainables.languages import XTREME_R_LANGUAGES


def _make_anli_card() -> TaskCard:
    source = DatasetSource(repository="facebook/anli", licence="CC BY-NC 4.0")
    sizes = {"train_r1": 16_946, "train_r2": 45_460, "train_r3": 100_459}
    part = DatasetPart(
        source=source,
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


TEXTS_PER_LANGUAGE = 2000
"""Articles of each language that masked language modelling reads."""

_HIGH_RESOURCE_TASKS: dict[str, TaskCard] = {
    "anli": _make_anli_card(),
    "mnli": make_english_card(
        "classification",
        "inference (Williams et al., NAACL 2018)",
        392_702,
        GLUE_SOURCE,
        make_pair_format("premise", "hypothesis", NLI_LABELS, hub_order=NLI_LABELS),
        configuration="mnli",
    ),
    "qqp": make_english_card(
        "classification",
        "do two questions ask the same? (Quora)",
        363_846,
        GLUE_SOURCE,
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
    "squad_v2": make_english_card(
        "question_answering",
        "the answer's span, if there is one (Rajpurkar et al., ACL 2018)",
        130_319,
        DatasetSource(repository="rajpurkar/squad_v2", licence="CC BY-SA 4.0"),
        QUESTION_FORMAT,
        configuration="squad_v2",
    ),
    "hotpotqa": make_english_card(
        "question_answering",
        "the answer's span in the paragraphs that support it (Yang et al., EMNLP 2018); yes and no are left out",
        90_447,
        DatasetSource(repository="hotpotqa/hotpot_qa", licence="CC BY-SA 4.0"),
        HOTPOT_FORMAT,
        configuration="distractor",
    ),
    "commonsenseqa": make_english_card(
        "multiple_choice",
        "common sense, five choices (Talmor et al., NAACL 2019)",
        9741,
        DatasetSource(repository="tau/commonsense_qa", licence="MIT"),
        COMMONSENSE_FORMAT,
    ),
    "cosmosqa": make_english_card(
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
    "hellaswag": make_english_card(
        "multiple_choice",
        "how a text goes on, four choices (Zellers et al., ACL 2019)",
        39_905,
        DatasetSource(repository="Rowan/hellaswag", licence="MIT"),
        HELLASWAG_FORMAT,
    ),
    "siqa": make_english_card(
        "multiple_choice",
        "social common sense, three choices (Sap et al., EMNLP 2019)",
        33_410,
        DatasetSource(repository="lighteval/siqa", licence="unclear"),
        make_choice_format(("context", "question"), ("answerA", "answerB", "answerC"), first=1),
    ),
}

_MASKED_LANGUAGE_MODELLING: dict[str, TaskCard] = {
    "mlm": TaskCard(
        kind="masked_language_modelling",
        description="Wikipedia in every language of XTREME-R with words hidden: mixed into another stage it keeps the languages alive",
        train=TEXTS_PER_LANGUAGE * len(XTREME_R_LANGUAGES),
        language=MULTIPLE_LANGUAGES,
        parts=TaskParts(
            train=(
                DatasetPart(
                    source=DatasetSource(repository="wikimedia/wikipedia", licence="CC BY-SA 3.0"),
                    row_format=PLAIN_TEXT_FORMAT,
                    configuration="20231101.{language}",
                    split="train",
                    languages=XTREME_R_LANGUAGES,
                    take=TEXTS_PER_LANGUAGE,
                ),
            )
        ),
    ),
}

INTERMEDIATE_TASKS: dict[str, TaskCard] = _HIGH_RESOURCE_TASKS | LOW_RESOURCE_TASKS | _MASKED_LANGUAGE_MODELLING
