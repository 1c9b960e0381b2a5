import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml
from click.testing import CliRunner

from search.cli import main

XLT = Path(sys.executable).with_name("xlt")


@pytest.fixture
def xlt(home, monkeypatch):
    """Runs a command over the test's home."""
    monkeypatch.delenv("XLT_HOME", raising=False)
    return lambda *words: CliRunner().invoke(main, ["--home", str(home.root), *map(str, words)])


def files(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


def commands(group: click.Group, prefix: str = "") -> dict[str, list[str]]:
    """Every command with its arguments and options in the order of the help."""
    found = {}
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found |= commands(command, f"{prefix}{name} ")
        else:
            shown = [part for part in command.params if not getattr(part, "hidden", False)]
            found[prefix + name] = [part.opts[0] for part in shown]
    return found


def test_every_command_and_option_is_on_this_list():
    assert commands(main) == {
        "plan": ["config", "--trials", "--set", "--data", "--against", "--full", "--json"],
        "suggest": [
            "config",
            "--set",
            "--data",
            "--encoder",
            "--examples",
            "--train-steps",
            "--by",
            "--against",
            "--json",
        ],
        "launch": ["config", "--trials", "--name", "--set", "--data", "--from", "--address"],
        "status": ["name", "--json"],
        "best": ["name", "--json"],
        "report": ["name", "--out", "--json"],
        "export": ["name", "directory", "--trial", "--merge", "--onnx", "--register", "--data"],
        "train": ["exported", "--seeds", "--data", "--json"],
        "track": ["name"],
        "init": ["name", "file"],
        "ui": ["name", "--port", "--open"],
        "data check": ["config", "--set", "--data", "--quick", "--json"],
        "data fetch": ["config", "--set", "--data", "--to", "--json"],
        "store ls": ["--url", "--json"],
        "store gc": ["--url", "--max-size", "--dry-run", "--json"],
        "miniature build": ["directory", "--seed", "--steps"],
    }


@pytest.mark.parametrize("command", ["", *commands(main)])
def test_every_command_explains_itself(xlt, command):
    result = xlt(*command.split(), "--help")
    assert result.exit_code == 0
    assert result.stdout.startswith("Usage:")


@pytest.mark.parametrize("command", ["plan", "launch"])
def test_bad_input_is_one_message_with_all_problems_and_nothing_is_written(xlt, write_config, tmp_path, command):
    path = write_config(
        {"samplr": 1, "targets": ["x"], "trials": 0, "name": "../up", "languages": ["xx"], "curriculum.max_length": 9}
    )
    before = files(tmp_path)
    result = xlt(command, path)
    assert result.exit_code == 2
    assert result.stdout == ""
    first, *problems = result.stderr.splitlines()
    assert first == f"xlt: {path}: 6 problems"
    assert sorted(line.split(":")[0].strip() for line in problems) == [
        "curriculum",
        "languages",
        "name",
        "samplr",
        "targets",
        "trials",
    ]
    assert files(tmp_path) == before


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1", "expected ',' or ']'"),
        ("name: a\nname: b\n", "the key 'name' stands twice"),
        ("", "a config is a mapping"),
        (None, "no such file"),
    ],
)
def test_a_file_that_is_no_config_is_one_readable_problem(xlt, tmp_path, text, message):
    path = tmp_path / "c.yaml"
    if text is not None:
        path.write_text(text)
    before = files(tmp_path)
    result = xlt("launch", path)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert message in result.stderr
    assert str(path) in result.stderr
    assert "Traceback" not in result.stderr
    assert files(tmp_path) == before


