"""What workers must see of the driver's disks."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SharedPaths:
    """What workers must see of the driver's."""

    written: tuple[str, ...] = ()
    """Folders and URLs that driver and workers write to."""
    read: tuple[str, ...] = ()
    """Files and folders that are there."""
