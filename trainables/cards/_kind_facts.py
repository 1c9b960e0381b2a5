"""Task kinds as plain data: the columns of their rows, and their metrics. Imports no torch: a config is checked against this table."""

from collections.abc import Collection
from dataclasses import dataclass, replace

LABEL_F1_PREFIX = "f1:"
"""Followed by the name of a label: the F1 of that label alone."""
LABEL_F1_METRIC = f"{LABEL_F1_PREFIX}LABEL"
"""Stands for the F1 of any one label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KindFacts:
    """What a task kind needs and what it can be scored by."""

    columns: tuple[str, ...]
    """The columns that every training row has."""
    optional_columns: tuple[str, ...] = ()
    """Columns that a row may lack, or have as null."""
    scored_columns: tuple[str, ...] = ()
    """The columns of dev and test rows, where they differ from those of training rows."""
    metrics: tuple[str, ...]
    """The metrics that are always computed, the default main one first; empty for a kind that is trained on and not scored."""
    other_metrics: tuple[str, ...] = ()
    """Further metrics of which one may be the main one; it is then computed beside `metrics`."""
    is_trained: bool = True
    """Whether it has training rows."""
    has_labels: bool = False
    """Whether its rows have label numbers, whose names are the task's labels."""

    @property
    def main_metrics(self) -> tuple[str, ...]:
        """The metrics of which one may be the main one."""
        return *self.metrics, *(each for each in self.other_metrics if each not in self.metrics)


_LABEL_METRICS = ("macro_f1", "micro_f1", "weighted_f1", "matthews", LABEL_F1_METRIC)
_TAGGING = KindFacts(
    columns=("words", "tags"), metrics=("f1", "accuracy"), other_metrics=("precision",), has_labels=True
)
_ANSWERS = KindFacts(columns=("id", "context", "question", "answers"), metrics=("f1", "exact_match"))
_SENTENCES = KindFacts(
    columns=("source_sentence", "target_sentence"),
    metrics=("accuracy",),
    other_metrics=("mrr", "ndcg"),
    is_trained=False,
)

KIND_FACTS: dict[str, KindFacts] = {
    "classification": KindFacts(
        columns=("text", "label"),
        optional_columns=("text_pair",),
        metrics=("accuracy",),
        other_metrics=_LABEL_METRICS,
        has_labels=True,
    ),
    "multi_label": KindFacts(
        columns=("text", "labels"),
        optional_columns=("text_pair",),
        metrics=("micro_f1", "macro_f1"),
        other_metrics=("weighted_f1", LABEL_F1_METRIC),
        has_labels=True,
    ),
    "regression": KindFacts(
        columns=("text", "label"), optional_columns=("text_pair",), metrics=("pearson", "spearman")
    ),
    "multiple_choice": KindFacts(columns=("context", "choices", "label"), metrics=("accuracy",)),
    "tagging": _TAGGING,
    "tagging_by_precision": KindFacts(
        columns=_TAGGING.columns, metrics=("precision", "accuracy", "f1"), has_labels=True
    ),
    "question_answering": _ANSWERS,
    "question_answering_mlqa": _ANSWERS,
    "retrieval": _SENTENCES,
    "retrieval_from_english": _SENTENCES,
    "mining": KindFacts(columns=_SENTENCES.columns, metrics=("f1",), is_trained=False),
    "dense_retrieval": KindFacts(
        columns=("query", "candidate"),
        optional_columns=("candidate_pair",),
        scored_columns=("query", "answered_by"),
        metrics=("map@20",),
        other_metrics=("mrr@20", "ndcg@20"),
    ),
    "ranking": KindFacts(
        columns=("text", "text_pair", "label"), metrics=("ndcg", "accuracy"), other_metrics=("mrr",), has_labels=True
    ),
    "masked_language_modelling": KindFacts(columns=("text",), metrics=()),
}
"""By name; `trainables.tasks.TASK_KINDS` has the same names. Official metrics (`trainables.transfer.OFFICIAL_PREFIX`) are left out: some
data have none."""


OWN_KINDS: dict[str, KindFacts] = {
    kind: KIND_FACTS[kind]
    for kind in ("classification", "multi_label", "regression", "tagging", "multiple_choice", "ranking")
} | {
    "question_answering": replace(_ANSWERS, columns=("context", "question", "answers")),
    "retrieval": _SENTENCES,
    "masked_language_modelling": KIND_FACTS["masked_language_modelling"],
}
"""The kinds that a user's own task can have, with the columns that its rows need."""


def explain_unknown_metric(kind: str, metric: str, labels: Collection[str] = ()) -> str:
    """Why `metric` cannot be the main metric of a task, as text with the metrics that can; empty if it can.

    Args:
        kind: a key of `KIND_FACTS`.
        metric: as in a config; empty: the kind's default.
        labels: of the task; empty where they are not known yet: then the F1 of any label is accepted.
    """
    allowed = KIND_FACTS[kind].main_metrics
    name = kind.replace("_", " ")
    if not metric or metric in set(allowed) - {LABEL_F1_METRIC}:
        return ""
    label = metric.removeprefix(LABEL_F1_PREFIX)
    if LABEL_F1_METRIC not in allowed or label == metric:
        return f"{metric!r} is no metric of {name}: choose {_join_names(allowed) or 'another kind, since it is not scored'}"
    if not label.isprintable() or not label.strip():
        return f"{metric!r} names no label: write {LABEL_F1_PREFIX} and the name of a label"
    if labels and label not in labels:
        return f"{metric!r} names a label that the task does not have: its labels are {', '.join(labels)}"
    return ""


def _join_names(names: Collection[str]) -> str:
    *most, last = names or ("",)
    return f"{', '.join(most)} or {last}" if most else last
