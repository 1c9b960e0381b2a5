"""Where a store lies: a folder, or any URL that fsspec reaches, behind the few operations that a store needs."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from trainables.store._folder import ConfinedFolder, UnexpectedFileError
from trainables.validation import MAX_DOCUMENT_BYTES, REFERENCE_PATTERN, expand_references, mask_secrets


@contextmanager
def _convert_to_os_errors() -> Iterator[None]:
    """Clients of object stores have errors of their own kinds, and some name the address with all that is secret in it."""
    try:
        yield
    except Exception as error:
        told = mask_secrets(str(error))
        if isinstance(error, OSError) and told == str(error):
            raise
        kind = type(error) if isinstance(error, FileNotFoundError | FileExistsError | UnexpectedFileError) else OSError
        words = told if kind is not OSError else f"{type(error).__name__}: {told}"
        raise kind(words) from (error if told == str(error) else None)


class Location:
    """A tree of files by paths relative to its root; no path and no link leads out of it.

    What is not there raises FileNotFoundError, what the program did not put there (a link, a folder in place of a file)
    `UnexpectedFileError`; every other failure (a full disk, no right to write, a server that is down) OSError.
    """

    def __init__(self, url: str) -> None:
        self.url = mask_secrets(url)
        with _convert_to_os_errors():
            address = expand_references(url) if "://" in url or REFERENCE_PATTERN.match(url) else url
            if "://" in address:
                self.filesystem, root = url_to_fs(address, use_listings_cache=False)
            else:  # a folder, whatever signs are in its name
                self.filesystem, root = LocalFileSystem(), os.path.abspath(address)
            self.root = str(root)
            self._folder = ConfinedFolder(self.root) if isinstance(self.filesystem, LocalFileSystem) else None

    @property
    def is_local(self) -> bool:
        """Whether it is a file system, where a folder takes its place in one step."""
        return self._folder is not None

    @_convert_to_os_errors()
    def read(self, path: str, largest: int = MAX_DOCUMENT_BYTES) -> bytes:
        """The whole of a file of `largest` bytes at most; `UnexpectedFileError` of a larger one."""
        at = self._resolve(path)
        if self._folder is not None:
            return self._folder.read(path, largest)
        try:
            data = bytes(self.filesystem.cat_file(at, start=0, end=largest + 1))
        except FileNotFoundError:
            raise
        except Exception:
            if self.filesystem.info(at)["size"]:  # object stores refuse a part of nothing
                raise
            return b""
        if len(data) > largest:
            raise UnexpectedFileError(f"{path} is larger than {largest / 2**20:.3g} MiB")
        return data

    @_convert_to_os_errors()
    def write(self, path: str, data: bytes) -> None:
        """Make a file, or change the one that is there."""
        at = self._resolve(path)
        if self._folder is not None:
            self._folder.write(path, data)
        else:
            self.filesystem.pipe_file(at, data)

    @_convert_to_os_errors()
    def create(self, path: str, data: bytes) -> bool:
        """Make a file unless it is there; of any number of callers exactly one is told True.

        So on file systems and on S3. Where fsspec knows no such operation it looks first, and now and then two are told so.
        """
        at = self._resolve(path)
        if self._folder is not None:
            self._folder.make_parents(path)
        try:
            if self._folder is not None:  # fsspec's own looks first too
                self._folder.create(path, data)
            else:
                self.filesystem.pipe_file(at, data, mode="create")
        except FileExistsError:
            return False
        except OSError:
            if not self.is_local and self.exists(path):
                return False  # S3 answers some who come second with a conflict
            raise
        return True

    @_convert_to_os_errors()
    def overwrite(self, path: str, data: bytes) -> None:
        """Change a file that is there to data that are no shorter; on a file system without ever cutting it."""
        at = self._resolve(path)
        if self._folder is not None:
            self._folder.overwrite(path, data)
        else:
            self.filesystem.pipe_file(at, data)

    @_convert_to_os_errors()
    def exists(self, path: str) -> bool:
        """Whether there is a file or a folder, or a link."""
        at = self._resolve(path)
        return bool(self.filesystem.exists(at)) if self._folder is None else self._folder.exists(path)

    @_convert_to_os_errors()
    def size(self, path: str) -> int:
        """Bytes of a file."""
        at = self._resolve(path)
        return int(self.filesystem.info(at)["size"]) if self._folder is None else self._folder.size(path)

    @_convert_to_os_errors()
    def list_names(self, path: str = "") -> list[str]:
        """What a folder holds, sorted; nothing if it is not there."""
        self._resolve(path)
        with suppress(FileNotFoundError):
            if self._folder is not None:
                return sorted(self._folder.list_names(path))
            return sorted(self._list_folder(path))
        return []

    @_convert_to_os_errors()
    def list_folders(self) -> list[str]:
        """Those of the root, sorted; nothing if it is not there."""
        with suppress(FileNotFoundError):
            if self._folder is not None:
                return sorted(self._folder.list_folders(""))
            return sorted(self._list_folder("", "directory"))
        return []

    @_convert_to_os_errors()
    def list_sizes(self, path: str) -> dict[str, int]:
        """Bytes of each plain file in a folder, by name in order."""
        self._resolve(path)
        with suppress(FileNotFoundError):
            found = self._list_folder(path, "file") if self._folder is None else self._folder.list_sizes(path)
            return dict(sorted(found.items()))
        return {}

    @_convert_to_os_errors()
    def remove(self, path: str) -> None:
        """Remove a file if it is there; of a link the link; in a file system also a folder that holds nothing but files."""
        at = self._resolve(path)
        with suppress(FileNotFoundError):
            if self._folder is not None:
                self._folder.remove(path)
                return
            for each in self._list_folder(path, "file"):  # not `rm`, which takes a star in a name for many
                self.filesystem.rm_file(f"{at}/{each}")
            self.filesystem.rm_file(at)

    @_convert_to_os_errors()
    def move(self, path: str, to: str) -> None:
        """Move a file, in a file system in one step, and there also a folder to where none is."""
        at, there = self._resolve(path), self._resolve(to)
        if self._folder is not None:
            self._folder.move(path, to)
        else:
            self.filesystem.cp_file(at, there)
            self.filesystem.rm_file(at)

    def _list_folder(self, path: str, kind: str = "") -> dict[str, int]:
        """Sizes by name of what an object store has in a folder; names that are no part of a path are left out."""
        at = self._resolve(path)
        found = [each for each in self.filesystem.ls(at, detail=True) if kind in ("", each["type"])]
        inside = {each["name"].strip("/").removeprefix(at.strip("/") + "/"): each for each in found}
        return {name: int(each["size"] or 0) for name, each in inside.items() if _is_path_component(name)}

    def _resolve(self, path: str) -> str:
        if path and not all(map(_is_path_component, path.split("/"))):
            raise UnexpectedFileError(f"{path!r} is no path within a store")
        return f"{self.root}/{path}" if path else self.root


def _is_path_component(part: str) -> bool:
    return part not in ("", ".", "..") and not {"/", "\0"} & set(part)
