"""Ray ends the process, from C++ and without a word, when a thread collects an object reference while Ray is being shut down."""

import gc
import weakref

import pytest
import ray

from search.cluster.connection._cluster import _shut_down_ray


class Reference:
    """In a circle with itself, so that only the garbage collection finds it."""

    def __init__(self) -> None:
        self.me = self


@pytest.mark.parametrize("collects", [True, False])
def test_no_reference_is_collected_while_ray_is_shut_down(monkeypatch, collects):
    earlier = weakref.ref(Reference())
    collected = []

    def shutdown() -> None:
        collected.append(earlier() is None)
        later = weakref.ref(Reference())
        assert [[] for _ in range(100_000)]  # more than enough to start a collection
        collected.append(later() is None)

    monkeypatch.setattr(ray, "shutdown", shutdown)
    (gc.enable if collects else gc.disable)()
    try:
        _shut_down_ray()
        assert gc.isenabled() == collects
    finally:
        gc.enable()
    assert collected == [True, False]
