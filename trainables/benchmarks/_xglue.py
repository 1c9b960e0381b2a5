"""XGLUE's understanding tasks (Liang et al., EMNLP 2020), from a copy of the set in parquet: the original's host is gone."""

from trainables.benchmarks.xtreme import MLQA_LANGUAGES, NLI_LABELS, UPOS_TAGS, XNLI_LANGUAGES
from trainables.cards import (
    QUESTION_FORMAT,
    SCORED_QUESTION_FORMAT,
    DatasetPart,
    DatasetSource,
    RowFormat,
    TaskCard,
    TaskParts,
    make_advertisement_format,
    make_news_format,
    make_pair_format,
    make_ranking_format,
    make_tagging_format,
)

_XGLUE_SOURCE = DatasetSource(repository="hgissbkh/xglue", licence="by task: CC BY-NC 4.0, CC BY-SA 4.0, other")
CONLL_TAGS = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC", "B-MISC", "I-MISC")
NEWS_CATEGORIES = (
    "foodanddrink",
    "sports",
    "travel",
    "finance",
    "lifestyle",
    "news",
    "entertainment",
    "health",
    "video",
    "autos",
)
RELEVANCE_GRADES = ("Bad", "Fair", "Good", "Excellent", "Perfect")


def _make_card(
    configuration: str,
    kind: str,
    about: str,
    languages: str | tuple[str, ...],
    train: int,
    shape: RowFormat,
    scored: RowFormat | None = None,
) -> TaskCard:
    codes = tuple(languages.split()) if isinstance(languages, str) else languages

    def part(split: str, its: tuple[str, ...], shape: RowFormat, rows: int | None = None) -> DatasetPart:
        return DatasetPart(
            source=_XGLUE_SOURCE, row_format=shape, configuration=configuration, split=split, languages=its, rows=rows
        )

    return TaskCard(
        kind=kind,
        description=about,
        labels=shape.labels,
        train=train,
        languages=codes,
        parts=TaskParts(
            train=(part("train", ("en",), shape, train),),
            dev=(part("validation.{language}", codes, scored or shape),),
            test=(part("test.{language}", codes, scored or shape),),
        ),
    )


XGLUE: dict[str, TaskCard] = {
    "ner": _make_card(
        "ner",
        "tagging",
        "persons, organisations, places and others in news (CoNLL 2002 and 2003)",
        "de en es nl",
        14_042,
        make_tagging_format("words", "ner", CONLL_TAGS, hub_order=CONLL_TAGS),
    ),
    "pos": _make_card(
        "pos",
        "tagging_by_precision",
        "parts of speech (Universal Dependencies 2.5)",
        "ar bg de el en es fr hi it nl pl pt ru th tr ur vi zh",
        25_376,
        make_tagging_format("words", "pos", UPOS_TAGS, hub_order=UPOS_TAGS),
    ),
    "nc": _make_card(
        "nc",
        "classification",
        "the category of a news article",
        "de en es fr ru",
        100_000,
        make_news_format(NEWS_CATEGORIES, hub_order=NEWS_CATEGORIES),
    ),
    "mlqa": _make_card(
        "mlqa",
        "question_answering_mlqa",
        "the answer's span (Lewis et al., ACL 2020; trained on SQuAD 1.1)",
        MLQA_LANGUAGES,
        87_599,
        QUESTION_FORMAT,
        scored=SCORED_QUESTION_FORMAT,
    ),
    "xnli": _make_card(
        "xnli",
        "classification",
        "does the premise entail the hypothesis, contradict it, or neither? (Conneau et al., EMNLP 2018)",
        XNLI_LANGUAGES,
        392_702,
        make_pair_format("premise", "hypothesis", NLI_LABELS, hub_order=NLI_LABELS),
    ),
    "pawsx": _make_card(
        "paws-x",
        "classification",
        "do the two sentences say the same? (Yang et al., EMNLP 2019)",
        "de en es fr",
        49_401,
        make_pair_format("sentence1", "sentence2", ("different", "same"), hub_order=("different", "same")),
    ),
    "qadsm": _make_card(
        "qadsm",
        "classification",
        "does the advertisement fit the query?",
        "de en fr",
        100_000,
        make_advertisement_format(("Bad", "Good"), hub_order=("Bad", "Good")),
    ),
    "wpr": _make_card(
        "wpr",
        "ranking",
        "how well does the web page fit the query? Ranked by query",
        "de en es fr it pt zh",
        99_997,
        make_ranking_format(RELEVANCE_GRADES, hub_order=RELEVANCE_GRADES),
    ),
    "qam": _make_card(
        "qam",
        "classification",
        "does the passage answer the question?",
        "de en fr",
        100_000,
        make_pair_format("question", "answer", ("False", "True"), hub_order=("False", "True")),
    ),
}
"""Eleven tasks less the two of generation; their dev and test sizes stand in no table that we could read."""
