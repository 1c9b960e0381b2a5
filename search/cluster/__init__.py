"""Ray for a launch: what can be known beforehand, a session of its own or a running cluster, workers with the driver's code, nodes that see its paths."""
