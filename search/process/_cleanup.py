"""Clean-up that is done however the process ends, by force too."""

import atexit
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

_callbacks: list[Callable[[], None]] = []


@contextmanager
def ensure_cleanup(end: Callable[[], None]) -> Iterator[None]:
    """Call `end` when the context is left, or when the process exits by force before."""
    _callbacks.append(end)
    try:
        yield
    finally:
        _callbacks.remove(end)
        end()


def register_cleanup(end: Callable[[], None]) -> None:
    """Call `end` when the process exits, by force too."""
    _callbacks.append(end)
    atexit.register(end)


def clean_up() -> None:
    """Do what is left to do, the latest first, before an exit by force."""
    for end in reversed(_callbacks):
        with suppress(Exception):
            end()
