"""Real launches where things are not as at home: each builds the place, in a home of its own."""

import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp

import fsspec
import psutil
import pytest
from moto.server import ThreadedMotoServer

from tests.search.test_end_to_end import SMALL, TINY, XLT, environment, launching, results

pytestmark = pytest.mark.ray
QUICK = {key: value for key, value in SMALL.items() if key != "tracking.uri"} | {"trials": "2"}
CANARY = "canary-8f31c07a"
LONG = QUICK | {"trials": "12", "training.intermediate.steps": "2000"}
"""The first trial, which has no intermediate stage, is short; those after it are not."""


@pytest.fixture(autouse=True)
def nothing_left(monkeypatch):
    """No process of a launch, and nothing among the temporary files, outlives a test."""
    place = Path(mkdtemp(prefix="x", dir="/tmp"))
    monkeypatch.setenv("XLT_TEST_MARK", place.name)
    monkeypatch.setenv("TMPDIR", str(place))
    yield place
    assert [process for process in psutil.process_iter() if _environ(process).get("XLT_TEST_MARK") == place.name] == []
    others = ("torchinductor_*", "db_init_lock-*")  # of torch and of MLflow, as they are everywhere
    assert {*place.iterdir()} <= {found for pattern in others for found in place.glob(pattern)}
    shutil.rmtree(place)


def _environ(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ() if process.pid != os.getpid() else {}
    except psutil.Error:
        return {}


def run(words, code=0, **more) -> subprocess.CompletedProcess[str]:
    settings = {"env": environment(), "timeout": 300} | more
    finished = subprocess.run(words, capture_output=True, text=True, **settings)
    assert finished.returncode == code, finished.stderr
    assert "Traceback" not in finished.stderr
    return finished


def interpreter_in(folder: Path) -> Path:
    """A virtual environment there, with what is installed here."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True, timeout=60)
    site = next(folder.glob("lib/python*/site-packages"))
    here = sysconfig.get_path("purelib")
    (site / "all.pth").write_text(f"import site; site.addsitedir({here!r})\n", encoding="utf-8")
    return folder / "bin" / "python"


def test_a_launch_is_nobody_elses_business_wherever_it_lies(tmp_path, nothing_left):
    """It listens on loopback alone and asks for its token there; keys are in no file; nobody else sees what it has for a while.

    Interpreter, working directory and home lie in odd paths.
    """
    place = tmp_path / 'Søren\'s "projects" $HOME'
    place.mkdir()
    python, said = interpreter_in(place / "my venv"), tmp_path / "said"
    around = environment(AWS_SECRET_ACCESS_KEY=CANARY, AWS_ACCESS_KEY_ID=CANARY, AWS_SESSION_TOKEN=CANARY)
    words = [str(python), "-c", "from search.__main__ import main; main()", *launching(place / "ho me", QUICK)[1:]]
    with said.open("w") as log:
        launch = subprocess.Popen(words, env=around, cwd=place, stdout=log, stderr=log, umask=0o022)
    listening, told = set(), set()
    while launch.poll() is None:
        listening |= listeners(launch.pid)
        for folder in nothing_left.glob("xlt-*"):
            with suppress(FileNotFoundError):  # it is removed when the launch ends
                assert folder.stat().st_mode & 0o077 == 0
        told |= holding(CANARY, nothing_left)
        time.sleep(1)
    assert launch.returncode == 0, said.read_text()
    assert "Traceback" not in said.read_text()
    assert [trial["state"] for trial in results(place / "ho me")["trials"]] == ["complete"] * 2
    assert listening == {"127.0.0.1"}
    assert told | holding(CANARY, tmp_path) == set()


def listeners(pid: int) -> set[str]:
    """The addresses on which a process and its children listen."""
    found = set()
    with suppress(psutil.Error):
        for process in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
            with suppress(psutil.Error):
                found |= {
                    each.laddr.ip.removeprefix("::ffff:")
                    for each in process.net_connections("inet")
                    if each.status == psutil.CONN_LISTEN
                }
    return found


def holding(word: str, folder: Path) -> set[str]:
    """The files that hold a word."""
    found = set()
    for file in folder.rglob("*"):
        with suppress(OSError):
            if file.is_file() and word.encode() in file.read_bytes():
                found.add(file.name)
    return found


def shell(folder: Path, script: str) -> dict[str, str]:
    """An environment whose bash, through which Ray starts its workers, is this script."""
    folder.mkdir()
    (folder / "bash").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "bash").chmod(0o755)
    return environment(PATH=f"{folder}:{os.environ['PATH']}", XLT_START_SECONDS="30")


def test_workers_that_do_not_come_up_are_told_with_their_cause(tmp_path, ready):
    ready(tmp_path / "home")
    around = shell(tmp_path / "bin", "echo 'worker.py: No such file or directory' >&2; exit 1")
    finished = run(launching(tmp_path / "home", QUICK), code=1, env=around)
    assert "no worker of Ray on " in finished.stderr and "waiting for up to 30 s (XLT_START_SECONDS)" in finished.stderr
    assert finished.stderr.count("worker.py: No such file or directory") == 2
    assert "Ray started no worker on " in finished.stderr
    assert "the same xlt launch takes up where this one stopped" in finished.stderr
    run(launching(tmp_path / "home", QUICK))


def test_a_ray_that_lacks_a_package_is_told_with_its_name(tmp_path, ready):
    ready(tmp_path / "home")
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "aiohttp.py").write_text("raise ImportError('No module named aiohttp')\n")
    finished = run(launching(tmp_path / "home", QUICK), code=1, env=environment(PYTHONPATH=str(broken)))
    assert "xlt: Ray did not start" in finished.stderr
    assert "ImportError: No module named aiohttp" in finished.stderr


def test_workers_with_other_code_train_nothing(tmp_path, ready):
    """A site's own start-up code that puts another checkout first in every worker of Ray."""
    ready(tmp_path / "home")
    other = tmp_path / "other"
    root = Path(__file__).parents[2]
    for package in ("search", "trainables"):
        shutil.copytree(root / package, other / package, ignore=shutil.ignore_patterns("__pycache__"))
    changed = other / "trainables" / "curriculum.py"
    changed.write_text(f"{changed.read_text()}\n")
    hook = tmp_path / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(
        f"import sys\nif any('default_worker.py' in word for word in sys.orig_argv): sys.path.insert(0, {str(other)!r})\n"
    )
    paths = os.pathsep.join(filter(None, [str(hook), os.environ.get("PYTHONPATH")]))
    finished = run(launching(tmp_path / "home", QUICK), code=2, env=environment(PYTHONPATH=paths))
    assert f"runs other code of xlt-search than this launch ({other}, here " in finished.stderr
    assert not list((tmp_path / "home" / "stages").glob("?" * 32))


@pytest.mark.parametrize(
    ("number", "group", "code"),
    [
        (signal.SIGTERM, False, 143),
        (signal.SIGHUP, False, 129),
        (signal.SIGTERM, True, 143),
        (signal.SIGINT, False, 130),
    ],
    ids=["term", "hup", "term to all", "int"],
)
def test_a_signal_ends_a_launch_as_an_interrupt_does(tmp_path, ready, number, group, code):
    ready(tmp_path)
    launch = started(launching(tmp_path, LONG))
    until(launch, "[")
    (os.killpg if group else os.kill)(launch.pid, number)
    _, told = launch.communicate(timeout=100)
    assert launch.returncode == code
    assert told.splitlines()[-1].endswith("the same xlt launch takes up where this one stopped")
    assert "Traceback" not in told and "Stack" not in told
    assert not [*tmp_path.glob("stages/.claims/*"), *tmp_path.glob("stages/.uses/*"), *tmp_path.glob("stages/.aside/*")]


def test_under_nohup_a_launch_outlives_its_terminal_and_whoever_reads_what_it_says(tmp_path, ready):
    ready(tmp_path)
    launch = started(["nohup", *launching(tmp_path, QUICK)])
    launch.stdout.close()
    until(launch, "[")
    launch.send_signal(signal.SIGHUP)
    launch.stderr.close()
    assert launch.wait(200) == 0
    assert [trial["state"] for trial in results(tmp_path)["trials"]] == ["complete"] * 2


def started(words) -> subprocess.Popen[str]:
    return subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(), start_new_session=True
    )


