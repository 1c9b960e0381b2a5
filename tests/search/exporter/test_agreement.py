import pytest

from search.exporter._agreement import RERUN_TOLERANCE, compare_scores
from trainables.transfer import Transfer

CPU, GPU = ({"arithmetic": kind, "torch": "2.13.0"} for kind in ("cpu float32", "cuda bfloat16"))
METRICS = {"choice": "accuracy", "tagging": "f1"}


def transfer(shift: float = 0.0) -> Transfer:
    """Scores of two targets; one of them moved."""
    return Transfer(
        {
            "choice": {"dev": {code: {"accuracy": 0.5 + (code == "sw") * shift} for code in ("en", "de", "sw")}},
            "tagging": {"dev": {"de": {"f1": 0.25, "accuracy": 0.75}}},
        },
        METRICS,
    )


def test_the_same_scores_agree_whatever_they_were_trained_with():
    found = compare_scores(transfer().scores, transfer(), (CPU, GPU))
    assert found.is_identical and found.is_acceptable
    assert str(found) == "every score is the recorded one to the last bit"


def test_where_nothing_differs_the_last_bit_counts():
    found = compare_scores(transfer().scores, transfer(1e-15), (CPU, CPU))
    assert not found.is_identical and not found.is_acceptable
    assert found.where == "choice, sw, accuracy"
    assert "the same bits are due" in str(found)


def test_where_the_arithmetic_differs_there_is_a_tolerance_and_the_reason_is_told():
    found = compare_scores(transfer().scores, transfer(0.06), (CPU, GPU))
    assert not found.is_identical and found.is_acceptable
    assert (found.largest, found.mean) == pytest.approx((0.06, 0.01))
    assert str(found) == (
        "dev scores differ by 0.0600 at most (choice, sw, accuracy), by +0.0100 on average, within the tolerance of 0.05 where runs "
        "differ in arithmetic (cpu float32, now cuda bfloat16)"
    )


@pytest.mark.parametrize("sign", [1, -1])
def test_beyond_the_tolerance_it_does_not_hold(sign):
    found = compare_scores(transfer().scores, transfer(sign * 6.1 * RERUN_TOLERANCE), (CPU, GPU))
    assert not found.is_acceptable
    assert "beyond the tolerance" in str(found)


def test_other_data_are_a_reason_too():
    found = compare_scores(transfer().scores, transfer(0.01), (CPU, CPU), "the data of choice")
    assert found.is_acceptable
    assert found.to_json()["reasons"] == ["the data of choice"]


def test_versions_that_were_never_recorded_are_unknown():
    found = compare_scores(transfer().scores, transfer(0.01), ({"torch": "2.13.0"}, CPU))
    assert found.reasons == ("arithmetic (unknown, now cpu float32)",)
    found = compare_scores(transfer().scores, transfer(0.01), ({}, CPU))
    assert found.reasons == ("an environment that the first run did not record",)


@pytest.mark.parametrize("environments", [(CPU, CPU), (CPU, GPU)], ids=["the same", "another"])
def test_a_target_or_a_language_that_is_on_one_side_alone_cannot_be_compared(environments):
    less = Transfer({"choice": transfer().scores["choice"]}, METRICS)
    found = compare_scores(transfer().scores, less, environments)
    assert found.missing == ("tagging", "tagging, de")
    assert not found.is_identical and not found.is_acceptable
    fewer = transfer()
    del fewer.scores["choice"]["dev"]["sw"]
    found = compare_scores(transfer().scores, fewer, environments)
    assert found.missing == ("choice, sw",)
    assert not found.is_acceptable
    assert str(found) == "scores cannot be compared: only one of the runs has choice, sw"


def test_a_metric_that_came_later_is_not_compared():
    """Files of earlier versions have fewer metrics beside the main one."""
    more = transfer()
    for metrics in more.scores["choice"]["dev"].values():
        metrics["official_accuracy"] = 0.1
    found = compare_scores(transfer().scores, more, (CPU, CPU))
    assert found.is_identical and found.is_acceptable
