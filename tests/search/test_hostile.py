"""Configs, exported trials, homes and texts of somebody who means harm: refused in words, nothing outside touched."""

import json
import os
import subprocess
import time

import pytest
import yaml

from search.cli import main
from search.config import load_config
from search.errors import ConfigError, UserError
from search.exporter import load_exported_trial
from search.exporter._export import _make_readable
from search.exporter._exported_trial import ExportedTrial
from search.frames import load_search
from search.home import write_atomically
from search.launcher._lock import hold_search_lock
from search.report.page._page import render_page
from search.study import Study
from search.terminal import Paragraph, TextTable, print_json
from search.terminal._screen import SafeConsole
from tests.search.test_end_to_end import XLT, environment
from trainables.synonyms import load_synonyms
from trainables.validation import CONTROL_CHARACTERS, explain_invalid_metrics

BOMB = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
)
SETS = [
    "z={" + ", ".join(BOMB.splitlines()) + "}",
    "z=" + "[" * 5000,
    "z=" + "{a: " * 5000,
    "trials=!!int abc",
    "trials=!!bool maybe",
    "trials=" + "9" * 5000,
    "trials=1000000000000000000",
    "trials=1000000000",
    "z=!!python/object/apply:os.system ['touch F']",
    '"\x1b[2Jx"=1',
    'benchmark="\\e[2Jx\\u202e"',
    "space.learning_rate={low: 1e-3, high: 1e-2, points: 1000000000}",
    "space.learning_rate={low: 1e-320, high: 1e30, points: 3}",
    "space.learning_rate=1e300",
    "space.learning_rate=.nan",
    "space.noise={methods: [{method: adversarial, steps: 1000000000000}]}",
    "space.noise={methods: [r_drop], weight: 1e300}",
    "space.noise={methods: [random_perturbation], magnitude: .inf}",
    "space.noise.synonyms=!!binary aGVsbG8=",
    "name=..",
    "name=/etc/x",
    'name="x\\n"',
    "name=．．",
    "training.target.steps=-5",
    "training.target.steps=1000000000000000",
    "training.target={epochs: 1e300}",
    "training.target.batch_size=1000000000000",
    "training.target.max_length=1000000000",
    "training.target.weight_decay=1e300",
    "training.target.layer=1000000000",
    "seed=18446744073709551616",
    "seed=4294967296",
    "resources.workers=1000000000",
    "resources.cpus_per_trial=1e12",
    "resources.gpus_per_trial=1e12",
    "store.max_size=1.5.5GB",
    "store.max_size=1e30GB",
    'store.url="a\\0b"',
    "budget.hours=.inf",
    "budget.hours=1e300",
    "curriculum.retention=1000000000000000000",
    "curriculum.temperature=1e300",
    "generalized.pairs=1000000000000000000",
    "generalized.seed=10000000000000000000000",
    "finalists.seeds=1000000000000",
    "finalists.top=1000000000000000000",
    "stop.patience=1000000000000000000",
    "stop.improbable_improvement={by: 1e300}",
    "racing={rules: [asha], reduction: 1.0000000000000002}",
    "racing={rules: [asha], parts: 1000000000000}",
    "racing={rules: [asha], grace: 1e-300}",
    "racing.seed_deviation=1e300",
    "prior.tasks={facts: 1e300}",
    "languages=!!set {en, de}",
    "intermediate={2001-01-01: {}}",
    'encoder="a\\0b"',
    'encoder="./\\ud800"',
    "encoder=" + "a/" * 3000,
    "encoder=./" + "a" * 300,
    "benchmark=" + "x" * 100_000,
    "languages=[" + ",".join(f"q{n}" for n in range(5000)) + "]",
    ".".join("a" * 3000) + "=1",
]


@pytest.mark.parametrize("override", SETS, ids=lambda text: text[:40].encode("unicode_escape").decode())
def test_a_value_that_no_search_can_mean_is_refused_in_few_plain_lines(write_config, override):
    with pytest.raises(ConfigError) as caught:
        load_config(write_config(), [override])
    told = str(caught.value)
    assert not CONTROL_CHARACTERS.search(told)
    assert len(told) < 10_000
    assert all("\n" not in problem for problem in caught.value.problems)


