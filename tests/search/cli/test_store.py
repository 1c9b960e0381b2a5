"""xlt store: what the stage store holds, and room in it."""

import json
import os

import pytest
from click.testing import CliRunner

from search.cli import main
from search.errors import UserError
from search.study import Study
from tests.trainables.store.conftest import RECORD_OF, WEIGHTS, plant, sound, stage_key
from trainables.checkpoints import StageStore
from trainables.store import UseLease, wait_for_claim
from trainables.validation import escape_controls


@pytest.fixture
def store(home) -> StageStore:
    """Three stages in the home, the cheapest last."""
    store = StageStore(home.stages)
    for number, seconds in enumerate((90.0, 60.0, 3.0)):
        with wait_for_claim(store.location, stage_key(number), lambda: False) as mine:
            store.publish(mine, RECORD_OF | {"seconds": seconds, "path": ["miniature", f"s{number}"]}, WEIGHTS, {})
    return store


@pytest.fixture
def xlt(home):
    return lambda *words: CliRunner().invoke(main, ["--home", str(home.root), "store", *map(str, words)])


def test_an_empty_store_has_no_stages(xlt):
    result = xlt("ls")
    assert result.exit_code == 0
    assert "0 stages, 0 with weights" in result.stdout


def test_each_stage_is_a_row(xlt, store):
    rows = xlt("ls").stdout.splitlines()
    assert len(rows) == 5
    assert rows[1].split()[:1] == [stage_key(0)[:12]]
    assert "90.0 s" in rows[1] and rows[1].rstrip().endswith("miniature > s0")
    assert rows[-1].startswith("3 stages, 3 with weights") and "153 s of training" in rows[-1]


def test_stages_as_json_tell_who_used_them(xlt, store, finished, monkeypatch):
    monkeypatch.setattr(Study, "get_stage_keys", lambda study: {stage_key(1)})
    document = json.loads(xlt("ls", "--json").stdout)
    assert [(stage["key"], stage["used_by"]) for stage in document] == [
        (stage_key(0), []),
        (stage_key(1), ["sums"]),
        (stage_key(2), []),
    ]
    assert {"path", "bytes", "seconds", "steps", "made", "used_by"} < document[0].keys()


def test_a_dry_run_names_what_would_go_and_takes_nothing(xlt, store):
    result = xlt("gc", "--max-size", "400", "--dry-run")
    assert "weights of 1 stage would be removed" in result.stdout
    assert "miniature > s2" in result.stdout
    assert all(entry.bytes for entry in store.iterate_entries())


def test_the_store_is_shrunk_and_records_stay(xlt, store):
    document = json.loads(xlt("gc", "--max-size", "200B", "--json").stdout)
    assert [stage["key"] for stage in document["taken"]] == [stage_key(2), stage_key(1)]
    assert document["after"] <= 200 < document["before"]
    assert [bool(entry.bytes) for entry in store.iterate_entries()] == [True, False, False]


def test_what_running_trials_need_is_said(xlt, store):
    with UseLease(store.location) as use:
        use.add(stage_key(0))
        result = xlt("gc", "--max-size", "0")
    assert "running trials use the remaining" in result.stderr
    assert [bool(entry.bytes) for entry in store.iterate_entries()] == [True, False, False]


def test_what_was_set_aside_is_named_and_left(xlt, store):
    store.location.write(".damaged/stage9-x/encoder.safetensors", b"?")
    assert ".damaged/stage9-x" in xlt("gc", "--max-size", "1GB").stdout
    assert store.list_damaged() == [".damaged/stage9-x"]


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["gc", "--max-size", "lots"], "--max-size lots: expected a size such as 500MB or 2GB"),
        (["ls", "--url", "nosuch://x"], "Protocol not known: nosuch"),
    ],
)
def test_a_mistake_is_one_message(xlt, words, what):
    result = xlt(*words)
    assert result.exit_code == 2
    assert what in result.stderr
    assert "Traceback" not in result.stderr


