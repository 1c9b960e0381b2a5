"""The home folder: searches, stages, failures and the MLflow database."""

from search.home._failures import mask_failure, read_failures, write_failure
from search.home._files import write_atomically
from search.home._home import Home, SearchFolder

__all__ = ["Home", "SearchFolder", "mask_failure", "read_failures", "write_atomically", "write_failure"]
