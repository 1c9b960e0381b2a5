"""A user's own tasks in results.json; absent where there is none."""

from typing import Any

from search.config import Config


def describe_own_tasks(config: Config) -> dict[str, Any]:
    """Of each task: its kind, main metric, rows by split over all languages, and what the config says about it."""
    tasks = [task for task in config.own_tasks if task.name in {*config.targets, *config.intermediate}]
    found = {
        task.name: {
            "kind": task.kind,
            "metric": task.metric,
            "rows": {
                split: sum(count for each, _, count in task.rows if each == split) for split in ("train", "dev", "test")
            },
            "about": task.about,
            "licence": task.licence,
            "citation": task.citation,
        }
        for task in tasks
    }
    return {"own_tasks": found} if found else {}
