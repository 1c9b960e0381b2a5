"""Sizes as a user writes them: 500MB, 2 GB, 1.5TiB, or a number of bytes. What is not wholly one is refused, not read as far as it goes."""

import re
from typing import Annotated

from pydantic import BeforeValidator, ByteSize

_SIZE = re.compile(r"\s*([0-9]{1,18}(\.[0-9]{1,18})?|\.[0-9]{1,18})\s*[A-Za-z]{0,4}\s*")


def _whole(size: object) -> object:
    if isinstance(size, bool) or (isinstance(size, str) and not _SIZE.fullmatch(size)):
        raise ValueError(f'it wants a size such as 500MB or 2GB; got "{str(size)[:100]}"')
    return size


Size = Annotated[ByteSize, BeforeValidator(_whole)]
"""Bytes, zero or more."""
