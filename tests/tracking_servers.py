"""Small tracking servers on loopback: as much of MLflow's REST as the view uses, answering fast, late, with errors, or never."""

import json
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MISSING = {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no such experiment"}
BROKEN = {"error_code": "INTERNAL_ERROR", "message": "the database is full"}
REFUSED = {"error_code": "INVALID_PARAMETER_VALUE", "message": "this run is refused"}


class Server:
    """What was asked, and how it is answered."""

    def __init__(self) -> None:
        self.delay = 0.0
        """Seconds before each answer."""
        self.broken = False
        """Every answer is an error 500."""
        self.refused = ""
        """A run of this name is refused."""
        self.asked: list[str] = []
        self.experiment: str | None = None
        self.runs: dict[str, dict[str, Any]] = {}
        self.uri = ""

    def answer(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """The status and the document for a request."""
        what = path.partition("?")[0].partition("/mlflow/")[2]
        if self.broken:
            return 500, BROKEN
        match what:
            case "experiments/get-by-name" | "experiments/get":
                return (404, MISSING) if self.experiment is None else (200, {"experiment": self._experiment()})
            case "experiments/create":
                self.experiment = body["name"]
                return 200, {"experiment_id": "1"}
            case "runs/create":
                return (400, REFUSED) if body["run_name"] == self.refused else (200, {"run": self._made(body)})
            case "runs/get":
                return 200, {"run": self.runs[path.partition("run_id=")[2].partition("&")[0]]}
            case "runs/update":
                info = self.runs[body["run_id"]]["info"]
                info |= {"status": body["status"], "end_time": body["end_time"]}
                return 200, {"run_info": info}
            case "runs/search":
                wanted = body.get("filter", "")
                return 200, {"runs": [run for run in self.runs.values() if _matches(run, wanted)]}
            case _:
                return 200, {}

    @property
    def finished(self) -> list[str]:
        """The names of the runs that were written to their end, in order."""
        return sorted(run["info"]["run_name"] for run in self.runs.values() if run["info"]["status"] == "FINISHED")

    def _experiment(self) -> dict[str, Any]:
        return {"experiment_id": "1", "name": self.experiment, "lifecycle_stage": "active"}

    def _made(self, body: dict[str, Any]) -> dict[str, Any]:
        number = uuid.uuid4().hex  # MLflow remembers where a run of this id keeps its artifacts
        info = {
            "run_id": number,
            "run_uuid": number,
            "run_name": body["run_name"],
            "experiment_id": "1",
            "status": "RUNNING",
            "start_time": body["start_time"],
            "lifecycle_stage": "active",
            "artifact_uri": f"mlflow-artifacts:/1/{number}/artifacts",
        }
        self.runs[number] = {"info": info, "data": {"tags": body.get("tags", [])}}
        return self.runs[number]


def _matches(run: dict[str, Any], wanted: str) -> bool:
    """Whether a run has the tag of a filter such as ``tags.`xlt.trial` = '3'``."""
    key, _, value = wanted.partition(" = ")
    tags = {f"tags.`{tag['key']}`": f"'{tag['value']}'" for tag in run["data"]["tags"]}
    return tags.get(key) == value


@contextmanager
def serving() -> Iterator[Server]:
    """A server that answers as it is told to."""
    server = Server()

    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            server.asked.append(self.path)
            time.sleep(server.delay)
            told = json.loads(body) if body and self.command == "POST" else {}
            status, document = server.answer(self.path, told)
            data = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _do  # noqa: N815 - the base class's names

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    http.handle_error = lambda *_: None  # type: ignore[method-assign]  # whoever asked is gone
    server.uri = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.socket.close()


@contextmanager
def silent() -> Iterator[str]:
    """The address of a server that takes every connection and never says a word."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def closed() -> str:
    """The address of a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"
