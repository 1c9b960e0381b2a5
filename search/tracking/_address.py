"""The MLflow tracking address of a search: ``tracking.uri`` of the config, else the home's own ``mlflow.db``."""

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
    """The MLflow address of one search."""

    uri: str
    """The URI for MLflow, with its secrets: never print or write it."""
    display: str
    """The URI without secrets, to print."""
    is_own: bool
    """Whether it is the home's own database."""

    @classmethod
    def from_config(cls, config: Config, home: Home) -> "TrackingAddress":
        """The address that a config names; environment variables count only where the config refers to them.

        Raises:
            UserError: if ``tracking.uri`` refers to a variable that is not set.
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
        """The URI of the model registry: the same, or Databricks' Unity Catalog, as by default in MLflow."""
        known = self.uri.partition(":")[0] == "databricks"
        return self.uri.replace("databricks", "databricks-uc", 1) if known else self.uri

    @property
    def is_database(self) -> bool:
        """Whether MLflow's client writes to a database directly, without a server."""
        return self.is_own or self.uri.partition(":")[0].partition("+")[0] in DATABASE_SCHEMES

    @property
    def launch_note(self) -> str | None:
        """A line that a launch prints; None where metrics go to the home and no variable suggests otherwise."""
        if not self.is_own:
            return f"metrics go to MLflow at {self.display}"
        if os.environ.get(IGNORED_VARIABLE):
            return f"metrics go to the home's own MLflow; {IGNORED_VARIABLE} is ignored: use it with --set 'tracking.uri=${{{IGNORED_VARIABLE}}}'"
        return None
