"""The MLflow view of a search; it can be rebuilt from the study at any time."""

from search.tracking._address import TrackingAddress
from search.tracking._database import DatabaseError, lock_database, prepare_database
from search.tracking._datasets import DatasetDigests
from search.tracking._rebuild import rebuild_tracking
from search.tracking._run_content import TRIAL_TAG
from search.tracking._timeouts import LONG_TIMEOUTS, set_mlflow_timeouts
from search.tracking._tracker import Tracker
from search.tracking._trial_run import build_trial_run
from search.tracking._view import TrackingView

__all__ = [
    "LONG_TIMEOUTS",
    "TRIAL_TAG",
    "DatabaseError",
    "DatasetDigests",
    "Tracker",
    "TrackingAddress",
    "TrackingView",
    "build_trial_run",
    "lock_database",
    "prepare_database",
    "rebuild_tracking",
    "set_mlflow_timeouts",
]
