from dataclasses import replace

import pytest
import torch

from trainables.scoring import score
from trainables.stage import build
from trainables.tasks import Encoded
from trainables.tasks.mining import Mining

KIND = Mining()
NONE = Encoded([], [])


def at(threshold: float) -> Mining:
    return Mining(threshold=threshold)


def rows(*pairs: tuple[str, str]) -> list[dict]:
    return [{"source_sentence": source, "target_sentence": target} for source, target in pairs]


def told(*pairs: tuple[list[float], list[float]]) -> list[torch.Tensor]:
    """Vectors of sources and targets as they come: one of each a row."""
    return [torch.tensor(vector) for pair in pairs for vector in pair]


ONE, TWO, THREE, FAR = [1.0, 0.2, 0.2], [0.2, 1.0, 0.2], [0.2, 0.2, 1.0], [0.6, 0.6, 0.5]
NAMED = rows(("eins", "one"), ("zwei", "two"), ("drei", "three"))


def test_translations_that_are_nearest_to_each_other_are_found():
    outputs = told((ONE, ONE), (TWO, TWO), (THREE, THREE))
    assert KIND.score(NAMED, NONE, outputs, ()) == {"f1": 1.0}


def test_what_is_mined_wrongly_costs_precision_and_recall():
    outputs = told((ONE, TWO), (TWO, ONE), (THREE, THREE))
    assert at(0.0).score(NAMED, NONE, outputs, ()) == {"f1": pytest.approx(1 / 3)}


def test_pairs_below_the_threshold_are_not_said():
    outputs = told((ONE, ONE), (TWO, TWO), (FAR, THREE))
    assert at(0.0).score(NAMED, NONE, outputs, ())["f1"] == 1.0
    assert at(1.2).score(NAMED, NONE, outputs, ())["f1"] == pytest.approx(2 * 2 / (2 + 3))
    assert at(100.0).score(NAMED, NONE, outputs, ())["f1"] == 0.0


def test_the_threshold_is_the_best_for_its_rows():
    wrong_and_far = told((ONE, ONE), (TWO, FAR), (FAR, THREE))
    named = rows(("eins", "one"), ("zwei", "three"), ("drei", "two"))
    best = KIND.tune(named, wrong_and_far).score(named, NONE, wrong_and_far, ())
    assert best == KIND.score(named, NONE, wrong_and_far, ())
    assert all(best["f1"] >= at(t / 20).score(named, NONE, wrong_and_far, ())["f1"] - 1e-9 for t in range(50))


def test_sentences_that_read_alike_count_once():
    twice = rows(("eins", "one"), ("eins", "one"), ("zwei", "two"), ("drei", "two"))
    outputs = told((ONE, ONE), (ONE, ONE), (TWO, TWO), (THREE, TWO))
    assert at(0.0).score(twice, NONE, outputs, ()) == {"f1": pytest.approx(2 * 2 / (2 + 3))}


def test_a_sentence_with_several_translations_has_all_of_them_right():
    both = rows(("eins", "one"), ("eins", "a"))
    for target, other in ((ONE, TWO), (TWO, ONE)):
        assert at(0.0).score(both, NONE, told((ONE, target), (ONE, other)), ())["f1"] == pytest.approx(2 / 3)


@pytest.fixture
def mined(task):
    """A task with other rows on test than on dev."""
    prepared = task("mining")
    dev = prepared.data.evaluation["dev"]
    test = {
        code: [row | {"source_sentence": row["source_sentence"] + "!"} for row in told] for code, told in dev.items()
    }
    return replace(prepared, data=replace(prepared.data, evaluation={"dev": dev, "test": test}))


@pytest.fixture
def seen(monkeypatch) -> list[tuple[str, float | None]]:
    """The language and the threshold of everything that is scored."""
    found, scored = [], Mining.score

    def spy(kind, rows, encoded, outputs, labels):
        found.append((rows[0]["language"], kind.threshold))
        return scored(kind, rows, encoded, outputs, labels)

    monkeypatch.setattr(Mining, "score", spy)
    return found


def test_the_threshold_for_test_is_that_of_dev_in_the_same_language(mined, seen, undisturbed, monkeypatch):
    (model,) = build(mined.encoder.weights, [mined])

    def tune(kind, rows, outputs):
        assert not rows[0]["source_sentence"].endswith("!"), "of test"
        return at({"en": 0.25, "de": 0.75}[rows[0]["language"]])

    monkeypatch.setattr(Mining, "tune", tune)
    score(model, mined, "test", ("en", "de"))
    assert seen == [("en", 0.25), ("de", 0.75)]


def test_dev_has_the_threshold_that_is_best_for_it(mined, seen, undisturbed):
    (model,) = build(mined.encoder.weights, [mined])
    score(model, mined, "dev", ("de",))
    assert [threshold for _, threshold in seen] == [None]


def test_a_language_without_dev_rows_has_the_threshold_that_is_best_for_test(mined, seen, undisturbed):
    mined.data.evaluation["dev"].pop("de")
    (model,) = build(mined.encoder.weights, [mined])
    score(model, mined, "test", ("en", "de"))
    assert [threshold is None for _, threshold in seen] == [False, True]


def test_the_dev_rows_are_part_of_what_test_is_scored_on(mined):
    before = mined.scored_fingerprint("test", ("en", "de"))
    other = {**mined.data.evaluation, "dev": {code: rows[1:] for code, rows in mined.data.evaluation["dev"].items()}}
    changed = replace(mined, data=replace(mined.data, evaluation=other))
    assert changed.scored_fingerprint("test", ("en", "de")) != before
