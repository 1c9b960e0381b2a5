"""Settings of Ray by environment variables, which it reads when it is imported."""

import os
import secrets

_RAY_SETTINGS = {
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_AIR_NEW_OUTPUT": "0",  # the new output prints tables whatever the verbosity
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",  # else Ray reports a worker's death on standard output, within the answer
    "RAY_TRAIN_ENABLE_V2_MIGRATION_WARNINGS": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_worker_niceness": "0",  # 15 by default: workers would starve beside anything else on a small machine
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",  # its handler waits ten seconds for workers that are killed anyway
    "TUNE_DISABLE_STRICT_METRIC_CHECKING": "1",
    "TUNE_WARN_THRESHOLD_S": "60",
}

_LOCAL_RAY_SETTINGS = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # Ray then listens on loopback alone, on every system
    "RAY_enable_metrics_collection": "0",  # the metrics port is open without a token
}
"""Settings of a Ray that is started for this launch, on this machine."""

_TOKEN_FILE = "~/.ray/auth_token"  # noqa: S105 - the path of one
"""Where Ray's commands store the user's token."""


def set_ray_environment(address: str | None) -> None:
    """Set Ray's variables that the user has not set. Call it before Ray is imported.

    A Ray that is started here is protected by a token of this launch, which is written to no file. To a running cluster the user's
    token is sent, if there is one; a cluster without tokens accepts it too.

    Args:
        address: address of a running cluster, or None.
    """
    for name, value in (_RAY_SETTINGS | (_LOCAL_RAY_SETTINGS if address is None else {})).items():
        os.environ.setdefault(name, value)
    if "RAY_JOB_CONFIG_JSON_ENV_VAR" in os.environ:
        os.environ.setdefault(
            "RAY_OVERRIDE_JOB_RUNTIME_ENV", "1"
        )  # a submitted job's working directory gives way to ours
    if "RAY_AUTH_MODE" in os.environ:
        return
    if address is None:
        os.environ["RAY_AUTH_MODE"] = "token"
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
    elif {"RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"} & os.environ.keys() or os.path.exists(
        os.path.expanduser(_TOKEN_FILE)
    ):
        os.environ["RAY_AUTH_MODE"] = "token"
