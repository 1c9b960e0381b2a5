"""MLflow's server over a home: on loopback, behind a password."""

from search.ui._authentication import ENTRY_PATH, USER_NAME
from search.ui._server import open_listener, serve_mlflow

__all__ = ["ENTRY_PATH", "USER_NAME", "open_listener", "serve_mlflow"]
