"""Leases: signs of life of processes that work on a store, on this machine or any other.

A lease is a small file whose holder changes it every `HEARTBEAT_SECONDS` seconds. Whoever sees one unchanged for `STALE_SECONDS` seconds on his own
clock knows that its holder is gone: no clocks are compared, and a holder that is killed needs to clean up nothing.
"""

import os
import re
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from types import TracebackType
from typing import Self

from trainables.store._folder import UnexpectedFileError
from trainables.store._location import Location

HEARTBEAT_SECONDS = 1.0
STALE_SECONDS = 6.0
CLAIMS_FOLDER, USES_FOLDER = ".claims", ".uses"
MAX_LEASE_BYTES = 2**20
"""Bytes of a lease: one that names 30,000 stages."""
_GENERATION = re.compile(r"0|[1-9][0-9]{0,8}")
OWNER_VARIABLE = "XLT_LAUNCH"
"""The environment variable that says for which launch a process works: its leases begin with that."""


class Lease:
    """A file of a living process; to be used as a context, at whose end it is removed."""

    def __init__(self, place: Location, path: str, token: str) -> None:
        self.location, self.path, self.token = place, path, token
        self._heartbeats, self._stage_keys = 0, ""
        self._lock, self._end = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._run_heartbeat, name=f"lease {path}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._thread.join()
        with suppress(OSError):  # it goes stale then
            if read_token(self.location, self.path) == self.token:
                self.location.remove(self.path)

    def build_content(self) -> bytes:
        """What the file holds now: it only ever grows, so that it can be written over without being cut first."""
        return f"{self.token} {self._heartbeats:010d} {self._stage_keys}".encode()

    def _run_heartbeat(self) -> None:
        while not self._end.wait(HEARTBEAT_SECONDS):
            with self._lock, suppress(OSError):  # the next one may come through
                if read_token(self.location, self.path) == self.token:
                    self._heartbeats += 1
                    self.location.overwrite(self.path, self.build_content())


def _make_token() -> str:
    return f"{os.environ.get(OWNER_VARIABLE, '')}{secrets.token_hex(8)}"


def read_token(place: Location, path: str) -> str:
    """Whose lease it is; empty if it is nobody's."""
    return (read_lease(place, path) or b"").decode(errors="replace").partition(" ")[0]


class LeaseMonitor:
    """Knows how long leases have not changed, by looking again and again."""

    def __init__(self, place: Location) -> None:
        self.location = place
        self._seen: dict[str, tuple[bytes, float]] = {}

    def seconds_unchanged(self, path: str) -> float:
        """Seconds since a look first saw the lease as it is now; 0 for one that is gone."""
        now, content = time.monotonic(), read_lease(self.location, path)
        if content is None:
            return 0.0
        if self._seen.get(path, (None, now))[0] != content:
            self._seen[path] = content, now
        return now - self._seen[path][1]

    def is_stale(self, path: str) -> bool:
        """Whether it did not change for so long that its holder must be gone."""
        return self.seconds_unchanged(path) > STALE_SECONDS


class Claim(Lease):
    """The right to train one stage. Its file is ``KEY.GENERATION``; the highest generation holds it."""

    def __init__(self, place: Location, path: str, token: str) -> None:
        super().__init__(place, path, token)
        self.key = path.rpartition("/")[2].partition(".")[0]


class UseLease(Lease):
    """What a running trial needs: weights that nobody may take meanwhile."""

    def __init__(self, place: Location) -> None:
        token = _make_token()
        super().__init__(place, f"{USES_FOLDER}/{token}", token)

    def add(self, key: str) -> None:
        """Mark a stage as needed until the end of the context; where nothing can be written nobody takes anything."""
        with self._lock, suppress(OSError):
            first = not self._stage_keys
            if f"{key} " not in self._stage_keys:
                self._stage_keys += f"{key} "
                if not (first and self.location.create(self.path, self.build_content())):
                    self.location.overwrite(self.path, self.build_content())


def wait_for_claim(place: Location, key: str, done: Callable[[], bool]) -> Claim | None:
    """Wait until the key is ours to train (to be entered as a context at once), or `done`: None then.

    A claim whose holder is gone is taken over by making the next generation, which one of any number of waiters can. Who gets a
    claim looks once more whether the stage is there by now: the former holder may have published it.

    Raises:
        OSError: when the store cannot be written to, or its claims are such as the program does not make.
    """
    watch, token, pause = LeaseMonitor(place), _make_token(), 0.02
    while True:
        if done():
            return None
        generations = _list_generations(place, key)
        if not generations or watch.is_stale(_make_claim_path(key, generations[-1])):
            mine = generations[-1] + 1 if generations else 0
            if not _GENERATION.fullmatch(str(mine)):
                raise UnexpectedFileError(
                    f"there is no generation after {_make_claim_path(key, generations[-1])}: remove it"
                )
            if place.create(_make_claim_path(key, mine), token.encode()):
                now = _list_generations(place, key)
                if now[-1:] == [mine]:
                    _remove_generations(place, key, now[:-1])
                    return Claim(place, _make_claim_path(key, mine), token)
                # Another one was made between our look and our claim, and goes first.
                _remove_generations(place, key, [mine])
        time.sleep(pause)
        pause = min(0.5, pause * 1.5)


def is_claimed(place: Location, key: str) -> bool:
    """Whether somebody claims the key, alive or not."""
    return bool(_list_generations(place, key))


def _remove_generations(place: Location, key: str, generations: Iterable[int]) -> None:
    for generation in generations:
        with suppress(OSError):  # the highest one counts, whatever lies below
            place.remove(_make_claim_path(key, generation))


def _make_claim_path(key: str, generation: int) -> str:
    return f"{CLAIMS_FOLDER}/{key}.{generation}"


def _list_generations(place: Location, key: str) -> list[int]:
    names = (name.partition(".") for name in place.list_names(CLAIMS_FOLDER))
    return sorted(int(number) for found, _, number in names if found == key and _GENERATION.fullmatch(number))


def remove_stale_leases(place: Location) -> list[str]:
    """Remove the leases of processes that are gone, and return their paths; takes some `STALE_SECONDS` seconds if there are any."""
    before = {path: content for path in list_leases(place) if (content := read_lease(place, path)) is not None}
    deadline = time.monotonic() + STALE_SECONDS + HEARTBEAT_SECONDS
    while before and time.monotonic() < deadline:
        time.sleep(HEARTBEAT_SECONDS / 2)
        before = {path: content for path, content in before.items() if read_lease(place, path) == content}
    for path in before:
        place.remove(path)
    return list(before)


def read_lease(place: Location, path: str) -> bytes | None:
    """What a lease holds; None if it is gone. What is no plain file of that size holds nothing, and so goes stale."""
    try:
        return place.read(path, MAX_LEASE_BYTES)
    except FileNotFoundError:
        return None
    except UnexpectedFileError:
        return b""


def list_leases(place: Location) -> list[str]:
    """The paths of all leases, links and whatever else is no plain file left out."""
    return [f"{folder}/{name}" for folder in (CLAIMS_FOLDER, USES_FOLDER) for name in place.list_sizes(folder)]
