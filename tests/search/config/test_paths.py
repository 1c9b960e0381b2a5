"""Paths of a config: against which folder they are read, and that where an encoder lies makes no other search of one."""

import io
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from search.config import load_config, make_encoder_absolute, read_document, validate_config
from search.config._paths import make_paths_absolute
from search.errors import ConfigError, SpaceChangedError
from search.launcher import launch
from search.planner import plan
from tests.forked import run_xlt
from tests.search.test_end_to_end import CONFIG, TINY, command, done, environment, results
from tests.tiny_encoders import permuted, xlm_r


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    """A folder with a config's file, and another one to work in."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def config_in(project, document):
    """Writes a config into the project."""

    def write(changes) -> Path:
        file = project / "search.yaml"
        file.write_text(yaml.safe_dump(document(changes)))
        return file

    return write


def problems(path: Path, *overrides: str) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        load_config(path, overrides)
    return raised.value.problems


@pytest.mark.parametrize(
    ("changes", "path", "there"),
    [
        ({"store": {"url": "stages"}}, "store.url", "{project}/stages"),
        ({"store": {"url": "../stages"}}, "store.url", "{project.parent}/stages"),
        ({"store": {"url": "/data/stages"}}, "store.url", "/data/stages"),
        ({"store": {"url": "file://stages"}}, "store.url", "file://{project}/stages"),
        ({"store": {"url": "file:///data/stages"}}, "store.url", "file:///data/stages"),
        ({"store": {"url": "memory://stages"}}, "store.url", "memory://stages"),
        ({"tracking": {"uri": "sqlite:///runs.db"}}, "tracking.uri", "sqlite:///{project}/runs.db"),
        ({"tracking": {"uri": "sqlite:////data/runs.db"}}, "tracking.uri", "sqlite:////data/runs.db"),
        ({"tracking": {"uri": "sqlite:///runs.db?timeout=5"}}, "tracking.uri", "sqlite:///{project}/runs.db?timeout=5"),
        ({"tracking": {"uri": "runs"}}, "tracking.uri", "{project}/runs"),
        ({"tracking": {"uri": "file:runs"}}, "tracking.uri", "file://{project}/runs"),
        ({"tracking": {"uri": "databricks"}}, "tracking.uri", "databricks"),
        ({"tracking": {"uri": "databricks://profile"}}, "tracking.uri", "databricks://profile"),
        ({"tracking": {"uri": "http://127.0.0.1:9"}}, "tracking.uri", "http://127.0.0.1:9"),
        ({"space.noise.synonyms": "words.json"}, "space.noise.synonyms", "{project}/words.json"),
        ({"space.noise.synonyms": "~/words.json"}, "space.noise.synonyms", "{home}/words.json"),
        ({"encoder": "google-bert/bert-base-uncased"}, "encoder", "google-bert/bert-base-uncased"),
        ({"encoder": "miniature"}, "encoder", "miniature"),
    ],
)
def test_a_path_in_a_file_is_relative_to_the_files_folder(config_in, project, monkeypatch, changes, path, there):
    monkeypatch.setenv("HOME", "/home/someone")
    found = load_config(config_in(changes)).model_dump()
    for key in path.split("."):
        found = found[key]
    assert found == there.format(project=project, home="/home/someone")


def test_a_path_on_the_command_line_is_relative_to_the_working_directory(config_in, tmp_path):
    file = config_in({"store": {"url": "stages"}})
    assert load_config(file, ["store.url=mine"]).store.url == str(tmp_path / "work" / "mine")
    assert load_config(file, ["store={url: mine}"]).store.url == str(tmp_path / "work" / "mine")
    assert load_config(file, ["tracking.uri=sqlite:///x.db"]).tracking.uri == f"sqlite:///{tmp_path}/work/x.db"


def test_a_config_that_was_loaded_written_and_read_again_means_the_same(config_in, project, tmp_path):
    from search.config import dump_config

    xlm_r(project / "enc")
    first = load_config(
        config_in({"encoder": "./enc", "store": {"url": "stages"}, "tracking": {"uri": "sqlite:///x.db"}})
    )
    (tmp_path / "again.yaml").write_text(dump_config(first))
    assert load_config(tmp_path / "again.yaml") == first


@pytest.mark.parametrize("encoder", ["enc/mine", "./enc/mine", "../project/enc/mine", "enc/deep/er/mine"])
def test_an_encoder_beside_the_config_is_found_from_anywhere(config_in, project, encoder):
    folder = project / encoder
    xlm_r(folder)
    assert load_config(config_in({"encoder": encoder})).encoder == str(folder.resolve())


@pytest.mark.parametrize("encoder", ["./mine", "../mine", "enc/mine/deep", "/enc/mine", "mine", "~/mine"])
def test_an_encoder_that_can_only_be_a_folder_and_is_not_there_is_refused(config_in, encoder):
    (told,) = problems(config_in({"encoder": encoder}))
    assert told.startswith("encoder: '/")
    assert "is neither an existing folder nor a hub id; allowed: miniature, a folder, namespace/name" in told


@pytest.mark.parametrize(
    ("changes", "name"),
    [({"encoder": "enc/mine"}, "enc/mine"), ({"store": {"url": "stages"}}, "stages"), ({"tracking": {"uri": "sqlite:///x.db"}}, "x.db")],
)  # fmt: skip
def test_what_only_the_working_directory_has_is_told_with_its_path(config_in, project, tmp_path, changes, name):
    xlm_r(tmp_path / "work" / name)
    (told,) = problems(config_in(changes))
    assert f"is relative to the folder of the config, {project}, and does not exist there" in told
    assert f"write {tmp_path}/work/{name} if you mean that one" in told


def test_every_problem_with_paths_is_told_together_with_the_others(config_in):
    told = problems(config_in({"trials": 0, "tracking": {"uri": "${NO_SUCH_NAME}"}, "encoder": "./mine"}))
    assert [each.split(":")[0] for each in told] == ["tracking.uri", "encoder", "trials"]
    assert "the environment variable NO_SUCH_NAME" in told[0]


def test_what_is_no_text_is_left_to_the_checks_of_the_config():
    document = {"encoder": 3, "store": None, "tracking": {"uri": ["x"]}, "space": {"noise": "none"}}
    assert make_paths_absolute(document, Path("/")) == []


def test_an_exported_trials_encoder_is_looked_for_beside_its_file(tmp_path):
    xlm_r(tmp_path / "enc")
    assert make_encoder_absolute("enc", tmp_path) == str(tmp_path / "enc")
    assert make_encoder_absolute("google-bert/bert", tmp_path) == "google-bert/bert"


@pytest.fixture
def encoders(tmp_path) -> dict[str, str]:
    """Two folders of one encoder, and one of another."""
    first = xlm_r(tmp_path / "first")
    return {
        "first": first,
        "copy": str(shutil.copytree(first, tmp_path / "copy")),
        "other": permuted(first, tmp_path / "other"),
    }


def test_a_copy_of_the_encoder_goes_on_and_another_one_is_refused(config, home, sums, encoders):
    console = Console(file=io.StringIO())
    launch(config({"encoder": encoders["first"], "trials": 3}), home, console)
    first = [
        record.trial
        for record in launch(config({"encoder": encoders["copy"], "trials": 3}), home, console).get_complete_trials()
    ]
    assert {trial.encoder for trial in first} == {encoders["copy"]}
    study = launch(config({"encoder": encoders["copy"], "trials": 10}), home, console)
    assert len({record.trial for record in study.get_complete_trials()}) == 10, (
        "no curriculum is new because its encoder was moved"
    )
    with pytest.raises(SpaceChangedError, match=r"encoder: was '.*/copy', is '.*/other'"):
        launch(config({"encoder": encoders["other"], "trials": 10}), home, console)
    with pytest.raises(SpaceChangedError, match=r"encoder: was '.*/copy', is 'google-bert/bert-base'"):
        launch(config({"encoder": "google-bert/bert-base", "trials": 10}), home, console)


def test_an_encoder_of_which_nothing_is_known_any_more_is_another_one(config, home, sums, encoders):
    console = Console(file=io.StringIO())
    launch(config({"encoder": encoders["first"], "trials": 3}), home, console)
    os.rename(encoders["first"], f"{encoders['first']}-gone")
    with pytest.raises(SpaceChangedError, match="encoder"):
        launch(config({"encoder": encoders["copy"], "trials": 3}), home, console)


def launched(home: Path, file: Path, cwd: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    words = command(home, "launch", file, *(f"--set={key}={value}" for key, value in settings.items()))
    return run_xlt(words[1:], env=environment(), cwd=cwd)


def stages_in(home: Path) -> dict[str, str]:
    """When each stage of the store was trained."""
    return {file.parent.name: json.loads(file.read_text())["made"] for file in (home / "stages").glob("*/stage.json")}


@pytest.fixture(scope="module")
def moved(encoder_folder, tmp_path_factory, starts_ray):
    """A search on an encoder in a folder that is named relative to the config, launched from elsewhere; then all of it was moved, home
    and project, and launched from elsewhere again."""
    root = tmp_path_factory.mktemp("moved")
    project, elsewhere = root / "project", root / "elsewhere"
    elsewhere.mkdir()
    shutil.copytree(encoder_folder, project / "enc" / "mine")
    tiny = {key: yaml.safe_load(value) for key, value in TINY.items()} | {"targets": ["choice"], "sampler": "random"}
    document = read_document(CONFIG)
    for path, value in (tiny | {"encoder": "enc/mine", "trials": 2, "finalists.top": 0}).items():
        *sections, key = path.split(".")
        place = document
        for section in sections:
            place = place[section]
        place[key] = value
    (project / "search.yaml").write_text(yaml.safe_dump(document))
    first = launched(root / "home", project / "search.yaml", elsewhere)
    assert first.returncode == 0, first.stderr
    before, stages = results(root / "home"), stages_in(root / "home")
    os.rename(project, root / "project, moved")
    os.rename(root / "home", root / "home, moved")
    second = launched(
        root / "home, moved", root / "project, moved" / "search.yaml", root, trials="3", **{"finalists.top": "1"}
    )
    assert second.returncode == 0, second.stderr
    return root, before, stages


def test_a_search_whose_encoder_was_moved_goes_on_and_trains_no_stage_again(moved):
    root, before, stages = moved
    after = results(root / "home, moved")
    assert [trial["state"] for trial in before["trials"]] == ["complete"] * 2
    assert [trial["curriculum"] for trial in after["trials"][:2]] == [trial["curriculum"] for trial in before["trials"]]
    assert [trial["value"] for trial in after["trials"][:2]] == [trial["value"] for trial in before["trials"]]
    assert [trial["state"] for trial in after["trials"]] == ["complete"] * 3
    assert any(trial["seeds"] for trial in after["trials"]), (
        "finalists of before were repeated on the encoder as it lies now"
    )
    assert stages and stages.items() <= stages_in(root / "home, moved").items()
    assert after["sharing"]["stages_trained"] == len(stages_in(root / "home, moved"))


def test_a_plan_knows_the_stages_that_were_trained_while_the_encoder_lay_elsewhere(moved):
    root, _, _ = moved
    config = load_config(root / "project, moved" / "search.yaml", ["trials=3"])
    stages = plan(config, str(root / "home, moved" / "stages")).tree
    assert all(stage.is_stored for stage in stages if len(stage.path) == 1 and stage.target)


def test_what_was_exported_knows_its_encoder_by_content(moved, tmp_path):
    root, _, _ = moved
    done(command(root / "home, moved", "export", "miniature", tmp_path / "best"))
    exported = yaml.safe_load((tmp_path / "best" / "best.yaml").read_text())
    assert exported["trial"]["encoder"] == str(root / "project, moved" / "enc" / "mine")
    store = root / "home, moved" / "stages"
    records = [json.loads(file.read_text()) for file in store.glob("*/stage.json")]
    assert {record["identity"]["parent"] for record in records if len(record["path"]) == 2} == {exported["encoder"]}
    shutil.copytree(root / "project, moved" / "enc", tmp_path / "best" / "enc")
    exported["trial"]["encoder"] = "enc/mine"
    (tmp_path / "best" / "best.yaml").write_text(yaml.safe_dump(exported, sort_keys=False))
    printed = done(command(root / "home", "train", tmp_path / "best" / "best.yaml")).stdout
    assert "every score is the recorded one to the last bit" in printed
    exported["trial"]["encoder"] = "enc/nowhere/mine"
    (tmp_path / "best" / "best.yaml").write_text(yaml.safe_dump(exported, sort_keys=False))
    refused = done(command(root / "home", "train", tmp_path / "best" / "best.yaml"), code=2).stderr
    assert "is neither an existing folder nor a hub id" in refused and "write its present path" in refused


def test_a_missing_encoder_ends_a_launch_before_anything_is_read(tmp_path):
    refused = launched(tmp_path / "home", CONFIG, tmp_path, encoder="./enc/mine")
    assert refused.returncode == 2
    assert f"encoder: '{tmp_path}/enc/mine' is neither an existing folder nor a hub id" in refused.stderr
    assert "Traceback" not in refused.stderr and not (tmp_path / "home").exists()


def test_a_config_is_looked_at_without_its_encoder(document):
    assert (
        validate_config(document({"encoder": "/gone/for/good"}), "config.yaml", looking=True).encoder
        == "/gone/for/good"
    )
