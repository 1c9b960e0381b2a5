"""Mirrors of all data sets of the hub, written once."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests import mirrors, tiny_encoders
from trainables.benchmarks.xtreme._questions import TYDIQA_DEV_ROWS
from trainables.data import load_encoded_dataset

TYDIQA = "google-research-datasets/tydiqa"


@pytest.fixture(scope="session")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a mirror of every set; TyDiQA's has three rows of each language beyond those that are held out."""
    root = tmp_path_factory.mktemp("mirror")
    mirrors.write(root, set(mirrors.SETS) - {TYDIQA})
    mirrors.write(root, [TYDIQA], mirrors.SIZES | {"train": TYDIQA_DEV_ROWS + 3})
    mirrors.write_ccg(root)
    return root


@pytest.fixture
def at_mirror(mirror: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of mirrors, where data sets are read from."""
    monkeypatch.setenv("XLT_DATA", str(mirror))
    return mirror


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Writes a split of a set of our own, into a folder of mirrors that is read from."""
    monkeypatch.setenv("XLT_DATA", str(tmp_path))
    return partial(mirrors.write_made, tmp_path)


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder of tables for the tests of one file."""
    load_encoded_dataset.cache_clear()
    return str(tmp_path_factory.mktemp("tables"))


@pytest.fixture(scope="session")
def tiny_xlm_r(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An XLM-R that reads every text by its characters."""
    return tiny_encoders.xlm_r(tmp_path_factory.mktemp("encoders") / "xlm_r")