SIZES = [
    "1.5.5GB",
    "1,5GB",
    "0.4",
    "1.5",
    ".5B",
    "1e3GB",
    "٣GB",
    "２GB",
    "5 parsecs",
    "nan",
    "inf",
    "-inf",
    "1e400",
    "-5",
    "-5GB",
    "0x10",
    "1_000GB",
    "GB",
    "",
]
SIZES += [
    "9" * 5000,
    "1 2GB",
    "2GBB",
    "2G B",
    "2GB; 1",
    "½GB",
    "1.GB",
    "\x1b[2J5GB",
    "+2GB",
    "--5",
    "true",
    "null",
    "2GB\x00",
]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: ascii(size[:12]))
def test_what_is_not_wholly_a_size_removes_nothing(xlt, store, size):
    result = xlt("gc", f"--max-size={size}")
    assert result.exit_code == 2, result.output
    assert "expected a size such as 500MB or 2GB" in result.stderr and "\x1b" not in result.stderr
    assert all(entry.bytes for entry in store.iterate_entries())


@pytest.mark.parametrize("size", [*SIZES, float("nan"), float("inf"), -5, -0.5, 1.5, True, [2], {"GB": 2}], ids=ascii)
def test_what_is_not_wholly_a_size_is_no_config(config, size):
    with pytest.raises(UserError, match=r"store\.max_size"):
        config({"store": {"max_size": size}})


@pytest.mark.parametrize(
    ("size", "count"),
    [
        ("400", 400),
        ("2GB", 2 * 10**9),
        (" 2 gb ", 2 * 10**9),
        ("1.5GiB", 3 * 2**29),
        (".5MB", 500_000),
        ("2k", 2000),
        ("0", 0),
    ],
)
def test_a_size_is_a_number_and_a_unit(config, size, count):
    assert config({"store": {"max_size": size}}).store.max_size == count


@pytest.mark.parametrize("service", [".aside", ".uses", ".claims", ".damaged"])
@pytest.mark.parametrize("words", [("--max-size", "0"), ("--max-size", "10GB"), ("--max-size", "0", "--dry-run")])
def test_a_folder_of_the_stores_own_that_is_a_link_ends_the_command(home, xlt, store, tmp_path, service, words):
    (tmp_path / "gv" / "sub").mkdir(parents=True)
    for name in ("a.txt", "sub/b.txt"):
        (tmp_path / "gv" / name).write_text("mine")
    (home.stages / service).rmdir() if (home.stages / service).is_dir() else None
    (home.stages / service).symlink_to(os.path.relpath(tmp_path / "gv", home.stages))
    result = xlt("gc", *words)
    if result.exit_code != 2:
        assert service == ".aside" and "--dry-run" in words  # which has no business there
    else:
        assert f"{service} is a link" in result.stderr and "nothing was removed" in result.stderr
    assert all(entry.bytes for entry in store.iterate_entries())
    assert sorted(path.name for path in (tmp_path / "gv").rglob("*")) == ["a.txt", "b.txt", "sub"]
    assert xlt("ls").exit_code == 0


ESCAPES = [
    "mini\x1b]0;owned\x07\x1b[2J",
    "\x9b2J",
    "a\nstage9",
    "\u202egnp",
    "\ud800",
    "\r",
    "\x00",
    "[red]x",
    "é" * 10**6,
]


@pytest.mark.parametrize("word", ESCAPES, ids=lambda word: ascii(word[:12]))
def test_what_a_record_says_does_not_act_on_the_terminal(home, xlt, store, word):
    plant(home.stages / stage_key(9), sound(path=[word, f"facts{word}"]))
    plant(home.stages / stage_key(10), sound(environment={word: 5}))
    for words in (("ls",), ("gc", "--max-size", "0"), ("ls", "--json"), ("gc", "--max-size", "0", "--json")):
        result = xlt(*words)
        assert result.exit_code == 0
        shown = result.stdout + result.stderr
        assert shown == escape_controls(shown) and "\r" not in shown
        if "--json" not in words:
            assert sum(line.startswith(stage_key(9)[:12]) for line in result.stdout.splitlines()) == (words == ("ls",))
            assert not any(line.startswith("stage9") for line in result.stdout.splitlines())
            assert len(shown) < 10_000
        else:
            json.loads(result.stdout)
        assert result.stderr.count("garbled") == 1


def test_a_search_that_cannot_be_read_is_told_and_passed_over(xlt, store, finished, home):
    (home.root / "searches" / "bad").mkdir()
    (home.root / "searches" / "bad" / "study.journal").write_text("")
    (home.root / "searches" / "bad" / "config.yaml").write_text("x: 1\n")
    for words in (["ls"], ["gc", "--max-size", "1GB"]):
        result = xlt(*words)
        assert result.exit_code == 0, result.stderr
        assert "search bad cannot be read; the column 'used by' does not contain it" in result.stderr
