import json

import pytest

from trainables.arithmetic import environment
from trainables.failure import Failure, in_a_line, tells_stage
from trainables.node import Node
from trainables.outcome import loss_points


class Ends(list):
    """Has no length."""

    def __len__(self) -> int:
        raise StopIteration


def raised(call, *arguments) -> Exception:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever it is
        call(*arguments)
    return caught.value


def test_an_error_is_its_class_and_message():
    assert in_a_line(raised(int, "x")) == "ValueError: invalid literal for int() with base 10: 'x'"


def test_an_error_without_a_message_shows_its_class_and_where_in_our_code_it_was():
    assert in_a_line(raised(loss_points, Ends())).startswith("StopIteration in trainables/outcome.py:")
    assert in_a_line(raised(loss_points, Ends())).endswith(" (loss_points)")


def test_an_error_outside_of_our_code_shows_where_it_was():
    assert (
        in_a_line(raised(next, iter(())))
        == f"StopIteration in test_failure.py:{raised.__code__.co_firstlineno + 2} (raised)"
    )


def test_an_error_that_was_never_raised_is_its_class():
    assert in_a_line(KeyboardInterrupt()) == "KeyboardInterrupt"


def test_a_failure_holds_the_traceback_with_its_causes():
    def fail() -> None:
        try:
            raise OSError("the disk is full")
        except OSError as error:
            raise RuntimeError("no table") from error

    told = Failure.of(raised(fail), {})
    assert told.error == "RuntimeError: no table"
    assert "OSError: the disk is full" in told.traceback
    assert "direct cause" in told.traceback
    assert f"{__file__}" in told.traceback


def test_a_failure_names_host_process_device_and_versions():
    told = Failure.of(ValueError("x"), environment())
    assert ", process " in told.host
    assert {"torch", "device", "arithmetic"} <= told.environment.keys()


class Walk:
    @tells_stage
    def step(self, stage, parent):
        if stage == "facts":
            raise StopIteration
        return self.step("facts", Node("key", path=(*parent.path, stage)))


def test_a_failure_tells_the_innermost_stage_that_it_was_at():
    told = Failure.of(raised(Walk().step, "dates", Node("root", path=("miniature", "names"))), {})
    assert told.stage == "names > dates > facts"
    assert "at the stage names > dates > facts" in told.traceback


def test_a_failure_is_the_same_after_a_way_through_json():
    told = Failure.of(raised(loss_points, Ends()), {"torch": "2"})
    assert Failure(**json.loads(json.dumps(told.to_json()))) == told
