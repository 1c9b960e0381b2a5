"""The process of a command: what libraries expect around it, signals, exit codes."""

from search.process._cleanup import ensure_cleanup
from search.process._exit import CommandGroup, exit_process
from search.process._setup import change_to_empty_folder, make_private_folder, use_private_temporary_folder

__all__ = [
    "CommandGroup",
    "change_to_empty_folder",
    "ensure_cleanup",
    "exit_process",
    "make_private_folder",
    "use_private_temporary_folder",
]