@pytest.mark.parametrize("text", [BOMB, '"\\e[2Jx": 1\n', "z: !!timestamp x\n", "z: " + "[" * 5000], ids=range(4))
def test_the_same_in_the_file_itself(write_config, text):
    path = write_config()
    path.write_text(path.read_text() + text)
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert not CONTROL_CHARACTERS.search(str(caught.value))


def test_a_date_stays_a_name_and_large_but_meant_numbers_stay(write_config):
    overrides = ["name=2026-11-27", "trials=100000", "store.max_size=1.5GB", "curriculum.retention=1000000"]
    found = load_config(write_config(), overrides)
    assert (found.name, found.trials, found.store.max_size) == ("2026-11-27", 100_000, 1_500_000_000)


@pytest.fixture
def exported(finished, tmp_path):
    record = finished.get_complete_trials()[0]
    scores = record.outcome.transfer.scores
    ExportedTrial("sums", record.number, record.trial, 0, 1, {}, scores).write(tmp_path / "best.yaml")
    return tmp_path / "best.yaml"


NAN, INF = float("nan"), float("inf")
TARGET = "trial.targets.0"
BEST = [
    *((("threads",), value) for value in (0, -1, 10**12)),
    *((("seed",), value) for value in (-1, 2**64)),
    *(((TARGET, "learning_rate"), value) for value in (NAN, INF, -1.0, 0.0, 1e300, "x")),
    *(((TARGET, "steps"), value) for value in (-5, 10**15, 0, 4.0)),
    *(((TARGET, "batch_size"), value) for value in (0, 10**12)),
    *(((TARGET, "max_length"), value) for value in (0, 10**12)),
    *(((TARGET, "average"), value) for value in (5.0, NAN)),
    *(((TARGET, "warmup"), value) for value in (1.0, -3.0)),
    *(((TARGET, "weight_decay"), value) for value in (-1.0, INF)),
    ((TARGET, "layer"), 10**9),
    ((TARGET, "seed"), 2**70),
    ((TARGET + ".noise", "magnitude"), NAN),
    ((TARGET + ".noise", "steps"), 10**12),
    ((TARGET + ".noise", "dropout"), 2.0),
    *((("trial", "languages"), value) for value in (["../../x"], [], ["en"], ["en", "en", "de"], ["de", "qq"], 5)),
    (("trial", "pairs"), 10**18),
    (("trial", "retention"), -1),
    (("trial", "synonyms"), "/dev/zero"),
    (("trial", "encoder"), "x" * 5000 + "/"),
    ((TARGET, "task"), "facts+dates"),
    (("data",), {"x": "y"}),
    (("scores.choice.dev.de", "accuracy"), 50.0),
    (("scores.choice.dev", "qq"), {"accuracy": 0.5}),
    (("version",), 10**30),
]


@pytest.mark.parametrize(("place", "value"), BEST, ids=str)
def test_an_exported_trial_that_cannot_be_meant_is_refused(exported, place, value):
    document = yaml.safe_load(exported.read_text())
    part = document
    for key in (key for path in place for key in path.split(".")) if len(place) > 1 else ():
        if key == place[-1]:
            break
        part = part[int(key) if isinstance(part, list) else key]
    part[place[-1]] = value
    exported.write_text(yaml.safe_dump(document))
    with pytest.raises(ConfigError) as caught:
        load_exported_trial(exported)
    assert not CONTROL_CHARACTERS.search(str(caught.value))


def test_tasks_that_stand_twice_are_refused(exported):
    document = yaml.safe_load(exported.read_text())
    document["trial"]["targets"] *= 2
    exported.write_text(yaml.safe_dump(document))
    with pytest.raises(ConfigError, match="a task stands twice: choice, tagging"):
        load_exported_trial(exported)


def outcome(change):
    """A record of an outcome, changed."""

    def edit(record):
        found = record.get("user_attr", {}).get("outcome")
        if found is not None:
            change(found)

    return edit


