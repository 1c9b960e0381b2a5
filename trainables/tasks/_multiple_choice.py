"""Multiple choice: which of the choices fits the context. Columns: context, choices, label."""

from collections.abc import Callable, Sequence

from transformers import AutoModelForMultipleChoice, PretrainedConfig, PreTrainedModel

from trainables.cards import Row
from trainables.encoders import EncoderTokenizer, Feature, get_row_languages
from trainables.tasks._base import EncodedRows
from trainables.tasks._classification import SingleLabelKind
from trainables.tasks._heads import build_head_model


class MultipleChoice(SingleLabelKind):
    """One of a row's own choices, of which all rows of a task have the same number; scored by accuracy."""

    second_columns = ("choices",)

    def build_model(self, config: PretrainedConfig, labels: Sequence[str]) -> PreTrainedModel:
        return build_head_model(AutoModelForMultipleChoice, config)

    def encode(self, rows: Sequence[Row], tokens: EncoderTokenizer, max_length: int) -> EncodedRows:
        choices = len(rows[0]["choices"])
        contexts = [row["context"] for row in rows for _ in range(choices)]
        flat = tokens.encode_pairs(
            contexts,
            [choice for row in rows for choice in row["choices"]],
            max_length,
            [get_row_languages(row) for row in rows for _ in range(choices)],
        )
        features: list[Feature] = [
            {key: [feature[key] for feature in flat[i * choices : (i + 1) * choices]] for key in flat[0]}
            | {"labels": row["label"]}
            for i, row in enumerate(rows)
        ]
        return EncodedRows(features, list(range(len(rows))))

    def rewrite_texts(self, row: Row, rewrite: Callable[[str], str]) -> Row:
        return row | {"context": rewrite(row["context"]), "choices": [rewrite(choice) for choice in row["choices"]]}
