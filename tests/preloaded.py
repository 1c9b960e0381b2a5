"""What a command imports from elsewhere, and what takes most of its time: `tests.forked` forks its processes from one that has it.

Not Ray, which reads its settings when it is imported.
"""

import os

os.environ |= {"HF_HUB_OFFLINE": "1", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "MLFLOW_HTTP_REQUEST_TIMEOUT": "2"}

import datasets  # noqa: F401
import matplotlib.figure  # noqa: F401
import mlflow
import mlflow.store.tracking.sqlalchemy_store  # noqa: F401
import optuna.importance  # noqa: F401
import scipy.stats  # noqa: F401
import sklearn.metrics  # noqa: F401
import torch  # noqa: F401
from transformers import AutoModel, AutoTokenizer, PreTrainedModel  # noqa: F401
