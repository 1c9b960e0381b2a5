"""XTREME-R (Ruder et al., EMNLP 2021) and XTREME (Hu et al., ICML 2020)."""

from trainables.benchmarks.xtreme._benchmarks import ROBUST_XLT, XTREME, XTREME_R
from trainables.benchmarks.xtreme._questions import MLQA_LANGUAGES, SQUAD_TRAIN
from trainables.benchmarks.xtreme._tags import UPOS_TAGS
from trainables.benchmarks.xtreme._texts import COPA_SOURCE, COPA_TRAIN, NLI_LABELS, XCOPA, XNLI_LANGUAGES

__all__ = [
    "COPA_SOURCE",
    "COPA_TRAIN",
    "MLQA_LANGUAGES",
    "NLI_LABELS",
    "ROBUST_XLT",
    "SQUAD_TRAIN",
    "UPOS_TAGS",
    "XCOPA",
    "XNLI_LANGUAGES",
    "XTREME",
    "XTREME_R",
]
