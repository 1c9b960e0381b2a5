"""Sets whose main branch holds a script: read from the hub's own conversion, or refused in words that say what is missing."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from tests import mirrors
from tests.hub_client import convert, run_at_hub
from tests.mirrors import LABELS, PAIR
from trainables.benchmarks import get_task_catalogue
from trainables.benchmarks.hub import _source as source
from trainables.benchmarks.hub import read_rows
from trainables.cards import RowNotes
from trainables.validation import DataError, UnreachableError

READ = """
import json, sys
from trainables.benchmarks._loading._catalogue import get_task_catalogue
from trainables.cards._cards import RowNotes
from trainables.validation._errors import DataError
from trainables.benchmarks.hub._tasks._tasks import read_rows

def told(task):
    card = get_task_catalogue("xtreme")[task]
    try:
        return list(read_rows(card.parts.train[0], card.parts.train[0].languages[0], card.labels, RowNotes(), train=True))
    except DataError as error:
        return [type(error).__name__, str(error)]

print(json.dumps([told(task) for task in sys.argv[1:]]))
"""
SETS = {
    "pawsx": "google-research-datasets/paws-x",
    "masakhaner": "masakhane/masakhaner2",
    "mnli": "nyu-mll/glue",
    "indicxnli": "Divyanshu/indicxnli",
    "boolq": "aps/super_glue",
    "cosmosqa": "allenai/cosmos_qa",
}
"""The cards of masakhaner, indicxnli and cosmosqa ask for the converted branch, those of the others for main."""
COPY = "(put a copy in parquet into FOLDER/{}, and name FOLDER by --data or XLT_DATA)"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list]:
    """By task, what is read of a hub where main holds a script but for cosmosqa's, two sets are converted, two are not, one is in part."""
    root = tmp_path_factory.mktemp("hub")
    mirrors.write(root / "hub", SETS.values())
    for task, repository in SETS.items():
        if task != "cosmosqa":
            convert(root / "hub", repository)
    for task in ("mnli", "indicxnli"):
        shutil.rmtree(root / "hub" / f"{SETS[task]}@convert")
    shutil.rmtree(root / "hub" / f"{SETS['boolq']}@convert" / "boolq" / "train")
    done = run_at_hub(root / "hub", root / "home", sys.executable, "-c", READ, *SETS)
    assert done.returncode == 0, done.stderr
    return dict(zip(SETS, json.loads(done.stdout.splitlines()[-1]), strict=True))


@pytest.mark.parametrize("task", ["pawsx", "masakhaner", "cosmosqa"])
def test_a_set_is_read_from_the_branch_that_holds_no_script(task, told, at_mirror):
    card = get_task_catalogue("xtreme")[task]
    part = card.parts.train[0]
    mirrored = list(read_rows(part, part.languages[0], card.labels, RowNotes(), train=True))
    assert len(mirrored) == {"pawsx": 15, "masakhaner": 16, "cosmosqa": 16}[task]
    assert told[task] == mirrored


@pytest.mark.parametrize("task", ["mnli", "indicxnli"])
def test_a_script_without_a_conversion_is_told_so(task, told):
    kind, why = told[task]
    assert kind == "DataError"
    assert why.startswith(f"{SETS[task]}, configuration ")
    assert why.endswith(
        "split train: its main branch holds a script, which datasets no longer runs, and it has no branch "
        f"refs/convert/parquet {COPY.format(SETS[task])}"
    )


def test_a_conversion_without_the_split_is_told_so(told):
    kind, why = told["boolq"]
    assert kind == "DataError"
    assert why == (
        "aps/super_glue, configuration boolq, split train: its branch refs/convert/parquet has no such configuration "
        f"and split {COPY.format('aps/super_glue')}"
    )


def test_a_hub_that_is_not_there_is_told_from_a_script_without_a_conversion(tmp_path):
    code = READ + "\nprint(json.dumps([told('cosmosqa')]))"
    settings = {
        "HF_ENDPOINT": "http://127.0.0.1:9",
        "HF_HOME": str(tmp_path),
        "PATH": "",
        "PYTHONPATH": ":".join(sys.path),
    }
    done = subprocess.run([sys.executable, "-c", code], env=settings, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    ((kind, told),) = json.loads(done.stdout.splitlines()[-1])
    assert kind == "UnreachableError"
    assert "Connection refused (without internet: xlt data fetch where there is some" in told


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ConnectionError("gone"), UnreachableError),
        (TimeoutError("too late"), UnreachableError),
        (type("ReadTimeout", (type("TransportError", (Exception,), {}),), {})("too late"), UnreachableError),
        (ValueError("something else"), DataError),
    ],
)
def test_what_comes_of_a_lost_connection_is_unreachable_wherever_in_the_chain_it_stands(error, kind, monkeypatch):
    monkeypatch.delenv("XLT_DATA", raising=False)

    def script(*words, **choices):
        raise RuntimeError("Dataset scripts are no longer supported, but found set.py")

    def has(repository, revision):
        raise OSError("no answer") from error

    monkeypatch.setattr(source, "load_dataset", script)
    monkeypatch.setattr(source, "_has_revision", has)
    with pytest.raises(DataError) as refused:
        list(read_rows(replace(PAIR, item_column=None), "en", LABELS, RowNotes()))
    assert type(refused.value) is kind
