"""What is kept of intermediate tasks after later stages, measured on their own training rows."""

import warnings
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from tests.trainables.outcomes import keys, only, trained
from trainables.checkpoints import StageStore
from trainables.curriculum import Stage
from trainables.data import _loading as data_module
from trainables.data import load_encoded_dataset
from trainables.encoders._encoder import hash_weights
from trainables.evaluation import RetentionScorer, join_heads
from trainables.evaluation._retention import RETENTION_SCORES, select_scorable_tasks, split_head
from trainables.evaluation._scoring import score_train_sample
from trainables.store import HEAD_FILE
from trainables.training import restore_model
from trainables.trial import run_trial

ROWS = 40


@pytest.fixture
def two(trial):
    """Two stages that change the encoder a lot, measured, without targets."""
    stages = tuple(
        Stage(task=task, learning_rate=2e-2, steps=30, batch_size=8, max_length=48) for task in ("names", "facts_sw")
    )
    return replace(trial, curriculum=stages, targets=(), retention=ROWS)


@pytest.fixture
def joint(two):
    return replace(two, curriculum=(replace(two.curriculum[0], task="names+initials"), two.curriculum[1]))


def retained(outcome) -> list[dict]:
    return [stage.retained for stage in outcome.stages if not stage.target]


def directly(trial, store: StageStore, encoder: str, task: str, head: str) -> dict[str, float]:
    """A task scored with the encoder after one stage and the head from another."""
    data = load_encoded_dataset(trial.benchmark, task, trial.encoder, 48)
    return score_train_sample(
        restore_model(store.read_encoder(encoder), split_head(store.read_head(head), task), data), data, ROWS
    )


def test_after_each_stage_its_task_and_all_earlier_ones_are_scored_by_their_own_heads(two, store):
    outcome = run_trial(two, store)
    first, second = keys(outcome)
    assert retained(outcome) == [
        {"names": directly(two, store, first, "names", first)},
        {
            "names": directly(two, store, second, "names", first),
            "facts_sw": directly(two, store, second, "facts_sw", second),
        },
    ]


def test_the_score_is_the_share_of_right_tags_among_the_tasks_own_training_rows(two, store):
    outcome = run_trial(two, store)
    first, second = keys(outcome)
    data = load_encoded_dataset(two.benchmark, "names", two.encoder, 48)
    model = restore_model(store.read_encoder(second), split_head(store.read_head(first), "names"), data).eval()
    rows = data.sample_train_rows(ROWS).rows
    own = [(row["words"], row["tags"]) for row in data.train_rows]
    assert len(rows) == ROWS and all((row["words"], row["tags"]) in own for row in rows)
    right = 0
    for row in rows:
        said = [0] * len(row["tags"])
        for feature in data.kind.encode([row], data.encoder.tokenizer, 48).features:
            with torch.no_grad():
                tags = model(input_ids=torch.tensor([feature["input_ids"]])).logits[0].argmax(-1).tolist()
            first_pieces = [tag for tag, label in zip(tags, feature["labels"], strict=True) if label >= 0]
            for word, tag in zip(feature["_words"], first_pieces, strict=True):
                said[word] = tag
        right += sum(one == other for one, other in zip(said, row["tags"], strict=True))
    words = sum(len(row["words"]) for row in rows)
    assert outcome.stages[1].retained["names"]["accuracy"] == pytest.approx(right / words)


def test_a_later_stage_changes_how_well_a_task_is_done(two):
    before, after = retained(run_trial(two, None))
    assert before["names"] != after["names"]


def test_a_stage_in_the_store_tells_it_again_without_training_or_scoring(two, store, monkeypatch):
    first = run_trial(two, store)
    monkeypatch.setattr("trainables.evaluation._retention.score_train_sample", None)
    second = run_trial(two, StageStore(store.location.url))
    assert trained(second) == [False, False]
    assert retained(second) == retained(first)
    assert [stage.losses for stage in second.stages] == [stage.losses for stage in first.stages]
    assert all(stage.losses for stage in second.stages)


def test_without_a_store_heads_live_along_the_walk(two, joint, store):
    assert retained(run_trial(two, None)) == retained(run_trial(two, store))
    assert retained(run_trial(joint, None)) == retained(run_trial(joint, store))


