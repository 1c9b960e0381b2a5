"""Ray for one launch: started on this machine, or joined where it runs."""

import gc
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
"""Size of Ray's object store in bytes. A launch stores next to nothing in it; by default it takes a third of the memory."""
NoteCallback = Callable[[str], None]


@contextmanager
def open_cluster(
    config: Config, address: str | None, paths: SharedPaths, keys: Mapping[str, str], notify: NoteCallback, owner: str
) -> Iterator[Path]:
    """Start Ray for this launch, or join a running cluster, and check that its nodes can run trials.

    Args:
        config: config of the search.
        address: address of a running cluster; None starts Ray on this machine, whatever else runs here.
        paths: paths that workers on other nodes must see.
        keys: environment variables with the keys of the object store.
        notify: called with a note if the start takes long.
        owner: id of the launch (`trainables.store.OWNER_VARIABLE`), which marks its processes.

    Yields:
        The folder of the session, which is removed afterwards.

    Raises:
        UserError: if no node has the resources of a trial, or nodes do not see the paths.
        ClusterLostError: if Ray or its workers do not start.
    """
    with make_session_folder() as folder:
        if copy_code(folder / "code") != get_code_digest():
            raise UserError("the code of xlt-search changed while this launch read its data: start the launch again")
        logs = folder / RAY_SUBFOLDER / "session_latest" / "logs" if address is None else None
        with _mark_processes(owner):
            try:
                _init_ray(config, address, folder, logs, notify)
                _check_resources(config)
                check_nodes(paths if address else SharedPaths(), keys, logs, notify)
                yield folder
            finally:
                _shut_down_ray()


def _shut_down_ray() -> None:
    """Shut Ray down, with no garbage collection meanwhile: a thread that collects an object reference then ends the process, from C++."""
    collects = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        ray.shutdown()
    finally:
        if collects:
            gc.enable()


@contextmanager
def _mark_processes(owner: str) -> Iterator[None]:
    """Mark the processes that are started within the context, and kill those that are left: Ray leaves workers behind if its raylet is
    killed."""

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


def _init_ray(config: Config, address: str | None, folder: Path, logs: Path | None, notify: NoteCallback) -> None:
    own = _build_local_options(config, folder) if address is None else {"address": address}
    environment: dict[str, Any] = {
        "env_vars": _build_worker_variables(config, folder, address),
        "working_dir": str(folder / "code"),
    }
    if address is None:
        environment["py_executable"] = shlex.quote(sys.executable)  # Ray passes it to a shell
    try:
        with _keep_signal_handler(), _limit_wait(address, logs, notify):
            ray.init(
                log_to_driver=False,
                logging_level="CRITICAL",  # the scheduler reports failures
                runtime_env=environment,
                **own,
            )
    except Exception as error:
        if address is not None:
            raise UserError(f"--address {address}: no Ray cluster answers there ({error})") from error
        raise ClusterLostError(f"Ray did not start ({error}){summarise_logs(logs)}") from error


def _build_local_options(config: Config, folder: Path) -> dict[str, Any]:
    return {
        "address": "local",  # neither RAY_ADDRESS nor a Ray that somebody else started on this machine
        "num_cpus": math.ceil(config.resources.workers * config.resources.cpus_per_trial),
        "include_dashboard": False,
        "object_store_memory": OBJECT_STORE_BYTES,
        "_temp_dir": str(folder / RAY_SUBFOLDER),
    }


def _build_worker_variables(config: Config, folder: Path, address: str | None) -> dict[str, str]:
    """The environment variables of workers."""
    variables = {"OMP_NUM_THREADS": str(get_worker_threads(config)), "TOKENIZERS_PARALLELISM": "false"}
    variables[OWNER_VARIABLE] = os.environ[OWNER_VARIABLE]
    # A trial that is ended early first releases its claims in the store. A worker that takes longer than this is killed.
    variables["TUNE_FUNCTION_THREAD_TIMEOUT_S"] = "60"
    if address is None:
        variables["TMPDIR"] = str(folder)  # the temporary files of a killed worker are removed with it
    return variables | ({MIRROR_VARIABLE: os.environ[MIRROR_VARIABLE]} if os.environ.get(MIRROR_VARIABLE) else {})


@contextmanager
def _limit_wait(address: str | None, logs: Path | None, notify: NoteCallback) -> Iterator[None]:
    """Note that Ray takes long to answer, and exit if it does not answer in time: `ray.init` may wait for ever."""
    timeout = get_start_timeout()
    name = f"Ray at {address}" if address else "Ray"

    def describe(seconds: float) -> str:
        return f"{name} does not answer after {seconds:g} s{summarise_logs(logs)}"

    timers = [
        threading.Timer(
            FIRST_WARNING_SECONDS,
            lambda: notify(f"{describe(FIRST_WARNING_SECONDS)}\n{describe_wait(timeout)}"),
        ),
        threading.Timer(timeout, lambda: exit_process(describe(timeout), 1)),
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
    """Keep the handler of SIGTERM. Ray would replace it by its own, after which a launch could not clean up."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = signal.getsignal(signal.SIGTERM)
    try:
        yield
    except SystemExit as error:  # raised by Ray's handler
        if callable(handler):
            handler(signal.SIGTERM, None)
        raise KeyboardInterrupt from error
    finally:
        with suppress(TypeError):  # a handler that was not set from Python
            signal.signal(signal.SIGTERM, handler)


def get_worker_threads(config: Config) -> int:
    """Number of threads for arithmetic in a worker."""
    return max(1, int(config.resources.cpus_per_trial))


def _check_resources(config: Config) -> None:
    """Refuse resources that no single node has."""
    required = {"CPU": config.resources.cpus_per_trial, "GPU": config.resources.gpus_per_trial}
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    if not any(all(node.get(kind, 0) >= amount for kind, amount in required.items()) for node in nodes):
        most = {kind: max((node.get(kind, 0) for node in nodes), default=0) for kind in required}
        raise UserError(
            f"resources: a trial needs {required['CPU']:g} CPUs and {required['GPU']:g} GPUs, and no node has as many; "
            f"the largest has {most['CPU']:g} CPUs and {most['GPU']:g} GPUs: lower resources.cpus_per_trial or gpus_per_trial"
        )
