"""Ray's logs: what they say of workers that do not come up."""

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
"""The files that say why, the most telling first."""
_CAUSE_PATTERN = re.compile(
    r"\w*(Error|Exception)\b.*: |No such file|not found|[Pp]ermission denied|No space left|Cannot allocate|Killed"
)
_IRRELEVANT_PATTERN = re.compile(r"\sI\s|\bINFO\b|^\s|^\[state-dump\]")
_MAX_LINES = 3
_MAX_LINE_LENGTH = 300


def summarise_logs(logs: Path | None) -> str:
    """The telling lines of the logs, to stand behind a sentence; a pointer to them where they cannot be read from here."""
    if logs is None:
        return "; ray logs on the cluster's nodes may say why"
    lines = dict.fromkeys(
        line for pattern in _LOG_PATTERNS for file in sorted(logs.glob(pattern)) for line in _find_cause_lines(file)
    )
    told = list(lines)[:_MAX_LINES]
    return "; its logs say:" + "".join(f"\n  {line}" for line in told) if told else "; its logs say nothing of it"


def _find_cause_lines(file: Path) -> list[str]:
    """The last lines of a file that name a cause."""
    with suppress(OSError):
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
        found = [line for line in lines if _CAUSE_PATTERN.search(line) and not _IRRELEVANT_PATTERN.search(line)]
        return [line.strip()[:_MAX_LINE_LENGTH] for line in found[-_MAX_LINES:]]
    return []
