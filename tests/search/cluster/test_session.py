import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from search.cluster import _session as session
from search.errors import UserError


def test_a_session_folder_is_its_owners_alone_and_gone_afterwards(tmp_path, monkeypatch):
    monkeypatch.setenv("RAY_TMPDIR", "/tmp")
    with session.make_session_folder() as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (folder / "logs").mkdir()
    assert not folder.exists()


def test_a_users_own_place_comes_first_if_its_path_is_short_enough(monkeypatch):
    monkeypatch.setenv("RAY_TMPDIR", "/dev/shm")
    assert session.list_session_parents()[0] == Path("/dev/shm")
    monkeypatch.setenv("RAY_TMPDIR", "/tmp/" + "a" * 60)
    assert session.list_session_parents()[0] != Path("/tmp/" + "a" * 60)
    monkeypatch.setenv("RAY_TMPDIR", "/tmp/" + "ø" * 14)  # bytes count, not letters
    assert session.list_session_parents()[0] != Path("/tmp/" + "ø" * 14)


def test_sockets_of_rays_length_can_be_bound_in_the_longest_place_taken():
    import socket

    longest = session.MAX_SOCKET_PATH - session._RAY_PATH_BYTES
    name = "x" * longest + "/" * 0 + "y" * session._RAY_PATH_BYTES
    with socket.socket(socket.AF_UNIX) as one, pytest.raises(OSError, match="No such file"):
        one.connect(name)  # a path that were too long is another error
    with socket.socket(socket.AF_UNIX) as one, pytest.raises(OSError, match="AF_UNIX path too long"):
        one.connect(name + "z")


def test_no_place_at_all_is_told_with_what_to_do(monkeypatch, tmp_path):
    missing = tmp_path / "none"
    monkeypatch.setattr(session, "list_session_parents", lambda: [missing])
    with (
        pytest.raises(UserError, match=r"name a folder in RAY_TMPDIR \(.*none: No such file or directory\)"),
        session.make_session_folder(),
    ):
        pass


KILLED = """
import os, signal, sys
from search.cluster._session import make_session_folder
with make_session_folder() as folder:
    print(folder, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_launch_left_goes_with_the_next_and_a_living_ones_stays(tmp_path, monkeypatch):
    place = Path("/tmp") / f"xlt-test-{os.getpid()}"
    place.mkdir()
    try:
        monkeypatch.setenv("RAY_TMPDIR", str(place))
        words = [sys.executable, "-c", KILLED]
        left = Path(subprocess.run(words, capture_output=True, text=True, timeout=60).stdout.strip())
        assert left.parent == place and left.exists()
        with session.make_session_folder() as living:
            assert not left.exists()
            with session.make_session_folder() as second:
                assert living.exists() and second.exists()
    finally:
        place.rmdir()
