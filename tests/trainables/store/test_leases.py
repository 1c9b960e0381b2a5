import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.trainables.store.conftest import KEY, files_no_larger_than
from trainables.store import Claim, LeaseMonitor, Location, UseLease, wait_for_claim
from trainables.store._leases import HEARTBEAT_SECONDS, STALE_SECONDS, list_leases, remove_stale_leases


@pytest.fixture
def place(url) -> Location:
    return Location(url)


def never() -> bool:
    return False


def test_of_many_claims_one_holds_at_a_time(url):
    inside, most = [], []

    def work(number: int) -> None:
        with wait_for_claim(Location(url), KEY, never):
            inside.append(number)
            most.append(len(inside))
            time.sleep(0.02)
            inside.remove(number)

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(work, range(8)))
    assert most == [1] * 8
    assert list_leases(Location(url)) == []


def test_a_claim_is_not_waited_for_when_there_is_nothing_to_do(place):
    with wait_for_claim(place, KEY, never):
        assert wait_for_claim(place, KEY, lambda: True) is None


def test_a_claim_that_beats_is_waited_for(place):
    """Longer than it takes to give up a dead one."""
    ended = []
    with wait_for_claim(place, KEY, never):
        waiter = threading.Thread(target=lambda: ended.append(wait_for_claim(place, KEY, never)))
        waiter.start()
        waiter.join(3 * STALE_SECONDS)
        assert ended == []
    waiter.join(10)
    assert isinstance(ended[0], Claim)


def test_a_claim_whose_holder_is_gone_is_taken_over_by_one(place, url):
    assert place.create(f".claims/{KEY}.3", b"dead")
    held = []

    def work(number: int) -> None:
        with wait_for_claim(Location(url), KEY, lambda: bool(held)) or threading.Lock() as mine:
            if isinstance(mine, Claim) and not held:
                held.append(mine.path)

    began = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert held == [f".claims/{KEY}.4"]
    assert STALE_SECONDS < time.monotonic() - began < STALE_SECONDS + 5
    assert list_leases(place) == []


HOLD = """
import sys
from trainables.store import _leases as leases
from trainables.store._location import Location
leases.BEAT = 0.05
with leases.claim(Location(sys.argv[1]), sys.argv[2], lambda: False):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_claim_of_a_killed_process_is_free_within_seconds(folder):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, folder, KEY],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert holder.stdout.readline() == "held\n"
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    assert list_leases(Location(folder)) == [f".claims/{KEY}.0"]
    began = time.monotonic()
    with wait_for_claim(Location(folder), KEY, never):
        assert time.monotonic() - began < STALE_SECONDS + 5
    assert list_leases(Location(folder)) == []


def test_a_watch_counts_from_the_last_change(place):
    place.create(".uses/x", b"1")
    watch = LeaseMonitor(place)
    assert watch.seconds_unchanged(".uses/x") == 0
    time.sleep(0.1)
    assert watch.seconds_unchanged(".uses/x") >= 0.1
    place.write(".uses/x", b"2")
    assert watch.seconds_unchanged(".uses/x") == 0
    place.remove(".uses/x")
    assert watch.seconds_unchanged(".uses/x") == 0


def test_sweeping_takes_leases_of_the_dead_and_leaves_those_of_the_living(place):
    place.create(f".claims/{KEY}.0", b"dead")
    place.create(".uses/dead", b"dead")
    with UseLease(place) as use:
        use.add(KEY)
        assert set(remove_stale_leases(place)) == {f".claims/{KEY}.0", ".uses/dead"}
        assert list_leases(place) == [use.path]
    assert list_leases(place) == []


def test_sweeping_a_clean_store_takes_no_time(place):
    began = time.monotonic()
    assert remove_stale_leases(place) == []
    assert time.monotonic() - began < STALE_SECONDS


def test_a_use_names_what_it_needs_once(place):
    with UseLease(place) as use:
        use.add("a")
        use.add("b")
        use.add("a")
        assert place.read(use.path).decode().split()[2:] == ["a", "b"]


def test_a_holder_that_lost_its_claim_leaves_the_next_ones_alone(place):
    sleeper = wait_for_claim(place, KEY, never)
    with wait_for_claim(place, KEY, never):
        pass
    with wait_for_claim(place, KEY, never) as third:
        assert third.path == sleeper.path
        with sleeper:
            time.sleep(3 * HEARTBEAT_SECONDS)
        assert place.read(third.path).decode().split()[0] == third.token


def test_a_beat_on_a_full_disk_leaves_the_lease_as_it_was(folder):
    place = Location(folder)
    with UseLease(place) as use:
        use.add("a")
        use.add("b")
        size = place.size(use.path)
        with files_no_larger_than(size):
            before = place.read(use.path)
            time.sleep(4 * HEARTBEAT_SECONDS)
            assert place.read(use.path) != before
            use.add("c" * 100)
            assert place.read(use.path).decode().split()[2:4] == ["a", "b"]


def test_a_claim_on_a_full_disk_leaves_nothing(folder):
    place = Location(folder)
    with files_no_larger_than(4), pytest.raises(OSError, match="too large"):
        wait_for_claim(place, KEY, never)
    assert list_leases(place) == []


def test_who_comes_second_on_s3_is_told_so_in_whatever_words(s3_url, monkeypatch):
    """S3 may answer with a conflict (409) in place of a failed precondition (412)."""
    place = Location(s3_url)
    assert place.create("x", b"first")

    def conflict(*arguments, **options):
        raise OSError("ConditionalRequestConflict")

    monkeypatch.setattr(place.filesystem, "pipe_file", conflict)
    assert not place.create("x", b"second")
    with pytest.raises(OSError, match="ConditionalRequestConflict"):
        place.create("y", b"second")
