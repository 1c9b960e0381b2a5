"""The causes in Ray's logs, if Ray or its workers do not start."""

import re
from contextlib import suppress
from pathlib import Path

_LOG_PATTERNS = (
    "raylet.err",
    "runtime_env_agent.*",
    "dashboard_agent.*",
    "worker-*.err",
    "gcs_server.err",
    "raylet.out",
)
"""Log files, the most informative first."""
_CAUSE_PATTERN = re.compile(
    r"\w*(Error|Exception)\b.*: |No such file|not found|[Pp]ermission denied|No space left|Cannot allocate|Killed"
)
_IRRELEVANT_PATTERN = re.compile(r"\bRetrying in\b|\sI\s|\bINFO\b|^\s|^\[state-dump\]")
_MAX_LINES = 3
_MAX_LINE_LENGTH = 300


def summarise_logs(logs: Path | None) -> str:
    """The lines of Ray's logs that name a cause, to follow a sentence.

    Args:
        logs: folder of the logs; None if they are on other machines.
    """
    if logs is None:
        return "; ray logs on the cluster's nodes may show the cause"
    lines = dict.fromkeys(
        line for pattern in _LOG_PATTERNS for file in sorted(logs.glob(pattern)) for line in _find_cause_lines(file)
    )
    causes = list(lines)[:_MAX_LINES]
    return "; its logs say:" + "".join(f"\n  {line}" for line in causes) if causes else "; its logs name no cause"


def _find_cause_lines(file: Path) -> list[str]:
    """The last lines of a file that name a cause."""
    with suppress(OSError):
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
        causes = [line for line in lines if _CAUSE_PATTERN.search(line) and not _IRRELEVANT_PATTERN.search(line)]
        return [line.strip()[:_MAX_LINE_LENGTH] for line in causes[-_MAX_LINES:]]
    return []