def test_a_mistake_leaves_no_traceback_in_a_process_of_its_own(write_config, tmp_path):
    command = [XLT, "--home", tmp_path / "home", "launch", write_config({"trials": "many"})]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.splitlines()[1:] == ['  trials: input should be a valid integer; got "many"']
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--set", "trials"], "must be KEY=VALUE"),
        (["--set", "trials=["], "--set trials=["),
        (
            ["--set", "training.taget.steps=4"],
            "training.taget: unknown key; did you mean target? allowed here: intermediate, target",
        ),
        (["--trials", "0"], "trials: input should be greater than 0; got 0"),
        (["--name", "a/b"], "name: a name consists of letters"),
        (["--name", ".."], "name: a name consists of letters"),
        (["--name", "1e3: x"], "name: a name consists of letters"),
    ],
)
def test_options_are_checked_as_the_config_is(xlt, write_config, home, words, message):
    result = xlt("launch", write_config(), *words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert not home.root.exists()


@pytest.mark.parametrize(
    "words", [["plna"], ["plan"], ["plan", "x", "--trails", "3"], ["plan", "x", "--trials", "few"]]
)
def test_words_that_are_no_command_exit_with_2(xlt, words):
    result = xlt(*words)
    assert result.exit_code == 2
    assert "Error: " in result.stderr


def test_a_plan_is_a_table(xlt, write_config, home):
    result = xlt("plan", write_config())
    assert result.exit_code == 0
    rows = dict(line.split(maxsplit=1) for line in result.stdout.splitlines() if line.strip())
    assert rows["search"].strip() == "sums"
    assert rows["space"].strip() == "10 different trials"
    assert rows["trials"].strip() == "6, then 9 repeats of finalists on fresh seeds (24 stages more)"
    assert rows["cost"].startswith("unknown")
    assert not home.root.exists()


def test_options_reach_the_plan(xlt, write_config):
    result = xlt(
        "plan", write_config(), "--trials", 3, "--set", "finalists.seeds=1", "--set", "languages=[en, de]", "--json"
    )
    document = json.loads(result.stdout)
    assert (document["trials"], document["repeats"], document["languages"]) == (3, 3, 2)


def test_a_plan_with_scientific_rates_reads_them_as_numbers(xlt, write_config):
    assert xlt("plan", write_config(), "--set", "space.learning_rate=1e-3").exit_code == 0


@pytest.mark.parametrize("command", ["status", "best"])
def test_json_is_exactly_one_document_on_stdout(xlt, finished, command):
    result = xlt(command, "sums", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["name"] == "sums"
    assert result.stderr == ""


def test_status_as_json_is_the_results_file(xlt, finished):
    from search.results import build_results

    assert json.loads(xlt("status", "sums", "--json").stdout) == build_results(finished)


def test_best_as_json_holds_the_best_trial_and_the_verdict(xlt, finished):
    document = json.loads(xlt("best", "sums", "--json").stdout)
    assert document["verdict"] in ("separated", "tie")
    assert document["best"]["value"] == finished.get_complete_trials()[0].value
    assert len(document["comparisons"]) == 2


def test_best_of_a_search_without_trials_is_null(xlt, finished, config, reopen, home):
    settings = config({"name": "empty"})
    reopen(settings)
    home.get_search_folder("empty").config.write_text(yaml.safe_dump(settings.model_dump(mode="json")))
    document = json.loads(xlt("best", "empty", "--json").stdout)
    assert (document["best"], document["verdict"]) == (None, "unconfirmed")
    assert "no complete trial yet" in xlt("best", "empty").stdout


def test_status_is_a_line_and_a_table(xlt, finished):
    first, header, *rows = xlt("status", "sums").stdout.splitlines()
    assert first == "sums: 6 complete, 0 running, 0 failed"
    assert header.split() == ["trial", "state", "value", "seconds", "seeds", "curriculum"]
    assert len(rows) == 6
    assert "no intermediate stage" in rows[0]


def test_status_tells_why_a_trial_failed(xlt, config, reopen, make_scheduler, failing_worker, home):
    study = reopen(config())
    failing_worker(lambda job: job.number == 1).drive(make_scheduler(study))
    home.get_search_folder("sums").config.write_text(yaml.safe_dump(study.config.model_dump(mode="json")))
    text = xlt("status", "sums").stdout
    assert "5 complete, 0 running, 1 failed" in text
    assert "the loss is nan at step 3" in text


def test_the_home_may_be_named_after_the_command_too(finished, home):
    result = CliRunner().invoke(main, ["best", "sums", "--home", str(home.root)])
    assert result.exit_code == 0
    assert "sums: trial" in result.stdout


@pytest.mark.parametrize("words", [["status", "x"], ["best", "x"], ["track", "x"], ["export", "x", "out"]])
def test_a_search_that_is_not_there_is_refused_with_those_that_are(xlt, finished, words):
    result = xlt(*words)
    assert result.exit_code == 2
    assert "no search named 'x'" in result.stderr
    assert "it has: sums" in result.stderr


def test_export_says_what_it_refuses(xlt, finished, tmp_path):
    (tmp_path / "taken").write_text("")
    for words in (["sums", tmp_path / "taken"], ["sums", tmp_path / "new", "--trial", 99]):
        result = xlt("export", *words)
        assert result.exit_code == 2
        assert result.stderr.startswith("xlt: ")
    assert not (tmp_path / "new").exists()


def test_train_refuses_what_is_no_exported_trial(xlt, write_config):
    result = xlt("train", write_config())
    assert result.exit_code == 2
    assert "not an exported trial" in result.stderr


def test_train_refuses_seeds_that_are_no_numbers(xlt, finished, tmp_path):
    from search.exporter._exported_trial import ExportedTrial

    record = finished.get_complete_trials()[0]
    ExportedTrial("sums", 1, record.trial, 0, 1, {}, record.outcome.transfer.scores).write(tmp_path / "best.yaml")
    result = xlt("train", tmp_path / "best.yaml", "--seeds", "1,two")
    assert result.exit_code == 2
    assert "expected whole numbers below 2**32, separated by commas" in result.stderr


def test_an_export_is_registered_on_request_and_only_then(xlt, finished, tmp_path, monkeypatch):
    asked = []

    def exports(study, folder, home, out, number, tell, **_):
        from search.exporter._exported_trial import ExportedTrial

        return ExportedTrial("sums", 1, study.get_complete_trials()[0].trial, 0, 1, {}, {})

    monkeypatch.setattr("search.exporter.export", exports)
    monkeypatch.setattr(
        "search.exporter.register_best", lambda *given: asked.append(given) or "registered as version 1"
    )
    assert xlt("export", "sums", tmp_path / "one").exit_code == 0
    assert asked == []
    assert xlt("export", "sums", tmp_path / "two", "--register").stdout.endswith("registered as version 1\n")
    assert asked[0][2] == tmp_path / "two"


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ([], {"onnx": False, "merge_seeds": False}),
        (["--merge", "seeds", "--onnx"], {"onnx": True, "merge_seeds": True}),
    ],
)
def test_merged_seeds_and_onnx_are_for_the_asking(xlt, finished, tmp_path, monkeypatch, words, options):
    asked = []

    def exports(*_, **given):
        asked.append(given)
        return type("Done", (), {"number": 1, "trial": ""})()

    monkeypatch.setattr("search.exporter.export", exports)
    assert xlt("export", "sums", tmp_path / "out", *words).exit_code == 0
    assert asked == [options]


