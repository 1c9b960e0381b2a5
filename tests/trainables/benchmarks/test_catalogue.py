import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from trainables.benchmarks import (
    BENCHMARK_LANGUAGES,
    BENCHMARKS,
    PUBLISHED_TARGETS,
    explain_published_differences,
    get_task_catalogue,
    load_task,
)
from trainables.benchmarks._intermediate import INTERMEDIATE_TASKS
from trainables.benchmarks.miniature._cards import MINIATURE_TASKS
from trainables.benchmarks.miniature.world._examples import EXAMPLE_MAKERS
from trainables.cards import DatasetPart, TaskCard
from trainables.data import EncodedDataset
from trainables.data._table_cache import TableCache
from trainables.languages import LANGUAGES, SOURCE_LANGUAGE, XTREME_R_LANGUAGES
from trainables.tasks import TASK_KINDS

MADE = [("miniature", name) for name in MINIATURE_TASKS]
OF_THE_HUB = [name for name in BENCHMARKS if name != "miniature"]
WITHOUT_ENGLISH = {"afrisenti", "masakhapos", "americasnli", "indicxnli"}
"""Benchmarks that are scored in other languages alone."""
OWN_DATA_KINDS = ("multi_label", "regression")
"""Kinds that no benchmark has, for tasks of one's own."""
CARDS = {
    f"{benchmark}-{task}": BENCHMARKS[benchmark][task] for benchmark in OF_THE_HUB for task in BENCHMARKS[benchmark]
}


def parts(card: TaskCard) -> Iterator[DatasetPart]:
    assert card.parts is not None
    yield from (*card.parts.train, *card.parts.dev, *card.parts.test, *card.parts.candidates)


def test_every_benchmark_has_languages_of_the_table_and_the_source():
    assert set(BENCHMARK_LANGUAGES) == set(BENCHMARKS)
    for name, languages in BENCHMARK_LANGUAGES.items():
        assert set(languages) <= set(LANGUAGES)
        assert (SOURCE_LANGUAGE in languages) == (name not in WITHOUT_ENGLISH)


def test_the_miniature_leaves_out_haitian_creole_only():
    assert set(XTREME_R_LANGUAGES) - set(BENCHMARK_LANGUAGES["miniature"]) == {"ht"}


def test_what_is_not_made_here_comes_from_the_hub():
    for benchmark, cards in BENCHMARKS.items():
        assert all((card.parts is None) == (benchmark == "miniature") for card in cards.values())


def test_the_published_targets_are_scored_and_the_intermediate_tasks_are_in_every_benchmark():
    counts = {name: len(targets) for name, targets in PUBLISHED_TARGETS.items()}
    assert counts.items() >= {"xtreme_r": 10, "xtreme": 9, "xglue": 9}.items()
    for benchmark in OF_THE_HUB:
        cards = get_task_catalogue(benchmark)
        assert all(cards[name].is_scored for name in PUBLISHED_TARGETS.get(benchmark, ()))
        assert all(cards[name].train and not cards[name].is_scored for name in INTERMEDIATE_TASKS)


@pytest.mark.parametrize("kind", [kind for kind in TASK_KINDS if kind not in OWN_DATA_KINDS])
def test_every_kind_is_in_a_benchmark_and_scored_there_if_it_can_be(kind):
    there = [card for card in (*CARDS.values(), *MINIATURE_TASKS.values()) if card.kind == kind]
    assert there
    assert any(card.is_scored for card in there) == bool(TASK_KINDS[kind].metrics)


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)
def test_a_card_of_the_hub_is_whole(card):
    assert card.kind in TASK_KINDS
    assert card.description
    assert (card.train > 0) == bool(card.parts.train)
    assert card.train or card.is_scored
    assert len(set(card.labels)) == len(card.labels)
    scored = [*card.parts.dev, *card.parts.test]
    assert {code for part in card.parts.test for code in part.languages} == set(card.languages)
    assert {code for part in scored for code in part.languages} <= set(LANGUAGES)
    assert {code for part in card.parts.dev for code in part.languages} <= {*card.languages, SOURCE_LANGUAGE}
    for split in (card.parts.dev, card.parts.test):
        codes = [code for part in split for code in part.languages]
        assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)
def test_every_part_of_a_card_names_its_set_its_licence_and_its_rows(card):
    for part in parts(card):
        assert part.source.repository.count("/") == 1
        assert part.source.licence
        assert part.skip >= 0 and (part.take is None or part.take > 0)
        if card.labels and not part.row_format.adapt:
            assert len(part.row_format.labels) == len(card.labels)
        for language in part.languages:
            assert part.configuration_of(language) and part.split_of(language)
            assert "{" not in part.describe_source(language)
            rows = part.expected_rows(language)
            assert rows is None or rows > 0
    told = [part.expected_rows(language) for part in card.parts.train for language in part.languages]
    if all(told) and not any(part.take for part in card.parts.train):
        assert sum(told) == card.train


