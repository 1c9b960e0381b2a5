"""What is wrong with data that somebody else made."""

from trainables.validation._documents import escape_controls


class DataError(ValueError):
    """A data set that is not there, or not what it should be; said in text that acts on no terminal."""

    def __init__(self, message: str) -> None:
        super().__init__(escape_controls(message))


class UnreachableError(DataError):
    """The hub cannot be reached: no other set of it need be tried."""


class UnusableRowError(Exception):
    """A row that can neither be trained nor scored on: it is left out and counted under the error's text."""
