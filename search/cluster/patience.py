"""How long a launch waits for Ray and its workers."""

import math
import os

from search.errors import UserError

FIRST_WORD = 60.0
"""Seconds without a worker after which a launch says so."""
_PATIENCE = "XLT_START_SECONDS"


def patience() -> float:
    """Seconds after which a launch gives up on Ray.

    Raises:
        UserError: when the environment says something that is no number of seconds.
    """
    said = os.environ.get(_PATIENCE, "300")
    try:
        seconds = float(said)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise UserError(f"{_PATIENCE}={said}: it wants a number of seconds")
    return seconds


def waiting_until(seconds: float) -> str:
    """That it is waited for, and until when."""
    return f"waiting until {seconds:g} s have passed ({_PATIENCE})"