def test_what_differs_from_the_published_task_is_told():
    assert set(explain_published_differences("xtreme_r", PUBLISHED_TARGETS["xtreme_r"])) == {"udpos", "lareqa"}
    assert set(explain_published_differences("xtreme", PUBLISHED_TARGETS["xtreme"])) == {"udpos", "bucc"}
    assert (
        explain_published_differences("xglue", PUBLISHED_TARGETS["xglue"])
        == explain_published_differences("miniature", MINIATURE_TASKS)
        == {}
    )


def test_bucc_pools_the_first_token_and_all_others_the_mean():
    assert {name for name, card in CARDS.items() if card.pooling == "first"} == {"xtreme-bucc"}


def test_low_resource_tasks_of_the_hub_are_small_or_in_other_languages_than_the_source():
    low = {name: card for name, card in INTERMEDIATE_TASKS.items() if card.resource == "low"}
    assert {"rte", "copa", "masakhaner"} <= set(low)
    assert all(card.language != SOURCE_LANGUAGE or card.train < 25_000 for card in low.values())


@pytest.mark.parametrize(("name", "sample"), [("mnli@5", (5, 0)), ("mnli@5.7", (5, 7)), ("mnli@392701", (392_701, 0))])
def test_a_task_can_be_a_sample_of_another(name, sample):
    card, whole = get_task_catalogue("xtreme")[name], get_task_catalogue("xtreme")["mnli"]
    assert (card.train, card.sample, card.resource) == (sample[0], sample, "low")
    assert card.parts == whole.parts
    assert whole.sample is None
    assert name in get_task_catalogue("xtreme")
    assert name not in list(get_task_catalogue("xtreme"))


@pytest.mark.parametrize(
    "name",
    ["mnli@", "mnli@0", "mnli@-1", "mnli@x", "mnli@5.", "mnli@5.x", "mnli@392702", "tatoeba@5", "none@5", "none"],
)
def test_a_sample_that_cannot_be_drawn_is_no_task(name):
    assert name not in get_task_catalogue("xtreme")
    with pytest.raises(KeyError):
        get_task_catalogue("xtreme")[name]


def test_a_sample_is_drawn_by_its_seed(at_mirror, encoder, tables):
    drawn = {}
    for name in ("mnli", "mnli@5", "mnli@5.0", "mnli@5.7"):
        found = EncodedDataset(load_task("xtreme", name), encoder, 32, table_cache=TableCache(Path(tables)))
        drawn[name] = [row["text"] for row in found.train_rows]
        assert len(found.train.features) == len(drawn[name])
    assert [len(texts) for texts in drawn.values()] == [16, 5, 5, 5]
    assert drawn["mnli@5"] == drawn["mnli@5.0"] != drawn["mnli@5.7"]
    assert all(set(texts) <= set(drawn["mnli"]) for texts in drawn.values())


def test_every_card_of_the_miniature_has_a_maker():
    assert set(EXAMPLE_MAKERS) == set(MINIATURE_TASKS)


def test_an_unknown_benchmark_is_refused():
    with pytest.raises(KeyError):
        get_task_catalogue("unheard of")


@pytest.mark.parametrize(("benchmark", "name"), MADE)
def test_a_card_says_what_the_data_are(benchmark, name):
    card, data = get_task_catalogue(benchmark)[name], load_task(benchmark, name)
    assert card.kind == data.kind
    assert card.kind in TASK_KINDS
    assert card.labels == data.labels
    assert card.train == len(list(data.train or ()))
    assert set(data.evaluation) == ({"dev", "test"} if card.is_scored else set())


@pytest.mark.parametrize("kind", ["classification", "multiple_choice", "tagging", "question_answering", "retrieval"])
def test_the_miniature_scores_a_task_of_each_of_the_first_kinds(kind):
    assert any(card.is_scored and card.kind == kind for card in MINIATURE_TASKS.values())


def test_a_task_is_trained_on_or_scored():
    assert all(card.is_scored or card.train for card in MINIATURE_TASKS.values())


def test_low_resource_tasks_are_in_other_languages_than_the_source():
    low = [card for card in MINIATURE_TASKS.values() if card.resource == "low"]
    assert low
    high = min(card.train for card in MINIATURE_TASKS.values() if card.train and card.resource == "high")
    assert all(card.language != SOURCE_LANGUAGE and 0 < card.train < high for card in low)


def test_the_plain_data_need_neither_torch_nor_babel():
    program = (
        "import sys, trainables.benchmarks, trainables.curriculum, trainables.outcome, trainables.transfer;"
        "print({'torch', 'transformers', 'datasets', 'babel'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
