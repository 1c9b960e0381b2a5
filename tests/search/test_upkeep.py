"""xlt store: what the stage store holds, and room in it."""

import json

import pytest
from click.testing import CliRunner

from search.cli import main
from search.study import Study
from tests.trainables.store.conftest import RECORD_OF, WEIGHTS, stage_key
from trainables.store.leases import Use, claim
from trainables.store.tree import Store


@pytest.fixture
def store(home) -> Store:
    """Three stages in the home, the cheapest last."""
    store = Store(home.stages)
    for number, seconds in enumerate((90.0, 60.0, 3.0)):
        with claim(store.place, stage_key(number), lambda: False) as mine:
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
    monkeypatch.setattr(Study, "stage_keys", lambda study: {stage_key(1)})
    document = json.loads(xlt("ls", "--json").stdout)
    assert [(stage["key"], stage["used_by"]) for stage in document] == [
        (stage_key(0), []),
        (stage_key(1), ["sums"]),
        (stage_key(2), []),
    ]
    assert {"path", "bytes", "seconds", "steps", "made", "used_by"} < document[0].keys()


def test_a_dry_run_names_what_would_go_and_takes_nothing(xlt, store):
    result = xlt("gc", "--max-size", "400", "--dry-run")
    assert "weights of 1 stages would go" in result.stdout
    assert "miniature > s2" in result.stdout
    assert all(entry.bytes for entry in store.entries())


def test_the_store_is_shrunk_and_records_stay(xlt, store):
    document = json.loads(xlt("gc", "--max-size", "200B", "--json").stdout)
    assert [stage["key"] for stage in document["taken"]] == [stage_key(2), stage_key(1)]
    assert document["after"] <= 200 < document["before"]
    assert [bool(entry.bytes) for entry in store.entries()] == [True, False, False]


def test_what_running_trials_need_is_said(xlt, store):
    with Use(store.place) as use:
        use.add(stage_key(0))
        result = xlt("gc", "--max-size", "0")
    assert "is needed by running trials" in result.stderr
    assert [bool(entry.bytes) for entry in store.entries()] == [True, False, False]


def test_what_was_set_aside_is_named_and_left(xlt, store):
    store.place.write(".damaged/stage9-x/encoder.safetensors", b"?")
    assert ".damaged/stage9-x" in xlt("gc", "--max-size", "1GB").stdout
    assert store.damaged() == [".damaged/stage9-x"]


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["gc", "--max-size", "lots"], "--max-size lots: it wants a size such as 500MB or 2GB"),
        (["ls", "--url", "nosuch://x"], "Protocol not known: nosuch"),
    ],
)
def test_a_mistake_is_one_message(xlt, words, what):
    result = xlt(*words)
    assert result.exit_code == 2
    assert what in result.stderr
    assert "Traceback" not in result.stderr
