"""Errors about data and files of others."""

from trainables.validation._documents import escape_controls


class DataError(ValueError):
    """A data set or an encoder is missing or invalid; control characters in the message are escaped."""

    def __init__(self, message: str) -> None:
        super().__init__(escape_controls(message))


class UnreachableError(DataError):
    """The hub cannot be reached: no other data set of it need be tried."""


class UnusableRowError(Exception):
    """A row can neither be trained nor scored on: it is left out, and counted under the error's message."""
