"""XGLUE's understanding tasks (Liang et al., EMNLP 2020), from a copy of the set in parquet: the original's host is gone."""

from trainables.benchmarks import shapes
from trainables.benchmarks.cards import Card, Part, Parts, Set, Shape
from trainables.benchmarks.xtreme.questions import MLQA_LANGUAGES
from trainables.benchmarks.xtreme.tags import UPOS
from trainables.benchmarks.xtreme.texts import NLI, XNLI_LANGUAGES

_XGLUE = Set(repository="hgissbkh/xglue", licence="by task: CC BY-NC 4.0, CC BY-SA 4.0, other")
CONLL = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC", "B-MISC", "I-MISC")
NEWS = ("foodanddrink", "sports", "travel", "finance", "lifestyle", "news", "entertainment", "health", "video", "autos")
GRADES = ("Bad", "Fair", "Good", "Excellent", "Perfect")


def _card(
    configuration: str,
    kind: str,
    about: str,
    languages: str | tuple[str, ...],
    train: int,
    shape: Shape,
    scored: Shape | None = None,
) -> Card:
    codes = tuple(languages.split()) if isinstance(languages, str) else languages

    def part(split: str, its: tuple[str, ...], shape: Shape, rows: int | None = None) -> Part:
        return Part(set=_XGLUE, shape=shape, configuration=configuration, split=split, languages=its, rows=rows)

    return Card(
        kind=kind,
        about=about,
        labels=shape.labels,
        train=train,
        languages=codes,
        parts=Parts(
            train=(part("train", ("en",), shape, train),),
            dev=(part("validation.{language}", codes, scored or shape),),
            test=(part("test.{language}", codes, scored or shape),),
        ),
    )


XGLUE: dict[str, Card] = {
    "ner": _card(
        "ner",
        "tagging",
        "persons, organisations, places and others in news (CoNLL 2002 and 2003)",
        "de en es nl",
        14_042,
        shapes.tags("words", "ner", CONLL, hub_order=CONLL),
    ),
    "pos": _card(
        "pos",
        "tagging_by_precision",
        "parts of speech (Universal Dependencies 2.5)",
        "ar bg de el en es fr hi it nl pl pt ru th tr ur vi zh",
        25_376,
        shapes.tags("words", "pos", UPOS, hub_order=UPOS),
    ),
    "nc": _card(
        "nc",
        "classification",
        "the category of a news article",
        "de en es fr ru",
        100_000,
        shapes.news(NEWS, hub_order=NEWS),
    ),
    "mlqa": _card(
        "mlqa",
        "question_answering_mlqa",
        "the answer's span (Lewis et al., ACL 2020; trained on SQuAD 1.1)",
        MLQA_LANGUAGES,
        87_599,
        shapes.QUESTIONS,
        scored=shapes.QUESTIONS_SCORED,
    ),
    "xnli": _card(
        "xnli",
        "classification",
        "does the premise entail the hypothesis, contradict it, or neither? (Conneau et al., EMNLP 2018)",
        XNLI_LANGUAGES,
        392_702,
        shapes.pair("premise", "hypothesis", NLI, hub_order=NLI),
    ),
    "pawsx": _card(
        "paws-x",
        "classification",
        "do the two sentences say the same? (Yang et al., EMNLP 2019)",
        "de en es fr",
        49_401,
        shapes.pair("sentence1", "sentence2", ("different", "same"), hub_order=("different", "same")),
    ),
    "qadsm": _card(
        "qadsm",
        "classification",
        "does the advertisement fit the query?",
        "de en fr",
        100_000,
        shapes.advertisement(("Bad", "Good"), hub_order=("Bad", "Good")),
    ),
    "wpr": _card(
        "wpr",
        "ranking",
        "how well does the web page fit the query? Ranked by query",
        "de en es fr it pt zh",
        99_997,
        shapes.graded(GRADES, hub_order=GRADES),
    ),
    "qam": _card(
        "qam",
        "classification",
        "does the passage answer the question?",
        "de en fr",
        100_000,
        shapes.pair("question", "answer", ("False", "True"), hub_order=("False", "True")),
    ),
}
"""Eleven tasks less the two of generation; their dev and test sizes stand in no table that we could read."""
