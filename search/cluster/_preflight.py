"""What can be known of a launch on Ray before anything is read: it is refused here, not after an hour."""

import os
import shutil
import socket
import sys
from pathlib import Path

import psutil

from search.cluster._session import make_session_folder
from search.cluster._timeouts import get_start_timeout
from search.config import Config
from search.errors import UserError

_DEFAULT_MEMORY_THRESHOLD = 0.95
"""The share of memory in use from which Ray ends workers, if the user has not set another."""


_CGROUP_FOLDER = Path("/sys/fs/cgroup")


def check_machine(config: Config, address: str | None) -> None:
    """Refuse what Ray would fail at, or hang.

    Args:
        config: the search.
        address: of a running cluster, or None for a Ray of the launch's own.

    Raises:
        UserError: saying what to do.
    """
    get_start_timeout()
    if address is not None:
        return
    if config.resources.cpus_per_trial > (os.cpu_count() or 1):
        raise UserError(
            f"resources.cpus_per_trial: {config.resources.cpus_per_trial:g}; this machine has {os.cpu_count()}"
        )
    if not sys.executable:
        raise UserError("Ray cannot start workers: this Python does not know its own interpreter (sys.executable)")
    if shutil.which("bash") is None:
        raise UserError("Ray starts its workers through bash, and there is none on PATH: install it")
    _check_memory()
    with make_session_folder():
        pass  # there is a place for one


def _check_memory() -> None:
    """Ray ends workers as soon as it starts them where too much is in use."""
    named = os.environ.get("RAY_memory_usage_threshold", str(_DEFAULT_MEMORY_THRESHOLD))  # noqa: SIM112
    try:
        most = float(named)
    except ValueError:
        raise UserError(
            f"RAY_memory_usage_threshold={named}: it wants a share, such as {_DEFAULT_MEMORY_THRESHOLD}"
        ) from None
    if (used := max(psutil.virtual_memory().percent / 100, _get_container_memory_share())) >= most:
        raise UserError(
            f"memory: {used:.0%} of it is in use, and Ray ends workers from {most:.0%} on: free some, or set RAY_memory_usage_threshold"
        )


def _get_container_memory_share() -> float:
    """The share in use of what control groups allow, version 2; 0 where there is no limit."""
    try:
        most, now = ((_CGROUP_FOLDER / f"memory.{name}").read_text().strip() for name in ("max", "current"))
        stat = dict(line.split() for line in (_CGROUP_FOLDER / "memory.stat").read_text().splitlines())
        return 0.0 if most == "max" else (int(now) - int(stat.get("inactive_file", 0))) / int(most)
    except (OSError, ValueError):
        return 0.0


def check_cluster_address(address: str) -> None:
    """Refuse an address that no launch can work at.

    Raises:
        UserError: saying what to do.
    """
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
