from math import log2

import pytest
import torch

from trainables.tasks import EncodedRows
from trainables.tasks._metrics import number_query_runs
from trainables.tasks._ranking import Ranking
from trainables.training._stage import build_models

KIND = Ranking()
GRADES = ("bad", "fair", "good")
ROWS = [
    {"text": query, "text_pair": page, "label": label}
    for query, page, label in (("a", "x", 2), ("b", "x", 0), ("a", "y", 0), ("b", "y", 1), ("a", "z", 1))
]


def scored(outputs: list[tuple[int, float]]) -> dict[str, float]:
    return KIND.score(ROWS, EncodedRows([], []), outputs, GRADES)


def test_pages_in_the_order_of_their_grades_are_one():
    assert scored([(2, 1.9), (0, 0.1), (0, 0.2), (1, 0.8), (1, 0.9)]) == {"ndcg": pytest.approx(1.0), "accuracy": 1.0}


def test_pages_are_ranked_for_each_query_by_the_grade_that_is_expected_whatever_the_likeliest():
    """The first query's best page comes second: (1 + 2 / log2(3)) of (2 + 1 / log2(3))."""
    found = scored([(0, 0.5), (0, 0.1), (0, 0.2), (0, 0.8), (0, 0.9)])
    log = torch.log2(torch.tensor(3.0)).item()
    assert found["ndcg"] == pytest.approx(((1 + 2 / log) / (2 + 1 / log) + 1) / 2)
    assert found["accuracy"] == pytest.approx(2 / 5)


def test_only_the_order_within_a_query_matters():
    assert scored([(2, 0.4), (0, 7.0), (0, 0.2), (1, 9.0), (1, 0.3)])["ndcg"] == pytest.approx(1.0)


def test_the_official_ndcg_ranks_by_the_likeliest_grade_and_ends_a_query_with_its_run_of_rows():
    """Two pages of a tie, then one that is right: the second run of the first query is another query, and one page alone is none."""
    pages = [("a", 2), ("a", 0), ("b", 0), ("a", 1), ("a", 2)]
    rows = [{"text": query, "label": grade} for query, grade in pages]
    outputs = [(1, 1.2), (1, 0.9), (0, 0.0), (0, 0.4), (2, 1.7)]
    found = KIND.score(rows, EncodedRows([], []), outputs, GRADES)
    tied = ((2 + 0) / 2) * (1 + 1 / log2(3)) / 2
    assert found["official_ndcg"] == pytest.approx((tied + 1) / 2)
    assert found["ndcg"] != pytest.approx(found["official_ndcg"])


def test_where_no_query_has_two_rows_in_a_row_there_is_no_official_ndcg():
    assert "official_ndcg" not in scored([(2, 1.9), (0, 0.1), (0, 0.2), (1, 0.8), (1, 0.9)])


@pytest.mark.parametrize(
    ("queries", "numbers"),
    [("", []), ("a", [0]), ("aab", [0, 0, 1]), ("abab", [0, 1, 2, 3]), ("-ab-a", [0, 0, 1, 2, 2])],
)
def test_an_empty_query_begins_no_run_of_its_own(queries, numbers):
    """``-`` stands for an empty one: XGLUE's script takes the rows after it for its own."""
    assert number_query_runs([query.replace("-", "") for query in queries]) == numbers


def graded(task, logits: list[list[float]]):
    """What is said by a model that has these logits whatever it reads."""
    prepared = task("ranking")
    (model,) = build_models(prepared.encoder.weights, [prepared])
    head = model.classifier.out_proj
    head.weight.data.zero_()
    found = []
    for each in logits:
        head.bias.data.copy_(torch.tensor(each))
        batch = dict(prepared.encoder.pretrained_tokenizer(["Kenya"], ["Suomi"], return_tensors="pt"))
        found += KIND.compute_outputs(model.eval(), batch, [{}])
    return found


def test_outputs_are_the_likeliest_grade_and_the_expected_one(task, undisturbed):
    (output,) = graded(task, [[0.0, 1.0, 2.0]])
    weights = torch.tensor([0.0, 1.0, 2.0]).exp()
    assert output == (2, pytest.approx((weights / weights.sum() @ torch.tensor([0.0, 1.0, 2.0])).item()))


def test_the_expected_grade_tells_pages_apart_in_half_precision(task, undisturbed):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        one, other = graded(task, [[0.0, 1.0, 2.0], [0.0, 1.0, 2.001]])
    assert one[1] < other[1] < one[1] + 0.01


def test_every_label_is_a_grade(task, undisturbed):
    prepared = task("ranking")
    (model,) = build_models(prepared.encoder.weights, [prepared])
    assert list(model.config.id2label.values()) == list(GRADES)