def test_an_export_that_mlflow_does_not_take_is_a_failure_without_a_traceback(xlt, finished, tmp_path, monkeypatch):
    from search.errors import RegistryError

    def refuses(*_):
        raise RegistryError("http://127.0.0.1:9", OSError("refused"))

    monkeypatch.setattr(
        "search.exporter.export", lambda study, *_, **__: type("Done", (), {"number": 1, "trial": ""})()
    )
    monkeypatch.setattr("search.exporter.register_best", refuses)
    result = xlt("export", "sums", tmp_path / "out", "--register")
    assert result.exit_code == 1
    assert result.stderr == "xlt: exported, but not registered: MLflow at http://127.0.0.1:9: OSError: refused\n"


def test_track_tells_what_it_wrote(xlt, finished):
    assert xlt("track", "sums").stdout == "trials' runs: 6 written, 0 up to date\n"
    again = xlt("track", "sums")
    assert again.stdout == "trials' runs: 0 written, 6 up to date\n"
    assert again.stderr == ""


def test_track_of_a_server_that_is_down_is_a_failure(xlt, config, reopen, make_scheduler, worker, home, monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    study = reopen(config({"tracking.uri": "http://127.0.0.1:9", "trials": 1}))
    worker.drive(make_scheduler(study))
    home.get_search_folder("sums").config.write_text(yaml.safe_dump(study.config.model_dump(mode="json")))
    result = xlt("track", "sums")
    assert result.exit_code == 1
    assert result.stdout == "trials' runs: 0 written, 0 up to date, 1 missed\n"
    assert result.stderr.startswith("MLflow at http://127.0.0.1:9 is incomplete")


def test_ui_of_a_home_that_is_not_there_is_refused(xlt):
    result = xlt("ui")
    assert result.exit_code == 2
    assert "there is no home at" in result.stderr


def test_building_over_a_folder_that_is_there_is_refused(xlt, tmp_path):
    result = xlt("miniature", "build", tmp_path)
    assert result.exit_code == 2
    assert "exists already" in result.stderr


def test_a_home_that_is_a_file_is_the_users_mistake(write_config, tmp_path):
    (tmp_path / "file").write_text("")
    result = CliRunner().invoke(main, ["--home", str(tmp_path / "file"), "launch", str(write_config())])
    assert result.exit_code == 2
    assert str(tmp_path / "file") in result.stderr
