import inspect
import json
import subprocess
import sys

import pytest

import search
from search import _api, load_config
from search.errors import ConfigError

SCRIPT = """
import json, sys
from pathlib import Path
from search import export, launch, load_config, load_search, plan, train, write_report

home, tiny = Path(sys.argv[1]), json.loads(sys.argv[2])
config = load_config("miniature", tiny)
foreseen = plan(config, home)
found = launch(config, home)
exported = export("miniature", home / "best", home, notify=lambda note: None)
outcomes = train(home / "best" / "best.yaml")
page = write_report("miniature", home / "page.html", home)
print(json.dumps({
    "foreseen": foreseen.trials,
    "trials": len(found.trials),
    "again": len(load_search("miniature", home).trials),
    "exported": exported.number,
    "best": found.results["best"],
    "seeds": sorted(outcomes),
    "page": page.read_text().lower().startswith("<!doctype html>"),
}))
"""
TINY = {
    "training.intermediate.steps": 4,
    "training.target.steps": 4,
    "languages": ["en", "de"],
    "targets": ["choice"],
    "resources.workers": 1,
    "finalists.top": 0,
    "trials": 2,
}


@pytest.mark.ray
def test_a_script_does_what_the_command_line_does(tmp_path):
    words = [sys.executable, "-c", SCRIPT, str(tmp_path / "home"), json.dumps(TINY)]
    finished = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, timeout=600)
    assert finished.returncode == 0, finished.stderr
    found = json.loads(finished.stdout.splitlines()[-1])
    assert found["foreseen"] == found["trials"] == found["again"] == 2
    assert found["exported"] == found["best"]
    assert found["seeds"] == [0]
    assert found["page"]


def test_all_that_is_named_is_there_and_nothing_else_is():
    assert all(getattr(search, name) is not None for name in search.__all__)
    assert {*_api.__all__} == {*search.__all__} - {"Candidate", "CurriculumSampler", "StageView"}
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        search.nothing  # noqa: B018 - asking for it is the test


@pytest.mark.parametrize("name", sorted(_api.__all__))
def test_everything_is_documented_and_typed(name):
    named = getattr(search, name)
    assert inspect.getdoc(named)
    if inspect.isfunction(named):
        signature = inspect.signature(named)
        assert signature.return_annotation is not signature.empty
        assert all(each.annotation is not each.empty for each in signature.parameters.values())


def test_overrides_are_values_by_dotted_paths_or_texts_as_on_the_command_line():
    for overrides in ({"trials": 3, "finalists.top": 0}, ["trials=3", "finalists.top=0"]):
        config = load_config("miniature", overrides)
        assert (config.trials, config.finalists.top) == (3, 0)


def test_a_notebook_shows_one_line_of_a_config_a_plan_and_an_exported_trial(tmp_path):
    config = load_config("miniature", {"name": "short"})
    assert repr(config).startswith("Config 'short': 16 trials by 'curriculum', encoder 'miniature', ")
    assert str(config) == repr(config)
    foreseen = repr(search.plan(config, tmp_path))
    assert foreseen.startswith("Plan 'short': 16 trials to run, of ")
    assert foreseen.endswith(" stages to train, time unknown")


def test_a_config_that_is_neither_a_file_nor_shipped_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="nowhere"):
        load_config(tmp_path / "nowhere")
