"""Ranking by graded relevance: web pages for a query. Columns: text (the query), text_pair, label (the grade)."""

from collections.abc import Iterable, Sequence
from typing import Any

from transformers import PreTrainedModel

from trainables.batches import Batch
from trainables.benchmarks.rows import Row
from trainables.tasks.base import Encoded, Metrics
from trainables.tasks.classification import Classification, accuracy
from trainables.tasks.metrics import ndcg, runs
from trainables.tokens import Feature
from trainables.transfer import OFFICIAL


class Ranking(Classification):
    """Trained as classification into grades, ranked by the grade that is expected; scored by nDCG, as XGLUE's web page ranking is.

    The official nDCG is that of XGLUE's script: ranked by the likeliest grade, where many pages tie, and a query ends where the next row
    has another. Where no query has two rows in a row the script has no number, and there is none here.
    """

    metrics = ("ndcg", "accuracy", f"{OFFICIAL}ndcg")
    by_row = False
    """It takes all documents of a query."""

    def outputs(self, model: PreTrainedModel, batch: Batch, features: Sequence[Feature]) -> list[Any]:
        """For each the likeliest grade, and the expected one."""
        likely = model(**batch).logits.float().softmax(-1)
        grades = likely.new_tensor(range(likely.shape[-1]))
        # Not a product of matrices: autocast would round the grades until documents tie.
        expected = (likely * grades).sum(-1)
        return list(zip(likely.argmax(-1).tolist(), expected.tolist(), strict=True))

    def score(self, rows: Iterable[Row], encoded: Encoded, outputs: Sequence[Any], labels: Sequence[str]) -> Metrics:
        told = list(rows)
        likeliest, expected = zip(*outputs, strict=True)
        queries, grades = [row["text"] for row in told], [row["label"] for row in told]
        scores = {"ndcg": ndcg(queries, grades, expected)} | accuracy(told, likeliest)
        numbers = runs(queries)
        if len(set(numbers)) < len(numbers):
            scores[f"{OFFICIAL}ndcg"] = ndcg(numbers, grades, likeliest)
        return scores
