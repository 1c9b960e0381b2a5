"""XNLI, PAWS-X, XCOPA: one label or choice for one or two texts."""

from dataclasses import replace

from trainables.cards import COPA_FORMAT, DatasetPart, DatasetSource, TaskCard, TaskParts, make_pair_format

NLI_LABELS = ("entailment", "neutral", "contradiction")

XNLI_LANGUAGES = ("ar", "bg", "de", "el", "en", "es", "fr", "hi", "ru", "sw", "th", "tr", "ur", "vi", "zh")
_XNLI_SOURCE = DatasetSource(repository="facebook/xnli", licence="CC BY-NC 4.0 (paper)")
_XNLI_PART = DatasetPart(
    source=_XNLI_SOURCE,
    row_format=make_pair_format("premise", "hypothesis", NLI_LABELS, hub_order=NLI_LABELS),
    split="",
    languages=XNLI_LANGUAGES,
)
XNLI = TaskCard(
    kind="classification",
    description="does the premise entail the hypothesis, contradict it, or neither? (Conneau et al., EMNLP 2018; trained on MNLI)",
    labels=NLI_LABELS,
    train=392_702,
    train_sets=dict.fromkeys(XNLI_LANGUAGES, 392_702),
    languages=XNLI_LANGUAGES,
    parts=TaskParts(
        train=(replace(_XNLI_PART, split="train", languages=("en",), rows=392_702),),
        dev=(replace(_XNLI_PART, split="validation", rows=2490),),
        test=(replace(_XNLI_PART, split="test", rows=5010),),
    ),
)

PAWSX_LANGUAGES = ("de", "en", "es", "fr", "ja", "ko", "zh")
_PAWSX_SOURCE = DatasetSource(
    repository="google-research-datasets/paws-x", licence="other: free to use, Google acknowledged"
)
_PAWSX_PART = DatasetPart(
    source=_PAWSX_SOURCE,
    row_format=make_pair_format("sentence1", "sentence2", ("0", "1"), hub_order=("0", "1")),
    split="",
    languages=PAWSX_LANGUAGES,
    item_column="id",
)
PAWSX = TaskCard(
    kind="classification",
    description="do the two sentences say the same? (Yang et al., EMNLP 2019)",
    labels=("different", "paraphrase"),
    train=49_401,
    train_sets=dict.fromkeys(PAWSX_LANGUAGES, 49_401),
    languages=PAWSX_LANGUAGES,
    parts=TaskParts(
        train=(replace(_PAWSX_PART, split="train", languages=("en",), rows=49_401),),
        dev=(replace(_PAWSX_PART, split="validation", rows=2000),),
        test=(replace(_PAWSX_PART, split="test", rows=2000),),
    ),
)

XCOPA_LANGUAGES = ("et", "ht", "id", "it", "qu", "sw", "ta", "th", "tr", "vi", "zh")
COPA_SOURCE = DatasetSource(repository="aps/super_glue", licence="BSD 2-Clause (COPA)")
COPA_TRAIN = DatasetPart(source=COPA_SOURCE, row_format=COPA_FORMAT, configuration="copa", split="train", rows=400)
_XCOPA_PART = DatasetPart(
    source=DatasetSource(repository="cambridgeltl/xcopa", licence="CC BY 4.0"),
    row_format=COPA_FORMAT,
    split="validation",
    languages=XCOPA_LANGUAGES,
    rows=100,
)
XCOPA = TaskCard(
    kind="multiple_choice",
    description="which is the cause, or the effect? (Ponti et al., EMNLP 2020; trained on COPA: put siqa before it, as XTREME-R does)",
    train=400,
    languages=XCOPA_LANGUAGES,
    parts=TaskParts(
        train=(COPA_TRAIN,),
        dev=(replace(COPA_TRAIN, split="validation", rows=100), _XCOPA_PART),
        test=(replace(_XCOPA_PART, split="test", rows=500),),
    ),
)