def until(launch: subprocess.Popen[str], start: str) -> None:
    for line in launch.stderr:
        if line.startswith(start):
            return
    raise AssertionError(f"it never printed {start!r}")


def test_an_answer_that_could_not_be_written_is_a_failure(tmp_path):
    with open("/dev/full", "w") as full:
        finished = subprocess.run(
            [XLT, "plan", launching(tmp_path, {})[4]], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60
        )
    assert finished.returncode == 1
    assert finished.stderr == "xlt: standard output: No space left on device: the output is incomplete\n"


def on_a_disk_of(megabytes: float, folder: Path, words: list[str]) -> list[str]:
    """A command that sees a disk of this size at the folder, alone in doing so."""
    script = f'mount -t tmpfs -o size={round(megabytes * 1024)}k tmpfs "$0" && exec "$@"'
    return [
        "unshare",
        *([] if os.getuid() == 0 else ["--user", "--map-root-user"]),
        "--mount",
        "sh",
        "-c",
        script,
        str(folder),
        *words,
    ]


def test_a_disk_that_is_full_from_the_start_is_told_in_a_line(tmp_path):
    finished = run(on_a_disk_of(0.02, tmp_path, launching(tmp_path / "home", QUICK)), code=1)
    *others, last = finished.stderr.splitlines()
    assert last.startswith("xlt: ") and "No space left on device: free space on the disk of the home" in last
    assert all("MLflow" in line or line.startswith("the search itself is complete: ") for line in others)


