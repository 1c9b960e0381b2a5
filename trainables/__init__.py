"""Trains and scores one trial; knows nothing of searches."""
