"""Several ``xlt`` commands one after the other in one process: starting one takes seconds, what is looked at does not."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.search.test_end_to_end import environment

_RUN = """
import json, sys
from click.testing import CliRunner
from search.cli import main
told = [CliRunner().invoke(main, words) for words in json.load(sys.stdin)]
print(json.dumps([[each.exit_code, each.stdout, each.stderr] for each in told]))
"""


@dataclass(frozen=True)
class Told:
    """How a command ended and what it said."""

    returncode: int
    stdout: str
    stderr: str


def in_one_process(
    home: Path,
    commands: Sequence[Sequence[str]],
    run: Callable[..., subprocess.CompletedProcess[str]] = subprocess.run,
    **how: Any,
) -> list[Told]:
    """Run the commands on the home, in order, in a process of their own; `run` and `how` are as for ``subprocess.run``."""
    words = [["--home", str(home), *map(str, each)] for each in commands]
    settings = {"env": environment(), "timeout": 400} | how
    if run is subprocess.run:
        settings |= {"capture_output": True, "text": True}
    done = run([sys.executable, "-c", _RUN], input=json.dumps(words), **settings)
    assert done.returncode == 0, done.stderr
    return [Told(*each) for each in json.loads(done.stdout)]
