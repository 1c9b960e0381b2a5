"""Code that loads an exported model with plain transformers and predicts: one snippet a head."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from search.exporter._snippet_templates import HEADS, LOADING, RETRIEVAL_IN_SENTENCE_TRANSFORMERS, UNSUPPORTED

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from trainables.data import EncodedDataset

MODEL_PLACEHOLDER = "path/to/this/folder"
"""What a user replaces by the path of the folder or by its id on the hub."""
MAX_QUESTION_TOKENS = 64
WINDOW_STRIDE = 128
"""As in `trainables.tasks`: most tokens of a question, and tokens from one window of a long context to the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """How a model is used: what its snippet needs to know."""

    head: str
    """A key of `HEADS`."""
    architecture: str
    """Its class in transformers."""
    max_length: int = 128
    """Longest input in tokens, as in training."""
    special_tokens: int = 4
    """Special tokens of an input of two texts."""
    layer: int = -1
    """Of sentence vectors: the layer, from 0, the embeddings."""
    layers: int = 0
    """The number of layers."""
    pooling: str = "mean"
    """Of sentence vectors: mean or first."""
    width: int = 0
    """Of sentence vectors."""
    note: str = field(default="")
    """Why plain transformers cannot predict with it; empty if it can."""

    @property
    def is_sentence_encoder(self) -> bool:
        """Whether it has no head: its output are sentence vectors."""
        return self.head in ("sentence_vectors", "dense_vectors")

    def build_snippet(self) -> str:
        """The snippet as Markdown."""
        names = {
            "model": MODEL_PLACEHOLDER,
            "auto": _AUTO_CLASSES.get(self.head, "AutoModel"),
            "max_length": self.max_length,
            "layer": self.layer,
            "pooled": "states[:, 0]" if self.pooling == "first" else "(states * mask).sum(1) / mask.sum(1)",
            "question": _compute_question_budget(self.max_length, self.special_tokens),
            "overlap": self.max_length // 3,
            "stride": WINDOW_STRIDE,
        }
        if self.note:
            return f"{_fence(LOADING, names)}\n\n{UNSUPPORTED.format(note=self.note)}"
        snippet = _fence(LOADING + HEADS[self.head], names)
        if self.is_sentence_encoder:
            snippet += f"\n\n{RETRIEVAL_IN_SENTENCE_TRANSFORMERS}\n\n{_fence(_IN_SENTENCE_TRANSFORMERS, names)}"
        return snippet


_IN_SENTENCE_TRANSFORMERS = """\
from sentence_transformers import SentenceTransformer

model = SentenceTransformer("{model}")
vectors = model.encode(["Nairobi is in Kenya.", "Nairobi iko Kenya."], normalize_embeddings=True)
print(vectors @ vectors.T)
"""
_AUTO_CLASSES = {
    **dict.fromkeys(
        ("label", "label_of_pair", "labels", "labels_of_pair", "number", "number_of_pair", "grade"),
        "AutoModelForSequenceClassification",
    ),
    "choice": "AutoModelForMultipleChoice",
    "tags": "AutoModelForTokenClassification",
    "span": "AutoModelForQuestionAnswering",
}


def describe_usage(model: "PreTrainedModel", dataset: "EncodedDataset") -> Usage:
    """How a target's model is used."""
    kind, config, pooling = dataset.kind, model.config, dataset.sentence_pooling
    head = _find_head(type(model).__name__, dataset)
    layers = int(config.num_hidden_layers)
    layer = layers if head == "dense_vectors" else -1
    if head == "sentence_vectors":
        layer = kind.get_default_layer(layers) if pooling.layer is None else pooling.layer  # type: ignore[attr-defined]
    return Usage(
        head=head,
        architecture=type(model).__name__,
        max_length=dataset.max_length,
        special_tokens=dataset.max_length - dataset.encoder.tokenizer.max_pair_tokens(dataset.max_length),
        layer=layer,
        layers=layers,
        pooling="first" if head == "dense_vectors" else pooling.pooling,
        width=int(config.hidden_size),
        note=_explain_unsupported(model),
    )


def _find_head(architecture: str, dataset: "EncodedDataset") -> str:
    """The key of `HEADS` for a model's class and the rows of its task."""
    kind = dataset.data.kind
    for suffix, head in (("MultipleChoice", "choice"), ("TokenClassification", "tags"), ("QuestionAnswering", "span")):
        if architecture.endswith(suffix):
            return head
    if architecture.endswith("SequenceClassification"):
        if kind == "ranking":
            return "grade"
        head = "number" if kind.startswith("regression") else "labels" if kind.startswith("multi") else "label"
        return f"{head}_of_pair" if _find_first_row(dataset).get("text_pair") is not None else head
    return "dense_vectors" if kind == "dense_retrieval" else "sentence_vectors"


def _find_first_row(dataset: "EncodedDataset") -> dict[str, Any]:
    """A training row."""
    return dict(dataset.train_rows[0])


def _explain_unsupported(model: "PreTrainedModel") -> str:
    if model.config.model_type == "xlm":
        return (
            "XLM's tokenizer knows neither words nor places of characters, and some XLMs want the number of a language"
        )
    if not type(model).__module__.startswith("transformers."):
        return f"transformers has no {type(model).__name__}"
    return ""


def _compute_question_budget(max_length: int, special_tokens: int) -> int:
    """Most tokens of a question beside a context, as in training; see `trainables.encoders`."""
    free = max_length - special_tokens
    return max(1, min(MAX_QUESTION_TOKENS, free // 2, free - max_length // 3 - 1))


def _fence(template: str, names: dict[str, Any]) -> str:
    code = template
    for name, value in names.items():
        code = code.replace(f"{{{name}}}", str(value))
    return f"```python\n{code}```"
