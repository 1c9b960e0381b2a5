"""A folder on a file system, reached through its descriptors: nothing that lies in it, links above all, leads out of it.

Others may write to a store. So every folder on the way is opened for itself, a link among them being refused, and what is done is done
to a name in the last one: there is no moment between a look and a deed in which another could put a link there.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from trainables.validation import read_regular_file

_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class UnexpectedFileError(OSError):
    """A link, a folder or a pipe lies where a store has something else, or a path leads out of the store."""


class ConfinedFolder:
    """Files and folders of files by paths relative to a root, which itself may be a link.

    What is not there raises FileNotFoundError; a link, or anything else than the program puts there, `UnexpectedFileError`; every other
    failure OSError.
    """

    def __init__(self, root: str) -> None:
        self.root = root

    def read(self, path: str, largest: int) -> bytes:
        """The whole of a plain file of `largest` bytes at most."""
        with self._open_parent(path) as (folder, name):
            try:
                return read_regular_file(Path(name), largest, folder)
            except FileNotFoundError:
                raise
            except OSError as error:
                if not stat.S_ISREG(_get_file_mode(name, folder)) or error.errno is None:
                    raise UnexpectedFileError(
                        f"{path} is no plain file of at most {largest / 2**20:.3g} MiB"
                    ) from error
                raise

    def write(self, path: str, data: bytes) -> None:
        """Make a file, in place of any that is there."""
        self.make_parents(path)
        with self._open_parent(path) as (folder, name):
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=folder)
            _create_file(name, data, folder)

    def create(self, path: str, data: bytes) -> None:
        """Make a file; FileExistsError if anything is there."""
        with self._open_parent(path) as (folder, name):
            _create_file(name, data, folder)

    def overwrite(self, path: str, data: bytes) -> None:
        """Change a plain file to data that are no shorter, without ever cutting it."""
        with self._open_parent(path) as (folder, name):
            flags = os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            with open(os.open(name, flags, dir_fd=folder), "wb") as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise UnexpectedFileError(f"{path} is no plain file")
                file.write(data)

    def exists(self, path: str) -> bool:
        """Whether anything is there: a link counts, wherever it leads."""
        try:
            with self._open_parent(path) as (folder, name):
                _get_file_mode(name, folder)
        except FileNotFoundError:
            return False
        return True

    def size(self, path: str) -> int:
        """Bytes of a plain file."""
        with self._open_parent(path) as (folder, name):
            found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if not stat.S_ISREG(found.st_mode):
            raise UnexpectedFileError(f"{path} is no plain file")
        return found.st_size

    def list_names(self, path: str) -> list[str]:
        """All that a folder holds."""
        with self.open_folder(path) as folder:
            return os.listdir(folder)

    def list_folders(self, path: str) -> list[str]:
        """The folders in a folder, links left out."""
        with self.open_folder(path) as folder, os.scandir(folder) as found:
            return [each.name for each in found if each.is_dir(follow_symlinks=False)]

    def list_sizes(self, path: str) -> dict[str, int]:
        """Bytes of each plain file in a folder."""
        with self.open_folder(path) as folder, os.scandir(folder) as found:
            plain = (each for each in found if each.is_file(follow_symlinks=False))
            return {each.name: each.stat(follow_symlinks=False).st_size for each in plain}

    def remove(self, path: str) -> None:
        """Remove a file, or a folder that holds nothing but files; of a link the link. A folder with folders in it raises OSError."""
        with self._open_parent(path) as (folder, name):
            if not stat.S_ISDIR(_get_file_mode(name, folder)):
                os.unlink(name, dir_fd=folder)
                return
            inner = os.open(name, _FOLDER_FLAGS, dir_fd=folder)
            try:
                for each in os.listdir(inner):
                    if not stat.S_ISDIR(_get_file_mode(each, inner)):
                        os.unlink(each, dir_fd=inner)
            finally:
                os.close(inner)
            os.rmdir(name, dir_fd=folder)

    def move(self, path: str, to: str) -> None:
        """Move a file in place of any that is there, or a folder to where none is, in one step; of a link the link."""
        self.make_parents(to)
        with self._open_parent(path) as (folder, name), self._open_parent(to) as (into, new):
            os.rename(name, new, src_dir_fd=folder, dst_dir_fd=into)

    def make_parents(self, path: str) -> None:
        """Make the folders that a path goes through."""
        os.makedirs(self.root, exist_ok=True)
        *through, _ = path.split("/")
        for depth, each in enumerate(through):
            with self.open_folder("/".join(through[:depth])) as folder, suppress(FileExistsError):
                os.mkdir(each, dir_fd=folder)

    @contextmanager
    def _open_parent(self, path: str) -> Iterator[tuple[int, str]]:
        """The folder, open, that holds what a path names, and its name there."""
        folder, _, name = path.rpartition("/")
        with self.open_folder(folder) as handle:
            yield handle, name

    @contextmanager
    def open_folder(self, path: str) -> Iterator[int]:
        """The descriptor of a folder, for as long as the context lasts."""
        handle = os.open(self.root, _FOLDER_FLAGS & ~os.O_NOFOLLOW)
        try:
            for each in path.split("/") if path else ():
                inner = _open_subfolder(each, handle, path)
                os.close(handle)
                handle = inner
            yield handle
        finally:
            os.close(handle)


def _open_subfolder(name: str, folder: int, path: str) -> int:
    try:
        return os.open(name, _FOLDER_FLAGS, dir_fd=folder)
    except NotADirectoryError:
        what = "a link" if stat.S_ISLNK(_get_file_mode(name, folder)) else "no folder"
        raise UnexpectedFileError(
            f"{path} is {what}: a store has a folder there, or nothing; remove it, and it is left alone until then"
        ) from None


def _get_file_mode(name: str, folder: int) -> int:
    """The file mode of a name in an open folder, a link's own."""
    return os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode


def _create_file(name: str, data: bytes, folder: int) -> None:
    handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666, dir_fd=folder)
    with open(handle, "wb") as file:
        try:
            file.write(data)
            file.flush()
        except OSError:
            os.unlink(name, dir_fd=folder)
            raise