def test_another_number_of_rows_is_measured_anew_without_training(two, store):
    run_trial(two, store)
    fewer = replace(two, retention=ROWS // 2)
    again = run_trial(fewer, store)
    assert trained(again) == [False, False]
    assert retained(again) == retained(run_trial(fewer, None)) != retained(run_trial(two, None))


def test_stages_that_were_trained_without_measuring_are_measured_when_someone_asks(two, store):
    assert retained(run_trial(replace(two, retention=0), store)) == [{}, {}]
    again = run_trial(two, store)
    assert trained(again) == [False, False]
    assert retained(again) == retained(run_trial(two, None))


def test_nothing_but_what_was_asked_for_is_measured(two, store, monkeypatch):
    monkeypatch.setattr("trainables.evaluation._retention.score_train_sample", None)
    outcome = run_trial(replace(two, retention=0), store)
    assert [store.read_scores(key, RETENTION_SCORES) for key in keys(outcome)] == [None, None]


def test_it_changes_no_bit_of_what_is_trained_and_scored(trial, two, store, tmp_path):
    other = StageStore(tmp_path / "other")
    whole = replace(two, targets=trial.targets)
    plain, measured = run_trial(replace(whole, retention=0), other), run_trial(replace(whole, retention=200), store)
    assert keys(plain) == keys(measured)
    assert plain.transfer == measured.transfer
    for key in keys(plain):
        assert hash_weights(store.read_encoder(key)) == hash_weights(other.read_encoder(key))
    for key in keys(plain)[:3]:
        assert hash_weights(store.read_head(key)) == hash_weights(other.read_head(key))
    assert all(retained(measured)) and not any(retained(plain))


def test_random_numbers_go_on_as_if_nothing_was_measured(two, undisturbed):
    torch.manual_seed(1)
    run_trial(replace(two, retention=0), None)
    expected = torch.rand(3)
    torch.manual_seed(1)
    run_trial(two, None)
    assert torch.equal(torch.rand(3), expected)


def test_a_joint_stage_keeps_a_head_for_each_of_its_tasks(joint, store):
    outcome = run_trial(joint, store)
    first, second = keys(outcome)
    assert {name.partition("/")[0] for name in store.read_head(first)} == {"names", "initials"}
    assert retained(outcome)[1] == {
        "names": directly(joint, store, second, "names", first),
        "initials": directly(joint, store, second, "initials", first),
        "facts_sw": directly(joint, store, second, "facts_sw", second),
    }


def test_heads_of_several_tasks_come_apart_as_they_were():
    heads = {"ner@100": {"a.weight": torch.ones(1)}, "ner": {"a.weight": torch.zeros(1), "b": torch.ones(2)}}
    kept = join_heads(heads)
    assert {task: split_head(kept, task) for task in heads} == heads
    assert split_head(kept, "pos") is None


@pytest.fixture
def old(two, store, monkeypatch):
    """A store whose first stage was published before heads were kept."""
    with monkeypatch.context() as before:
        before.setattr("trainables.trial._intermediate.extract_heads", lambda *parts: {})
        (key,) = keys(run_trial(replace(two, curriculum=two.curriculum[:1]), store))
    assert HEAD_FILE not in store.read_record(key)["files"]
    return store


def test_a_stage_of_an_older_store_has_no_head_and_its_task_is_left_out(two, old):
    outcome = run_trial(two, old)
    assert trained(outcome) == [False, True]
    assert [list(each) for each in retained(outcome)] == [[], ["facts_sw"]]
    assert retained(outcome)[1]["facts_sw"] == retained(run_trial(two, None))[1]["facts_sw"]
    assert retained(run_trial(two, old)) == retained(outcome)


def test_a_task_whose_head_was_trained_again_is_measured_after_the_later_stages_too(two, old):
    outcome = run_trial(two, old)
    old.remove_weights(keys(outcome)[0])
    again = run_trial(two, old)
    assert trained(again) == [True, False]
    assert retained(again) == retained(run_trial(two, None))


def test_a_head_is_given_up_with_its_encoder_and_comes_back_with_it(two, store):
    first = run_trial(two, store)
    (key, _) = keys(first)
    before = hash_weights(store.read_head(key))
    store.remove_weights(key)
    assert store.read_head(key) is None
    assert store.location.list_names(key) == [f"scores-{RETENTION_SCORES}.json", "stage.json"]
    again = run_trial(two, store)
    assert trained(again) == [True, False]
    assert retained(again) == retained(first)
    assert hash_weights(store.read_head(key)) == before


def spoil(store: StageStore, key: str) -> None:
    data = bytearray(store.location.read(f"{key}/{HEAD_FILE}"))
    data[-1] ^= 1
    store.location.write(f"{key}/{HEAD_FILE}", bytes(data))


def test_a_stage_whose_head_is_damaged_is_trained_again_once_the_head_is_needed(trial, two, store):
    whole = replace(two, targets=only(trial, "choice").targets)
    first = run_trial(replace(whole, retention=0), store)
    spoil(store, keys(first)[0])
    notes = []
    again = run_trial(whole, StageStore(store.location.url, notes.append))
    assert again.transfer == first.transfer
    assert retained(again) == retained(run_trial(whole, None))
    assert trained(again)[:2] == [True, False]
    assert notes == [f"stage store: stage {keys(first)[0]}: head.safetensors is not what was written"]


def test_a_damaged_encoder_is_trained_again_to_be_measured(two, store):
    first = keys(run_trial(replace(two, retention=0), store))
    for key in first:
        data = bytearray(store.location.read(f"{key}/encoder.safetensors"))
        data[-1] ^= 1
        store.location.write(f"{key}/encoder.safetensors", bytes(data))
    again = run_trial(two, StageStore(store.location.url))
    assert keys(again) == first
    assert retained(again) == retained(run_trial(two, None))


def test_a_store_that_cannot_be_written_to_is_measured_all_the_same(two, tmp_path):
    (tmp_path / "file").write_text("in the way")
    assert retained(run_trial(two, StageStore(tmp_path / "file"))) == retained(run_trial(two, None))


def test_measuring_counts_as_scoring_and_not_as_training(two, monkeypatch):
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr("trainables.trial._result.time", SimpleNamespace(monotonic=lambda: clock.now))

    def measure(self, node):
        clock.now += 7.0
        return {}

    monkeypatch.setattr(RetentionScorer, "score_after", measure)
    outcome = run_trial(two, None)
    assert outcome.scoring_seconds == 14.0


def test_a_task_that_comes_twice_is_scored_by_its_later_head(two, store):
    again = replace(two, curriculum=(*two.curriculum, replace(two.curriculum[0], seed=1)))
    outcome = run_trial(again, store)
    last = keys(outcome)[2]
    assert list(outcome.stages[2].retained) == ["names", "facts_sw"]
    assert outcome.stages[2].retained["names"] == directly(again, store, last, "names", last)
    assert outcome.stages[2].retained["names"] != directly(again, store, last, "names", keys(outcome)[0])


@pytest.mark.parametrize("kind", ["masked_language_modelling", "dense_retrieval", "ranking", "retrieval"])
def test_what_cannot_be_scored_on_training_rows_is_left_out(kind, task):
    data = task(kind)
    rows = None if kind == "retrieval" else data.data.train
    data = replace(data, data=replace(data.data, train=rows))
    assert select_scorable_tasks({"left out": data, "scored": task("tagging")}).keys() == {"scored"}


def test_scores_of_another_main_metric_are_measured_anew_and_without_one_the_document_is_as_ever(
    trial, store, monkeypatch
):
    learnt = replace(trial, retention=8)
    outcome = run_trial(learnt, store)
    (stage,) = [each for each in outcome.stages if not each.target]
    document = store.read_scores(stage.key, RETENTION_SCORES)
    assert "metrics" not in document and set(document["scores"]["facts_sw"]) == {"accuracy"}
    plain = data_module.load_task

    def load(benchmark, task, *more):
        return replace(plain(benchmark, task, *more), metric="macro_f1" if task == "facts_sw" else "")

    monkeypatch.setattr(data_module, "load_task", load)
    load_encoded_dataset.cache_clear()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = run_trial(learnt, store)
    load_encoded_dataset.cache_clear()
    assert [each.key for each in again.stages] == [each.key for each in outcome.stages]
    document = store.read_scores(stage.key, RETENTION_SCORES)
    assert document["metrics"] == {"facts_sw": "macro_f1"}
    assert set(document["scores"]["facts_sw"]) == {"macro_f1", "accuracy"}
