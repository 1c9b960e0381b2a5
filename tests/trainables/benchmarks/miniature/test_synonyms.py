from itertools import islice

from trainables.benchmarks.miniature.synonyms import synonyms
from trainables.benchmarks.miniature.tasks import load


def test_months_and_weekdays_have_their_short_forms():
    table = synonyms().neighbours
    assert table["january"] == ("Jan",)
    assert set(table["monday"]) == {"Mon", "Mo"}
    assert "janv." in table["janvier"]


def test_currencies_have_their_plural_and_their_symbol():
    assert synonyms().neighbours["argentine peso"] == ("Argentine pesos", "ARS")


def test_every_english_training_set_of_texts_has_words_to_replace():
    for task in ("inference", "choice", "answer", "tagging", "facts", "dates"):
        rows = str(list(islice(load(task).train, 200))).lower()
        assert any(word in rows for word in synonyms().neighbours), task


def test_a_word_is_no_neighbour_of_itself():
    assert all(word not in map(str.lower, others) for word, others in synonyms().neighbours.items())
