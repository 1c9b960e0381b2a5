"""What the benchmarks' own scripts give for small inputs, and what comes out of our task kinds for the same.

The scripts were run as published: google-research/xtreme (``evaluate.py``, ``evaluate_squad.py``, ``utils_retrieve.py``,
``utils_lareqa.py``, ``utils_mewslix.py``), facebookresearch/MLQA, microsoft/XGLUE.
"""

from types import SimpleNamespace

import pytest
import torch

from trainables.benchmarks import get_published_metrics, get_task_catalogue
from trainables.tasks import TASK_KINDS, EncodedRows, RetrievedCandidates
from trainables.tasks._metrics import compute_average_precision
from trainables.tasks._question_answering import _AnswerSpan, _WindowAnswer
from trainables.transfer import Transfer

NONE = EncodedRows([], [])
SQUAD, MLQA = "question_answering", "question_answering_mlqa"


def answered(kind: str, language: str, told: list[tuple[str, list[str]]]) -> dict[str, float]:
    """Scores of answers that are all of their contexts."""
    rows = [{"context": said, "answers": {"text": golds}, "language": language} for said, golds in told]
    spans = [_AnswerSpan(1.0, 0, len(said)) for said, _ in told]
    outputs = [_WindowAnswer(span, 0.0, span) for span in spans]
    return TASK_KINDS[kind].score(rows, EncodedRows([], range(len(rows))), outputs, ())


@pytest.mark.parametrize(
    ("kind", "language", "told", "f1", "exact_match"),
    [
        pytest.param(
            SQUAD,
            "en",
            [
                ("The cat.", ["cat", "a dog"]),
                ("“Paris”", ["Paris"]),
                ("1,000 km", ["1000 km", "1000"]),
                ("Nguyễn Du", ["nguyễn  du"]),
                ("中国 人民", ["中国人民"]),
            ],
            0.6,
            0.6,
            id="squad_plain",
        ),
        pytest.param(
            SQUAD,
            "en",
            [("A", ["A"]), ("A", ["A", "type A"]), ("B", ["A"]), ("the", ["the end", "The"])],
            0.0,
            0.75,
            id="squad_empty_gold",
        ),
        pytest.param(
            MLQA,
            "de",
            [("die Katze", ["Katze"]), ("„Haus“ des Kindes", ["Haus Kindes", "Haus"]), ("der", ["der Hund"])],
            0.6666666667,
            0.6666666667,
            id="mlqa_de",
        ),
        pytest.param(
            MLQA,
            "ar",
            [("الكتاب", ["كتاب"]), ("قال الرجل", ["قا رجل", "رجل"]), ("القاهرة، مصر", ["القاهرة"])],
            0.7777777778,
            0.3333333333,
            id="mlqa_ar",
        ),
        pytest.param(
            MLQA,
            "zh",
            [
                ("中国人民，2019年", ["中国2019年"]),
                ("龥龦", ["龥 龦"]),
                ("《红楼梦》", ["红楼梦"]),
                ("ＡＢＣ", ["abc"]),
            ],
            0.7,
            0.5,
            id="mlqa_zh",
        ),
    ],
)
def test_answers(kind, language, told, f1, exact_match):
    scores = answered(kind, language, told)
    assert scores["official_f1"] == pytest.approx(f1)
    assert scores["official_exact_match"] == pytest.approx(exact_match)


def tagged(kind: str, truth: list[list[str]], said: list[list[str]]) -> dict[str, float]:
    labels = sorted({tag for tags in truth + said for tag in tags})
    rows = [{"words": tags, "tags": [labels.index(tag) for tag in tags]} for tags in truth]
    features = [{"labels": row["tags"], "_words": list(range(len(row["tags"])))} for row in rows]
    encoded = SimpleNamespace(rows=range(len(rows)), features=features)
    return TASK_KINDS[kind].score(rows, encoded, [[labels.index(tag) for tag in tags] for tags in said], labels)


def test_udpos():
    truth = [["DET", "NOUN", "NOUN", "VERB", "PUNCT"], ["PRON", "AUX", "ADJ"]]
    said = [["DET", "NOUN", "VERB", "VERB", "PUNCT"], ["PRON", "VERB", "ADJ"]]
    scores = tagged("tagging", truth, said)
    assert scores["f1"] == scores["f1_seqeval_1"] == pytest.approx(0.5714285714)


def test_udpos_conjunctions():
    """F1 is that of seqeval 0.0.12, which the published numbers are made with; 1.2.2 has the other."""
    scores = tagged("tagging", [["SCONJ", "NOUN", "CCONJ", "VERB"]], [["CCONJ", "NOUN", "SCONJ", "VERB"]])
    assert (scores["f1"], scores["f1_seqeval_1"]) == (0.5, 1.0)


