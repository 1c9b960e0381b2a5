"""The home folder and the folders of its searches."""

import fcntl
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from search.config import StoreSettings
from search.errors import SearchNotFoundError, UserError
from search.home._files import make_uri_safe_path
from trainables.validation import MissingReferenceError, expand_references, open_regular_file

FAILURES_FOLDER = "failures"
"""Name of the folder of tracebacks, in a search's folder."""


@dataclass(frozen=True, slots=True)
class SearchFolder:
    """The files of one search."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def config(self) -> Path:
        """The complete config of the last launch."""
        return self.path / "config.yaml"

    @property
    def journal(self) -> Path:
        """The Optuna study: the only record of what was tried."""
        return self.path / "study.journal"

    @property
    def results(self) -> Path:
        """Results for tools; can be rebuilt from the study."""
        return self.path / "results.json"

    @property
    def report(self) -> Path:
        """The report page of the last launch."""
        return self.path / "report.html"

    @property
    def pictures(self) -> Path:
        """The figures of the report page as files."""
        return self.path / "pictures"

    @property
    def synonyms(self) -> Path:
        """A copy of the synonyms that the search started with."""
        return self.path / "synonyms.json"

    @property
    def scratch(self) -> Path:
        """Ray Tune's experiment folder; removed after each launch."""
        return self.path / ".scratch"

    @property
    def torn_records(self) -> Path:
        """Incomplete journal records that `search.study.repair_journal` removed from the journal."""
        return self.path / f"{self.journal.name}.torn"

    @property
    def failures(self) -> Path:
        """The folder of tracebacks."""
        return self.path / FAILURES_FOLDER

    @property
    def written_paths(self) -> tuple[Path, ...]:
        """Paths that are written or cleared in place; all other files are replaced atomically."""
        return self.journal, self.torn_records, self.pictures, self.failures, self.scratch, self.lock

    @property
    def is_running(self) -> bool:
        """Whether a launch holds the lock of this search; False where the lock cannot be read."""
        try:
            with open_regular_file(self.lock) as handle:
                fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    @property
    def lock(self) -> Path:
        """The lock file that a running launch holds."""
        return self.path / ".lock"


@dataclass(frozen=True, slots=True)
class Home:
    """A folder with searches, stages and the MLflow database."""

    root: Path

    @classmethod
    def locate(cls, given: str | None) -> "Home":
        """The home at `given` (``--home``), else ``XLT_HOME``, else ``./xlt-home``; the folder is created on first use.

        Raises:
            UserError: if the path is a file.
        """
        root = Path(given or os.environ.get("XLT_HOME") or "xlt-home")
        with suppress(RuntimeError):  # the user has no home folder that ~ could stand for
            root = root.expanduser()
        root = root.resolve()
        if root.exists() and not root.is_dir():
            raise UserError(f"the home {root} is a file; give a folder with --home or XLT_HOME")
        return cls(root)

    @property
    def stages(self) -> Path:
        return self.root / "stages"

    @property
    def data(self) -> Path:
        """Encoded datasets, shared by all searches of this home."""
        return self.root / "data"

    @property
    def database(self) -> Path:
        """MLflow's SQLite database."""
        return self.root / "mlflow.db"

    @property
    def tracking_uri(self) -> str:
        """MLflow's tracking URI of the database."""
        return f"sqlite:///{make_uri_safe_path(self.root) / self.database.name}"

    @property
    def artifacts(self) -> Path:
        return self.root / "mlflow-artifacts"

    def resolve_stage_store(self, store: StoreSettings) -> str | None:
        """The folder or URL of the stage store of a config; None if the store is disabled. References ``${NAME}`` stay in a URL.

        Raises:
            UserError: if the environment lacks a variable that the URL refers to.
        """
        if not store.enabled:
            return None
        url = store.url or str(self.stages)
        try:
            expanded = expand_references(url) if store.url else url
        except MissingReferenceError as error:
            raise UserError(f"store.url: {error}") from error
        return url if "://" in expanded else str(Path(expanded).resolve())

    def get_search_folder(self, name: str) -> SearchFolder:
        """The folder of a search, whether it exists or not.

        Raises:
            UserError: if a path that the search writes in place is a symbolic link, which could lead out of the home.
        """
        folder = SearchFolder(self.root / "searches" / name)
        for path in (folder.path.parent, folder.path, *folder.written_paths):
            if path.is_symlink():
                raise UserError(
                    f"{path} is a symbolic link, which a search does not follow: move the target of the link to {path}"
                )
        return folder

    def list_searches(self) -> list[str]:
        """The names of the searches of this home, sorted."""
        journals = (self.root / "searches").glob("*/study.journal")
        regular = (
            path for path in journals if path.is_file() and not path.is_symlink() and not path.parent.is_symlink()
        )
        return sorted(path.parent.name for path in regular)

    def find_search(self, name: str) -> SearchFolder:
        """The folder of an existing search.

        Raises:
            SearchNotFoundError: if there is no such search; lists those that exist.
        """
        folder, names = self.get_search_folder(name), self.list_searches()
        if name not in names:
            raise SearchNotFoundError(name, self.root, names)
        return folder
