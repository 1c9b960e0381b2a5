"""The table of task kinds, from `KIND_FACTS`: columns and metrics."""

from collections.abc import Iterable

from trainables.cards import KIND_FACTS, KindFacts

HEAD = """
## Kinds

The kind of a task says which columns its rows have, which head is trained and how it is scored. The metrics that are always computed
come first, the default main one before the others; a task may have any of the metrics of its kind as its main one.

| kind | columns | always computed | or as the main metric |
| --- | --- | --- | --- |
"""

NOTES = """
- `label` is the number of a label, `labels` and `tags` are lists of such numbers. Of `regression` the label is any number. Columns in
  brackets may be absent.
- Every score is from 0 to 1. A correlation (`pearson`, `spearman`, `matthews`) below 0 counts as 0, and so does one that is not defined
  because all labels or all predictions are equal. A language in which a model is worse than chance then weighs no more in a mean than
  one of which it knows nothing.
- `macro_f1` and `weighted_f1` are means over the labels that occur among a language's rows or predictions, as in scikit-learn.
  `f1:LABEL` is the F1 of one label, as in `f1:hate`.
- `multi_label` predicts a label from a probability of 0.5. The threshold is not tuned: dev rows of the target language would make a
  zero-shot score a few-shot one.
- `mrr` is the mean reciprocal rank of the first relevant candidate; of candidates with equal scores the relevant one counts as the last.
- The choices of `multiple_choice` have no meaning from row to row: it has no F1.
- `regression` is trained on labels standardised by the training rows' mean and deviation; predictions are in the unit of the rows. On the
  miniature's encoder (day of the year from a date, 200 steps, 3 seeds, 11 languages besides English) the mean of Pearson's correlation
  on dev at the best of three learning rates was 0.65. With labels as they are it was 0.56 for labels from 0 to 5, and 0.17 for labels from
  1 to 366.
"""


def kinds_section() -> str:
    """The section in Markdown."""
    return HEAD + "".join(_describe_kind(kind, facts) for kind, facts in KIND_FACTS.items()) + NOTES


def _describe_kind(kind: str, facts: KindFacts) -> str:
    columns = [*facts.columns, *(f"({name})" for name in facts.optional_columns)]
    scored = f"; scored: {', '.join(facts.scored_columns)}" if facts.scored_columns else ""
    return (
        f"| `{kind}` | {', '.join(columns)}{scored} | {_join(facts.metrics) or 'none: trained on, not scored'} "
        f"| {_join(facts.other_metrics) or ''} |\n"
    )


def _join(metrics: Iterable[str]) -> str:
    return ", ".join(f"`{metric}`" for metric in metrics)
