from collections import Counter
from dataclasses import replace
from itertools import islice
from random import Random

import pytest
import torch

from tests.trainables.conftest import SCORED, TRAINED
from trainables.cards import LazyRows
from trainables.data import ArrowTable, EncodedDataset, load_encoded_dataset
from trainables.data._encoded_dataset import BATCHES_PER_BUCKET, _iterate_shuffled
from trainables.data._table_cache import TableCache
from trainables.encoders import IGNORED_LABEL, get_feature_length
from trainables.evaluation._scoring import score_languages
from trainables.tasks import TASK_KINDS
from trainables.training._stage import build_models

BOTH = ("en", "de")


def ids(batches) -> list[list[int]]:
    return [row for batch in batches for row in batch["input_ids"].tolist()]


@pytest.mark.parametrize("kind", TRAINED)
def test_every_example_comes_once_an_epoch(kind, task):
    prepared = task(kind, max_length=64)
    rows = len(prepared.train.features)
    assert 2 * rows == BATCHES_PER_BUCKET * 3
    seen = Counter(
        str([token for token, here in zip(ids, mask, strict=True) if here])
        for batch in islice(prepared.iterate_batches(3, Random(0)), BATCHES_PER_BUCKET)
        for ids, mask in zip(
            unhidden(kind, batch).flatten(1).tolist(), batch["attention_mask"].flatten(1).tolist(), strict=True
        )
    )
    whole = Counter(str(flat(feature["input_ids"])) for feature in prepared.train.features)
    assert seen == whole + whole


