import subprocess
import sys

import pytest

from trainables import benchmarks
from trainables.benchmarks import BENCHMARKS, LANGUAGES_OF, catalogue
from trainables.benchmarks.miniature.cards import MINIATURE
from trainables.benchmarks.miniature.tasks import MAKERS
from trainables.languages import LANGUAGES, SOURCE_LANGUAGE
from trainables.tasks import KINDS

MADE = [("miniature", name) for name in MINIATURE]


def test_every_benchmark_has_languages_of_the_table_and_the_source():
    assert set(LANGUAGES_OF) == set(BENCHMARKS)
    for languages in LANGUAGES_OF.values():
        assert set(languages) <= set(LANGUAGES)
        assert SOURCE_LANGUAGE in languages


def test_the_miniature_leaves_out_haitian_creole_only():
    assert set(LANGUAGES) - set(LANGUAGES_OF["miniature"]) == {"ht"}


def test_what_is_not_made_here_has_a_source():
    for benchmark, cards in BENCHMARKS.items():
        assert all((card.source is None) == (benchmark == "miniature") for card in cards.values())


def test_every_card_of_the_miniature_has_a_maker():
    assert set(MAKERS) == set(MINIATURE)


def test_an_unknown_benchmark_is_refused():
    with pytest.raises(KeyError):
        catalogue("unheard of")


@pytest.mark.parametrize(("benchmark", "name"), MADE)
def test_a_card_says_what_the_data_are(benchmark, name):
    card, data = catalogue(benchmark)[name], benchmarks.load(benchmark, name)
    assert card.kind == data.kind
    assert card.kind in KINDS
    assert card.labels == data.labels
    assert card.train == len(data.train or ())
    assert set(data.evaluation) == ({"dev", "test"} if card.scored else set())


@pytest.mark.parametrize("kind", KINDS)
def test_the_miniature_scores_a_task_of_each_kind(kind):
    assert any(card.scored and card.kind == kind for card in MINIATURE.values())


def test_a_task_is_trained_on_or_scored():
    assert all(card.scored or card.train for card in MINIATURE.values())


def test_low_resource_tasks_are_in_other_languages_than_the_source():
    low = [card for card in MINIATURE.values() if card.resource == "low"]
    assert low
    high = min(card.train for card in MINIATURE.values() if card.train and card.resource == "high")
    assert all(card.language != SOURCE_LANGUAGE and 0 < card.train < high for card in low)


def test_the_plain_data_need_neither_torch_nor_babel():
    program = (
        "import sys, trainables.benchmarks, trainables.curriculum, trainables.outcome, trainables.transfer;"
        "print({'torch', 'transformers', 'datasets', 'babel'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
