"""What can be known of a launch on Ray before anything is read: it is refused here, not after an hour."""

import os
import shutil
import socket
import sys

import psutil

from search.cluster.session import private_folder
from search.config import Config
from search.errors import UserError

_FULL = 0.95
"""The share of memory in use from which Ray ends workers, if the user has not set another."""


def check(config: Config, address: str | None) -> None:
    """Refuse what Ray would fail at, or hang.

    Args:
        config: the search.
        address: of a running cluster, or None for a Ray of the launch's own.

    Raises:
        UserError: saying what to do.
    """
    if address is not None:
        _check_address(address)
        return
    if config.resources.cpus_per_trial > (os.cpu_count() or 1):
        raise UserError(
            f"resources.cpus_per_trial: {config.resources.cpus_per_trial:g}; this machine has {os.cpu_count()}"
        )
    if not sys.executable:
        raise UserError("Ray cannot start workers: this Python does not know its own interpreter (sys.executable)")
    if shutil.which("bash") is None:
        raise UserError("Ray starts its workers through bash, and there is none on PATH: install it")
    used = psutil.virtual_memory().percent / 100
    if used >= float(os.environ.get("RAY_memory_usage_threshold", _FULL)):  # noqa: SIM112
        raise UserError(
            f"memory: {used:.0%} of it is in use, and Ray ends workers from {_FULL:.0%} on: free some, or set RAY_memory_usage_threshold"
        )
    with private_folder():
        pass  # there is a place for one


def _check_address(address: str) -> None:
    if address.startswith("ray://"):
        raise UserError(
            f"--address {address}: a launch cannot work through Ray Client; start it on a node of the cluster with --address auto, "
            "or send it there: ray job submit -- xlt launch CONFIG --address auto"
        )
    host, separator, port = address.rpartition(":")
    if not separator:
        return  # such as auto
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=10):
            pass
    except (OSError, ValueError, OverflowError) as error:
        raise UserError(f"--address {address}: nothing answers there ({error})") from error
