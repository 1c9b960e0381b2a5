"""A hub on the loopback: a folder of mirrors, answered for as the Hugging Face hub answers for data sets and models."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import sha1
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path, PurePosixPath
from threading import Thread
from urllib.parse import parse_qs, unquote, urlsplit

CONVERTED = "refs/convert/parquet"

_NAME = r"(?P<name>\w[\w.-]*/\w[\w.-]*)"
_AT = r"/(?P<revision>refs/[^/]+/[^/]+|[^/]+)"
_FILE = re.compile(rf"/(?P<datasets>datasets/)?{_NAME}/resolve{_AT}/(?P<path>.+)")
_WHAT = r"(?P<what>revision|tree|paths-info)"
_API = re.compile(rf"/api/(?:models|(?P<datasets>datasets))/{_NAME}(?:/{_WHAT}{_AT}(?:/(?P<path>.+))?)?")


class _Missing(Exception):  # noqa: N818
    """What is not there, as the hub's X-Error-Code, and the commit that was looked into."""

    def __init__(self, code: str, commit: str | None = None) -> None:
        super().__init__(code)
        self.headers = {"X-Error-Code": code} | ({"X-Repo-Commit": commit} if commit else {})


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that closing waits for them
    request_queue_size = 64

    def __init__(self, folder: Path, seen: list[str]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder, self.seen = folder, seen


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 10

    def do_GET(self) -> None:
        path = unquote(urlsplit(self.path).path)
        try:
            if (asked := _FILE.fullmatch(path) or _API.fullmatch(path)) is None:
                raise _Missing("RepoNotFound")
            commit, files = self._commit(asked)
            if asked.re is _FILE:
                self._answer_file(commit, files, asked["path"])
            elif asked["what"] == "tree":
                self._answer_tree(commit, _entries(files), asked["path"])
            elif asked["what"] == "paths-info":
                told = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                self._answer_json([entry for entry in _entries(files).values() if entry["path"] in told["paths"]])
            else:
                self._answer_json({"id": asked["name"], "sha": commit})
        except _Missing as missing:
            self._answer(404, b"", missing.headers)
        except ConnectionError:
            pass  # who asked has heard enough

    do_HEAD = do_POST = do_GET  # noqa: N815

    def _commit(self, asked: re.Match[str]) -> tuple[str, dict[str, Path]]:
        """The commit that a revision means and its files, by their paths."""
        folder = self.server.folder / ("" if asked["datasets"] else "models") / asked["name"]
        if not folder.is_dir():
            raise _Missing("RepoNotFound")
        for revision, place in {"main": folder, CONVERTED: folder.with_name(f"{folder.name}@convert")}.items():
            files = {file.relative_to(place).as_posix(): file for file in sorted(place.rglob("*")) if file.is_file()}
            commit = sha1("".join(f"{path} {_hash(file)}\n" for path, file in files.items()).encode()).hexdigest()
            if place.is_dir() and (asked["revision"] or "main") in (revision, commit):
                return commit, files
        raise _Missing("RevisionNotFound")

    def _answer_file(self, commit: str, files: dict[str, Path], path: str) -> None:
        if path not in files:
            raise _Missing("EntryNotFound", commit)
        content = files[path].read_bytes()
        headers = {"ETag": f'"{_hash(files[path])}"', "X-Repo-Commit": commit, "Accept-Ranges": "bytes"}
        part = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers["Range"] or "")
        if part is None:
            self._answer(200, content, headers)
        elif (first := int(part[1])) >= len(content):
            self._answer(416, b"", headers | {"Content-Range": f"bytes */{len(content)}"})
        else:
            last = min(int(part[2] or len(content)), len(content) - 1)
            headers |= {"Content-Range": f"bytes {first}-{last}/{len(content)}"}
            self._answer(206, content[first : last + 1], headers)

    def _answer_tree(self, commit: str, entries: dict[str, dict[str, object]], under: str | None) -> None:
        if under and entries.get(under, {}).get("type") != "directory":
            raise _Missing("EntryNotFound", commit)
        depth = None if "recursive=true" in urlsplit(self.path).query.lower() else 1
        top = PurePosixPath(under or "")
        self._answer_json([entries[path] for path in entries if top in PurePosixPath(path).parents[:depth]])

    def _answer_json(self, told: object) -> None:
        self._answer(200, json.dumps(told).encode(), {"Content-Type": "application/json"})

    def _answer(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(content))}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        self.server.seen.append(f"{int(code)} {self.command} {self.path}")

    def log_message(self, *_: object) -> None:
        pass


def _entries(files: dict[str, Path]) -> dict[str, dict[str, object]]:
    """Every file and every folder on the way to one, as the hub lists them."""
    folders = {str(folder) for path in files for folder in PurePosixPath(path).parents[:-1]}
    told: dict[str, dict[str, object]] = {path: {"type": "directory", "path": path, "oid": ""} for path in folders}
    for path, file in files.items():
        told[path] = {"type": "file", "path": path, "oid": _hash(file), "size": file.stat().st_size}
    return dict(sorted(told.items()))


def _hash(file: Path) -> str:
    return _hash_of(file, file.stat().st_mtime_ns)


@cache
def _hash_of(file: Path, _changed: int) -> str:
    return sha1(file.read_bytes()).hexdigest()


@contextmanager
def hub(folder: Path, seen: list[str] | None = None) -> Iterator[str]:
    """The address of a hub of FOLDER/namespace/name and FOLDER/models/namespace/name; `seen` is told what it is asked.

    What FOLDER/namespace/name@convert holds is the revision refs/convert/parquet.
    """
    with _Server(folder, [] if seen is None else seen) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
