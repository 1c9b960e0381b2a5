"""Checks every node before the first trial: a worker starts, has the launch's code and packages, and sees its paths."""

import importlib.util
import secrets
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from search.cluster import (
    FIRST_WARNING_SECONDS,
    SharedPaths,
    describe_wait,
    get_code_digest,
    get_code_folder,
    get_start_timeout,
    summarise_logs,
)
from search.cluster.connection._credentials import set_credentials
from search.errors import ClusterLostError, UserError
from trainables.store import Location
from trainables.validation import mask_secrets

_REQUIRED_PACKAGES = ("torch", "transformers", "datasets", "optuna", "safetensors", "tokenizers")


def check_nodes(paths: SharedPaths, keys: Mapping[str, str], logs: Path | None, notify: Callable[[str], None]) -> None:
    """Wait until a worker on every node has answered, and check the answers.

    Args:
        paths: paths that workers must see.
        keys: environment variables with the keys of the object store.
        logs: folder of Ray's logs; None if they are on other machines.
        notify: called with a note if a node takes long.

    Raises:
        ClusterLostError: if a node starts no worker within `XLT_START_SECONDS`, by default 300.
        UserError: if a worker has other code, lacks packages, or does not see the paths.
    """
    timeout = get_start_timeout()
    with _write_probe_files(paths) as tokens:
        keys_reference = ray.put(dict(keys))
        probe = ray.remote(num_cpus=0, max_retries=0)(_inspect_worker)
        hosts = {
            probe.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)).remote(
                tokens, paths.readable, keys_reference
            ): node["NodeManagerHostname"]
            for node in ray.nodes()
            if node["Alive"] and node["Resources"].get("CPU")
        }
        waiting = _wait_for_answers(list(hosts), min(FIRST_WARNING_SECONDS, timeout))
        if waiting:
            notify(
                f"no worker of Ray on {_join_hosts(hosts[each] for each in waiting)} after "
                f"{min(FIRST_WARNING_SECONDS, timeout):g} s{summarise_logs(logs)}\n{describe_wait(timeout)}"
            )
            waiting = _wait_for_answers(waiting, timeout - FIRST_WARNING_SECONDS)
        if waiting:
            raise ClusterLostError(
                f"Ray started no worker on {_join_hosts(hosts[each] for each in waiting)} within {timeout:g} s{summarise_logs(logs)}"
            )
        answers = [(host, _get_answer(reference, host, logs)) for reference, host in hosts.items()]
    if problems := [problem for host, answer in answers for problem in _list_node_problems(host, answer)]:
        raise UserError("\n".join(["the workers cannot run this search:", *(f"  {problem}" for problem in problems)]))


def _wait_for_answers(references: list[Any], seconds: float) -> list[Any]:
    """The references that have no answer after so many seconds."""
    _, waiting = (
        ray.wait(references, num_returns=len(references), timeout=max(0.0, seconds)) if references else ([], [])
    )
    return list(waiting)


def _get_answer(reference: Any, host: str, logs: Path | None) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = ray.get(reference)
    except Exception as error:
        why = " ".join(str(error).split())
        raise ClusterLostError(
            f"the first worker on {host} failed ({type(error).__name__}: {why[-500:]}){summarise_logs(logs)}"
        ) from error
    return answer


def _join_hosts(hosts: Any) -> str:
    return ", ".join(sorted(set(hosts)))


def _inspect_worker(
    tokens: dict[str, tuple[str, str]], readable: tuple[str, ...], keys: dict[str, str]
) -> dict[str, Any]:
    """Runs in a worker: its code, the packages that it lacks, and the paths that it does not see."""
    set_credentials(keys)
    return {
        "code": get_code_digest(),
        "where": get_code_folder(),
        "lacks": [name for name in _REQUIRED_PACKAGES if importlib.util.find_spec(name) is None],
        "unseen": {
            folder: why
            for folder, token in tokens.items()
            if (why := _explain_invisible_folder(folder, *token)) is not None
        }
        | {path: "it is not there" for path in readable if not Path(path).exists()},
    }


def _explain_invisible_folder(folder: str, name: str, token: str) -> str | None:
    """Why a worker does not see the launch's probe file; None if it does."""
    try:
        return None if Location(folder).read(name) == token.encode() else "another file is there"
    except FileNotFoundError:
        return "it is not there"
    except Exception as error:
        return f"{type(error).__name__}: {mask_secrets(str(error))}"


def _list_node_problems(host: str, answer: dict[str, Any]) -> Iterator[str]:
    if answer["code"] != get_code_digest():
        yield f"{host} runs other code of xlt-search than this launch ({answer['where']}, here {get_code_folder()}): give both the same"
    if answer["lacks"]:
        yield f"{host} lacks {', '.join(answer['lacks'])}: install xlt-search there"
    for path, why in answer["unseen"].items():
        advice = "" if "://" in path else ": put it on a disk that all nodes share, or set store.url to an object store"
        yield f"{host} does not see {mask_secrets(path)} of {socket.gethostname()} ({why}){advice}"


@contextmanager
def _write_probe_files(paths: SharedPaths) -> Iterator[dict[str, tuple[str, str]]]:
    """Write a probe file with a random token into every folder that workers write to; removed afterwards."""
    tokens: dict[str, tuple[str, str]] = {}
    try:
        for folder in paths.writable:
            name, token = f".probe-{secrets.token_hex(4)}", secrets.token_hex(16)
            Location(folder).create(name, token.encode())
            tokens[folder] = name, token
        yield tokens
    finally:
        for folder, (name, _) in tokens.items():
            with suppress(OSError):
                Location(folder).remove(name)
