"""Checks before a launch reads any data: what would fail after minutes or hours is refused at once."""

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
"""Share of memory in use from which Ray kills workers by default."""

_CGROUP_FOLDER = Path("/sys/fs/cgroup")


def check_machine(config: Config, address: str | None) -> None:
    """Refuse a launch with which Ray would fail or hang on this machine.

    Args:
        config: config of the search.
        address: address of a running cluster; None if Ray is started here.

    Raises:
        UserError: with what to do.
    """
    get_start_timeout()
    if address is not None:
        return
    if config.resources.cpus_per_trial > (os.cpu_count() or 1):
        raise UserError(
            f"resources.cpus_per_trial: {config.resources.cpus_per_trial:g}; this machine has {os.cpu_count()}"
        )
    if not sys.executable:
        raise UserError("Ray cannot start workers: sys.executable of this Python is empty")
    if shutil.which("bash") is None:
        raise UserError("Ray starts its workers with bash, which is not on PATH: install it")
    _check_memory()
    with make_session_folder():
        pass  # such a folder can be made


def _check_memory() -> None:
    """Refuse if so much memory is in use that Ray would kill workers at once."""
    setting = os.environ.get("RAY_memory_usage_threshold", str(_DEFAULT_MEMORY_THRESHOLD))  # noqa: SIM112
    try:
        threshold = float(setting)
    except ValueError:
        raise UserError(
            f"RAY_memory_usage_threshold={setting}: expected a number such as {_DEFAULT_MEMORY_THRESHOLD}"
        ) from None
    if (used := max(psutil.virtual_memory().percent / 100, _get_container_memory_share())) >= threshold:
        raise UserError(
            f"memory: {used:.0%} is in use, and Ray kills workers from {threshold:.0%} on: free some, or raise RAY_memory_usage_threshold"
        )


def _get_container_memory_share() -> float:
    """The share in use of the memory that control groups (version 2) allow; 0 without a limit."""
    try:
        limit, used = ((_CGROUP_FOLDER / f"memory.{name}").read_text().strip() for name in ("max", "current"))
        stat = dict(line.split() for line in (_CGROUP_FOLDER / "memory.stat").read_text().splitlines())
        return 0.0 if limit == "max" else (int(used) - int(stat.get("inactive_file", 0))) / int(limit)
    except (OSError, ValueError):
        return 0.0


def check_cluster_address(address: str) -> None:
    """Refuse the address of a cluster that a launch cannot use.

    Raises:
        UserError: with what to do.
    """
    if address.startswith("ray://"):
        raise UserError(
            f"--address {address}: a launch does not run through Ray Client. Start it on a node of the cluster with --address auto, "
            "or submit it: ray job submit -- xlt launch CONFIG --address auto"
        )
    host, separator, port = address.rpartition(":")
    if not separator:
        return  # such as auto
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=10):
            pass
    except (OSError, ValueError, OverflowError) as error:
        raise UserError(f"--address {address}: nothing answers there ({error})") from error
