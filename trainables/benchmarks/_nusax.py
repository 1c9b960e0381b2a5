"""NusaX: sentiment in Indonesian, English and ten languages of Indonesia."""

from trainables.benchmarks._parallel_cards import Split, make_parallel_card, map_configurations
from trainables.cards import DatasetSource, RowFormat, TaskCard

_SENTIMENTS = ("negative", "neutral", "positive")
NUSAX = make_parallel_card(
    TaskCard(
        kind="classification",
        description="the sentiment of a review, translated, in Indonesian, English and ten languages of Indonesia (Winata et al., EACL 2023); "
        "any of them can be the source",
        train=0,
        metric="macro_f1",
    ),
    DatasetSource(
        repository="mteb/NusaX-senti", licence="CC BY-SA 4.0", commit="7b2ff4facde8a6473f667a38edef1d03ce9ca0dc"
    ),
    RowFormat(columns={"text": "text", "label": "label"}, labels=_SENTIMENTS, hub_order=_SENTIMENTS),
    map_configurations("ace ban bbc bjn bug eng ind jav mad min nij sun"),
    [Split("train", 500), Split("validation", 100), Split("test", 400)],
)
