"""In which languages a model card says that a stage was trained."""

from dataclasses import replace

import pytest

from search.exporter._training_sources import describe_training_languages, find_training_sources
from trainables.curriculum import Stage, Trial
from trainables.languages import Language, LanguageRules
from trainables.own_tasks import OwnTask

TRIAL = Trial(encoder="miniature", benchmark="miniature", curriculum=(), targets=(), languages=("en", "de"))


def describe(task: str, source: tuple[str, ...] = ("en",), benchmark: str = "miniature") -> str:
    trial = replace(TRIAL, benchmark=benchmark, rules=LanguageRules(source=source))
    return describe_training_languages(trial, task)


@pytest.mark.parametrize(
    ("task", "source", "said"),
    [
        ("facts", ("en",), "English"),
        ("facts", ("ar",), "Arabic"),
        ("facts", ("en", "ar"), "English and Arabic"),
        ("facts", ("en", "ar", "de", "sw"), "4 languages"),
        ("facts_sw", ("ar",), "Swahili"),
        ("names", ("ar",), "several languages"),
    ],
)
def test_a_stage_of_the_miniature(task, source, said):
    assert describe(task, source) == said


def test_a_stage_of_the_hub_has_the_languages_of_its_parts():
    assert describe("xnli", ("ar", "sw"), "xtreme_r") == "Arabic and Swahili"
    assert describe("mnli", ("ar",), "xtreme_r") == "English"


def test_a_set_of_the_hub_that_a_task_of_ones_own_reads_is_named_by_its_id():
    columns = (("text", "text"), ("label", "label"))
    own = OwnTask(name="mine", kind="classification", hub="Davlan/sib200", columns=columns, rows=(("train", "en", 3),))
    stage = Stage(task="mine", learning_rate=1e-3, steps=1)
    for task, repository, on_hub in (
        (own, "Davlan/sib200", True),
        (replace(own, hub="", files=("/a",)), "mine", False),
    ):
        (source,) = find_training_sources(replace(TRIAL, curriculum=(stage,), own_tasks=(task,)), "")
        assert (source.repository, source.is_on_hub) == (repository, on_hub)


def test_a_language_that_the_config_adds_has_its_name():
    row = Language("xx", "Xish", "Isolate", "Xish", "Latn")
    assert LanguageRules(source=("xx",), added=(row,)).name_source() == "Xish"


def test_a_card_says_it_of_every_stage(exported):
    card = (exported.out / "models" / "choice" / "README.md").read_text()
    (target,) = (stage for stage in exported.trial.targets if stage.task == "choice")
    assert f"The target: {target}, {target.steps} steps, in English." in card
