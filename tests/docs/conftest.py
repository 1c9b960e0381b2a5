"""One small launch for all pages; each page works in a copy of its home."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.docs.pages import ROOT
from tests.forked import run_xlt

SMALL = {
    "steps: 100": "steps: 4",
    "steps: 110": "steps: 4",
    "trials: 16": "trials: 3",
    "retention: 200": "retention: 20",
}
LANGUAGES = "languages: [en, ar, de, eu, fi, qu, sw, th, vi]\n"
"""What makes configs/miniature.yaml a matter of a minute."""


@pytest.fixture(scope="session")
def launched(made_once: Callable[[str, Callable[[Path], object]], Path], starts_ray: None) -> tuple[Path, str]:
    """A folder with ``configs/`` and ``xlt-home/``, and what ``xlt launch configs/miniature.yaml`` printed there."""
    folder = made_once("documented", launch)
    return folder, (folder / "printed.txt").read_text(encoding="utf-8")


def launch(folder: Path) -> None:
    """Launch the search of the quickstart in a folder, in little."""
    shutil.copytree(ROOT / "configs", folder / "configs")
    config = folder / "configs" / "miniature.yaml"
    text = config.read_text(encoding="utf-8")
    for usual, small in SMALL.items():
        assert usual in text, usual
        text = text.replace(usual, small)
    text += LANGUAGES
    config.write_text(text, encoding="utf-8")
    (folder / "changed.yaml").write_text(
        re.sub(r"^name: \w+", "name: changed", text, flags=re.M).replace("seed: 0", "seed: 7")
    )
    environment = {k: v for k, v in os.environ.items() if not k.startswith("XLT_")} | {"HF_HUB_OFFLINE": "1"}
    done = run_xlt(["launch", "configs/miniature.yaml"], env=environment, cwd=folder)
    assert done.returncode == 0, done.stderr
    (folder / "printed.txt").write_text(done.stderr + done.stdout, encoding="utf-8")


@pytest.fixture(scope="session")
def copies(launched: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Makes a folder like the launched one for a page; weights and tables are linked, all else is the page's own."""

    def copy(name: str) -> Path:
        folder = tmp_path_factory.mktemp(name)
        shutil.copytree(launched[0], folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("stages", "data"))
        for part in ("stages", "data"):
            (folder / "xlt-home" / part).symlink_to(launched[0] / "xlt-home" / part)
        return folder

    return copy


@pytest.fixture
def there(
    copies: Callable[[str], Path], request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """The working directory of a reader who has launched the quickstart's search."""
    folder = copies(re.sub(r"\W", "_", request.node.name)[:40])
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    for name in ("XLT_HOME", "XLT_DATA"):
        monkeypatch.delenv(name, raising=False)
    before = dict(os.environ)
    yield folder
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def mirrors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small mirrors of the hub's sets."""
    from tests import mirrors

    folder = tmp_path_factory.mktemp("mirrors")
    mirrors.write(folder)
    return folder
