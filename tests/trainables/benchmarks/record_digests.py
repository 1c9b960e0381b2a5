"""Records what the miniature's data are: ``python -m tests.trainables.benchmarks.record_digests``.

To be run when the world, the rendering, a task or its size was changed on purpose, and by whoever adds a Babel version.
"""

import hashlib
import json
from pathlib import Path

import babel

from trainables.benchmarks.miniature._cards import MINIATURE_TASKS
from trainables.benchmarks.miniature.world._tasks import load_miniature_task

DIGESTS = Path(__file__).with_name("digests.json")


def digest(name: str) -> str:
    """SHA-256 over every row of a task, training rows first, then its splits."""
    data = load_miniature_task(name)
    total = hashlib.sha256()
    scored = {
        split: [row | {"language": language} for language, rows in by_language.items() for row in rows]
        for split, by_language in data.evaluation.items()
    }
    for split, rows in {"train": data.train or (), **scored}.items():
        total.update(split.encode())
        for row in rows:
            total.update(json.dumps(row, sort_keys=True).encode())
    return total.hexdigest()


def record() -> None:
    """Write the digest of each task beside those of other versions of Babel."""
    recorded = json.loads(DIGESTS.read_text()) if DIGESTS.exists() else {}
    recorded[babel.__version__] = {name: digest(name) for name in sorted(MINIATURE_TASKS)}
    DIGESTS.write_text(json.dumps(recorded, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    record()
