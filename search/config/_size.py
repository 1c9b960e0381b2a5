"""Sizes as a user writes them: 500MB, 2 GB, 1.5TiB, or a number of bytes. Text that is only partly a size is refused."""

import re
from typing import Annotated

from pydantic import BeforeValidator, ByteSize

_SIZE_PATTERN = re.compile(r"\s*([0-9]{1,18}\s*[A-Za-z]{0,4}|[0-9]{0,18}\.[0-9]{1,18}\s*[A-Za-z]{2,4})\s*")
"""A whole number with or without a unit, or a fraction with a unit."""


def _check_size(size: object) -> object:
    written = isinstance(size, str) and _SIZE_PATTERN.fullmatch(size)
    number = isinstance(size, int | float) and not isinstance(size, bool) and size >= 0 and float(size).is_integer()
    if not written and not number:
        raise ValueError(f'must be a size such as 500MB or 2GB, or a whole number of bytes; got "{str(size)[:100]}"')
    return int(size) if isinstance(size, float) else size


ByteCount = Annotated[ByteSize, BeforeValidator(_check_size)]
"""Bytes, zero or more."""
