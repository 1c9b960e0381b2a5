"""The plain table of kinds says what the classes of the kinds do."""

import subprocess
import sys

import pytest

from tests.trainables.conftest import LABELS, UNTRAINED, row, scored_row
from trainables.benchmarks._catalogue import TWO_TEXT_KINDS
from trainables.cards import KIND_FACTS, LABEL_F1_METRIC, explain_unknown_metric
from trainables.tasks import TASK_KINDS, get_task_kind
from trainables.transfer import OFFICIAL_PREFIX

CHOICES = [(kind, metric) for kind, facts in KIND_FACTS.items() for metric in facts.main_metrics]


def test_every_kind_has_its_facts():
    assert KIND_FACTS.keys() == TASK_KINDS.keys()


@pytest.mark.parametrize("kind", TASK_KINDS)
def test_the_facts_of_a_kind_are_those_of_its_class(kind):
    facts = KIND_FACTS[kind]
    assert facts.metrics == tuple(name for name in TASK_KINDS[kind].metrics if not name.startswith(OFFICIAL_PREFIX))
    assert facts.is_trained == (kind not in UNTRAINED)
    assert facts.has_labels == (kind in LABELS)
    assert set(facts.columns) <= row(kind, 1).keys() <= {*facts.columns, *facts.optional_columns}
    assert not facts.scored_columns or set(facts.scored_columns) == scored_row(kind, 1).keys()
    every = {*facts.columns, *facts.optional_columns}
    assert set(TASK_KINDS[kind].second_columns) <= every
    assert kind not in TWO_TEXT_KINDS or TASK_KINDS[kind].second_columns


@pytest.mark.parametrize(("kind", "metric"), CHOICES)
def test_a_kind_has_the_main_metric_of_the_task_beside_its_own(kind, metric):
    wanted = "f1:yes: or no" if metric == LABEL_F1_METRIC else metric
    chosen = get_task_kind(kind, wanted)
    assert chosen.metrics[0] == wanted
    assert set(chosen.metrics) == {wanted, *TASK_KINDS[kind].metrics}
    assert type(chosen) is type(TASK_KINDS[kind])


@pytest.mark.parametrize("kind", TASK_KINDS)
def test_a_kind_without_a_metric_of_the_task_is_the_one_of_the_table(kind):
    before = TASK_KINDS[kind].metrics
    assert get_task_kind(kind) is TASK_KINDS[kind]
    for metric in KIND_FACTS[kind].main_metrics:
        get_task_kind(kind, metric)
    assert TASK_KINDS[kind].metrics == before


def test_an_unknown_metric_is_refused_with_those_of_the_kind():
    told = explain_unknown_metric("classification", "f2")
    assert told == (
        "'f2' is no metric of classification: choose accuracy, macro_f1, micro_f1, weighted_f1, matthews or f1:LABEL"
    )
    assert explain_unknown_metric("multiple_choice", "macro_f1").endswith("multiple choice: choose accuracy")
    assert explain_unknown_metric("masked_language_modelling", "f1").endswith(
        "choose another kind, since it is not scored"
    )
    with pytest.raises(ValueError, match="choose pearson or spearman"):
        get_task_kind("regression", "accuracy")
    assert "is no metric of regression" in explain_unknown_metric("regression", "f1:yes")
    assert "is no metric of ranking" in explain_unknown_metric("ranking", "official_ndcg")


def test_the_f1_of_a_label_needs_a_label_of_the_task():
    assert explain_unknown_metric("classification", "f1:yes") == ""
    assert explain_unknown_metric("classification", "f1:yes", ("no", "yes")) == ""
    assert explain_unknown_metric("classification", "f1:maybe", ("no", "yes")).endswith("its labels are no, yes")
    assert (
        explain_unknown_metric("multi_label", "f1:joy\n")
        == "'f1:joy\\n' names no label: write f1: and the name of a label"
    )
    assert explain_unknown_metric("classification", "f1:").startswith("'f1:' names no label")
    with pytest.raises(ValueError, match="its labels are no, yes"):
        get_task_kind("classification", "f1:maybe", ("no", "yes"))


def test_the_table_is_read_without_torch():
    asked = "import sys, trainables.cards; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True).stdout == "False\n"