def test_xglue_pos():
    truth = [["DET", "NOUN", "NOUN", "NOUN", "PUNCT"], ["PRON", "AUX", "ADJ", "PUNCT", "PUNCT"]]
    said = [["DET", "NOUN", "ADJ", "NOUN", "PUNCT"], ["PRON", "AUX", "ADJ", "PUNCT", "NOUN"]]
    kind = get_task_catalogue("xglue")["pos"].kind
    assert TASK_KINDS[kind].metrics[0] == "precision"
    assert tagged(kind, truth, said)["precision"] == 0.5


def side_by_side(sources: list[list[float]], targets: list[list[float]]) -> list[torch.Tensor]:
    """What a model says of rows of a source and a target."""
    return [torch.tensor(vector) for pair in zip(sources, targets, strict=True) for vector in pair]


def test_tatoeba_direction():
    """The nearest sentence of the language is the second, third and third for the three English ones; asked the other way, all are right."""
    language = [[0.2, 0.3], [0.2, -2.0], [-1.4, -0.5]]
    english = [[0.3, -0.1], [-1.0, -1.3], [-0.4, -0.5]]
    for benchmark in ("xtreme", "xtreme_r"):
        kind = TASK_KINDS[get_task_catalogue(benchmark)["tatoeba"].kind]
        assert kind.score([], NONE, side_by_side(language, english), ())["accuracy"] == pytest.approx(0.3333333333)
        assert kind.score([], NONE, side_by_side(english, language), ())["accuracy"] == 1.0


SOURCE = (
    *([-0.589, -0.885, -0.424, -0.822], [1.146, -2.009, -4.031, -0.694], [0.117, 0.846, 0.192, 1.402]),
    *([0.144, 2.883, 0.195, 0.737], [1.522, -1.765, -0.482, 1.396], [-0.094, 0.032, 1.516, 1.055]),
    *([0.097, -0.605, 0.241, 1.092], [-0.352, -1.004, 0.37, 1.03], [-1.751, -1.501, 0.256, 0.262]),
    *([1.963, 1.084, 1.432, -0.099], [0.575, -0.034, -0.856, 1.592], [0.129, -0.707, 2.349, -0.095]),
    *([-1.602, -0.321, -0.383, 0.446], [-0.216, -1.696, -1.782, 0.982]),
)
TARGET = (
    *([0.381, 0.61, -0.321, -0.49], [0.354, -1.399, -3.55, 0.121], [-0.602, 1.098, -0.484, 2.585]),
    *([0.08, 0.951, 0.837, 2.592], [1.291, 0.927, -0.211, 0.201], [-0.051, 1.218, 0.397, 0.454]),
    *([1.773, 0.618, -0.706, 0.066], [0.905, -2.583, 0.782, 2.645], [-3.793, -0.639, -0.766, 0.38]),
    *([0.419, 1.622, 1.25, 2.211], [-1.638, -0.214, 0.459, 1.55], [0.542, -0.148, 1.258, 0.246]),
    *([-0.057, 1.06, -0.574, -0.896], [0.013, -2.209, -3.411, -1.389]),
)


def test_bucc():
    """Sentences that differ, and the threshold that is best for them."""
    rows = [{"source_sentence": f"s{n}", "target_sentence": f"t{n}"} for n in range(len(SOURCE))]
    kind = TASK_KINDS[get_task_catalogue("xtreme")["bucc"].kind]
    scores = kind.score(rows, NONE, side_by_side(list(SOURCE), list(TARGET)), ())
    assert scores["f1"] == pytest.approx(0.2352941176)


def test_lareqa_ap():
    relevant, ranked = {1, 2, 5, 11}, [3, 8, 1, 0, 9, 2, 7, 4, 5, 6]
    hits = [number in relevant for number in ranked]
    assert compute_average_precision(hits, len(relevant), 5) == pytest.approx(0.0833333333)
    assert compute_average_precision(hits, len(relevant), 20) == pytest.approx(0.25)


def test_mewslix_mrr():
    gold = {"a": "Q1", "b": "Q2", "c": "Q3"}
    said = {"a": ["Q9", "Q1"], "b": [*(f"Q{n}" for n in range(30, 52)), "Q2"], "c": ["Q3"]}
    found = [RetrievedCandidates([entity == gold[query] for entity in said[query]], 1) for query in gold]
    assert TASK_KINDS[get_task_catalogue("xtreme_r")["mewslix"].kind].score([], NONE, found, ()) == {"map@20": 0.5}


def test_published_average():
    scores = {
        "xquad": {"test": {"en": {"f1": 0.8, "exact_match": 0.7}, "th": {"f1": 0.6, "exact_match": 0.5}}},
        "xnli": {"test": {"en": {"accuracy": 0.9}, "sw": {"accuracy": 0.6}, "ur": {"accuracy": 0.6}}},
    }
    told = Transfer(scores, {"xquad": "f1", "xnli": "accuracy"})
    for benchmark in ("xtreme", "xtreme_r"):
        assert told.published_means(get_published_metrics(benchmark)) == pytest.approx({"xquad": 0.65, "xnli": 0.7})
