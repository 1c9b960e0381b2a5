from pathlib import Path

import pytest
from click.testing import CliRunner

from search.cli import main
from search.config import find_config, list_shipped_configs, load_config

CONFIGS = Path(__file__).parents[3] / "configs"


def run(*words: str):
    return CliRunner().invoke(main, words)


def test_every_config_is_shipped_with_what_it_is_for():
    shipped = list_shipped_configs()
    assert {*shipped} == {file.stem for file in CONFIGS.glob("*.yaml")}
    assert all(len(purpose) > 20 for purpose in shipped.values())
    told = run("init").output
    assert all(name in told for name in shipped)


@pytest.mark.parametrize("name", sorted(file.stem for file in CONFIGS.glob("*.yaml")))
def test_a_written_config_means_what_the_shipped_one_means(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert f"xlt launch {name}.yaml" in run("init", name).output
    assert load_config(Path(f"{name}.yaml")) == load_config(find_config(Path(name)))
    assert "#" in Path(f"{name}.yaml").read_text()


def test_no_file_is_written_over(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("mine")
    refused = run("init", "miniature", str(file))
    assert "exists already" in refused.output
    assert file.read_text() == "mine"


def test_a_name_that_is_not_shipped_is_refused_with_those_that_are():
    assert "there are intermediate_tasks, miniature" in run("init", "nothing").output


def test_a_file_of_that_name_comes_before_the_shipped_config(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_config(Path("miniature")) == find_config(Path("miniature")).parent / "miniature.yaml"
    Path("miniature").write_text("")
    assert find_config(Path("miniature")) == Path("miniature")
    assert find_config(Path("folder/miniature")) == Path("folder/miniature")
