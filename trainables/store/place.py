"""Where a store lies: a folder, or any URL that fsspec reaches, behind the few operations that a store needs."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from trainables.addresses import REFERENCE, expand, masked


@contextmanager
def _told_as_os_errors() -> Iterator[None]:
    """Clients of object stores have errors of their own kinds, and some name the address with all that is secret in it."""
    try:
        yield
    except Exception as error:
        told = masked(str(error))
        if isinstance(error, OSError) and told == str(error):
            raise
        kind = type(error) if isinstance(error, FileNotFoundError | FileExistsError) else OSError
        words = told if kind is not OSError else f"{type(error).__name__}: {told}"
        raise kind(words) from (error if told == str(error) else None)


class Place:
    """A tree of files by paths relative to its root.

    What is not there raises FileNotFoundError; every other failure (a full disk, no right to write, a server that is down) OSError.
    """

    def __init__(self, url: str) -> None:
        self.url = masked(url)
        with _told_as_os_errors():
            address = expand(url) if "://" in url or REFERENCE.match(url) else url
            if "://" in address:
                self.files, self.root = url_to_fs(address, use_listings_cache=False)
            else:  # a folder, whatever signs are in its name
                self.files, self.root = LocalFileSystem(), os.path.abspath(address)

    @property
    def local(self) -> bool:
        """Whether it is a file system, where a folder takes its place in one step."""
        return isinstance(self.files, LocalFileSystem)

    @_told_as_os_errors()
    def read(self, path: str) -> bytes:
        """The whole of a file."""
        return bytes(self.files.cat_file(self._at(path)))

    @_told_as_os_errors()
    def write(self, path: str, data: bytes) -> None:
        """Make a file, or change the one that is there."""
        self._parent(path)
        self.files.pipe_file(self._at(path), data)

    @_told_as_os_errors()
    def create(self, path: str, data: bytes) -> bool:
        """Make a file unless it is there; of any number of callers exactly one is told True.

        So on file systems and on S3. Where fsspec knows no such operation it looks first, and now and then two are told so.
        """
        self._parent(path)
        try:
            if self.local:  # fsspec's own looks first too
                self._create_here(path, data)
            else:
                self.files.pipe_file(self._at(path), data, mode="create")
        except FileExistsError:
            return False
        except OSError:
            if not self.local and self.exists(path):
                return False  # S3 answers some who come second with a conflict
            raise
        return True

    def _create_here(self, path: str, data: bytes) -> None:
        with open(self._at(path), "xb") as file:
            try:
                file.write(data)
                file.flush()
            except OSError:
                os.unlink(file.name)
                raise

    @_told_as_os_errors()
    def overwrite(self, path: str, data: bytes) -> None:
        """Change a file that is there to data that are no shorter; on a file system without ever cutting it."""
        if self.local:
            with open(self._at(path), "r+b") as file:
                file.write(data)
        else:
            self.write(path, data)

    @_told_as_os_errors()
    def exists(self, path: str) -> bool:
        """Whether there is a file or a folder."""
        return bool(self.files.exists(self._at(path)))

    @_told_as_os_errors()
    def size(self, path: str) -> int:
        """Bytes of a file."""
        return int(self.files.info(self._at(path))["size"])

    @_told_as_os_errors()
    def names(self, path: str = "") -> list[str]:
        """What a folder holds, sorted; nothing if it is not there."""
        try:
            return sorted(Path(found).name for found in self.files.ls(self._at(path), detail=False))
        except FileNotFoundError:
            return []

    @_told_as_os_errors()
    def sizes(self, path: str) -> dict[str, int]:
        """Bytes of each file in a folder."""
        try:
            found = self.files.ls(self._at(path), detail=True)
        except FileNotFoundError:
            return {}
        return {Path(file["name"]).name: int(file["size"]) for file in found if file["type"] == "file"}

    @_told_as_os_errors()
    def remove(self, path: str) -> None:
        """Remove a file or a folder, if it is there."""
        with suppress(FileNotFoundError):
            self.files.rm(self._at(path), recursive=True)

    @_told_as_os_errors()
    def move(self, path: str, to: str) -> None:
        """Move a file, or a folder to where none is; on a file system in one step."""
        self._parent(to)
        if self.local:
            os.rename(self._at(path), self._at(to))
        else:
            self.files.mv(self._at(path), self._at(to), recursive=True)

    def _parent(self, path: str) -> None:
        if self.local:
            os.makedirs(os.path.dirname(self._at(path)), exist_ok=True)

    def _at(self, path: str) -> str:
        return f"{self.root}/{path}" if path else str(self.root)
