"""Stores in a folder and on an S3 server on loopback, with quick leases."""

import logging
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from moto.server import ThreadedMotoServer

from trainables.checkpoints import StageStore
from trainables.store import ENCODER_FILE, RECORD_FILE, RECORD_FORMAT, compute_stage_key, seal_document, wait_for_claim
from trainables.store import _leases as leases

IDENTITY = {"version": 1, "parent": "root", "data": "data", "task": "facts"}
KEY = compute_stage_key(IDENTITY)
WEIGHTS = {"layer.weight": torch.arange(6.0).view(2, 3), "layer.bias": torch.tensor([-0.0, 1e-40])}
HEAD_WEIGHTS = {"classifier.weight": torch.ones(2)}
RECORD_OF = {"identity": IDENTITY, "path": ["miniature", "facts (0.001)"], "seconds": 1.5, "losses": [0.5, 0.25]}


@pytest.fixture(autouse=True)
def quick_leases(monkeypatch) -> None:
    monkeypatch.setattr(leases, "HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr(leases, "STALE_SECONDS", 0.4)


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3_url(s3_server, monkeypatch, request) -> str:
    """A bucket of its own for each test."""
    import fsspec

    for name, value in {
        "AWS_ENDPOINT_URL": s3_server,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    bucket = f"b{abs(hash(request.node.nodeid)):x}"
    fsspec.filesystem("s3", use_listings_cache=False).mkdir(bucket)
    return f"s3://{bucket}/stages"


@pytest.fixture
def folder(tmp_path) -> str:
    return str(tmp_path / "stages")


@pytest.fixture(params=["folder", "s3"])
def url(request) -> str:
    """Where a store may lie."""
    return request.getfixturevalue({"folder": "folder", "s3": "s3_url"}[request.param])


@pytest.fixture
def notes() -> list[str]:
    return []


@pytest.fixture
def store(url, notes) -> StageStore:
    return StageStore(url, notes.append)


@pytest.fixture
def local(folder, notes) -> StageStore:
    return StageStore(folder, notes.append)


def stage_key(number: int) -> str:
    """The key of one of several stages, in order."""
    return f"{number:x}".ljust(32, "0")


def sound(**changes) -> dict:
    """A record as the program writes it, but for what is changed; its weights are ten bytes of no sense."""
    files = {ENCODER_FILE: {"at": ENCODER_FILE, "bytes": 10, "sha256": "0" * 64}}
    return RECORD_OF | {"format": RECORD_FORMAT, "made": "2026-11-27T15:00:00+00:00", "files": files} | changes


def publish(store: StageStore, head: dict = HEAD_WEIGHTS, weights: dict = WEIGHTS, **changes) -> bool:
    """Claim and publish the stage, as a trial does."""
    with wait_for_claim(store.location, KEY, lambda: False) as mine:
        return store.publish(mine, RECORD_OF | changes, weights, head)


def add_scores(store: StageStore, scores: dict, split: str = "dev") -> None:
    with wait_for_claim(store.location, KEY, lambda: False) as mine:
        store.add_scores(mine, split, {"scores": scores})


@contextmanager
def files_no_larger_than(size: int):
    """What a full disk does to a write: it ends in the middle."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


NEIGHBOUR = stage_key(15)
"""A sound stage beside the bad one."""


@pytest.fixture
def outside(tmp_path) -> Path:
    """A folder of somebody's, beside the store."""
    folder = tmp_path / "victim"
    (folder / "sub").mkdir(parents=True)
    for name in ("keep.txt", "a.txt", "sub/b.txt", ENCODER_FILE, RECORD_FILE):
        (folder / name).write_bytes(seal_document(sound()) if name == RECORD_FILE else b"ten bytes.")
    return folder


@pytest.fixture
def untouched(outside):
    """Says whether all of it is as it was."""

    def state() -> dict[str, tuple[bytes, int]]:
        files = (path for path in sorted(outside.rglob("*")) if path.is_file())
        return {str(path): (path.read_bytes(), path.stat().st_nlink) for path in files}

    before = state()
    return lambda: state() == before


@pytest.fixture
def stages(tmp_path) -> Path:
    """A store with a sound stage in it."""
    plant(tmp_path / "stages" / NEIGHBOUR, sound())
    (tmp_path / "stages" / NEIGHBOUR / ENCODER_FILE).write_bytes(b"ten bytes.")
    return tmp_path / "stages"


def plant(folder: Path, record: dict) -> None:
    folder.mkdir(parents=True)
    (folder / RECORD_FILE).write_bytes(seal_document(record))
