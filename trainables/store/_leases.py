"""Leases: heartbeats of processes that work on a store, on this machine or any other.

A lease is a small file that its holder changes every `HEARTBEAT_SECONDS` seconds. A process that sees a lease unchanged for
`STALE_SECONDS` seconds, by its own clock, takes the holder for dead. No two clocks are compared, and a killed holder has nothing to
clean up.
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
"""Most bytes of a lease: enough to name 30,000 stages."""
_GENERATION = re.compile(r"0|[1-9][0-9]{0,8}")
OWNER_VARIABLE = "XLT_LAUNCH"
"""The environment variable with the launch that a process works for; the tokens of its leases begin with it."""


class Lease:
    """A lease of this process, used as a context manager: its file is removed at the end."""

    def __init__(self, location: Location, path: str, token: str) -> None:
        self.location, self.path, self.token = location, path, token
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
        """The content of the file. It never gets shorter, so that it can be overwritten without truncating it first."""
        return f"{self.token} {self._heartbeats:010d} {self._stage_keys}".encode()

    def _run_heartbeat(self) -> None:
        while not self._end.wait(HEARTBEAT_SECONDS):
            with self._lock, suppress(OSError):  # the next one may come through
                if read_token(self.location, self.path) == self.token:
                    self._heartbeats += 1
                    self.location.overwrite(self.path, self.build_content())


def _make_token() -> str:
    return f"{os.environ.get(OWNER_VARIABLE, '')}{secrets.token_hex(8)}"


def read_token(location: Location, path: str) -> str:
    """The token of a lease's holder; empty if there is no lease."""
    return (read_lease(location, path) or b"").decode(errors="replace").partition(" ")[0]


class LeaseMonitor:
    """Measures how long leases have not changed, by repeated calls."""

    def __init__(self, location: Location) -> None:
        self.location = location
        self._seen: dict[str, tuple[bytes, float]] = {}

    def seconds_unchanged(self, path: str) -> float:
        """Seconds since a call first saw the lease's present content; 0 for a lease that is gone."""
        now, content = time.monotonic(), read_lease(self.location, path)
        if content is None:
            return 0.0
        if self._seen.get(path, (None, now))[0] != content:
            self._seen[path] = content, now
        return now - self._seen[path][1]

    def is_stale(self, path: str) -> bool:
        """Whether the lease has not changed for more than `STALE_SECONDS`: its holder is dead."""
        return self.seconds_unchanged(path) > STALE_SECONDS


class Claim(Lease):
    """The lease on training one stage. Its file is ``KEY.GENERATION``; the highest generation holds the claim."""

    def __init__(self, location: Location, path: str, token: str) -> None:
        super().__init__(location, path, token)
        self.key = path.rpartition("/")[2].partition(".")[0]


class UseLease(Lease):
    """The lease of a running trial on the stages that it needs: their weights are not evicted."""

    def __init__(self, location: Location) -> None:
        token = _make_token()
        super().__init__(location, f"{USES_FOLDER}/{token}", token)

    def add(self, key: str) -> None:
        """Mark a stage as needed until the end of the context. In a store that cannot be written to nothing happens, and nothing can be
        evicted either."""
        with self._lock, suppress(OSError):
            first = not self._stage_keys
            if f"{key} " not in self._stage_keys:
                self._stage_keys += f"{key} "
                if not (first and self.location.create(self.path, self.build_content())):
                    self.location.overwrite(self.path, self.build_content())


def wait_for_claim(location: Location, key: str, done: Callable[[], bool]) -> Claim | None:
    """Wait until this process holds the claim on a key, to be entered as a context at once, or until `done` returns true: None then.

    The claim of a dead holder is taken over by creating the next generation, in which exactly one of several waiting processes
    succeeds. The caller has to check again whether the stage is there: the former holder may have published it.

    Args:
        location: of the store.
        key: of the stage.
        done: whether another process has published the stage.

    Raises:
        OSError: when the store cannot be written to, or has a claim that the program does not make.
    """
    monitor, token, pause = LeaseMonitor(location), _make_token(), 0.02
    while True:
        if done():
            return None
        generations = _list_generations(location, key)
        if not generations or monitor.is_stale(_make_claim_path(key, generations[-1])):
            generation = generations[-1] + 1 if generations else 0
            if not _GENERATION.fullmatch(str(generation)):
                raise UnexpectedFileError(
                    f"there is no generation after {_make_claim_path(key, generations[-1])}: remove it"
                )
            if location.create(_make_claim_path(key, generation), token.encode()):
                now = _list_generations(location, key)
                if now[-1:] == [generation]:
                    _remove_generations(location, key, now[:-1])
                    return Claim(location, _make_claim_path(key, generation), token)
                # Another process made a claim after our listing and before ours: it goes first.
                _remove_generations(location, key, [generation])
        time.sleep(pause)
        pause = min(0.5, pause * 1.5)


def is_claimed(location: Location, key: str) -> bool:
    """Whether there is a claim on the key, of a living process or a dead one."""
    return bool(_list_generations(location, key))


def _remove_generations(location: Location, key: str, generations: Iterable[int]) -> None:
    for generation in generations:
        with suppress(OSError):  # only the highest generation counts
            location.remove(_make_claim_path(key, generation))


def _make_claim_path(key: str, generation: int) -> str:
    return f"{CLAIMS_FOLDER}/{key}.{generation}"


def _list_generations(location: Location, key: str) -> list[int]:
    names = (name.partition(".") for name in location.list_names(CLAIMS_FOLDER))
    return sorted(int(number) for found, _, number in names if found == key and _GENERATION.fullmatch(number))


def remove_stale_leases(location: Location) -> list[str]:
    """Remove the leases of dead processes and return their paths. If there are any leases this takes about `STALE_SECONDS`."""
    before = {path: content for path in list_leases(location) if (content := read_lease(location, path)) is not None}
    deadline = time.monotonic() + STALE_SECONDS + HEARTBEAT_SECONDS
    while before and time.monotonic() < deadline:
        time.sleep(HEARTBEAT_SECONDS / 2)
        before = {path: content for path, content in before.items() if read_lease(location, path) == content}
    for path in before:
        location.remove(path)
    return list(before)


def read_lease(location: Location, path: str) -> bytes | None:
    """The content of a lease; None if it is gone. Anything but a regular file of at most `MAX_LEASE_BYTES` counts as empty, and becomes
    stale."""
    try:
        return location.read(path, MAX_LEASE_BYTES)
    except FileNotFoundError:
        return None
    except UnexpectedFileError:
        return b""


def list_leases(location: Location) -> list[str]:
    """The paths of all leases; links and everything else that is no regular file are left out."""
    return [f"{folder}/{name}" for folder in (CLAIMS_FOLDER, USES_FOLDER) for name in location.list_sizes(folder)]
