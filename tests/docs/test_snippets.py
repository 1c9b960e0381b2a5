"""Every snippet of every page: configs are loaded, Python is run, output is compared with what is printed, files are there."""

import re
from pathlib import Path

import pytest
import yaml

from search.config import load_config
from tests.docs.pages import PAGES, ROOT, TUTORIAL, Block, blocks
from tests.docs.run import xlt
from tests.docs.source import source_strings
from tests.own_files import write_mirror

ALL = [block for page in PAGES for block in blocks(page)]
APART = [block for block in ALL if block.page != TUTORIAL]
CONFIGS = [block for block in APART if block.language == "yaml"]
PYTHON = sorted({block.page for block in APART if block.language == "python"})
OUTPUT = [block for block in APART if block.language == "text"]


def test_every_block_is_of_a_kind_that_is_checked():
    assert {block.language for block in ALL} == {"bash", "yaml", "python", "text", "csv"}
    assert len(CONFIGS) >= 14 and len(PYTHON) >= 3 and len(OUTPUT) >= 4


def merged(base: dict, changes: dict) -> dict:
    """The base with the changes in their sections; a length says steps or epochs."""
    kept = {key: value for key, value in base.items() if not (key == "steps" and "epochs" in changes)}
    both = kept.keys() & changes.keys()
    inner = {
        key: merged(kept[key], changes[key])
        for key in both
        if isinstance(kept[key], dict) and isinstance(changes[key], dict)
    }
    return kept | changes | inner


def write_own_files(folder: Path) -> None:
    """The files that pages tell of without showing them."""
    row = '{{"text": "{split} {n}", "label": "{n}", "language": "{code}", "split": "{split}", "id": "{split}{n}"}}\n'
    splits = [("en", "train", "train"), *((code, "dev", "valid") for code in ("en", "de")), ("de", "test", "test")]
    (folder / "data").mkdir()
    with (folder / "data/sentiment.jsonl").open("w") as file:
        for code, split, _ in splits:
            file.writelines(row.format(split=split, code=code, n=n) for n in range(9))
    for code, split, name in splits:
        (folder / f"data/{name}.{code}.csv").write_text(f"utterance,intent\n{split} one,a\n{split} two,b\n")
        (folder / "conll" / code).mkdir(parents=True, exist_ok=True)
        (folder / f"conll/{code}/{split}.conll").write_text(f"{split}\tO\nOslo\tB-LOC\n")


@pytest.mark.parametrize("block", CONFIGS, ids=str)
def test_a_config_is_valid(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Alone if it is whole, else in the place of the same keys of configs/miniature.yaml."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("XLT_DATA", str(tmp_path / "mirrors"))
    write_own_files(tmp_path)
    write_mirror(tmp_path / "mirrors", ("en", "de"))
    for other in blocks(block.page):
        if other.title:
            (tmp_path / other.title).write_text(other.text, encoding="utf-8")
    document = yaml.safe_load(block.text)
    if "name" not in document:
        base = yaml.safe_load((ROOT / "configs" / "miniature.yaml").read_text(encoding="utf-8")) | {"name": "snippet"}
        if "benchmark" in document:
            base["intermediate"] = {"mnli": {}, "squad": {}, "siqa": {}}
        document = merged(base, document)
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    assert load_config(file).trials > 0


@pytest.mark.parametrize("page", PYTHON, ids=lambda page: page.stem)
def test_the_python_of_a_page_runs(page: Path, there: Path):
    """Its blocks one after the other, as in one notebook, after the quickstart's commands."""
    xlt(["export", "miniature", "best/"])
    names: dict = {}
    for block in blocks(page):
        if block.language == "python":
            exec(compile(block.text, str(block), "exec"), names)


def words_of(text: str) -> set[str]:
    """The words of a message, numbers and what a config names left out."""
    return set(re.findall(r"[A-Za-z][A-Za-z-]{2,}", re.sub(r"\S*_\S*", " ", text)))


@pytest.mark.parametrize("block", OUTPUT, ids=str)
def test_output_on_a_page_is_what_is_printed(block: Block, launched: tuple[Path, str], there: Path):
    """Word for word, but for numbers and for which trial and task it was; a line that another result brings is one of the code's."""
    kind, _, what = block.mark.partition(": ")
    assert kind == "output", f"{block}: a comment above it has to say which command prints it"
    printed = launched[1] if what == "launch" else xlt([what, "miniature"]).output
    known = words_of(printed) | words_of((ROOT / "configs" / "miniature.yaml").read_text(encoding="utf-8"))
    never = [line.strip() for line in block.text.splitlines() if words_of(line) - known]
    strings = source_strings()
    assert [line for line in never if line not in strings] == [], f"never printed by xlt {what}"


@pytest.mark.parametrize("page", [*PAGES, ROOT / "SECURITY.md"], ids=lambda page: page.stem)
def test_the_files_that_a_page_names_are_there(page: Path):
    for named in re.findall(
        r"`((?:search|trainables|tests|docs|configs)/[\w./*-]+)`", page.read_text(encoding="utf-8")
    ):
        if named != "trainables/tasks/_my_kind.py":  # which the reader is to write
            assert [*ROOT.glob(named)], named
