"""Ranking by graded relevance: web pages for a query. Columns: text (the query), text_pair, label (the grade)."""

from collections.abc import Iterable, Sequence
from typing import Any

from transformers import PreTrainedModel

from trainables.cards import Row
from trainables.encoders import Batch, Feature
from trainables.tasks._base import EncodedRows, Metrics
from trainables.tasks._classification import Classification, compute_accuracy
from trainables.tasks._metrics import compute_ndcg, number_query_runs
from trainables.tasks._rank_metrics import compute_mrr
from trainables.transfer import OFFICIAL_PREFIX


class Ranking(Classification):
    """Ranking by the expected grade of a classifier into grades; scored by nDCG, as XGLUE's web page ranking is.

    The official nDCG follows XGLUE's script: pages are ranked by the likeliest grade, with many ties, and a query is a run of consecutive
    rows. Where no query has two consecutive rows there is no official nDCG.
    """

    metrics = ("ndcg", "accuracy", f"{OFFICIAL_PREFIX}ndcg")
    scored_by_row = False
    """A query is scored over all of its documents."""

    def compute_outputs(self, model: PreTrainedModel, batch: Batch, features: Sequence[Feature]) -> list[Any]:
        """For each row the likeliest grade and the expected grade."""
        likely = model(**batch).logits.float().softmax(-1)
        grades = likely.new_tensor(range(likely.shape[-1]))
        # Not a matrix product: autocast would round the grades, and documents would tie.
        expected = (likely * grades).sum(-1)
        return list(zip(likely.argmax(-1).tolist(), expected.tolist(), strict=True))

    def score(
        self, rows: Iterable[Row], encoded: EncodedRows, outputs: Sequence[Any], labels: Sequence[str]
    ) -> Metrics:
        materialised = list(rows)
        likeliest, expected = zip(*outputs, strict=True)
        queries, grades = [row["text"] for row in materialised], [row["label"] for row in materialised]
        scores = {"ndcg": compute_ndcg(queries, grades, expected)} | compute_accuracy(materialised, likeliest)
        if "mrr" in self.metrics:
            scores["mrr"] = compute_mrr(queries, grades, expected)
        numbers = number_query_runs(queries)
        if len(set(numbers)) < len(numbers):
            scores[f"{OFFICIAL_PREFIX}ndcg"] = compute_ndcg(numbers, grades, likeliest)
        return scores
