"""The tutorial, walked from its first block to its last in an empty folder, with fewer steps."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, TUTORIAL, Block, blocks
from tests.docs.source import source_strings
from tests.forked import run_xlt

FEWER_STEPS = {
    "steps: 40": "steps: 3",
    "steps: 60": "steps: 3",
    "trials: 3": "trials: 2",
    "top: 1, seeds: 2": "top: 0",
    "codes[:120]": "codes[:30]",
}


@pytest.fixture
def words(tmp_path: Path) -> dict[str, str]:
    """The environment of a newcomer; the folder is empty."""
    return {k: v for k, v in os.environ.items() if not k.startswith("XLT_")} | {
        "HF_HUB_OFFLINE": "1",
        "PYTHONPATH": str(ROOT),
    }


def shorten(text: str) -> str:
    for usual, fewer in FEWER_STEPS.items():
        text = text.replace(usual, fewer)
    return text


def walk(block: Block, folder: Path, environment: dict[str, str]) -> str:
    """Save a file, or run commands or Python; what is printed."""
    if block.title:
        (folder / block.title).write_text(shorten(block.text), encoding="utf-8")
        return ""
    printed = ""
    if block.language == "python":
        command = [sys.executable, "-c", block.text]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout
    for line in block.text.splitlines() if block.language == "bash" else ():
        program, *rest = shlex.split(line, comments=True)
        if program == "xlt":
            done = run_xlt(rest, env=environment, cwd=folder)
        else:
            assert program == "python", line
            done = subprocess.run([sys.executable, *rest], cwd=folder, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{line}: {done.stderr}"
        printed += done.stderr + done.stdout
    return printed


def find_words(text: str) -> set[str]:
    return set(re.findall(r"[A-Za-z][A-Za-z-]{2,}", text))


def test_a_newcomer_walks_the_tutorial(words: dict[str, str], tmp_path: Path, starts_ray: None):
    page = blocks(TUTORIAL)
    longer = "".join(block.text for block in page if block.title)
    assert all(usual in longer for usual in FEWER_STEPS)
    printed, saved = "", ""
    for block in page:
        if block.language == "text":
            known = find_words(printed + saved) | find_words(source_strings())
            assert find_words(block.text) - known == set(), f"{block}: never printed"
            continue
        printed += walk(block, tmp_path, words)
        saved = longer + "".join(file.read_text("utf-8") for file in tmp_path.glob("*.csv"))
    shown = (tmp_path / "names.html").read_text("utf-8")
    assert "macro_f1" in shown and "Unicode License v3" in shown and "Unicode CLDR, through Babel" in shown
    results = json.loads((tmp_path / "models" / "results.json").read_text("utf-8"))
    scored = results["trials"][0]["targets"]["kind_of_name"]["scores"]["dev"]
    assert {"is", "cy", "zu"} < scored.keys() and len(scored) == 23
