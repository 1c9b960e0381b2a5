"""Files of an object store, or of any file system that fsspec reaches but the local one."""

from typing import Any

from trainables.store._folder import UnexpectedFileError


class ObjectStore:
    """Files by paths relative to a root; a folder is a common beginning of names.

    Raises FileNotFoundError for what is not there, and whatever the client of the store raises.
    """

    def __init__(self, filesystem: Any, root: str) -> None:
        """
        Args:
            filesystem: fsspec's, without a cache of listings.
            root: bucket and prefix.
        """
        self.filesystem, self.root = filesystem, root

    def read(self, path: str, largest: int) -> bytes:
        """The whole of a file of at most `largest` bytes; `UnexpectedFileError` of a larger one."""
        at = self._resolve(path)
        try:
            data = bytes(self.filesystem.cat_file(at, start=0, end=largest + 1))
        except FileNotFoundError:
            raise
        except Exception:
            if self.filesystem.info(at)["size"]:  # object stores refuse a range of an empty file
                raise
            return b""
        if len(data) > largest:
            raise UnexpectedFileError(f"{path} is larger than {largest / 2**20:.3g} MiB")
        return data

    def write(self, path: str, data: bytes) -> None:
        """Make a file, in place of any that is there."""
        self.filesystem.pipe_file(self._resolve(path), data)

    def create(self, path: str, data: bytes) -> None:
        """Make a file; FileExistsError if it is there.

        S3 does this in one step. Where fsspec has no such operation it looks first, and two callers at the same time may both succeed.
        """
        try:
            self.filesystem.pipe_file(self._resolve(path), data, mode="create")
        except OSError as error:
            # S3 answers some of those who come second with a conflict.
            if not isinstance(error, FileExistsError) and self.exists(path):
                raise FileExistsError(path) from error
            raise

    def overwrite(self, path: str, data: bytes) -> None:
        """As `write`."""
        self.write(path, data)

    def exists(self, path: str) -> bool:
        """Whether there is a file or a folder."""
        return bool(self.filesystem.exists(self._resolve(path)))

    def size(self, path: str) -> int:
        """Bytes of a file."""
        return int(self.filesystem.info(self._resolve(path))["size"])

    def list_names(self, path: str) -> list[str]:
        """The names in a folder."""
        return list(self._list_folder(path))

    def list_folders(self, path: str) -> list[str]:
        """The folders in a folder."""
        return list(self._list_folder(path, "directory"))

    def list_sizes(self, path: str) -> dict[str, int]:
        """Bytes of each file in a folder."""
        return self._list_folder(path, "file")

    def remove(self, path: str) -> None:
        """Remove a file, or the files of a folder."""
        at = self._resolve(path)
        for each in self._list_folder(path, "file"):  # not `rm`, which reads a star in a name as a pattern
            self.filesystem.rm_file(f"{at}/{each}")
        self.filesystem.rm_file(at)

    def move(self, path: str, to: str) -> None:
        """Copy a file, then remove the first copy."""
        self.filesystem.cp_file(self._resolve(path), self._resolve(to))
        self.filesystem.rm_file(self._resolve(path))

    def _list_folder(self, path: str, kind: str = "") -> dict[str, int]:
        """Sizes by name; names that cannot be part of a path are left out."""
        at = self._resolve(path)
        found = [each for each in self.filesystem.ls(at, detail=True) if kind in ("", each["type"])]
        inside = {each["name"].strip("/").removeprefix(at.strip("/") + "/"): each for each in found}
        return {name: int(each["size"] or 0) for name, each in inside.items() if is_path_component(name)}

    def _resolve(self, path: str) -> str:
        return f"{self.root}/{path}" if path else self.root


def is_path_component(part: str) -> bool:
    """Whether a name can stand between two slashes of a path within a store."""
    return part not in ("", ".", "..") and not {"/", "\0"} & set(part)
