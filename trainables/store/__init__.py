"""The stage tree on disk or in an object store: what was trained, under keys that say what it was."""
