"""How long a launch waits for Ray and its workers."""

import math
import os

from search.errors import UserError

FIRST_WARNING_SECONDS = 60.0
"""Seconds without an answer of Ray after which a launch reports that it waits."""
_START_SECONDS_VARIABLE = "XLT_START_SECONDS"


def get_start_timeout() -> float:
    """Seconds after which a launch gives up on Ray: ``XLT_START_SECONDS``, by default 300.

    Raises:
        UserError: if the variable is not a positive number.
    """
    value = os.environ.get(_START_SECONDS_VARIABLE, "300")
    try:
        seconds = float(value)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise UserError(f"{_START_SECONDS_VARIABLE}={value}: expected a positive number of seconds")
    return seconds


def describe_wait(seconds: float) -> str:
    """How long a launch waits, and the variable that changes it."""
    return f"waiting for up to {seconds:g} s ({_START_SECONDS_VARIABLE})"
