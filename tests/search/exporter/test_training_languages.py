"""In which languages a model card says that a stage was trained."""

from dataclasses import replace

import pytest

from search.exporter._training_sources import describe_training_languages
from trainables.curriculum import Trial
from trainables.languages import Language, LanguageRules

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


def test_a_language_that_the_config_adds_has_its_name():
    row = Language("xx", "Xish", "Isolate", "Xish", "Latn")
    assert LanguageRules(source=("xx",), added=(row,)).name_source() == "Xish"


def test_a_card_says_it_of_every_stage(exported):
    card = (exported.out / "models" / "choice" / "README.md").read_text()
    (target,) = (stage for stage in exported.trial.targets if stage.task == "choice")
    assert f"The target: {target}, {target.steps} steps, in English." in card
