"""Low-resource intermediate tasks: small ones in English, and ones in languages of few resources."""

from dataclasses import replace

from trainables.benchmarks._english_cards import GLUE_SOURCE, make_english_card
from trainables.benchmarks.xtreme import COPA_SOURCE, COPA_TRAIN, NLI_LABELS, XCOPA
from trainables.cards import (
    CONVERTED_REVISION,
    MULTIPLE_LANGUAGES,
    DatasetPart,
    DatasetSource,
    TaskCard,
    TaskParts,
    make_pair_format,
    make_tagging_format,
)


def _make_multilingual(card: TaskCard, part: DatasetPart) -> TaskCard:
    """A low-resource card with training rows in several languages."""
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
LOW_RESOURCE_TASKS: dict[str, TaskCard] = {
    "rte": make_english_card(
        "classification",
        "inference (Dagan et al., 2005, and its successors)",
        2490,
        GLUE_SOURCE,
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
    "cb": make_english_card(
        "classification",
        "inference on embedded clauses (de Marneffe et al., 2019)",
        250,
        COPA_SOURCE,
        make_pair_format("premise", "hypothesis", NLI_LABELS, hub_order=("entailment", "contradiction", "neutral")),
        configuration="cb",
        resource="low",
    ),
    "mrpc": make_english_card(
        "classification",
        "do two sentences say the same? (Dolan & Brockett, 2005)",
        3668,
        GLUE_SOURCE,
        make_pair_format(
            "sentence1", "sentence2", ("not_equivalent", "equivalent"), hub_order=("not_equivalent", "equivalent")
        ),
        configuration="mrpc",
        resource="low",
    ),
    "boolq": make_english_card(
        "classification",
        "yes or no, from a passage (Clark et al., NAACL 2019)",
        9427,
        COPA_SOURCE,
        make_pair_format("question", "passage", ("False", "True"), hub_order=("False", "True")),
        configuration="boolq",
        resource="low",
    ),
    "scitail": make_english_card(
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
            made_from=("xnli", "afrixnli", "xnli_americas", "xnli_indic"),
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
}
