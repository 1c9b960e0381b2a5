"""The path from which modules are imported. This module runs first and imports only what Python itself has loaded."""

import os
import sys


def exclude_working_directory() -> None:
    """Import no module from the working directory, in this process and in those that it starts: a file ``datasets.py`` that lies there
    would replace the library.

    ``python -m`` puts the working directory on the path. So does an entry of PYTHONPATH that is relative or empty, as in
    ``$PYTHONPATH:/more``. Absolute entries of PYTHONPATH and the folder of this program stay on the path.
    """
    os.environ["PYTHONSAFEPATH"] = "1"
    entries = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    absolute = [entry for entry in entries if os.path.isabs(entry)]
    dropped = {_make_absolute(entry) for entry in ("", *entries) if not os.path.isabs(entry)} - set(absolute)
    dropped = {entry for entry in dropped if not _is_python_folder(entry)}
    own = _make_absolute(os.path.join(os.path.dirname(__file__), os.pardir))
    sys.path[:] = [entry for entry in sys.path if _make_absolute(entry) not in dropped]
    if own in dropped:
        sys.path.append(own)
        absolute.append(own)
    if "PYTHONPATH" in os.environ or absolute:
        os.environ["PYTHONPATH"] = os.pathsep.join(absolute)


def _make_absolute(entry: str) -> str:
    try:
        return os.path.abspath(entry)
    except OSError:  # the working directory was removed
        return entry


def _is_python_folder(folder: str) -> bool:
    """Whether it holds Python's own modules, or installed ones."""
    return folder == os.path.dirname(os.__file__) or os.path.basename(folder) in ("site-packages", "dist-packages")