def unhidden(kind: str, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    """The ids of a batch, those too that masked language modelling has hidden."""
    if kind != "masked_language_modelling":
        return batch["input_ids"]
    return torch.where(batch["labels"] == IGNORED_LABEL, batch["input_ids"], batch["labels"])


def flat(ids: list) -> list[int]:
    """The ids of a feature, those of its choices one after the other."""
    return [token for choice in ids for token in choice] if isinstance(ids[0], list) else ids


def test_batches_are_decided_by_the_random_numbers(task):
    first, second, other = (
        ids(islice(task("classification").iterate_batches(4, Random(seed)), 12)) for seed in (0, 0, 1)
    )
    assert first == second
    assert first != other


def test_epochs_come_in_different_orders(task):
    epochs = [
        ids(islice(batches, 6)) for batches in [task("classification").iterate_batches(4, Random(0))] for _ in range(2)
    ]
    assert epochs[0] != epochs[1]


def test_batches_hold_examples_of_like_length(task):
    widths = [
        batch["attention_mask"].sum(-1) for batch in islice(task("classification").iterate_batches(4, Random(0)), 6)
    ]
    spread = sum((width.max() - width.min()).item() for width in widths) / len(widths)
    everything = sorted(map(get_feature_length, task("classification").train.features))
    assert spread < (everything[-1] - everything[0]) / 2


def test_the_fingerprint_changes_with_a_row(task):
    prepared = task("classification")
    shorter = replace(prepared, data=replace(prepared.data, train=prepared.data.train[:23]))
    assert shorter.fingerprint != prepared.fingerprint


def test_the_fingerprint_changes_with_the_label_names(task):
    prepared = task("classification")
    renamed = replace(prepared, data=replace(prepared.data, labels=("yes", "no")))
    assert renamed.fingerprint != prepared.fingerprint
    assert renamed.evaluation_fingerprint("dev", BOTH) != prepared.evaluation_fingerprint("dev", BOTH)


def test_the_fingerprint_does_not_change_with_the_rows_that_are_scored(task):
    prepared = task("classification")
    fewer = {"dev": {code: rows[:5] for code, rows in prepared.data.evaluation["dev"].items()}}
    other = replace(prepared, data=replace(prepared.data, evaluation=fewer))
    assert other.fingerprint == prepared.fingerprint
    assert other.evaluation_fingerprint("dev", BOTH) != prepared.evaluation_fingerprint("dev", BOTH)


def test_the_fingerprint_of_what_is_scored_is_that_of_the_languages_asked_for(task):
    prepared = task("classification")
    other = task("classification")
    other.data.evaluation["dev"]["de"].pop()
    assert other.evaluation_fingerprint("dev", BOTH) != prepared.evaluation_fingerprint("dev", BOTH)
    assert other.evaluation_fingerprint("dev", ("en",)) == prepared.evaluation_fingerprint("dev", ("en",))
    assert prepared.evaluation_fingerprint("dev", ("en", "sw")) == prepared.evaluation_fingerprint("dev", ("en",))
    assert prepared.evaluation_fingerprint("dev", ("de", "en")) == prepared.evaluation_fingerprint("dev", BOTH)
    assert prepared.evaluation_fingerprint("dev", ("de",)) != prepared.evaluation_fingerprint("dev", ("en",))


def test_a_task_without_training_rows_has_a_fingerprint(task):
    prepared = task("retrieval")
    one, other = (replace(prepared, data=replace(prepared.data, train=train)) for train in (None, [{"a": 1}]))
    assert one.fingerprint == replace(one, data=replace(one.data, evaluation={})).fingerprint != other.fingerprint
    assert one.notes == Counter()


def test_equal_data_have_equal_fingerprints(task):
    assert task("tagging").fingerprint == task("tagging").fingerprint


def test_scored_rows_are_kept_by_language(task):
    prepared = task("classification")
    assert prepared.languages("dev") == {"en", "de"}
    assert prepared.languages("test") == frozenset()
    for language in ("en", "de"):
        scored = prepared.load_evaluation_set("dev", language)
        assert {row["language"] for row in scored.rows} == {language}
        assert len(scored.encoded.features) == len(scored.rows) == 10


def test_a_task_is_prepared_once(encoder_folder):
    first = load_encoded_dataset("miniature", "facts_sw", encoder_folder, 48)
    assert isinstance(first, EncodedDataset)
    assert load_encoded_dataset("miniature", "facts_sw", encoder_folder, 48) is first
    assert load_encoded_dataset("miniature", "facts_sw", encoder_folder, 32) is not first


def test_a_task_has_its_tables_where_it_is_told(encoder_folder, tmp_path):
    here, passing = (
        load_encoded_dataset("miniature", "facts_sw", encoder_folder, 48, data=data) for data in (str(tmp_path), None)
    )
    assert here is not passing
    assert list(here.train.features) == list(passing.train.features)
    assert len(list(tmp_path.glob("??/*/rows.arrow"))) == 2


@pytest.mark.parametrize("kind", TASK_KINDS)
def test_no_feature_is_longer_than_the_limit(kind, task):
    prepared = task(kind, max_length=14)
    features = [*prepared.train.features]
    for language in prepared.languages("dev"):
        features += prepared.load_evaluation_set("dev", language).encoded.features
    assert max(map(get_feature_length, features)) == 14


@pytest.mark.parametrize("kind", TRAINED)
def test_texts_that_are_rewritten_to_themselves_give_the_same_batches(kind, task):
    prepared = task(kind, max_length=14)
    plain, same = (prepared.iterate_batches(4, Random(1), rewrite) for rewrite in (None, lambda text: text))
    for one, other in islice(zip(plain, same, strict=False), 14):
        assert one.keys() == other.keys()
        assert all(torch.equal(one[name], other[name]) for name in one)


def test_texts_are_rewritten_anew_each_time_they_come(task):
    prepared, calls = task("classification"), []
    batches = prepared.iterate_batches(24, Random(1), lambda text: calls.append(text) or f"{text} {len(calls)}")
    first, second = next(batches), next(batches)
    assert len(calls) == 2 * 2 * 24
    assert not torch.equal(first["input_ids"], second["input_ids"])


def test_the_mean_length_counts_all_tokens_and_those_that_are_not_special(task):
    prepared = task("multiple_choice")
    texts = [ids for feature in prepared.train.features for ids in feature["input_ids"]]
    whole, plain = prepared.mean_length
    assert whole == pytest.approx(sum(map(len, texts)) / 48)
    markers = {0, 1, 2, 3, prepared.encoder.pretrained_tokenizer.mask_token_id}
    assert plain == pytest.approx(sum(token not in markers for ids in texts for token in ids) / 48)
    assert plain <= whole - 4


def test_an_order_is_that_of_drawing_all_again_and_again():
    for count in (1, 2, 5, 300):
        one, other = Random(count), Random(count)
        expected = [number for _ in range(3) for number in other.sample(range(count), count)]
        assert list(islice(_iterate_shuffled(count, one), 3 * count)) == expected
    assert next(_iterate_shuffled(2**17, Random(0))) == Random(0).sample(range(2**17), 2**17)[0]


def test_batches_do_not_read_what_is_for_scoring(task, monkeypatch):
    """A window's spans take far longer to read than its tokens."""
    read, take = [], ArrowTable.take
    monkeypatch.setattr(ArrowTable, "take", lambda table, places: read.append(table.columns) or take(table, places))
    prepared = task("question_answering")
    batches = prepared.iterate_batches(4, Random(0))
    assert prepared.train.features
    read.clear()
    assert set(next(batches)) == {"input_ids", "attention_mask", "start_positions", "end_positions"}
    assert set(*read) == {"input_ids", "start_positions", "end_positions"}


def sampled(prepared: EncodedDataset, count: int, seed: int = 0) -> EncodedDataset:
    return replace(prepared, data=replace(prepared.data, sample=(count, seed)))


def test_a_sample_holds_so_many_rows_in_their_order(task):
    whole = task("masked_language_modelling")
    rows = list(whole.train_rows)
    told = [rows.index(row) for row in sampled(whole, 9).train_rows]
    assert told == sorted(set(told))
    assert len(told) == 9
    assert len(sampled(whole, 9).train.features) == 9


def test_a_sample_is_drawn_by_its_seed(task):
    whole = task("masked_language_modelling")
    first, again, other = (list(sampled(whole, 9, seed).train_rows) for seed in (0, 0, 1))
    assert first == again != other
    prints = {sampled(whole, 9, seed).fingerprint for seed in range(3)} | {sampled(whole, 8).fingerprint}
    assert len(prints | {whole.fingerprint}) == 5


def test_a_sample_of_more_than_there_are_is_all_of_them(task):
    whole = task("classification")
    assert list(sampled(whole, 99).train_rows) == list(whole.train_rows)
    assert sampled(whole, 99).fingerprint == whole.fingerprint


def test_a_sample_has_lengths_of_its_own(task):
    whole = task("classification")
    few = sampled(whole, 3)
    texts = [feature["input_ids"] for feature in few.train.features]
    assert few.mean_length[0] == pytest.approx(sum(map(len, texts)) / 3)


def refusing(data):
    """The data as sources that must not be read any more."""

    def told(rows, name: str) -> LazyRows:
        def read():
            raise AssertionError(f"{name} was read again")

        return LazyRows(read, name)

    evaluation = {
        s: {code: told(rows, f"{s}/{code}") for code, rows in by.items()} for s, by in data.evaluation.items()
    }
    return replace(
        data,
        train=told(data.train, "train"),
        evaluation=evaluation,
        candidates=data.candidates and told(data.candidates, "candidates"),
    )


def named(data):
    """The data as sources by the names that `refusing` has for them."""
    evaluation = {
        s: {code: LazyRows(rows.__iter__, f"{s}/{code}") for code, rows in by.items()}
        for s, by in data.evaluation.items()
    }
    return replace(
        data,
        train=LazyRows(data.train.__iter__, "train"),
        evaluation=evaluation,
        candidates=data.candidates and LazyRows(data.candidates.__iter__, "candidates"),
    )


@pytest.mark.parametrize("kind", TASK_KINDS)
def test_what_is_ready_is_trained_and_scored_on_without_reading_or_writing_anything(kind, task, tmp_path, undisturbed):
    made = task(kind)
    rows = made.data.evaluation.get("dev", {})
    data = replace(made.data, evaluation={"dev": rows, "test": rows} if rows else {}, sample=(20, 0))
    shelf = TableCache(tmp_path)
    replace(made, data=named(data), table_cache=shelf).build_tables(("test",), ("en", "sw"))
    before = sorted(tmp_path.rglob("*"))
    heard = []
    found = replace(made, data=refusing(data), table_cache=shelf, tell=lambda what, count: heard.append(what))
    assert found.fingerprint
    assert found.mean_length
    assert len(found.train_rows) == 20
    assert next(found.iterate_batches(4, Random(0)))
    assert found.evaluation_fingerprint("test", ("en", "sw"))
    if kind in SCORED:
        (model,) = build_models(found.encoder.weights, [found])
        assert set(score_languages(model, found, "test", ("en", "sw"))) == {"en"}
    assert sorted(tmp_path.rglob("*")) == before
    assert heard == []


def test_only_the_languages_and_splits_asked_for_are_made_ready(task, tmp_path):
    heard = []
    prepared = replace(
        task("classification"), table_cache=TableCache(tmp_path), tell=lambda what, count: heard.append(what)
    )
    prepared.build_tables((), ("en", "de"))
    assert heard == ["train", "train, tokens"]
    heard.clear()
    prepared.build_tables(("dev", "test"), ("de", "sw"))
    assert heard == ["dev, de", "dev, de, tokens"]