RECORDS = [
    "[1]",
    "[" * 100_000,
    '{"op_code":8,"trial_id":0,"user_attr":{"x":' + "[" * 100_000 + "}}",
    '{"op_code":99,"worker_id":"x"}',
    '{"op_code":"x","worker_id":"x"}',
    '{"op_code":4}',
    '{"op_code":' + "9" * 5000 + "}",
    '{"op_code":2,"worker_id":"x","study_id":0,"user_attr":{"repeat/x/y":{}}}',
    '{"op_code":2,"worker_id":"x","study_id":0,"user_attr":{"repeat/0/²":{}}}',
    '{"op_code":2,"worker_id":"x","study_id":0,"user_attr":{"repeat/' + "9" * 5000 + '/1":5}}',
    '{"op_code":2,"worker_id":"x","study_id":0,"user_attr":{"repeat/0/1":5}}',
    '{"op_code":2,"worker_id":"x","study_id":0,"user_attr":{"failed_repeat/0/1":5}}',
    '{"op_code":8,"worker_id":"x","trial_id":0,"user_attr":{"error":5}}',
    '{"op_code":8,"worker_id":"x","trial_id":0,"user_attr":{"trial":5}}',
    outcome(lambda told: told.update(stages=5)),
    outcome(lambda told: told.update(seconds="x")),
    outcome(lambda told: told["stages"][0].update(evil=5)),
    outcome(lambda told: told["stages"][0].update(losses=[["x"]])),
    outcome(lambda told: told["transfer"]["metrics"].update(choice="nope")),
    outcome(lambda told: told["transfer"]["scores"]["choice"]["dev"].update({"q\x1b[2J": {"accuracy": 0.5}})),
    *(
        outcome(lambda told, score=score: told["transfer"]["scores"]["choice"]["dev"]["de"].update(accuracy=score))
        for score in (50.0, NAN, "0.5", None)
    ),
    lambda record: record.update(values=[NAN]) if record["op_code"] == 6 else None,
    lambda record: record.update(values=["x"]) if record["op_code"] == 6 else None,
    lambda record: record.update(state=77) if record["op_code"] == 6 else None,
    lambda record: record.update(datetime_start="x") if record["op_code"] == 6 else None,
]


@pytest.mark.parametrize("record", RECORDS, ids=range(len(RECORDS)))
def test_a_record_of_another_shape_is_told_with_file_and_line(finished, home, record):
    folder = home.get_search_folder("sums")
    lines = folder.journal.read_text().splitlines()
    if isinstance(record, str):
        lines.append(record)
    else:
        documents = [json.loads(line) for line in lines]
        for document in documents:
            record(document)
        lines = [json.dumps(document) for document in documents]
    folder.journal.write_text("".join(f"{line}\n" for line in lines))
    with pytest.raises(UserError, match=r"study\.journal, line \d+: ") as caught:
        Study.open(folder).get_trial_records()
    assert not CONTROL_CHARACTERS.search(str(caught.value))


def test_a_pipe_or_a_folder_in_place_of_a_file_is_told_and_never_waited_for(finished, home, tmp_path):
    folder = home.get_search_folder("sums")
    for made in (os.mkfifo, os.mkdir):
        folder.lock.unlink(missing_ok=True)
        made(folder.lock)
        assert not folder.is_running
        with pytest.raises(UserError, match="cannot be opened"), hold_search_lock(folder):
            raise AssertionError
        folder.lock.rmdir() if made is os.mkdir else folder.lock.unlink()
    folder.journal.unlink()
    os.mkfifo(folder.journal)
    with pytest.raises(UserError, match="no plain file"):
        Study.open(folder)
    os.mkfifo(tmp_path / "synonyms.json")
    with pytest.raises(OSError, match="no plain file"):
        load_synonyms(str(tmp_path / "synonyms.json"))
    os.mkfifo(tmp_path / "results.json")
    with pytest.raises(UserError, match="no plain file"):
        load_search(tmp_path / "results.json")


