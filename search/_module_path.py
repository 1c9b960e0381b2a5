"""Where modules are taken from. This one needs nothing but what Python itself has loaded before: it comes before all others."""

import os
import sys


def exclude_working_directory() -> None:
    """Take no module from the working directory, in this process from now on and in those that it starts: whoever wrote ``datasets.py``
    beside the user wrote no library.

    ``python -m`` puts the working directory on the path, and so does an entry of PYTHONPATH that is empty, as in ``$PYTHONPATH:/more``, or
    relative. What is written out there stays, and so does the folder of this program.
    """
    os.environ["PYTHONSAFEPATH"] = "1"
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    named = [entry for entry in given if os.path.isabs(entry)]
    dropped = {_make_absolute(entry) for entry in ("", *given) if not os.path.isabs(entry)} - set(named)
    dropped = {entry for entry in dropped if not _is_python_folder(entry)}
    ours = _make_absolute(os.path.join(os.path.dirname(__file__), os.pardir))
    sys.path[:] = [entry for entry in sys.path if _make_absolute(entry) not in dropped]
    if ours in dropped:
        sys.path.append(ours)
        named.append(ours)
    if "PYTHONPATH" in os.environ or named:
        os.environ["PYTHONPATH"] = os.pathsep.join(named)


def _make_absolute(entry: str) -> str:
    try:
        return os.path.abspath(entry)
    except OSError:  # the working directory is there no more
        return entry


def _is_python_folder(folder: str) -> bool:
    """Whether it is where Python's own modules lie, or those that were installed."""
    return folder == os.path.dirname(os.__file__) or os.path.basename(folder) in ("site-packages", "dist-packages")
