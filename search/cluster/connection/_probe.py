"""A first task on every node, before the first trial: workers come up, have the driver's code and packages, and see its paths."""

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


def check_nodes(paths: SharedPaths, keys: Mapping[str, str], logs: Path | None, tell: Callable[[str], None]) -> None:
    """Wait until a worker on every node has answered.

    Args:
        paths: what it must see.
        keys: that open it.
        logs: Ray's, where they can be read.
        tell: hears when the wait takes long.

    Raises:
        ClusterLostError: when a node has no worker after `XLT_START_SECONDS`, by default 300.
        UserError: when a worker has other code, lacks packages, or does not see the paths.
    """
    last = get_start_timeout()
    with _write_probe_files(paths) as tokens:
        opened = ray.put(dict(keys))
        look = ray.remote(num_cpus=0, max_retries=0)(_inspect_worker)
        asked = {
            look.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)).remote(
                tokens, paths.read, opened
            ): node["NodeManagerHostname"]
            for node in ray.nodes()
            if node["Alive"] and node["Resources"].get("CPU")
        }
        waiting = _wait_for_answers(list(asked), min(FIRST_WARNING_SECONDS, last))
        if waiting:
            tell(
                f"no worker of Ray on {_join_hosts(asked[each] for each in waiting)} after {min(FIRST_WARNING_SECONDS, last):g} s{summarise_logs(logs)}\n"
                f"{describe_wait(last)}"
            )
            waiting = _wait_for_answers(waiting, last - FIRST_WARNING_SECONDS)
        if waiting:
            raise ClusterLostError(
                f"Ray started no worker on {_join_hosts(asked[each] for each in waiting)} within {last:g} s{summarise_logs(logs)}"
            )
        answers = [(host, _get_answer(reference, host, logs)) for reference, host in asked.items()]
    if problems := [problem for host, answer in answers for problem in _list_node_problems(host, answer)]:
        raise UserError("\n".join(["the workers cannot run this search:", *(f"  {problem}" for problem in problems)]))


def _wait_for_answers(references: list[Any], seconds: float) -> list[Any]:
    """Those that have not answered by then."""
    _, waiting = (
        ray.wait(references, num_returns=len(references), timeout=max(0.0, seconds)) if references else ([], [])
    )
    return list(waiting)


def _get_answer(reference: Any, host: str, logs: Path | None) -> dict[str, Any]:
    try:
        found: dict[str, Any] = ray.get(reference)
    except Exception as error:
        why = " ".join(str(error).split())
        raise ClusterLostError(
            f"the first worker on {host} failed ({type(error).__name__}: {why[-500:]}){summarise_logs(logs)}"
        ) from error
    return found


def _join_hosts(hosts: Any) -> str:
    return ", ".join(sorted(set(hosts)))


def _inspect_worker(
    tokens: dict[str, tuple[str, str]], read: tuple[str, ...], opened: dict[str, str]
) -> dict[str, Any]:
    """In a worker: what it is, and what it sees."""
    set_credentials(opened)
    return {
        "code": get_code_digest(),
        "where": get_code_folder(),
        "lacks": [name for name in _REQUIRED_PACKAGES if importlib.util.find_spec(name) is None],
        "unseen": {
            folder: why
            for folder, token in tokens.items()
            if (why := _explain_invisible_folder(folder, *token)) is not None
        }
        | {path: "it is not there" for path in read if not Path(path).exists()},
    }


def _explain_invisible_folder(folder: str, name: str, token: str) -> str | None:
    """Why a worker does not see the driver's file, or None."""
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
        todo = "" if "://" in path else ": put it on a disk that all nodes share, or the stages in a store by URL"
        yield f"{host} does not see {mask_secrets(path)} of {socket.gethostname()} ({why}){todo}"


@contextmanager
def _write_probe_files(paths: SharedPaths) -> Iterator[dict[str, tuple[str, str]]]:
    """A file in every folder that workers write to, with something in it that nobody else can know; removed afterwards."""
    tokens: dict[str, tuple[str, str]] = {}
    try:
        for folder in paths.written:
            name, token = f".probe-{secrets.token_hex(4)}", secrets.token_hex(16)
            Location(folder).create(name, token.encode())
            tokens[folder] = name, token
        yield tokens
    finally:
        for folder, (name, _) in tokens.items():
            with suppress(OSError):
                Location(folder).remove(name)
