"""Ray for one launch: started here or joined, its nodes checked, the keys of object stores passed to workers."""

from search.cluster.connection._cluster import get_worker_threads, open_cluster
from search.cluster.connection._credentials import collect_store_credentials, set_credentials

__all__ = ["collect_store_credentials", "get_worker_threads", "open_cluster", "set_credentials"]
