"""Addresses with secrets in them: what is kept and told has references ``${NAME}`` to the environment in their place.

Whoever opens an address looks them up at the last moment (`expand_references`), in any process; texts of other libraries pass through `mask_secrets`.
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
"""Characters of a secret that is looked for in texts by itself: shorter ones stand in many words."""
_known_secrets: set[str] = set()
"""Secrets that this process has seen in an address or looked up."""


class MissingReferenceError(LookupError):
    """An address refers to the environment, which lacks it."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"the environment has no {name}, which ${{{name}}} stands for: set it, or say the address anew"
        )
        self.name = name


def expand_references(address: str) -> str:
    """The address with every ``${NAME}`` replaced by what the environment has under that name.

    Raises:
        MissingReferenceError: when it has nothing.
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
    """What the environment has of that which an address refers to."""
    return {name: os.environ[name] for name in REFERENCE_PATTERN.findall(address) if name in os.environ}


def hide_secrets(address: str, name: str) -> str:
    """The address with each secret that is written out in it moved to the environment, under `name`, and a reference in its place.

    Secrets are the password of a login, a login without password over HTTP, and parameters that are named like one: ``sig``, ``token``,
    ``access_key``. What this process starts inherits them.
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
    """The text with `MASK` in place of secrets: those of the addresses in it, and all that this process knows."""
    for secret in sorted(_known_secrets, key=len, reverse=True):
        text = text.replace(secret, MASK)

    def hidden(found: re.Match[str]) -> str:
        return found[0] if REFERENCE_PATTERN.search(found["secret"]) else f"{found['before']}{MASK}"

    for pattern in _SECRET_PATTERNS:
        text = pattern.sub(hidden, text)
    return text


def _reserve_variable(secret: str, name: str) -> str:
    """The variable that holds the secret from now on: `name`, or with a number where that holds another one."""
    number, place = 1, name
    while os.environ.setdefault(place, secret) != secret:
        number += 1
        place = f"{name}_{number}"
    return place


def _remember_secret(secret: str) -> None:
    if len(secret) >= _MIN_SECRET_LENGTH:
        _known_secrets.update((secret, unquote(secret)))
