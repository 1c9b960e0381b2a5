"""Where a store lies: a folder, or any URL that fsspec reaches, behind the few operations that a store needs."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from trainables.store._folder import ConfinedFolder, UnexpectedFileError
from trainables.store._object_store import ObjectStore, is_path_component
from trainables.validation import MAX_DOCUMENT_BYTES, REFERENCE_PATTERN, expand_references, mask_secrets


class _Backend(Protocol):
    """What a local folder and an object store have in common; see `ConfinedFolder` and `ObjectStore`."""

    def read(self, path: str, largest: int) -> bytes: ...
    def write(self, path: str, data: bytes) -> None: ...
    def create(self, path: str, data: bytes) -> None: ...
    def overwrite(self, path: str, data: bytes) -> None: ...
    def exists(self, path: str) -> bool: ...
    def size(self, path: str) -> int: ...
    def list_names(self, path: str) -> list[str]: ...
    def list_folders(self, path: str) -> list[str]: ...
    def list_sizes(self, path: str) -> dict[str, int]: ...
    def remove(self, path: str) -> None: ...
    def move(self, path: str, to: str) -> None: ...


@contextmanager
def _convert_to_os_errors() -> Iterator[None]:
    """Make an OSError without secrets of any error: clients of object stores have error classes of their own, and some messages hold
    the address with its password."""
    try:
        yield
    except Exception as error:
        message = mask_secrets(str(error))
        if isinstance(error, OSError) and message == str(error):
            raise
        kind = type(error) if isinstance(error, FileNotFoundError | FileExistsError | UnexpectedFileError) else OSError
        text = message if kind is not OSError else f"{type(error).__name__}: {message}"
        raise kind(text) from (error if message == str(error) else None)


class Location:
    """A tree of files by paths relative to its root; no path and no link leads out of it.

    What is not there raises FileNotFoundError, what the program did not put there (a link, a folder in place of a file)
    `UnexpectedFileError`; every other failure (a full disk, no permission to write, a server that is down) OSError.
    """

    def __init__(self, url: str) -> None:
        self.url = mask_secrets(url)
        with _convert_to_os_errors():
            address = expand_references(url) if "://" in url or REFERENCE_PATTERN.match(url) else url
            if "://" in address:
                filesystem, root = url_to_fs(address, use_listings_cache=False)
            else:  # a folder, whatever characters its name has
                filesystem, root = LocalFileSystem(), os.path.abspath(address)
            self.is_local = isinstance(filesystem, LocalFileSystem)
            """Whether it is a file system, where a folder is renamed in one step."""
            self.root = str(root)
            self.backend: _Backend = ConfinedFolder(self.root) if self.is_local else ObjectStore(filesystem, self.root)

    @_convert_to_os_errors()
    def read(self, path: str, largest: int = MAX_DOCUMENT_BYTES) -> bytes:
        """The whole of a file of at most `largest` bytes; `UnexpectedFileError` of a larger one."""
        return self.backend.read(_check_path(path), largest)

    @_convert_to_os_errors()
    def write(self, path: str, data: bytes) -> None:
        """Make a file, or replace the one that is there."""
        self.backend.write(_check_path(path), data)

    @_convert_to_os_errors()
    def create(self, path: str, data: bytes) -> bool:
        """Make a file unless it is there, and return whether it was made: of any number of callers exactly one gets True.

        This holds on file systems and on S3; on other stores two callers at the same time may both get True.
        """
        try:
            self.backend.create(_check_path(path), data)
        except FileExistsError:
            return False
        return True

    @_convert_to_os_errors()
    def overwrite(self, path: str, data: bytes) -> None:
        """Replace the content of a file with data that are no shorter; on a file system the file is never shorter meanwhile."""
        self.backend.overwrite(_check_path(path), data)

    @_convert_to_os_errors()
    def exists(self, path: str) -> bool:
        """Whether there is a file, a folder or a link."""
        return self.backend.exists(_check_path(path))

    @_convert_to_os_errors()
    def size(self, path: str) -> int:
        """Bytes of a file."""
        return self.backend.size(_check_path(path))

    @_convert_to_os_errors()
    def list_names(self, path: str = "") -> list[str]:
        """The names in a folder, sorted; none if the folder is not there."""
        with suppress(FileNotFoundError):
            return sorted(self.backend.list_names(_check_path(path)))
        return []

    @_convert_to_os_errors()
    def list_folders(self) -> list[str]:
        """The folders in the root, sorted; none if the root is not there."""
        with suppress(FileNotFoundError):
            return sorted(self.backend.list_folders(""))
        return []

    @_convert_to_os_errors()
    def list_sizes(self, path: str) -> dict[str, int]:
        """Bytes of each regular file in a folder, by name in order; none if the folder is not there."""
        with suppress(FileNotFoundError):
            return dict(sorted(self.backend.list_sizes(_check_path(path)).items()))
        return {}

    @_convert_to_os_errors()
    def remove(self, path: str) -> None:
        """Remove a file or a link if it is there; in a file system also a folder that holds nothing but files."""
        with suppress(FileNotFoundError):
            self.backend.remove(_check_path(path))

    @_convert_to_os_errors()
    def move(self, path: str, to: str) -> None:
        """Move a file, in a file system in one step, and there also a folder to where none is."""
        self.backend.move(_check_path(path), _check_path(to))


def _check_path(path: str) -> str:
    if path and not all(map(is_path_component, path.split("/"))):
        raise UnexpectedFileError(f"{path!r} is no path within a store")
    return path