def test_a_file_that_is_written_anew_takes_the_place_of_a_link(tmp_path):
    (tmp_path / "victim").write_text("kept")
    (tmp_path / "results.json").symlink_to(tmp_path / "victim")
    (tmp_path / f".results.json.{os.getpid()}").symlink_to(tmp_path / "victim")
    with write_atomically(tmp_path / "results.json") as aside:
        aside.write_text("new")
    assert (tmp_path / "victim").read_text() == "kept"
    assert (tmp_path / "results.json").read_text() == "new"
    assert not (tmp_path / "results.json").is_symlink()


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o002, 0o664), (0o077, 0o600)])
def test_an_export_is_open_as_the_umask_has_it_all_files_alike(tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        (tmp_path / "out" / "models").mkdir(parents=True)
        (tmp_path / "out" / "results.json").write_text("{}")
        os.close(os.open(tmp_path / "out" / "models" / "model.safetensors", os.O_CREAT | os.O_WRONLY, 0o600))
        _make_readable(tmp_path / "out")
    finally:
        os.umask(before)
    modes = {file.stat().st_mode & 0o777 for file in (tmp_path / "out").rglob("*") if file.is_file()}
    assert modes == {mode}


EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e[bold]x"


@pytest.mark.parametrize("width", [30, 200])
@pytest.mark.parametrize(
    "make",
    [
        str,
        Paragraph,
        lambda text: TextTable.from_rows([text, "b"], [(text, text)]),
        lambda text: TextTable(["a"], rows=[((text,), "bold")]),
    ],
)
def test_nothing_printed_acts_on_the_terminal_but_our_own_styles(width, make):
    screen = SafeConsole(width=width, force_terminal=True, color_system="truecolor")
    with screen.capture() as captured:
        screen.print(make(EVIL))
    plain = captured.get().replace("\x1b[1m", "").replace("\x1b[0m", "")
    assert not CONTROL_CHARACTERS.search(plain)
    assert "[bold]" in "".join(plain.split())


def test_json_on_standard_output_is_whole_and_acts_on_nothing(capsys):
    print_json({EVIL: ["\x7f", "\ud800", "日本語"]})
    told = capsys.readouterr().out
    assert not CONTROL_CHARACTERS.search(told)
    assert json.loads(told) == {EVIL: ["\x7f", "\ud800", "日本語"]}


def test_a_search_is_listed_under_a_name_that_acts_on_nothing(home):
    from click.testing import CliRunner

    (home.root / "searches" / "a\x1b[2Jb").mkdir(parents=True)
    (home.root / "searches" / "a\x1b[2Jb" / "study.journal").touch()
    assert CliRunner().invoke(main, ["--home", str(home.root), "status"]).output == "a\\x1b[2Jb\n"


@pytest.mark.parametrize("text", ["[]", "5", "[" * 200_000, '{"seed": NaN}', '{"seed": 0}'])
def test_results_of_another_shape_are_refused(tmp_path, text):
    (tmp_path / "results.json").write_text(text)
    with pytest.raises(UserError, match=r"results\.json"):
        load_search(tmp_path / "results.json")


def test_names_of_twenty_thousand_letters_are_drawn(finished, tmp_path):
    from search.results import serialize_results

    told = (
        serialize_results(finished)
        .replace('"facts"', json.dumps("x" * 20_000))
        .replace('"choice"', json.dumps("y" * 20_000))
    )
    (tmp_path / "results.json").write_text(told)
    started = time.process_time()
    assert "[...]" in render_page(load_search(tmp_path / "results.json").analysis)
    assert time.process_time() - started < 60


def test_settings_of_drawings_are_not_taken_from_the_working_directory(finished, home, tmp_path):
    """Matplotlib reads a file of that name there before all others, and may hand what it says to LaTeX."""
    (tmp_path / "matplotlibrc").write_text("text.usetex: True\nfigure.dpi: 1e8\n")
    words = [str(XLT), "--home", str(home.root), "report", "sums", "--out", str(tmp_path / "page.html")]
    told = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, env=environment(), timeout=100)
    assert told.returncode == 0, told.stderr
    assert (tmp_path / "page.html").exists()


def test_a_mean_a_little_above_what_it_is_a_mean_of_is_one(finished, home):
    """What a store's scores may be a journal's may be: a search is never made unreadable by what it took."""
    journal = home.get_search_folder("sums").journal
    lines = journal.read_text().splitlines()
    documents = [json.loads(line) for line in lines]
    for document in documents:
        if found := document.get("user_attr", {}).get("outcome"):
            found["transfer"]["scores"]["choice"]["dev"]["de"]["accuracy"] = 1 + 5e-10
    assert explain_invalid_metrics({"accuracy": 1 + 5e-10}, ["accuracy"]) == ""
    journal.write_text("".join(f"{json.dumps(document)}\n" for document in documents))
    assert Study.open(home.get_search_folder("sums")).get_trial_records()
