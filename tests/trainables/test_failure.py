import json

import pytest

from trainables.failure import Failure, note_stage_on_error, summarise_error
from trainables.outcome import summarise_losses
from trainables.training import StageNode, describe_environment


class Ends(list):
    """Has no length."""

    def __len__(self) -> int:
        raise StopIteration


def raised(call, *arguments) -> Exception:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever it is
        call(*arguments)
    return caught.value


def test_an_error_is_its_class_and_message():
    assert summarise_error(raised(int, "x")) == "ValueError: invalid literal for int() with base 10: 'x'"


def test_an_error_without_a_message_shows_its_class_and_where_in_our_code_it_was():
    assert summarise_error(raised(summarise_losses, Ends())).startswith("StopIteration in trainables/outcome.py:")
    assert summarise_error(raised(summarise_losses, Ends())).endswith(" (summarise_losses)")


def test_an_error_outside_of_our_code_shows_where_it_was():
    assert (
        summarise_error(raised(next, iter(())))
        == f"StopIteration in test_failure.py:{raised.__code__.co_firstlineno + 2} (raised)"
    )


def test_an_error_that_was_never_raised_is_its_class():
    assert summarise_error(KeyboardInterrupt()) == "KeyboardInterrupt"


def test_a_failure_holds_the_traceback_with_its_causes():
    def fail() -> None:
        try:
            raise OSError("the disk is full")
        except OSError as error:
            raise RuntimeError("no table") from error

    told = Failure.from_exception(raised(fail), {})
    assert told.error == "RuntimeError: no table"
    assert "OSError: the disk is full" in told.traceback
    assert "direct cause" in told.traceback
    assert f"{__file__}" in told.traceback


def test_a_failure_names_host_process_device_and_versions():
    told = Failure.from_exception(ValueError("x"), describe_environment())
    assert ", process " in told.host
    assert {"torch", "device", "arithmetic"} <= told.environment.keys()


class Walk:
    @note_stage_on_error
    def step(self, stage, parent):
        if stage == "facts":
            raise StopIteration
        return self.step("facts", StageNode("key", path=(*parent.path, stage)))


def test_a_failure_tells_the_innermost_stage_that_it_was_at():
    told = Failure.from_exception(raised(Walk().step, "dates", StageNode("root", path=("miniature", "names"))), {})
    assert told.stage == "names > dates > facts"
    assert "at the stage names > dates > facts" in told.traceback


def test_a_failure_is_the_same_after_a_way_through_json():
    told = Failure.from_exception(raised(summarise_losses, Ends()), {"torch": "2"})
    assert Failure(**json.loads(json.dumps(told.to_json()))) == told