def test_a_disk_that_fills_during_a_search_costs_what_does_not_fit_and_a_few_lines(tmp_path):
    words = launching(tmp_path / "home", TINY | {"targets": "[choice]", "finalists.top": "0", "trials": "5"})
    script = f"{sys.executable} -c \"import json; print(json.load(open('{tmp_path}/home/searches/miniature/results.json'))['best'])\""
    both = ["sh", "-c", f'"$@" && {script}', "sh", *words]
    finished = run(on_a_disk_of(6, tmp_path, both))
    assert finished.stdout.splitlines()[-1].isdigit()
    assert "it could not be stored ([Errno 28] No space left on device)" in finished.stderr
    assert len(finished.stderr.splitlines()) < 30, finished.stderr


def test_ray_client_and_addresses_where_nothing_is_are_refused_before_data_are_read(tmp_path):
    for address, why in [
        ("ray://127.0.0.1:10001", "a launch does not run through Ray Client. Start it on a node of the cluster"),
        (f"127.0.0.1:{free_port()}", "nothing answers there ([Errno 111] Connection refused)"),
    ]:
        finished = run([*launching(tmp_path, QUICK), "--address", address], code=2)
        assert finished.stderr.startswith(f"xlt: --address {address}: {why}")
        assert finished.stderr.count("\n") == 1


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def cluster(tmp_path):
    """Starts nodes of a Ray cluster, each a process of its own, in a mount namespace where one is asked for; ends them."""
    home, nodes, short = tmp_path / "user", [], Path(f"/tmp/xltc{os.getpid()}")
    home.mkdir()
    around = environment(HOME=str(home), RAY_AUTH_MODE="token", RAY_AUTH_TOKEN="0" * 64, RAY_USAGE_STATS_ENABLED="0")
    around |= {"PYTHONUNBUFFERED": "1"}
    around = {name: word for name, word in around.items() if "KEY" not in name or not name.startswith("AWS_")}

    def start(*words: str, seen: Path | None = None) -> None:
        command = [str(XLT.with_name("ray")), "start", "--block", "--num-cpus=1", "--disable-usage-stats", *words]
        command = command if seen is None else on_a_disk_of(1, seen, command)
        with (tmp_path / f"node{len(nodes)}").open("w") as log:
            nodes.append(subprocess.Popen(command, stdout=log, stderr=log, env=around, start_new_session=True))
        wait_until_started(nodes[-1], Path(log.name))

    yield start, around, short
    for node in nodes:
        mine = psutil.Process(node.pid).children(recursive=True) if node.poll() is None else []
        node.terminate()
        psutil.wait_procs(mine, timeout=15)
        for process in mine:
            if process.is_running():
                process.kill()
        node.wait(30)
    shutil.rmtree(short, ignore_errors=True)


def wait_until_started(node: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + 600
    while "Ray runtime started" not in log.read_text():
        assert node.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.2)


@pytest.fixture
def s3(monkeypatch):
    """An S3 server on loopback with one bucket, whose address alone is in the environment."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    address = "http://{}:{}".format(*server.get_host_and_port())
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    files = fsspec.filesystem("s3", key="test", secret="test", endpoint_url=address, use_listings_cache=False)
    files.mkdir("bucket")
    yield files
    server.stop()


def test_nodes_open_a_store_with_the_drivers_keys_and_those_that_do_not_see_the_home_are_named(tmp_path, s3, cluster):
    start, around, short = cluster
    home, port = tmp_path / "home", free_port()
    address = f"127.0.0.1:{port}"
    (home / "stages").mkdir(parents=True)
    start("--head", f"--port={port}", "--node-ip-address=127.0.0.1", f"--temp-dir={short}", "--include-dashboard=false")
    keys = {"AWS_ACCESS_KEY_ID": CANARY, "AWS_SECRET_ACCESS_KEY": CANARY}
    bucket = {"store.url": "s3://bucket/stages"}
    run([*launching(home, QUICK | bucket), "--address", address], env=around | keys)
    assert s3.ls("bucket/stages"), "a worker opens the store with the driver's keys"
    assert holding(CANARY, short) | holding(CANARY, home) == set()
    run([*launching(home, QUICK), "--name", "plain", "--address", address], env=around)
    start(f"--address={address}", "--node-ip-address=127.0.0.1", seen=home)
    finished = run(
        [*launching(home, QUICK | {"trials": "3"}), "--name", "plain", "--address", address], code=2, env=around
    )
    host = socket.gethostname()
    told = f"of {host} (it is not there): put it on a disk that all nodes share"
    assert f"{host} does not see {home / 'stages'} {told}" in finished.stderr
    assert f"{host} does not see {home / 'data'} {told}" in finished.stderr
    assert not list(home.rglob(".probe*"))
