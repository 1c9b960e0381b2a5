"""The experiment's page in MLflow: its description, and a saved view with columns and charts."""

import json
from math import ceil
from typing import Any

from search.config import Config
from search.tracking._run_content import TRIAL_TAG

SAVED_VIEW_NAME = "xlt"
_SAVED_VIEW_TAG = f"mlflow.sharedViewState.{SAVED_VIEW_NAME}"
MAX_CHART_AXES = 6
"""Most axes of a chart besides the objective; the names of more would overlap."""
_COLUMN_WIDTHS = {"metrics.`transfer/mean`": 120, "params.`curriculum`": 200}
_SECTION_SIZES = {"At a glance": {"columns": 1, "cardHeight": 300}, "Scores": {"columns": 3, "cardHeight": 300}}
"""Columns and heights of the sections; names of axes need the whole width."""
_CREATED_AT = 1_700_000_000_000
"""The view's creation time for MLflow: fixed, so that an unchanged view is an unchanged tag."""


def describe_experiment(config: Config, experiment: str) -> str:
    """The experiment's description, in Markdown."""
    runs = f"#/experiments/{experiment}/runs?workflowType=machine_learning&viewStateShareKey={SAVED_VIEW_NAME}"
    return f"""In which order to train on {", ".join(config.intermediate) or "nothing"} before {", ".join(config.targets)}; objective
{config.objective}, encoder {config.encoder}.

- [Trials, best first]({runs}) and [charts]({runs}&compareRunsMode=CHART): also under Views.
- The run `{config.name}` has the answer, the report and the pictures. The other runs are a trial each: number and curriculum.
- `transfer/` and `family/`: means over the targets, the source language apart, dev. `source/`: the source language. `finalist/`: on fresh seeds; `finalist/corrected`, on a launch's run: the best one's, corrected for being the highest.
- `position/<task>`: the task's place in the curriculum, 0 where it is not in it; `rate/<task>` likewise.
- Rebuild all of this from the search: `xlt track {config.name}`.
"""


def build_saved_view(config: Config, short: bool = True) -> dict[str, str]:
    """The experiment tag that adds the saved view to MLflow's menu Views (MLflow 3.15 and later).

    Args:
        config: the search.
        short: whether its runs have positions of tasks as params with short names.
    """
    state = {
        "searchFilter": f"tags.`{TRIAL_TAG}` LIKE '%'",
        "orderByKey": f"metrics.`{_get_main_metric(config)}`",
        "orderByAsc": False,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "datasetsFilter": [],
        "modelVersionFilter": "All Runs",
        "selectedColumns": _list_columns(config),
        "columnOrder": _list_columns(config),
        "columnWidths": _COLUMN_WIDTHS,
        "runsHiddenMode": "FIRST_20_RUNS",
        "compareRunCharts": _build_charts(config, short),
        "compareRunSections": _build_sections(config),
        "isAccordionReordered": True,
        "viewMaximized": False,
        "runListHidden": False,
        "groupBy": None,
        "useGroupedValuesInCharts": True,
        "hideEmptyCharts": True,
    }
    envelope = {
        "name": "Trials, best first",
        "createdAt": _CREATED_AT,
        "updatedAt": _CREATED_AT,
        "state": json.dumps(state),
    }
    return {_SAVED_VIEW_TAG: json.dumps(envelope)}


def _get_main_metric(config: Config) -> str:
    return "transfer/mean" if config.objective == "transfer_dev" else "objective"


def _list_columns(config: Config) -> list[str]:
    """The columns from left to right, scores first."""
    scores = [_get_main_metric(config), "finalist/mean", "finalist/low", "finalist/high", "transfer/worst_family"]
    params = [f"params.`{name}`" for name in ("curriculum", "noise", "magnitude", "rate/targets")]
    tags = [f"tags.`{name}`" for name in ("xlt.best", "xlt.condition", "xlt.state")]
    first, *others = [f"metrics.`{name}`" for name in scores]
    return [first, params[0], *others, *tags, *params[1:], "metrics.`seconds`"]


def group_chart_axes(config: Config) -> list[tuple[str, ...]]:
    """The intermediate tasks in the fewest groups of at most `MAX_CHART_AXES`, one chart each."""
    tasks = list(config.intermediate)
    groups = max(1, ceil(len(tasks) / MAX_CHART_AXES))
    size = max(1, ceil(len(tasks) / groups))
    return [tuple(tasks[place : place + size]) for place in range(0, len(tasks), size)]


def _build_charts(config: Config, short: bool) -> list[dict[str, Any]]:
    """The charts at the top; MLflow adds one for each further metric, in the section of its name."""
    scatter = {
        "type": "SCATTER",
        "xaxis": {"key": _get_source_metric(config), "type": "METRIC"},
        "yaxis": {"key": _get_main_metric(config), "type": "METRIC"},
        "runsCountToCompare": 100,
    }
    parallel = {"type": "PARALLEL", "selectedMetrics": ["objective"], "showAllRuns": True}
    wide: list[dict[str, Any]] = [
        parallel
        | {
            "selectedParams": [task if short else f"position/{task}" for task in group],
            "displayName": "Place of each task, and transfer",
        }
        for group in group_chart_axes(config)
    ]
    wide.append(parallel | {"selectedParams": ["condition", "first", "last"], "displayName": "Condition, first, last"})
    small: list[dict[str, Any]] = [
        {"type": "BAR", "metricKey": _get_main_metric(config), "displayName": "Best on the search's own seed"},
        {"type": "BAR", "metricKey": "finalist/mean", "displayName": "Finalists on fresh seeds"},
        scatter | {"displayName": "source language and transfer"},
    ]
    common = {"deleted": False, "isGenerated": False, "runsCountToCompare": 20}
    placed = [chart | {"metricSectionId": "xlt"} for chart in wide] + [
        chart | {"metricSectionId": "xlt-small"} for chart in small
    ]
    return [{**common, **chart, "uuid": f"xlt-{place}"} for place, chart in enumerate(placed)]


def _get_source_metric(config: Config) -> str:
    return f"source/{config.targets[0]}"


def _build_sections(config: Config) -> list[dict[str, Any]]:
    """Sections in reading order; those with a chart per language are collapsed, as hundreds of charts are slow."""
    own = {"At a glance": "xlt", "Scores": "xlt-small"}
    opened = [*own, "transfer", "finalist", "source", "family"]
    closed = [
        "finalist/seed",
        "unseen",
        *(f"{target}/{kind}" for target in config.targets for kind in ("family", "lang")),
    ]
    names = [*opened, *closed, "Model metrics", "System metrics"]
    return [
        {
            "uuid": own.get(name, f"xlt-{name}"),
            "name": name,
            "display": name in opened,
            "isReordered": False,
            "deleted": False,
            "isGenerated": name not in own,
            **_SECTION_SIZES.get(name, {}),
        }
        for name in names
    ]
