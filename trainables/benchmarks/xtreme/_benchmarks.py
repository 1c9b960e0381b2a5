"""XTREME-R (Ruder et al., EMNLP 2021) and XTREME (Hu et al., ICML 2020): their tasks and where the data are.

Dev sets are the published ones. XQuAD, Tatoeba and LAReQA have none in other languages than English: they are scored on test alone, at
the end. TyDiQA-GoldP has none either; the first 300 training examples of each language serve, which English training leaves out.
"""

from trainables.benchmarks.xtreme._questions import MLQA, TYDIQA, XQUAD, XQUAD_XTREME
from trainables.benchmarks.xtreme._retrieval import BUCC, LAREQA, MEWSLIX, TATOEBA, TATOEBA_XTREME
from trainables.benchmarks.xtreme._tags import PANX, PANX_XTREME, UDPOS, UDPOS_XTREME
from trainables.benchmarks.xtreme._texts import PAWSX, XCOPA, XNLI
from trainables.cards import TaskCard

XTREME_R: dict[str, TaskCard] = {
    "xnli": XNLI,
    "xcopa": XCOPA,
    "udpos": UDPOS,
    "panx": PANX,
    "xquad": XQUAD,
    "mlqa": MLQA,
    "tydiqa": TYDIQA,
    "mewslix": MEWSLIX,
    "lareqa": LAREQA,
    "tatoeba": TATOEBA,
}
XTREME: dict[str, TaskCard] = {
    "xnli": XNLI,
    "pawsx": PAWSX,
    "udpos": UDPOS_XTREME,
    "panx": PANX_XTREME,
    "xquad": XQUAD_XTREME,
    "mlqa": MLQA,
    "tydiqa": TYDIQA,
    "bucc": BUCC,
    "tatoeba": TATOEBA_XTREME,
}
ROBUST_XLT: dict[str, TaskCard] = {"xnli": XNLI, "pawsx": PAWSX}
"""The two tasks of Huang et al. (EMNLP 2021)."""
