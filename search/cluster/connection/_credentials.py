"""Keys of object stores for workers. They are passed as arguments, never in a runtime environment, which Ray logs."""

import os
from collections.abc import Mapping

from ray.tune.execution import class_cache

from trainables.validation import resolve_references

_AWS_VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SECURITY_TOKEN", "AWS_SESSION_TOKEN")


def collect_store_credentials(store: str | None) -> dict[str, str]:
    """The environment variables that open the store: those that its URL refers to, and those of AWS.

    Ray Tune would pass the variables of AWS in a runtime environment; it is kept from that.
    """
    class_cache.ENV_VARS_TO_PROPAGATE.difference_update(_AWS_VARIABLES)
    return resolve_references(store or "") | {name: os.environ[name] for name in _AWS_VARIABLES if name in os.environ}


def set_credentials(keys: Mapping[str, str]) -> None:
    """Set the keys in the environment of a worker, where clients of object stores look for them."""
    os.environ.update(keys)
