"""Ray for one launch: preflight checks, a session, nodes that see the driver's code and paths."""

from search.cluster._code import check_same_code, copy_code, get_code_digest, get_code_folder
from search.cluster._logs import summarise_logs
from search.cluster._paths import SharedPaths
from search.cluster._preflight import check_cluster_address, check_machine
from search.cluster._ray_settings import set_ray_environment
from search.cluster._session import RAY_SUBFOLDER, make_session_folder
from search.cluster._timeouts import FIRST_WARNING_SECONDS, describe_wait, get_start_timeout

__all__ = [
    "FIRST_WARNING_SECONDS",
    "RAY_SUBFOLDER",
    "SharedPaths",
    "check_cluster_address",
    "check_machine",
    "check_same_code",
    "copy_code",
    "describe_wait",
    "get_code_digest",
    "get_code_folder",
    "get_start_timeout",
    "make_session_folder",
    "set_ray_environment",
    "summarise_logs",
]
