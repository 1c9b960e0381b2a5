"""Ranking by graded relevance: web pages for a query. Columns: text (the query), text_pair, label (the grade)."""

from collections.abc import Iterable, Sequence
from typing import Any

from transformers import PreTrainedModel

from trainables.cards import Row
from trainables.encoders import Batch, Feature
from trainables.tasks._base import EncodedRows, Metrics
from trainables.tasks._classification import Classification, compute_accuracy
from trainables.tasks._metrics import compute_ndcg, number_query_runs
from trainables.transfer import OFFICIAL_PREFIX


class Ranking(Classification):
    """Trained as classification into grades, ranked by the grade that is expected; scored by nDCG, as XGLUE's web page ranking is.

    The official nDCG is that of XGLUE's script: ranked by the likeliest grade, where many pages tie, and a query ends where the next row
    has another. Where no query has two rows in a row the script has no number, and there is none here.
    """

    metrics = ("ndcg", "accuracy", f"{OFFICIAL_PREFIX}ndcg")
    scored_by_row = False
    """It takes all documents of a query."""

    def compute_outputs(self, model: PreTrainedModel, batch: Batch, features: Sequence[Feature]) -> list[Any]:
        """For each the likeliest grade, and the expected one."""
        likely = model(**batch).logits.float().softmax(-1)
        grades = likely.new_tensor(range(likely.shape[-1]))
        # Not a product of matrices: autocast would round the grades until documents tie.
        expected = (likely * grades).sum(-1)
        return list(zip(likely.argmax(-1).tolist(), expected.tolist(), strict=True))

    def score(
        self, rows: Iterable[Row], encoded: EncodedRows, outputs: Sequence[Any], labels: Sequence[str]
    ) -> Metrics:
        told = list(rows)
        likeliest, expected = zip(*outputs, strict=True)
        queries, grades = [row["text"] for row in told], [row["label"] for row in told]
        scores = {"ndcg": compute_ndcg(queries, grades, expected)} | compute_accuracy(told, likeliest)
        numbers = number_query_runs(queries)
        if len(set(numbers)) < len(numbers):
            scores[f"{OFFICIAL_PREFIX}ndcg"] = compute_ndcg(numbers, grades, likeliest)
        return scores
