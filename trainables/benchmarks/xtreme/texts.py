"""XNLI, PAWS-X, XCOPA: one label or choice for one or two texts."""

from dataclasses import replace

from trainables.benchmarks import choices, shapes
from trainables.benchmarks.cards import Card, Part, Parts, Set

NLI = ("entailment", "neutral", "contradiction")

XNLI_LANGUAGES = ("ar", "bg", "de", "el", "en", "es", "fr", "hi", "ru", "sw", "th", "tr", "ur", "vi", "zh")
_XNLI = Set(repository="facebook/xnli", licence="CC BY-NC 4.0 (paper)")
_xnli = Part(
    set=_XNLI, shape=shapes.pair("premise", "hypothesis", NLI, hub_order=NLI), split="", languages=XNLI_LANGUAGES
)
XNLI = Card(
    kind="classification",
    about="does the premise entail the hypothesis, contradict it, or neither? (Conneau et al., EMNLP 2018; trained on MNLI)",
    labels=NLI,
    train=392_702,
    languages=XNLI_LANGUAGES,
    parts=Parts(
        train=(replace(_xnli, split="train", languages=("en",), rows=392_702),),
        dev=(replace(_xnli, split="validation", rows=2490),),
        test=(replace(_xnli, split="test", rows=5010),),
    ),
)

PAWSX_LANGUAGES = ("de", "en", "es", "fr", "ja", "ko", "zh")
_PAWSX = Set(repository="google-research-datasets/paws-x", licence="other: free to use, Google acknowledged")
_pawsx = Part(
    set=_PAWSX,
    shape=shapes.pair("sentence1", "sentence2", ("0", "1"), hub_order=("0", "1")),
    split="",
    languages=PAWSX_LANGUAGES,
    item="id",
)
PAWSX = Card(
    kind="classification",
    about="do the two sentences say the same? (Yang et al., EMNLP 2019)",
    labels=("different", "paraphrase"),
    train=49_401,
    languages=PAWSX_LANGUAGES,
    parts=Parts(
        train=(replace(_pawsx, split="train", languages=("en",), rows=49_401),),
        dev=(replace(_pawsx, split="validation", rows=2000),),
        test=(replace(_pawsx, split="test", rows=2000),),
    ),
)

XCOPA_LANGUAGES = ("et", "ht", "id", "it", "qu", "sw", "ta", "th", "tr", "vi", "zh")
COPA_SET = Set(repository="aps/super_glue", licence="BSD 2-Clause (COPA)")
COPA_TRAIN = Part(set=COPA_SET, shape=choices.COPA, configuration="copa", split="train", rows=400)
_xcopa = Part(
    set=Set(repository="cambridgeltl/xcopa", licence="CC BY 4.0"),
    shape=choices.COPA,
    split="validation",
    languages=XCOPA_LANGUAGES,
    rows=100,
)
XCOPA = Card(
    kind="multiple_choice",
    about="which is the cause, or the effect? (Ponti et al., EMNLP 2020; trained on COPA: put siqa before it, as XTREME-R does)",
    train=400,
    languages=XCOPA_LANGUAGES,
    parts=Parts(
        train=(COPA_TRAIN,),
        dev=(replace(COPA_TRAIN, split="validation", rows=100), _xcopa),
        test=(replace(_xcopa, split="test", rows=500),),
    ),
)
