from itertools import islice

from trainables.benchmarks.miniature.world._synonyms import build_synonyms
from trainables.benchmarks.miniature.world._tasks import load_miniature_task


def test_months_and_weekdays_have_their_short_forms():
    table = build_synonyms().neighbours
    assert table["january"] == ("Jan",)
    assert set(table["monday"]) == {"Mon", "Mo"}
    assert "janv." in table["janvier"]


def test_currencies_have_their_plural_and_their_symbol():
    assert build_synonyms().neighbours["argentine peso"] == ("Argentine pesos", "ARS")


def test_every_english_training_set_of_texts_has_words_to_replace():
    for task in ("inference", "choice", "answer", "tagging", "facts", "dates"):
        rows = str(list(islice(load_miniature_task(task).train, 200))).lower()
        assert any(word in rows for word in build_synonyms().neighbours), task


def test_a_word_is_no_neighbour_of_itself():
    assert all(word not in map(str.lower, others) for word, others in build_synonyms().neighbours.items())
