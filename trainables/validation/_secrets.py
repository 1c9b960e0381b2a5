"""Addresses with secrets: everything that is stored or shown has references ``${NAME}`` to environment variables in their place.

References are resolved when an address is opened (`expand_references`), in any process. Messages of other libraries pass through
`mask_secrets`.
"""

import os
import re
from urllib.parse import unquote

REFERENCE_PATTERN = re.compile(r"\$\{(\w+)\}")
MASK = "***"
_CREDENTIAL_NAMES = (
    r"sig|signature|\w*token|\w*secret|\w*passw?(?:or)?d?|\w*pwd|\w*credential|[\w-]*key(?:[-_]?id)?|odbc_connect"
)
_LOGIN_PATTERN = re.compile(r"(?P<before>\b[a-zA-Z][\w+.-]*://[^/\s:@]*:)(?P<secret>[^/\s]+)(?=@)")
_DATABASE_PATTERN = re.compile(
    r"(?P<before>\b(?!https?:|s3:|gs:|file:)[a-zA-Z][\w+.-]*://[^/\s:@]*:)(?P<secret>[^@\s]+)(?=@)"
)
"""As SQLAlchemy reads it: a password may hold slashes."""
_TOKEN_PATTERN = re.compile(r"(?P<before>\bhttps?://)(?P<secret>[^/\s:@]+)(?=@)")
_QUERY_PATTERN = re.compile(
    rf"(?P<before>[?&;](?!ssl)(?:[\w-]*-)?(?:{_CREDENTIAL_NAMES})=)(?P<secret>[^&;\s'\"#<>)\]]+)", re.IGNORECASE
)
_SECRET_PATTERNS = (_DATABASE_PATTERN, _LOGIN_PATTERN, _TOKEN_PATTERN, _QUERY_PATTERN)
_MIN_SECRET_LENGTH = 4
"""Fewest characters of a secret that is masked wherever it occurs in a text: shorter ones occur in ordinary words."""
_known_secrets: set[str] = set()
"""Secrets that this process has seen in an address or looked up."""


class MissingReferenceError(LookupError):
    """An address refers to an environment variable that is not set."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"the environment variable {name}, which ${{{name}}} refers to, is not set: set it, or give the address again"
        )
        self.name = name


def expand_references(address: str) -> str:
    """The address with every ``${NAME}`` replaced by the value of that environment variable.

    Raises:
        MissingReferenceError: when one is not set.
    """

    def value(found: re.Match[str]) -> str:
        if (word := os.environ.get(found[1])) is None:
            raise MissingReferenceError(found[1])
        if found[0] != address:
            _remember_secret(word)
        return word

    expanded = REFERENCE_PATTERN.sub(value, address)
    for pattern in _SECRET_PATTERNS:
        for found in pattern.finditer(expanded):
            _remember_secret(found["secret"])
    return expanded


def resolve_references(address: str) -> dict[str, str]:
    """The values of the environment variables that an address refers to, by name; those not set are left out."""
    return {name: os.environ[name] for name in REFERENCE_PATTERN.findall(address) if name in os.environ}


def hide_secrets(address: str, name: str) -> str:
    """The address with each secret in it replaced by a reference; the secret goes into an environment variable called `name`.

    Secrets are the password of a login, a login without password over HTTP, and query parameters with names such as ``sig``, ``token``
    and ``access_key``. Child processes inherit the variables.
    """

    def moved(found: re.Match[str]) -> str:
        secret = found["secret"]
        if REFERENCE_PATTERN.search(secret) or secret == MASK:
            return found[0]
        _remember_secret(secret)
        return f"{found['before']}${{{_reserve_variable(secret, name)}}}"

    for pattern in _SECRET_PATTERNS:
        address = pattern.sub(moved, address)
    return address


def mask_secrets(text: str) -> str:
    """The text with `MASK` in place of secrets: those in addresses, and all that this process knows."""
    for secret in sorted(_known_secrets, key=len, reverse=True):
        text = text.replace(secret, MASK)

    def hidden(found: re.Match[str]) -> str:
        return found[0] if REFERENCE_PATTERN.search(found["secret"]) else f"{found['before']}{MASK}"

    for pattern in _SECRET_PATTERNS:
        text = pattern.sub(hidden, text)
    return text


def _reserve_variable(secret: str, name: str) -> str:
    """Put the secret into an environment variable and return its name: `name`, with a number if that has another value."""
    number, place = 1, name
    while os.environ.setdefault(place, secret) != secret:
        number += 1
        place = f"{name}_{number}"
    return place


def _remember_secret(secret: str) -> None:
    if len(secret) >= _MIN_SECRET_LENGTH:
        _known_secrets.update((secret, unquote(secret)))
