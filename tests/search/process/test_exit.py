"""A command that does not end after a signal is ended by force: it still cleans up, and says how to go on."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

COMMAND = """
import sys, tempfile, time
import click
from search.process import CommandGroup, _exit, ensure_cleanup, use_private_temporary_folder

_exit.SIGNAL_GRACE_SECONDS = 0.3

@click.group(cls=CommandGroup)
def program(): pass

def hang():
    with use_private_temporary_folder(), ensure_cleanup(lambda: print("cleaned up", flush=True)):
        while True:
            try:
                open("ready", "w").write(tempfile.gettempdir())
                time.sleep(60)
            except KeyboardInterrupt:
                print("not heard", flush=True)

program.command("launch")(hang)
program.command("status")(hang)
program()
"""


@pytest.mark.parametrize(
    ("command", "hint"),
    [("launch", "; the same xlt launch takes up where this one stopped"), ("status", "")],
)
def test_an_exit_by_force_cleans_up_and_says_how_to_go_on(tmp_path, command, hint):
    process = subprocess.Popen(
        [sys.executable, "-c", COMMAND, command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={"TMPDIR": str(tmp_path), "HOME": str(tmp_path), "PYTHONPATH": ":".join(sys.path)},
    )
    ready = tmp_path / "ready"
    while process.poll() is None and not (ready.exists() and ready.read_text()):
        time.sleep(0.05)
    assert Path(ready.read_text()).is_dir()
    process.send_signal(signal.SIGTERM)
    printed, told = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM
    assert printed.splitlines() == ["not heard", "cleaned up"]
    assert told == f"xlt: ended by SIGTERM{hint}\n"
    assert not [*tmp_path.glob("xlt-own-*")]
