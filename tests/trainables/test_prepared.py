from collections import Counter
from dataclasses import replace
from itertools import islice
from random import Random

import pytest
import torch

from trainables.prepared import BUCKET, Prepared, evaluation_batches, prepare
from trainables.tasks import KINDS, length

TRAINED = [kind for kind in KINDS if kind != "retrieval"]


def ids(batches) -> list[list[int]]:
    return [row for batch in batches for row in batch["input_ids"].tolist()]


@pytest.mark.parametrize("kind", TRAINED)
def test_every_example_comes_once_an_epoch(kind, task):
    prepared = task(kind, max_length=64)
    rows = len(prepared.train.features)
    assert 2 * rows == BUCKET * 3
    seen = Counter(
        str([token for token, here in zip(ids, mask, strict=True) if here])
        for batch in islice(prepared.batches(3, Random(0)), BUCKET)
        for ids, mask in zip(
            batch["input_ids"].flatten(1).tolist(), batch["attention_mask"].flatten(1).tolist(), strict=True
        )
    )
    whole = Counter(str(flat(feature["input_ids"])) for feature in prepared.train.features)
    assert seen == whole + whole


def flat(ids: list) -> list[int]:
    """The ids of a feature, those of its choices one after the other."""
    return [token for choice in ids for token in choice] if isinstance(ids[0], list) else ids


def test_batches_are_decided_by_the_random_numbers(task):
    first, second, other = (ids(islice(task("classification").batches(4, Random(seed)), 12)) for seed in (0, 0, 1))
    assert first == second
    assert first != other


def test_epochs_come_in_different_orders(task):
    epochs = [ids(islice(batches, 6)) for batches in [task("classification").batches(4, Random(0))] for _ in range(2)]
    assert epochs[0] != epochs[1]


def test_batches_hold_examples_of_like_length(task):
    widths = [batch["attention_mask"].sum(-1) for batch in islice(task("classification").batches(4, Random(0)), 6)]
    spread = sum((width.max() - width.min()).item() for width in widths) / len(widths)
    everything = sorted(map(length, task("classification").train.features))
    assert spread < (everything[-1] - everything[0]) / 2


def test_the_fingerprint_changes_with_a_row(task):
    prepared = task("classification")
    shorter = replace(prepared, data=replace(prepared.data, train=prepared.data.train.select(range(23))))
    assert shorter.fingerprint != prepared.fingerprint


def test_the_fingerprint_changes_with_the_label_names(task):
    prepared = task("classification")
    renamed = replace(prepared, data=replace(prepared.data, labels=("yes", "no")))
    assert renamed.fingerprint != prepared.fingerprint
    assert renamed.scored_fingerprint("dev") != prepared.scored_fingerprint("dev")


def test_the_fingerprint_does_not_change_with_the_rows_that_are_scored(task):
    prepared = task("classification")
    fewer = {"dev": prepared.data.evaluation["dev"].select(range(5))}
    other = replace(prepared, data=replace(prepared.data, evaluation=fewer))
    assert other.fingerprint == prepared.fingerprint
    assert other.scored_fingerprint("dev") != prepared.scored_fingerprint("dev")


def test_equal_data_have_equal_fingerprints(task):
    assert task("tagging").fingerprint == task("tagging").fingerprint


def test_scored_rows_are_kept_by_language(task):
    sets = task("classification").scored("dev")
    assert set(sets) == {"en", "de"}
    for language, scored in sets.items():
        assert {row["language"] for row in scored.rows} == {language}
        assert len(scored.encoded.features) == len(scored.rows) == 10


@pytest.mark.parametrize("size", [1, 128, 300])
def test_evaluation_takes_every_feature_once(size):
    features = [{"input_ids": [5] * (i % 7 + 1), "attention_mask": [1] * (i % 7 + 1)} for i in range(size)]
    batches = list(evaluation_batches(features, 1))
    assert sorted(number for numbers, _ in batches for number in numbers) == list(range(size))
    for numbers, batch in batches:
        assert batch["attention_mask"].sum(-1).tolist() == [length(features[number]) for number in numbers]


def test_a_task_is_prepared_once(encoder_folder):
    first = prepare("miniature", "facts_sw", encoder_folder, 48)
    assert isinstance(first, Prepared)
    assert prepare("miniature", "facts_sw", encoder_folder, 48) is first
    assert prepare("miniature", "facts_sw", encoder_folder, 32) is not first


@pytest.mark.parametrize("kind", KINDS)
def test_no_feature_is_longer_than_the_limit(kind, task):
    prepared = task(kind, max_length=14)
    features = prepared.train.features + [
        f for scored in prepared.scored("dev").values() for f in scored.encoded.features
    ]
    assert max(map(length, features)) == 14


@pytest.mark.parametrize("kind", ["classification", "multiple_choice", "tagging", "question_answering"])
def test_texts_that_are_rewritten_to_themselves_give_the_same_batches(kind, task):
    prepared = task(kind, max_length=14)
    plain, same = (prepared.batches(4, Random(1), rewrite) for rewrite in (None, lambda text: text))
    for one, other in islice(zip(plain, same, strict=False), 14):
        assert one.keys() == other.keys()
        assert all(torch.equal(one[name], other[name]) for name in one)


def test_texts_are_rewritten_anew_each_time_they_come(task):
    prepared, calls = task("classification"), []
    batches = prepared.batches(24, Random(1), lambda text: calls.append(text) or f"{text} {len(calls)}")
    first, second = next(batches), next(batches)
    assert len(calls) == 2 * 2 * 24
    assert not torch.equal(first["input_ids"], second["input_ids"])


def test_the_mean_length_counts_all_tokens_and_those_that_are_not_special(task):
    prepared = task("multiple_choice")
    texts = [ids for feature in prepared.train.features for ids in feature["input_ids"]]
    whole, plain = prepared.mean_length
    assert whole == pytest.approx(sum(map(len, texts)) / 48)
    markers = {0, 1, 2, 3, prepared.encoder.tokenizer.mask_token_id}
    assert plain == pytest.approx(sum(token not in markers for ids in texts for token in ids) / 48)
    assert plain <= whole - 4
