import fcntl
from pathlib import Path

import pytest

from search.config import StoreSettings
from search.errors import SearchNotFoundError
from search.home import Home, write_atomically


def test_the_home_is_the_one_given_then_the_environments_then_the_default(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XLT_HOME", "from-env")
    assert Home.locate("given").root == tmp_path / "given"
    assert Home.locate(None).root == tmp_path / "from-env"
    monkeypatch.delenv("XLT_HOME")
    assert Home.locate(None).root == tmp_path / "xlt-home"


def test_looking_at_a_home_makes_nothing(home):
    assert home.list_searches() == []
    assert not home.root.exists()


def test_a_search_lies_where_tools_look_for_it(home):
    folder = home.get_search_folder("mine")
    assert folder.name == "mine"
    assert [path.relative_to(home.root) for path in (folder.config, folder.journal, folder.results)] == [
        Path("searches/mine/config.yaml"),
        Path("searches/mine/study.journal"),
        Path("searches/mine/results.json"),
    ]
    assert home.tracking_uri == f"sqlite:///{home.root}/mlflow.db"


def test_a_search_that_is_there_is_found(finished, home):
    assert home.find_search("sums") == home.get_search_folder("sums")


@pytest.mark.parametrize("name", ["", "..", "../searches/sums", "sum", "sums/", "/", "*"])
def test_a_name_that_is_none_is_refused_with_those_there_are(finished, home, name):
    with pytest.raises(SearchNotFoundError, match="it has: sums"):
        home.find_search(name)


def test_an_empty_home_says_how_to_begin(home):
    with pytest.raises(SearchNotFoundError, match="xlt launch CONFIG creates one"):
        home.find_search("mine")


def test_stages_lie_in_the_home_or_where_the_config_says_or_nowhere(home, tmp_path):
    assert home.resolve_stage_store(StoreSettings()) == str(home.root / "stages")
    assert home.resolve_stage_store(StoreSettings(url=str(tmp_path / "s"))) == str(tmp_path / "s")
    assert home.resolve_stage_store(StoreSettings(url="s")) == str(Path("s").resolve())
    assert home.resolve_stage_store(StoreSettings(url="s3://bucket/s")) == "s3://bucket/s"
    assert home.resolve_stage_store(StoreSettings(url="s", enabled=False)) is None


def test_a_file_takes_its_place_whole(tmp_path):
    path = tmp_path / "new" / "file"
    with write_atomically(path) as aside:
        aside.write_text("half")
        assert not path.exists()
    assert path.read_text() == "half"
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_was_not_written_to_the_end_leaves_the_old_one(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt):
        _interrupted(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def _interrupted(path: Path) -> None:
    with write_atomically(path) as aside:
        aside.write_text("ha")
        raise KeyboardInterrupt


def test_a_search_is_live_while_a_launch_holds_its_lock(home):
    folder = home.get_search_folder("sums")
    assert not folder.is_running
    folder.path.mkdir(parents=True)
    with folder.lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        assert folder.is_running
    assert not folder.is_running
