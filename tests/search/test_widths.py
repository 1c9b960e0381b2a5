"""Every table at every width: no number is cut, and in a pipe nothing is."""

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import termios

import pytest
import yaml
from rich.console import Console

from search.exporter import render_rerun
from search.exporter._agreement import compare_scores
from search.exporter._exported_trial import ExportedTrial
from search.planner import plan, render_plan
from search.report import render_answer, render_report, render_status
from search.report._status import render_failures
from search.results import build_results
from search.terminal import Paragraph, TextTable

WIDTHS = (20, 40, 60, 80, 200)
NUMBER = re.compile(r"[-+]?\d[\d.,:]*\d|\d")


def text(rendered, width: int, **settings) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False, markup=False, **settings)
    for line in rendered:
        console.print(line)
    return console.file.getvalue()


def numbers(told: str) -> set[str]:
    return set(NUMBER.findall(told))


def rerun(study):
    record = study.get_complete_trials()[0]
    best = ExportedTrial("sums", record.number, record.trial, 0, 1, {}, record.outcome.transfer.scores)
    outcomes = dict.fromkeys(range(12), record.outcome)
    return render_rerun(best, outcomes, compare_scores(best.scores, record.outcome.transfer, ({}, {})))


TOLD = {
    "status": lambda study: render_status(build_results(study)),
    "best": render_answer,
    "report": render_report,
    "plan": lambda study: render_plan(plan(study.config, None), study.config, None),
    "train": rerun,
}


@pytest.fixture
def robust(config, reopen, make_scheduler, failing_worker):
    """A search with everything that has a table: noise, two objectives, pairs of languages, a failure."""
    changes = {
        "trials": 12,
        "generalized.pairs": "all",
        "second_objective": "worst_family_dev",
        "sampler": "random",
        "space.noise": {"methods": ["none", "freelb"], "magnitude": {"low": 0.1, "high": 0.2, "points": 2}},
    }
    study = reopen(config(changes))
    failing_worker(lambda job: job.number == 3).drive(make_scheduler(study))
    return study


@pytest.mark.parametrize("what", TOLD)
def test_no_number_is_cut_at_any_width(robust, what):
    shown = list(TOLD[what](robust))
    whole = numbers(text(shown, 1000, soft_wrap=True))
    assert len(whole) > 5
    for width in WIDTHS:
        told = text(shown, width)
        assert whole - numbers(told) == set(), f"at {width} columns"
        assert "…" not in told
        assert max(len(line.rstrip()) for line in told.splitlines()) <= width


def test_a_pipe_cuts_nothing_however_long():
    table = TextTable(["trial", "why"], wrapped_columns=["why"])
    table.add_row("1", "a " * 5000 + "end")
    assert "a a end" in text([table], 80, soft_wrap=True)
    assert len(text([table], 80, soft_wrap=True).splitlines()) == 2


def test_words_are_wrapped_before_rows_are_stacked():
    table = TextTable(["task", "value", "what"], wrapped_columns=["what"])
    table.add_row("facts", "0.1234", "a sentence that is longer than the terminal is wide")
    roomy, narrow, stacked = (text([table], width) for width in (100, 45, 25))
    assert len(roomy.splitlines()) == 2
    assert narrow.splitlines()[1].split()[:2] == ["facts", "0.1234"]
    assert len(narrow.splitlines()) > 2
    assert stacked.splitlines()[:2] == ["task facts", "  value: 0.1234"]


def test_a_long_title_of_the_first_column_heads_the_stacked_rows():
    title = "family (test, mean over targets)"
    table = TextTable([title, "best"], wrapped_columns=[title])
    table.add_row("Indo-European", "0.6000 [0.5000, 0.7000]")
    assert text([table], 26).split("\n")[0] == "family (test, mean over"
    assert "Indo-European\n  best: 0.6000 [0.5000," in text([table], 26)


def test_a_paragraph_breaks_no_word():
    assert text([Paragraph("transfer -0.1234 [-0.5678, +0.9012]")], 12).split() == [
        "transfer",
        "-0.1234",
        "[-0.5678,",
        "+0.9012]",
    ]


def test_of_failures_every_path_can_be_put_together(robust):
    (told,) = list(render_failures([{"run": "trial 3", "error": "E: x", "failure": "failures/trial-3-attempt-1.txt"}]))
    assert "failures/trial-3-attempt-1.txt" in text([told], 20).replace("\n", "")


def on_a_terminal(words: list[str], columns: int, **environment: str) -> str:
    """What a command writes on a real terminal of so many columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    env = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    process = subprocess.Popen(
        words, stdin=theirs, stdout=theirs, stderr=theirs, env=env | {"TERM": "xterm"} | environment
    )
    os.close(theirs)
    told = b""
    while True:
        try:
            some = os.read(ours, 65536)
        except OSError:  # the last one has closed it
            break
        if not some:
            break
        told += some
    os.close(ours)
    assert process.wait(60) == 0, told
    return told.decode().replace("\r", "")


@pytest.mark.parametrize(
    ("columns", "environment"), [(40, {}), (200, {"COLUMNS": "40"}), (1, {}), (40, {"COLUMNS": "0"})], ids=str
)
def test_status_on_a_real_terminal(finished, home, columns, environment):
    words = [sys.executable, "-m", "search", "--home", str(home.root), "status", "sums"]
    told = on_a_terminal(words, columns, **environment)
    for record in finished.get_trial_records():
        assert f"value: {record.value:.4f}" in told
    piped = subprocess.run(words, capture_output=True, text=True, timeout=60, env=os.environ | {"COLUMNS": "40"})
    assert piped.stdout.splitlines()[1].split() == ["trial", "state", "value", "seconds", "seeds", "curriculum"]


def test_a_config_of_a_narrow_terminal_is_planned_whole(document, home, tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(document()))
    words = [sys.executable, "-m", "search", "--home", str(home.root), "plan", str(file)]
    assert "10 different trials" in on_a_terminal(words, 40)
