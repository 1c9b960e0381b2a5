"""Commands run in a process of their own that takes the hub on the loopback for the only host there is."""

import os
import subprocess
import sys
from pathlib import Path

from tests.hub_server import CONVERTED, hub

__all__ = ["CONVERTED", "XLT", "convert", "run_at_hub"]

XLT = str(Path(sys.executable).with_name("xlt"))


def run_at_hub(
    folder: Path, home: Path, *words: str, seen: list[str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command with the hub of a folder, see `tests.hub_server.hub`, and with ``home`` as the Hugging Face cache."""
    with hub(folder, seen) as url:
        settings = {"HF_ENDPOINT": url, "HF_HOME": str(home), "HTTP_PROXY": url, "HTTPS_PROXY": url}
        settings |= {"NO_PROXY": "127.0.0.1", "HF_HUB_DISABLE_TELEMETRY": "1", "HF_UPDATE_DOWNLOAD_COUNTS": "0"}
        kept = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy") and k != "XLT_DATA"}
        return subprocess.run(words, env=kept | settings, capture_output=True, text=True, timeout=120)


def convert(folder: Path, repository: str) -> None:
    """Leave a script of a set on main, and its files in the hub's conversion: without a README, under other names."""
    place = folder / repository
    for file in place.glob("*/*.parquet"):
        split = file.name.partition("-")[0]
        target = folder / f"{repository}@convert" / file.parent.name / split / "0000.parquet"
        target.parent.mkdir(parents=True, exist_ok=True)
        file.rename(target)
    (place / "README.md").unlink()
    (place / f"{place.name}.py").touch()
