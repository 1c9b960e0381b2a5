import socket

import psutil
import pytest

from search.cluster import _preflight as before
from search.errors import UserError


def test_memory_that_ray_would_find_full_is_told_with_its_threshold(config, monkeypatch):
    before.check_machine(config(), None)
    used = psutil.virtual_memory().percent / 100
    monkeypatch.setenv("RAY_memory_usage_threshold", str(used / 2))
    with pytest.raises(UserError, match=f"Ray kills workers from {used / 2:.0%} on"):
        before.check_machine(config(), None)
    monkeypatch.setenv("RAY_memory_usage_threshold", "much")
    with pytest.raises(UserError, match="RAY_memory_usage_threshold=much: expected a number such as"):
        before.check_machine(config(), None)


def test_a_containers_memory_counts_without_what_it_can_give_back(monkeypatch, tmp_path):
    monkeypatch.setattr(before, "_CGROUP_FOLDER", tmp_path)
    assert before._get_container_memory_share() == 0.0
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.current").write_text("900\n")
    (tmp_path / "memory.stat").write_text("anon 500\ninactive_file 300\n")
    assert before._get_container_memory_share() == 0.6
    (tmp_path / "memory.max").write_text("max\n")
    assert before._get_container_memory_share() == 0.0


@pytest.mark.parametrize("said", ["abc", "0", "-1", "inf", "nan"])
def test_a_patience_that_is_no_number_of_seconds_is_refused(config, monkeypatch, said):
    monkeypatch.setenv("XLT_START_SECONDS", said)
    with pytest.raises(UserError, match=f"XLT_START_SECONDS={said}: expected a positive number of seconds"):
        before.check_machine(config(), None)


def test_a_machine_without_bash_is_told(config, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="with bash, which is not on PATH"):
        before.check_machine(config(), None)


def test_an_address_that_answers_is_taken_and_one_that_is_none_refused():
    with socket.create_server(("127.0.0.1", 0)) as server:
        before.check_cluster_address(f"127.0.0.1:{server.getsockname()[1]}")
    before.check_cluster_address("auto")
    with pytest.raises(UserError, match="nothing answers there"):
        before.check_cluster_address("127.0.0.1:99999999")
