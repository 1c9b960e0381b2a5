"""What MLflow's pages say and show at first: the experiment's description, and a view with columns and charts set out."""

import json
from typing import Any

from search.config import Config
from search.tracking.sheet import NUMBER

SAVED_VIEW = "xlt"
_TAG = f"mlflow.sharedViewState.{SAVED_VIEW}"
_SINCE = 1_700_000_000_000
"""When the view was made, for MLflow: fixed, so that the same view is the same tag."""


def about(config: Config, experiment: str) -> str:
    """The experiment's description, in Markdown."""
    runs = f"#/experiments/{experiment}/runs?workflowType=machine_learning&viewStateShareKey={SAVED_VIEW}"
    return f"""In which order to train on {", ".join(config.intermediate) or "nothing"} before {", ".join(config.targets)}; objective
{config.objective}, encoder {config.encoder}.

- [Trials, best first]({runs}) and [charts]({runs}&compareRunsMode=CHART): also under Views.
- The run `{config.name}` has the answer, the report and the pictures. The other runs are a trial each: number and curriculum.
- `transfer/` and `family/`: means over the targets, English apart, dev. `source/`: English. `finalist/`: on fresh seeds; `finalist/corrected`, on a launch's run: the best one's, corrected for being the highest.
- `position/<task>`: the task's place in the curriculum, 0 where it is not in it; `rate/<task>` likewise.
- Written anew from the search itself: `xlt track {config.name}`.
"""


def saved_view(config: Config) -> dict[str, str]:
    """The experiment's tag by which MLflow (3.15 and later) offers the view under Views."""
    state = {
        "searchFilter": f"tags.`{NUMBER}` LIKE '%'",
        "orderByKey": f"metrics.`{_main(config)}`",
        "orderByAsc": False,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "datasetsFilter": [],
        "modelVersionFilter": "All Runs",
        "selectedColumns": _columns(config),
        "columnOrder": [],
        "columnWidths": {},
        "runsHiddenMode": "FIRST_20_RUNS",
        "compareRunCharts": _charts(config),
        "compareRunSections": _sections(config),
        "isAccordionReordered": True,
        "viewMaximized": False,
        "runListHidden": False,
        "groupBy": None,
        "useGroupedValuesInCharts": True,
        "hideEmptyCharts": True,
    }
    envelope = {"name": "Trials, best first", "createdAt": _SINCE, "updatedAt": _SINCE, "state": json.dumps(state)}
    return {_TAG: json.dumps(envelope)}


def _main(config: Config) -> str:
    return "transfer/mean" if config.objective == "transfer_dev" else "objective"


def _columns(config: Config) -> list[str]:
    params = [f"params.`{name}`" for name in ("curriculum", "rate/targets", "noise", "magnitude")]
    metrics = [_main(config), "transfer/worst_family", "finalist/mean", "finalist/low", "finalist/high", "seconds"]
    tags = [f"tags.`{name}`" for name in ("xlt.condition", "xlt.state", "xlt.best")]
    return [*params, *tags, *(f"metrics.`{name}`" for name in metrics)]


def _charts(config: Config) -> list[dict[str, Any]]:
    """The charts at the top; MLflow adds one for each further metric, in the section of its name."""
    axes = [f"position/{task}" for task in config.intermediate]
    scatter = {
        "type": "SCATTER",
        "xaxis": {"key": _source(config), "type": "METRIC"},
        "yaxis": {"key": _main(config), "type": "METRIC"},
        "runsCountToCompare": 100,
    }
    parallel = {"type": "PARALLEL", "selectedMetrics": [_main(config)], "showAllRuns": True}
    told: list[dict[str, Any]] = [
        parallel | {"selectedParams": axes, "displayName": "Place of each task, and transfer"},
        parallel | {"selectedParams": ["condition", "first", "last"], "displayName": "Condition, first, last"},
        {"type": "BAR", "metricKey": _main(config), "displayName": "Best on the search's own seed"},
        {"type": "BAR", "metricKey": "finalist/mean", "displayName": "Finalists on fresh seeds"},
        scatter | {"displayName": "English and transfer"},
    ]
    common = {"metricSectionId": "xlt", "deleted": False, "isGenerated": False, "runsCountToCompare": 20}
    return [{**common, **chart, "uuid": f"xlt-{place}"} for place, chart in enumerate(told)]


def _source(config: Config) -> str:
    return f"source/{config.targets[0]}"


def _sections(config: Config) -> list[dict[str, Any]]:
    """Sections in the order that they are read in; those with a chart a language are closed: hundreds of charts are slow."""
    opened = ["At a glance", "transfer", "finalist", "source", "family"]
    closed = [
        "finalist/seed",
        "unseen",
        *(f"{target}/{kind}" for target in config.targets for kind in ("family", "lang")),
    ]
    names = [*opened, *closed, "Model metrics", "System metrics"]
    return [
        {
            "uuid": "xlt" if name == opened[0] else f"xlt-{name}",
            "name": name,
            "display": name in opened,
            "isReordered": False,
            "deleted": False,
            "isGenerated": name != opened[0],
            **({"columns": 2, "cardHeight": 400} if name == opened[0] else {}),
        }
        for name in names
    ]
