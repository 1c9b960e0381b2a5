"""Keys of object stores that workers on other machines need: objects of the cluster, never part of a runtime environment, which Ray logs."""

import os
from collections.abc import Mapping

from ray.tune.execution import class_cache

from trainables.validation import resolve_references

_AWS_VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SECURITY_TOKEN", "AWS_SESSION_TOKEN")


def collect_store_credentials(store: str | None) -> dict[str, str]:
    """What of the driver's environment opens the store: what its URL refers to, and AWS's own variables.

    Ray Tune is kept from handing the latter over itself: it does so in a runtime environment.
    """
    class_cache.ENV_VARS_TO_PROPAGATE.difference_update(_AWS_VARIABLES)
    return resolve_references(store or "") | {name: os.environ[name] for name in _AWS_VARIABLES if name in os.environ}


def set_credentials(keys: Mapping[str, str]) -> None:
    """In a worker: have them in the environment, where clients of object stores look."""
    os.environ.update(keys)
