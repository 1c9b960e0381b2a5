from dataclasses import replace
from random import Random

import pytest
import torch

from trainables.evaluation._scoring import score_languages
from trainables.tasks import EncodedRows
from trainables.tasks._mining import Mining
from trainables.training._models import build_models

KIND = Mining()
NONE = EncodedRows([], [])


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
    best = KIND.tune_threshold(named, wrong_and_far).score(named, NONE, wrong_and_far, ())
    assert best == KIND.score(named, NONE, wrong_and_far, ())
    assert all(best["f1"] >= at(t / 20).score(named, NONE, wrong_and_far, ())["f1"] - 1e-9 for t in range(50))


def test_a_sentence_that_repeats_is_never_said_and_its_rows_are_right_all_the_same():
    """Of four right pairs the last one alone can be said."""
    twice = rows(("eins", "one"), ("eins ", "one"), ("zwei", "two"), ("drei", "three"))
    outputs = told((ONE, ONE), (ONE, ONE), (TWO, TWO), (THREE, THREE))
    assert at(0.0).score(twice, NONE, outputs, ()) == {"f1": pytest.approx(2 * 2 / (2 + 4))}
    assert KIND.score(twice, NONE, outputs, ()) == {"f1": pytest.approx(2 * 2 / (2 + 4))}


def test_a_sentence_with_several_translations_has_none_of_them_found():
    both = rows(("eins", "one"), ("eins", "a"), ("zwei", "two"))
    outputs = told((ONE, ONE), (ONE, THREE), (TWO, TWO))
    assert at(0.0).score(both, NONE, outputs, ())["f1"] == pytest.approx(2 * 1 / (1 + 3))


def test_a_sentence_that_repeats_is_mined_with_all_the_same():
    """What is nearest to it is not said with another sentence instead: there is none left for it."""
    named = rows(("eins", "one"), ("eins", "uno"), ("zwei", "two"))
    outputs = told((ONE, FAR), (ONE, FAR), (TWO, ONE))
    assert at(0.0).score(named, NONE, outputs, ())["f1"] == 0.0


def said_by_a_loop(named: list[dict], outputs: list[torch.Tensor], threshold: float) -> list[tuple[int, int]]:
    """XTREME's rule, written anew with loops over all pairs of different sentences."""
    sides = []
    for column, vectors in (("source_sentence", outputs[0::2]), ("target_sentence", outputs[1::2])):
        texts = [row[column] for row in named]
        sides.append(({text: vectors[texts.index(text)].double() for text in texts}, texts))
    (sources, left), (targets, right) = sides
    cosine = {
        (s, t): torch.cosine_similarity(v, w, dim=0).item() for s, v in sources.items() for t, w in targets.items()
    }
    near = {s: sorted(targets, key=lambda t, s=s: -cosine[s, t])[:4] for s in sources}
    back = {t: sorted(sources, key=lambda s, t=t: -cosine[s, t])[:4] for t in targets}
    mean_s = {s: sum(cosine[s, t] for t in near[s]) / len(near[s]) for s in sources}
    mean_t = {t: sum(cosine[s, t] for s in back[t]) / len(back[t]) for t in targets}
    margin = {(s, t): 2 * cosine[s, t] / (mean_s[s] + mean_t[t]) for s in sources for t in targets}
    told = [max(((s, t) for t in near[s]), key=margin.__getitem__) for s in sources]
    told += [max(((s, t) for s in back[t]), key=margin.__getitem__) for t in targets]
    used: set[tuple[int, str]] = set()
    found = []
    for s, t in sorted(told, key=lambda pair: -margin[pair]):
        if (0, s) not in used and (1, t) not in used:
            used |= {(0, s), (1, t)}
            if margin[s, t] >= threshold and left.count(s) == right.count(t) == 1:
                found.append((left.index(s), right.index(t)))
    return found


def test_what_is_said_is_what_a_loop_says_whatever_repeats():
    random, repeated = Random(0), 0
    for _ in range(60):
        count = random.randint(5, 20)
        named = rows(*((f"s{random.randrange(2 * count)}", f"t{random.randrange(2 * count)}") for _ in range(count)))
        vectors: dict[str, list[float]] = {}
        for row in named:
            vectors.setdefault(row["source_sentence"], [1 + random.random() for _ in range(4)])
            vectors.setdefault(row["target_sentence"], [1 + random.random() for _ in range(4)])
        outputs = told(*((vectors[row["source_sentence"]], vectors[row["target_sentence"]]) for row in named))
        found = said_by_a_loop(named, outputs, 1.0)
        right = sum(source == target for source, target in found)
        assert at(1.0).score(named, NONE, outputs, ()) == {"f1": pytest.approx(2 * right / (len(found) + count))}
        repeated += len(vectors) < 2 * count
    assert repeated > 30


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
    (model,) = build_models(mined.encoder.weights, [mined])

    def tune(kind, rows, outputs):
        assert not rows[0]["source_sentence"].endswith("!"), "of test"
        return at({"en": 0.25, "de": 0.75}[rows[0]["language"]])

    monkeypatch.setattr(Mining, "tune_threshold", tune)
    score_languages(model, mined, "test", ("en", "de"))
    assert seen == [("en", 0.25), ("de", 0.75)]


def test_dev_has_the_threshold_that_is_best_for_it(mined, seen, undisturbed):
    (model,) = build_models(mined.encoder.weights, [mined])
    score_languages(model, mined, "dev", ("de",))
    assert [threshold for _, threshold in seen] == [None]


def test_a_language_without_dev_rows_has_the_threshold_that_is_best_for_test(mined, seen, undisturbed):
    mined.data.evaluation["dev"].pop("de")
    (model,) = build_models(mined.encoder.weights, [mined])
    score_languages(model, mined, "test", ("en", "de"))
    assert [threshold is None for _, threshold in seen] == [False, True]


def test_the_dev_rows_are_part_of_what_test_is_scored_on(mined):
    before = mined.evaluation_fingerprint("test", ("en", "de"))
    other = {**mined.data.evaluation, "dev": {code: rows[1:] for code, rows in mined.data.evaluation["dev"].items()}}
    changed = replace(mined, data=replace(mined.data, evaluation=other))
    assert changed.evaluation_fingerprint("test", ("en", "de")) != before
