"""Ranking by graded relevance: web pages for a query. Columns: text (the query), text_pair, label (the grade)."""

from collections.abc import Iterable, Sequence
from typing import Any

from transformers import PreTrainedModel

from trainables.optimise import Batch
from trainables.tasks.base import Encoded, Feature, Metrics, Row
from trainables.tasks.classification import Classification, accuracy
from trainables.tasks.metrics import ndcg


class Ranking(Classification):
    """Trained as classification into grades, ranked by the grade that is expected; scored by nDCG, as XGLUE's web page ranking is."""

    metrics = ("ndcg", "accuracy")
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
        expected = [grade for _, grade in outputs]
        found = ndcg([row["text"] for row in told], [row["label"] for row in told], expected)
        return {"ndcg": found} | accuracy(told, [grade for grade, _ in outputs])
