"""Every task of the hub's benchmarks, from mirrors: read, trained on, scored in all its languages."""

from dataclasses import replace
from math import isfinite

import pytest

from trainables.benchmarks import PUBLISHED_TARGETS, get_task_catalogue
from trainables.benchmarks._intermediate import INTERMEDIATE_TASKS
from trainables.benchmarks.xtreme._tags import UPOS_TAGS
from trainables.cards import TaskCard
from trainables.curriculum import Stage
from trainables.data import EncodedDataset, load_encoded_dataset
from trainables.evaluation._scoring import score_languages
from trainables.tasks._tagging import SEQEVAL_1_F1
from trainables.training import extract_encoder_weights, extract_head_weights, train_stage

TARGETS = [(benchmark, task) for benchmark in ("xtreme_r", "xtreme", "xglue") for task in PUBLISHED_TARGETS[benchmark]]
LENGTH = 128
LONG = {"xnli", "udpos", "pos", "panx", "tydiqa"}
"""Tasks with many dev rows, which are scored in a `FEW` languages; test is scored in all."""
FEW = {"en", "de", "fi", "th"}


@pytest.fixture
def prepared(at_mirror, tiny_xlm_r, tables):
    """A task as a search prepares it, from mirrors by the same call as from the hub."""
    return lambda benchmark, task: load_encoded_dataset(benchmark, task, tiny_xlm_r, LENGTH, data=tables)


def languages(task: str, card: TaskCard, split: str) -> set[str]:
    parts = card.parts.dev if split == "dev" else card.parts.test
    return {code for part in parts for code in part.languages if split == "test" or task not in LONG or code in FEW}


def trained(prepared: EncodedDataset, task: str, steps: int):
    stage = Stage(task=task, learning_rate=1e-3, steps=steps, batch_size=4, max_length=LENGTH)
    done = train_stage(stage, "ab" * 16, prepared.encoder.weights, [prepared])
    assert len(done.losses) == steps
    assert all(map(isfinite, done.losses))
    return done.models[0]


@pytest.mark.parametrize(("benchmark", "task"), TARGETS)
def test_a_target_is_trained_and_scored_in_all_its_languages(benchmark, task, prepared):
    card, found = get_task_catalogue(benchmark)[task], prepared(benchmark, task)
    found.build_tables(["test"], card.languages)
    model = trained(found, task, steps=2 if card.train else 0)
    for split in ("dev", "test"):
        scores = score_languages(model, found, split, languages(task, card, split))
        assert set(scores) == languages(task, card, split)
        for metrics in scores.values():
            assert tuple(name for name in metrics if name != SEQEVAL_1_F1) == found.kind.metrics
            assert (SEQEVAL_1_F1 in metrics) == (card.labels == UPOS_TAGS)
            assert all(0 <= value <= 1 for value in metrics.values()), scores
    assert set(scores) == set(card.languages)


@pytest.mark.parametrize("task", INTERMEDIATE_TASKS)
def test_an_intermediate_task_is_trained_on(task, prepared):
    found = prepared("xtreme", task)
    found.build_tables([], [])
    assert len(found.train_rows) > 0
    assert not found.data.evaluation
    trained(found, task, steps=2)


@pytest.mark.parametrize("mixing", [0.0, 0.5, 1.0])
def test_masked_language_modelling_is_mixed_into_a_classification(mixing, prepared):
    tasks = [prepared("xtreme", task) for task in ("mnli", "mlm")]
    assert [len(task.train_rows) for task in tasks] == [16, 50 * 16]
    stage = Stage(task="mnli+mlm", learning_rate=1e-3, steps=6, batch_size=4, max_length=LENGTH, mixing=mixing)
    fresh, done = (
        train_stage(replace(stage, steps=steps), "ab" * 16, tasks[0].encoder.weights, tasks)
        for steps in (0, stage.steps)
    )
    assert len(done.losses) == stage.steps
    assert all(map(isfinite, done.losses))
    before, after = (
        [extract_head_weights(model, tasks[0].encoder.weights) for model in each.models] for each in (fresh, done)
    )
    moved = [any(not old[name].equal(new[name]) for name in old) for old, new in zip(before, after, strict=True)]
    assert moved == [True, True] if mixing == 0 else moved[1]  # else Wikipedia has nearly every batch
    first, second = (extract_encoder_weights(model, tasks[0].encoder.weights) for model in done.models)
    assert all(first[name].equal(second[name]) for name in first)
