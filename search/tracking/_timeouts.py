"""Timeouts and retries of MLflow's client."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

_SHORT_TIMEOUTS = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "5", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
"""By itself MLflow waits two minutes for an answer, and asks eight times."""


LONG_TIMEOUTS = {"MLFLOW_HTTP_REQUEST_TIMEOUT": "60", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2"}
"""For what the user asked for and waits for."""


LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")


@contextmanager
def set_mlflow_timeouts(uri: str, settings: Mapping[str, str] | None = None) -> Iterator[None]:
    """Has MLflow's client ask a server briefly, as far as the user has not said how, and one on this machine through no proxy."""
    told = _SHORT_TIMEOUTS if settings is None else settings
    mine = {name: word for name, word in told.items() if "://" in uri and name not in os.environ}
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
