"""MLflow: a view of the study for review, written from the side. What it lacks is rebuilt; a server that is down stops nothing."""

from search.tracking.metrics import by_target, metrics
from search.tracking.rebuild import rebuild
from search.tracking.register import register
from search.tracking.sheet import Sheet
from search.tracking.tracker import Tracker
from search.tracking.trials import trial_sheet
from search.tracking.view import View

__all__ = ["Sheet", "Tracker", "View", "by_target", "metrics", "rebuild", "register", "trial_sheet"]
