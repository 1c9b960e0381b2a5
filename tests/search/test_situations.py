"""Real launches in surroundings that are not those of a developer."""

import contextlib
import os
import shlex
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from search.config import read_document
from tests.search.test_end_to_end import CONFIG, XLT, environment, launching, results
from tests.search.test_failures_for_real import ONE

ROOT = Path(__file__).parents[2]
OWN_MOUNTS = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-Urm"]
OWN_NETWORK = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-Urn"]


def shell(script: str) -> list[str]:
    """A command that sets things up and becomes the one that follows it."""
    return ["sh", "-c", f'{script}; exec "$@"', "sh"]


def allowed(words: list[str]) -> bool:
    return subprocess.run([*words, "true"], capture_output=True).returncode == 0


LONG = Path("link") / ("a-long-name-" * 10) / ("and-a-longer-name-" * 6)
SHM = shell("mount -t tmpfs -o size=64m tmpfs /dev/shm")
LOOPBACK = shell("ip link set lo up || ifconfig lo up")
# A container may forbid namespaces of one's own: there is no other way to little shared memory and to no network.
LITTLE_MEMORY = [*OWN_MOUNTS, *SHM] if allowed([*OWN_MOUNTS, *SHM]) else []
NO_NETWORK = [*OWN_NETWORK, *LOOPBACK] if allowed([*OWN_NETWORK, *LOOPBACK]) else []
SITUATIONS = {
    "a narrow place: 64 MB of shared memory, 256 open files, no standard input, a home with a long path through a link, a long TMPDIR, "
    "modules of all names in the working directory, a cluster of somebody else's in RAY_ADDRESS": (
        [*LITTLE_MEMORY, *shell("ulimit -n 256; exec <&-")],
        {"RAY_ADDRESS": "127.0.0.1:9", "TMPDIR": str(Path("temporary" * 12))},
        LONG,
    ),
    "an odd interpreter: warnings are errors, asserts are left out, a fixed hash seed, an odd time zone, no network but loopback": (
        NO_NETWORK,
        {
            "PYTHONWARNINGS": "error",
            "PYTHONOPTIMIZE": "1",
            "PYTHONHASHSEED": "7",
            "PYTHONSAFEPATH": "1",
            "TZ": "Nowhere/Odd",
        },
        Path("home"),
    ),
}
"""By name: what the command is started through, its environment, and its home. All of a situation at once, for a launch takes long."""


def foreign_modules(folder: Path) -> Path:
    folder.mkdir()
    for name in ("search", "trainables", "datasets", "torch", "ray", "flask", "yaml"):
        (folder / f"{name}.py").write_text("raise SystemExit('foreign code')\n")
    return folder


def left_of(mark: str) -> list[str]:
    """Processes that live still of those that were started with this mark."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        with contextlib.suppress(psutil.Error):
            if process.environ().get("XLT_TEST_MARK") == mark:
                found.append(" ".join(process.info["cmdline"] or ()))
    return found


@pytest.mark.ray
@pytest.mark.parametrize("name", SITUATIONS, ids=lambda name: name.partition(":")[0])
def test_a_launch_goes_through_in(tmp_path, ready, name):
    before, more, place = SITUATIONS[name]
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    if "TMPDIR" in more:
        more = more | {"TMPDIR": str(tmp_path / more["TMPDIR"])}
        Path(more["TMPDIR"]).mkdir()
    home = ready(tmp_path / place)
    settings = {key: value for key, value in ONE.items() if key != "tracking.uri"}
    told = subprocess.run(
        [*before, *launching(home, settings)],
        capture_output=True,
        text=True,
        cwd=foreign_modules(tmp_path / "cwd"),
        env=environment(**more, XLT_TEST_MARK=tmp_path.name),
        timeout=400,
    )
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith("miniature: trial 0")
    assert "Traceback" not in told.stderr and "foreign" not in told.stderr
    assert "MLflow" not in told.stderr, told.stderr
    assert [trial["state"] for trial in results(home)["trials"]] == ["complete"]
    assert (home / "mlflow.db").exists()
    assert left_of(tmp_path.name) == []


@pytest.mark.parametrize("closed", ["<", ">", "2>"])
def test_a_search_is_looked_at_without_a_standard_stream(finished, home, closed):
    words = shlex.join([str(XLT), "--home", str(home.root), "status", "sums"])
    told = subprocess.run(
        ["sh", "-c", f"exec {words} {closed}&-"], capture_output=True, text=True, env=environment(), timeout=100
    )
    assert told.returncode == 0, told.stderr
    assert closed == ">" or "sums: 6 complete" in told.stdout
    assert told.stderr == ""


def test_an_interpreter_without_docstrings_is_refused_before_anything_is_made(tmp_path):
    home = tmp_path / "home"
    told = subprocess.run(
        launching(home, ONE), capture_output=True, text=True, env=environment(PYTHONOPTIMIZE="2"), timeout=100
    )
    assert told.returncode == 2
    assert told.stderr.splitlines() == [
        "xlt: miniature cannot be launched:",
        "  Python runs with -OO or PYTHONOPTIMIZE=2, under which Ray does not start: unset it, or set it to 1",
    ]
    assert not home.exists()


@pytest.mark.parametrize("flag", ["-s", "-O", "-OO", "-X dev", "-W error"])
def test_a_plan_is_made_by_any_interpreter(tmp_path, flag):
    words = [sys.executable, *flag.split(), "-m", "search", "--home", str(tmp_path / "home"), "plan", str(CONFIG)]
    told = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, env=environment(), timeout=100)
    assert told.returncode == 0, told.stderr
    assert "381 different trials" in told.stdout


ENCODINGS = {
    "with a mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "of Windows": lambda text: text.replace("\n", "\r\n").encode(),
    "in UTF-16": lambda text: text.encode("utf-16"),
    "in UTF-16, the other way round": lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
}


@pytest.mark.parametrize("how", ENCODINGS)
def test_a_config_is_the_same_in_a_file(tmp_path, how):
    file = tmp_path / "config.yaml"
    file.write_bytes(ENCODINGS[how](CONFIG.read_text()))
    assert read_document(file) == read_document(CONFIG)


def test_a_config_may_come_through_a_pipe(tmp_path):
    words = [str(XLT), "--home", str(tmp_path), "plan", "/dev/stdin"]
    told = subprocess.run(words, input=CONFIG.read_bytes(), capture_output=True, env=environment(), timeout=100)
    assert told.returncode == 0, told.stderr


def test_a_config_in_another_encoding_is_refused_in_words(tmp_path):
    file = tmp_path / "config.yaml"
    file.write_bytes("# café\n".encode("latin-1"))
    told = subprocess.run([str(XLT), "plan", str(file)], capture_output=True, text=True, env=environment(), timeout=100)
    assert told.returncode == 2
    assert "is not UTF-8 text: save it as UTF-8 (" in told.stderr
