"""How long a launch waits for Ray and its workers."""

import math
import os

from search.errors import UserError

FIRST_WARNING_SECONDS = 60.0
"""Seconds without a worker after which a launch says so."""
_START_SECONDS_VARIABLE = "XLT_START_SECONDS"


def get_start_timeout() -> float:
    """Seconds after which a launch gives up on Ray.

    Raises:
        UserError: when the environment says something that is no number of seconds.
    """
    said = os.environ.get(_START_SECONDS_VARIABLE, "300")
    try:
        seconds = float(said)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise UserError(f"{_START_SECONDS_VARIABLE}={said}: it wants a number of seconds")
    return seconds


def describe_wait(seconds: float) -> str:
    """That it is waited for, and until when."""
    return f"waiting until {seconds:g} s have passed ({_START_SECONDS_VARIABLE})"
