"""Ray for one launch: started here, or joined where it runs; its workers are up, have the driver's code and see its paths."""

import math
import os
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import ray

from search.cluster import (
    FIRST_WARNING_SECONDS,
    RAY_SUBFOLDER,
    SharedPaths,
    copy_code,
    describe_wait,
    get_code_digest,
    get_start_timeout,
    make_session_folder,
    summarise_logs,
)
from search.cluster.connection._probe import check_nodes
from search.config import Config
from search.errors import ClusterLostError, UserError
from search.process import ensure_cleanup, exit_process
from trainables.cards import MIRROR_VARIABLE
from trainables.store import OWNER_VARIABLE

OBJECT_STORE_BYTES = 128 * 2**20
"""Bytes of Ray's object store, of which a launch uses next to nothing: by default it would take a third of the memory."""
NoteCallback = Callable[[str], None]


@contextmanager
def open_cluster(
    config: Config, address: str | None, paths: SharedPaths, keys: Mapping[str, str], tell: NoteCallback, owner: str
) -> Iterator[Path]:
    """A Ray of the launch's own, or the running cluster at `address`, that has what one trial asks for; its folder is gone afterwards.

    Args:
        config: the search.
        address: of a running cluster; None starts one on this machine, whatever else runs here.
        paths: what workers on other nodes must see.
        keys: that open it to them (`search.cluster.connection._credentials`).
        tell: hears of a start that takes long.
        owner: of the launch (`trainables.store.OWNER_VARIABLE`), by which its processes are known.

    Raises:
        UserError: when no node has what a trial asks for, or nodes do not see the paths.
        ClusterLostError: when Ray or its workers do not come up.
    """
    with make_session_folder() as folder:
        if copy_code(folder / "code") != get_code_digest():
            raise UserError("the code of xlt-search was changed while this launch read its data: start it again")
        logs = folder / RAY_SUBFOLDER / "session_latest" / "logs" if address is None else None
        with _own_processes(owner):
            try:
                _init_ray(config, address, folder, logs, tell)
                _check_resources(config)
                check_nodes(paths if address else SharedPaths(), keys, logs, tell)
                yield folder
            finally:
                ray.shutdown()


@contextmanager
def _own_processes(owner: str) -> Iterator[None]:
    """Marks what is started from here as the launch's, and ends what is left of it: Ray leaves workers behind when its raylet is killed."""

    def end() -> None:
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.environ().get(OWNER_VARIABLE) == owner and process.pid != os.getpid():
                    process.kill()

    with ensure_cleanup(end):
        os.environ[OWNER_VARIABLE] = owner
        try:
            yield
        finally:
            del os.environ[OWNER_VARIABLE]


def _init_ray(config: Config, address: str | None, folder: Path, logs: Path | None, tell: NoteCallback) -> None:
    own = _build_local_options(config, folder) if address is None else {"address": address}
    environment: dict[str, Any] = {
        "env_vars": _build_worker_variables(config, folder, address),
        "working_dir": str(folder / "code"),
    }
    if address is None:
        environment["py_executable"] = shlex.quote(sys.executable)  # Ray hands it to a shell
    try:
        with _keep_signal_handler(), _limit_wait(address, logs, tell):
            ray.init(
                log_to_driver=False,
                logging_level="CRITICAL",  # what goes wrong is told by the scheduler
                runtime_env=environment,
                **own,
            )
    except Exception as error:
        if address is not None:
            raise UserError(f"--address {address}: no Ray cluster answers there ({error})") from error
        raise ClusterLostError(f"Ray did not start ({error}){summarise_logs(logs)}") from error


def _build_local_options(config: Config, folder: Path) -> dict[str, Any]:
    return {
        "address": "local",  # not RAY_ADDRESS, nor what somebody else started on this machine
        "num_cpus": math.ceil(config.resources.workers * config.resources.cpus_per_trial),
        "include_dashboard": False,
        "object_store_memory": OBJECT_STORE_BYTES,
        "_temp_dir": str(folder / RAY_SUBFOLDER),
    }


def _build_worker_variables(config: Config, folder: Path, address: str | None) -> dict[str, str]:
    """Of the workers' environment."""
    variables = {"OMP_NUM_THREADS": str(get_worker_threads(config)), "TOKENIZERS_PARALLELISM": "false"}
    variables[OWNER_VARIABLE] = os.environ[OWNER_VARIABLE]
    # A trial that ends early leaves claims of the store behind itself first; a worker that takes longer than this is lost.
    variables["TUNE_FUNCTION_THREAD_TIMEOUT_S"] = "60"
    if address is None:
        variables["TMPDIR"] = str(folder)  # what a killed worker leaves goes with it
    return variables | ({MIRROR_VARIABLE: os.environ[MIRROR_VARIABLE]} if os.environ.get(MIRROR_VARIABLE) else {})


@contextmanager
def _limit_wait(address: str | None, logs: Path | None, tell: NoteCallback) -> Iterator[None]:
    """Says that Ray takes long to answer, and ends the process when it never does: `ray.init` may wait for ever."""
    who, last = f"Ray at {address}" if address else "Ray", get_start_timeout()
    told = f"{who} does not answer after {{:g}} s{{}}"
    timers = [
        threading.Timer(
            FIRST_WARNING_SECONDS,
            lambda: tell(f"{told.format(FIRST_WARNING_SECONDS, summarise_logs(logs))}\n{describe_wait(last)}"),
        ),
        threading.Timer(last, lambda: exit_process(told.format(last, summarise_logs(logs)), 1)),
    ]
    for timer in timers:
        timer.daemon = True
        timer.start()
    try:
        yield
    finally:
        for timer in timers:
            timer.cancel()


@contextmanager
def _keep_signal_handler() -> Iterator[None]:
    """Keeps the handler of SIGTERM, which Ray would replace by one of its own that leaves the launch without an end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ours = signal.getsignal(signal.SIGTERM)
    try:
        yield
    except SystemExit as error:  # what Ray's own makes of the signal
        if callable(ours):
            ours(signal.SIGTERM, None)
        raise KeyboardInterrupt from error
    finally:
        with suppress(TypeError):  # one that was not set from Python
            signal.signal(signal.SIGTERM, ours)


def get_worker_threads(config: Config) -> int:
    """Arithmetic threads of a worker."""
    return max(1, int(config.resources.cpus_per_trial))


def _check_resources(config: Config) -> None:
    wanted = {"CPU": config.resources.cpus_per_trial, "GPU": config.resources.gpus_per_trial}
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    if not any(all(node.get(kind, 0) >= amount for kind, amount in wanted.items()) for node in nodes):
        most = {kind: max((node.get(kind, 0) for node in nodes), default=0) for kind in wanted}
        raise UserError(
            f"resources: a trial asks for {wanted['CPU']:g} CPUs and {wanted['GPU']:g} GPUs, and no node has as many; "
            f"the largest has {most['CPU']:g} CPUs and {most['GPU']:g} GPUs: lower resources.cpus_per_trial or gpus_per_trial"
        )
