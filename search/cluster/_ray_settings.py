"""Ray's settings by environment variable, which it reads when it is imported."""

import os
import secrets

_RAY_SETTINGS = {
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_AIR_NEW_OUTPUT": "0",  # the new output prints tables whatever the verbosity
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",  # what Ray says of a worker's death would go to standard output, into the answer
    "RAY_TRAIN_ENABLE_V2_MIGRATION_WARNINGS": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_worker_niceness": "0",  # 15 by default: workers would starve beside anything else on a small machine
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",  # it waits ten seconds for workers that are ended anyway
    "TUNE_DISABLE_STRICT_METRIC_CHECKING": "1",
    "TUNE_WARN_THRESHOLD_S": "60",
}

_LOCAL_RAY_SETTINGS = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # what makes Ray listen on loopback alone, on every system
    "RAY_enable_metrics_collection": "0",  # their port asks for no token
}
"""Of a Ray that is started here, for one machine."""

_TOKEN_FILE = "~/.ray/auth_token"  # noqa: S105 - the path of one
"""Where Ray's own commands leave the user's."""


def set_ray_environment(address: str | None) -> None:
    """Set what the user has not set himself; to be called before Ray is imported.

    A Ray that is started here takes a token: this launch's own, which leaves no file behind. A cluster that runs takes the user's, if he
    has one: `ray start` asks for it then, and one that does not ask takes it too.
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
