"""Timeouts and retries of MLflow's client."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

_SHORT_TIMEOUTS = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "5", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
"""While a search runs. MLflow's defaults are two minutes and seven retries."""


LONG_TIMEOUTS = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "60", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2"}
"""For commands whose result the user waits for."""


LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")


@contextmanager
def set_mlflow_timeouts(uri: str, settings: Mapping[str, str] | None = None) -> Iterator[None]:
    """Set timeouts of MLflow's client within the block, where the user has not set them, and bypass proxies for a server on this machine.

    Args:
        uri: of the server; nothing is set for a path.
        settings: variables of MLflow; by default short timeouts without retries.
    """
    timeouts = _SHORT_TIMEOUTS if settings is None else settings
    mine = {name: word for name, word in timeouts.items() if "://" in uri and name not in os.environ}
    if (host := urlsplit(uri).hostname) in LOOPBACK_HOSTS:
        mine |= {name: ",".join(filter(None, (os.environ.get(name), host))) for name in ("no_proxy", "NO_PROXY")}
    before = {name: os.environ.get(name) for name in mine}
    os.environ.update(mine)
    try:
        yield
    finally:
        for name, word in before.items():
            if word is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = word
