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

from search.cluster import code
from search.cluster.keys import take
from search.cluster.logs import cause
from search.cluster.paths import Paths
from search.cluster.patience import FIRST_WORD, patience, waiting_until
from search.errors import ClusterLostError, UserError
from trainables.addresses import masked
from trainables.store.place import Place

_NEEDED = ("torch", "transformers", "datasets", "optuna", "safetensors", "tokenizers")


def probe(paths: Paths, keys: Mapping[str, str], logs: Path | None, tell: Callable[[str], None]) -> None:
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
    last = patience()
    with _tokens(paths) as tokens:
        opened = ray.put(dict(keys))
        look = ray.remote(num_cpus=0, max_retries=0)(_look)
        asked = {
            look.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)).remote(
                tokens, paths.read, opened
            ): node["NodeManagerHostname"]
            for node in ray.nodes()
            if node["Alive"] and node["Resources"].get("CPU")
        }
        waiting = _wait(list(asked), min(FIRST_WORD, last))
        if waiting:
            tell(
                f"no worker of Ray on {_named(asked[each] for each in waiting)} after {min(FIRST_WORD, last):g} s{cause(logs)}\n"
                f"{waiting_until(last)}"
            )
            waiting = _wait(waiting, last - FIRST_WORD)
        if waiting:
            raise ClusterLostError(
                f"Ray started no worker on {_named(asked[each] for each in waiting)} within {last:g} s{cause(logs)}"
            )
        answers = [(host, _answer(reference, host, logs)) for reference, host in asked.items()]
    if problems := [problem for host, answer in answers for problem in _problems(host, answer)]:
        raise UserError("\n".join(["the workers cannot run this search:", *(f"  {problem}" for problem in problems)]))


def _wait(references: list[Any], seconds: float) -> list[Any]:
    """Those that have not answered by then."""
    _, waiting = (
        ray.wait(references, num_returns=len(references), timeout=max(0.0, seconds)) if references else ([], [])
    )
    return list(waiting)


def _answer(reference: Any, host: str, logs: Path | None) -> dict[str, Any]:
    try:
        found: dict[str, Any] = ray.get(reference)
    except Exception as error:
        why = " ".join(str(error).split())
        raise ClusterLostError(
            f"the first worker on {host} failed ({type(error).__name__}: {why[-500:]}){cause(logs)}"
        ) from error
    return found


def _named(hosts: Any) -> str:
    return ", ".join(sorted(set(hosts)))


def _look(tokens: dict[str, tuple[str, str]], read: tuple[str, ...], opened: dict[str, str]) -> dict[str, Any]:
    """In a worker: what it is, and what it sees."""
    take(opened)
    return {
        "code": code.digest(),
        "where": code.where(),
        "lacks": [name for name in _NEEDED if importlib.util.find_spec(name) is None],
        "unseen": {folder: why for folder, token in tokens.items() if (why := _unseen(folder, *token)) is not None}
        | {path: "it is not there" for path in read if not Path(path).exists()},
    }


def _unseen(folder: str, name: str, token: str) -> str | None:
    """Why a worker does not see the driver's file, or None."""
    try:
        return None if Place(folder).read(name) == token.encode() else "another file is there"
    except FileNotFoundError:
        return "it is not there"
    except Exception as error:
        return f"{type(error).__name__}: {masked(str(error))}"


def _problems(host: str, answer: dict[str, Any]) -> Iterator[str]:
    if answer["code"] != code.digest():
        yield f"{host} runs other code of xlt-search than this launch ({answer['where']}, here {code.where()}): give both the same"
    if answer["lacks"]:
        yield f"{host} lacks {', '.join(answer['lacks'])}: install xlt-search there"
    for path, why in answer["unseen"].items():
        todo = "" if "://" in path else ": put it on a disk that all nodes share, or the stages in a store by URL"
        yield f"{host} does not see {masked(path)} of {socket.gethostname()} ({why}){todo}"


@contextmanager
def _tokens(paths: Paths) -> Iterator[dict[str, tuple[str, str]]]:
    """A file in every folder that workers write to, with something in it that nobody else can know; removed afterwards."""
    tokens: dict[str, tuple[str, str]] = {}
    try:
        for folder in paths.written:
            name, token = f".probe-{secrets.token_hex(4)}", secrets.token_hex(16)
            Place(folder).create(name, token.encode())
            tokens[folder] = name, token
        yield tokens
    finally:
        for folder, (name, _) in tokens.items():
            with suppress(OSError):
                Place(folder).remove(name)
