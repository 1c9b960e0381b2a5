"""Where a search's metrics go: what ``tracking.uri`` says, else the home's own ``mlflow.db``; nothing else decides it."""

import os
from dataclasses import dataclass

from search.config import Config
from search.errors import UserError
from search.home import Home
from trainables.validation import MissingReferenceError, expand_references, mask_secrets

IGNORED_VARIABLE = "MLFLOW_TRACKING_URI"
DATABASE_SCHEMES = ("sqlite", "postgresql", "mysql", "mssql")


@dataclass(frozen=True, slots=True)
class TrackingAddress:
    """MLflow's, of one search."""

    uri: str
    """As MLflow takes it, with all that is secret in it: not to be printed or written."""
    display: str
    """The same for people."""
    is_own: bool
    """Whether it is the home's database."""

    @classmethod
    def from_config(cls, config: Config, home: Home) -> "TrackingAddress":
        """The one rule.

        Raises:
            UserError: when the environment lacks what ``tracking.uri`` refers to.
        """
        said = config.tracking.uri
        if said is None:
            return cls(home.tracking_uri, str(home.database), is_own=True)
        try:
            return cls(expand_references(said), mask_secrets(said), is_own=False)
        except MissingReferenceError as error:
            raise UserError(f"tracking.uri: {error}") from error

    @property
    def registry_uri(self) -> str:
        """The registry's: the same place, for Databricks its Unity Catalog, as MLflow has it by default."""
        known = self.uri.partition(":")[0] == "databricks"
        return self.uri.replace("databricks", "databricks-uc", 1) if known else self.uri

    @property
    def is_database(self) -> bool:
        """Whether MLflow's client writes into a database by itself, and artifacts wherever it is told."""
        return self.is_own or self.uri.partition(":")[0].partition("+")[0] in DATABASE_SCHEMES

    @property
    def launch_note(self) -> str | None:
        """What a launch says of it: one line, or nothing where all is in the home and nobody could think otherwise."""
        if not self.is_own:
            return f"metrics go to MLflow at {self.display}"
        if os.environ.get(IGNORED_VARIABLE):
            return f"metrics go to the home's own MLflow; {IGNORED_VARIABLE} does not count: --set 'tracking.uri=${{{IGNORED_VARIABLE}}}' would take it"
        return None
