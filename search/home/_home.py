"""Where everything lies: searches, stages, the MLflow database."""

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
"""The folder of tracebacks, in a search's folder."""


@dataclass(frozen=True, slots=True)
class SearchFolder:
    """The files of one search."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def config(self) -> Path:
        """The config as it was last launched, complete."""
        return self.path / "config.yaml"

    @property
    def journal(self) -> Path:
        """The Optuna study: the one truth on what was tried."""
        return self.path / "study.journal"

    @property
    def results(self) -> Path:
        """Everything a tool may want to read, rebuilt from the study at will."""
        return self.path / "results.json"

    @property
    def report(self) -> Path:
        """The page, as the last launch left it."""
        return self.path / "report.html"

    @property
    def pictures(self) -> Path:
        """Its pictures, for those who want them alone."""
        return self.path / "pictures"

    @property
    def synonyms(self) -> Path:
        """A copy of the synonyms that the search began with."""
        return self.path / "synonyms.json"

    @property
    def scratch(self) -> Path:
        """Ray Tune's own experiment folder; thrown away after each launch."""
        return self.path / ".scratch"

    @property
    def torn_records(self) -> Path:
        """What was cut off of records."""
        return self.path / f"{self.journal.name}.torn"

    @property
    def failures(self) -> Path:
        """Tracebacks."""
        return self.path / FAILURES_FOLDER

    @property
    def written_paths(self) -> tuple[Path, ...]:
        """What is written to, or cleared, where it lies; all else takes the place of what was there in one step."""
        return self.journal, self.torn_records, self.pictures, self.failures, self.scratch, self.lock

    @property
    def is_running(self) -> bool:
        """Whether a launch is running this search, as far as one can see who may not write here, or read the lock."""
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
        """Held by the launch that is running."""
        return self.path / ".lock"


@dataclass(frozen=True, slots=True)
class Home:
    """A folder with searches, stages and the MLflow database."""

    root: Path

    @classmethod
    def locate(cls, given: str | None) -> "Home":
        """``--home``, else ``XLT_HOME``, else ``./xlt-home``; made on first use."""
        root = Path(given or os.environ.get("XLT_HOME") or "xlt-home")
        with suppress(RuntimeError):  # there is no user's home that ~ could be
            root = root.expanduser()
        root = root.resolve()
        if root.exists() and not root.is_dir():
            raise UserError(f"the home {root} is a file: name a folder with --home or XLT_HOME")
        return cls(root)

    @property
    def stages(self) -> Path:
        return self.root / "stages"

    @property
    def data(self) -> Path:
        """Rows and tokens of data sets, as tables that every search of this home shares."""
        return self.root / "data"

    @property
    def database(self) -> Path:
        """MLflow's."""
        return self.root / "mlflow.db"

    @property
    def tracking_uri(self) -> str:
        """Of the database, as MLflow takes it."""
        return f"sqlite:///{make_uri_safe_path(self.root) / self.database.name}"

    @property
    def artifacts(self) -> Path:
        return self.root / "mlflow-artifacts"

    def resolve_stage_store(self, store: StoreSettings) -> str | None:
        """The folder or URL where a config's stages are kept, references of a URL left to whoever opens it; None if they are not kept.

        Raises:
            UserError: when the environment lacks what the URL refers to.
        """
        if not store.enabled:
            return None
        url = store.url or str(self.stages)
        try:
            there = expand_references(url) if store.url else url
        except MissingReferenceError as error:
            raise UserError(f"store.url: {error}") from error
        return url if "://" in there else str(Path(there).resolve())

    def get_search_folder(self, name: str) -> SearchFolder:
        """The place of a search, there or not.

        Raises:
            UserError: when a link is where it writes, which would lead out of the home.
        """
        found = SearchFolder(self.root / "searches" / name)
        for place in (found.path.parent, found.path, *found.written_paths):
            if place.is_symlink():
                raise UserError(
                    f"{place} is a link, and a search is only where it lies: put there what the link leads to"
                )
        return found

    def list_searches(self) -> list[str]:
        """The searches that are here."""
        journals = (self.root / "searches").glob("*/study.journal")
        own = (path for path in journals if path.is_file() and not path.is_symlink() and not path.parent.is_symlink())
        return sorted(path.parent.name for path in own)

    def find_search(self, name: str) -> SearchFolder:
        """The folder of a search that is there.

        Raises:
            NoSuchSearchError: listing those that are.
        """
        folder, names = self.get_search_folder(name), self.list_searches()
        if name not in names:
            raise SearchNotFoundError(name, self.root, names)
        return folder
