"""Models of an encoder and a head: transformers' own where it has one that fits, else one of the same shape on the bare encoder."""

from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from transformers import (
    AutoModelForMultipleChoice,
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    PretrainedConfig,
    PreTrainedModel,
    initialization,
)
from transformers.loss.loss_utils import ForQuestionAnsweringLoss, ForSequenceClassificationLoss
from transformers.utils import ModelOutput

from trainables.encoders import ENCODER_DECODERS, IGNORED_LABEL, get_encoder_class
from trainables.validation import DataError

_HEAD_DEVIATION = 0.02
"""Standard deviation of a fresh head's weights, BERT's."""
_DROPOUT_NAMES = ("classifier_dropout", "hidden_dropout_prob", "dropout_rate", "dropout", "attention_dropout")
"""Fields of configurations from which the dropout rate of a head is taken, the first that has a number."""


class EncoderWithHead(PreTrainedModel):  # type: ignore[misc]  # transformers leaves it untyped
    """A bare encoder, under the name that its own architecture gives it, and a linear head.

    ``save_pretrained`` writes names that ``AutoModel.from_pretrained`` finds the encoder under; the head's weights are beside it.
    """

    config_class = PretrainedConfig
    _supports_sdpa = True
    head_name: ClassVar[str] = "classifier"

    def __init__(self, config: PretrainedConfig, outputs: int) -> None:
        encoder = get_encoder_class(config).from_config(config, trust_remote_code=False)
        super().__init__(encoder.config)  # with the attention that the encoder supports
        # A model's `base_model` is its attribute of this name.
        self.base_model_prefix = encoder.base_model_prefix or "encoder"
        setattr(self, self.base_model_prefix, encoder)
        rates = (getattr(config, name, None) for name in _DROPOUT_NAMES)
        self.dropout = nn.Dropout(next((float(rate) for rate in rates if rate is not None), 0.0))
        setattr(self, self.head_name, nn.Linear(config.hidden_size, outputs))
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        return self.base_model.get_input_embeddings()  # type: ignore[no-any-return]

    def _init_weights(self, module: nn.Module) -> None:
        if module is getattr(self, self.head_name, None):
            initialization.normal_(module.weight, std=_HEAD_DEVIATION)
            initialization.zeros_(module.bias)

    def compute_logits(self, inputs: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """The head's output for every token, [texts, length, outputs], and the mask of the tokens, [texts, length]."""
        states = self.base_model(**inputs).last_hidden_state
        return getattr(self, self.head_name)(self.dropout(states)), inputs["attention_mask"]

    def compute_pooled_logits(self, inputs: dict[str, Tensor]) -> Tensor:
        """The head's output for the mean over the tokens that are not padding, [texts, outputs]."""
        states = self.base_model(**inputs).last_hidden_state
        weights = inputs["attention_mask"].unsqueeze(-1).to(states.dtype)
        pooled = (states * weights).sum(1) / weights.sum(1)
        logits: Tensor = getattr(self, self.head_name)(self.dropout(pooled))
        return logits


class EncoderForSequenceClassification(EncoderWithHead):
    """A linear head on the mean of the last hidden states."""

    def __init__(self, config: PretrainedConfig) -> None:
        super().__init__(config, config.num_labels)

    def forward(self, labels: Tensor | None = None, **inputs: Tensor) -> ModelOutput:
        logits = self.compute_pooled_logits(inputs)
        loss = None if labels is None else ForSequenceClassificationLoss(labels, logits, self.config)
        return ModelOutput(loss=loss, logits=logits)


class EncoderForTokenClassification(EncoderWithHead):
    """A linear head on the last hidden state of each token."""

    def __init__(self, config: PretrainedConfig) -> None:
        super().__init__(config, config.num_labels)

    def forward(self, labels: Tensor | None = None, **inputs: Tensor) -> ModelOutput:
        logits, _ = self.compute_logits(inputs)
        loss = (
            None
            if labels is None
            else cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORED_LABEL)
        )
        return ModelOutput(loss=loss, logits=logits)


class EncoderForMultipleChoice(EncoderWithHead):
    """A linear head on the mean of the last hidden states of each choice; inputs of shape [batch, choices, length]."""

    def __init__(self, config: PretrainedConfig) -> None:
        super().__init__(config, 1)

    def forward(self, labels: Tensor | None = None, **inputs: Tensor) -> ModelOutput:
        choices = inputs["input_ids"].shape[1]
        logits = self.compute_pooled_logits({name: each.flatten(0, 1) for name, each in inputs.items()}).view(
            -1, choices
        )
        return ModelOutput(loss=None if labels is None else cross_entropy(logits, labels), logits=logits)


class EncoderForQuestionAnswering(EncoderWithHead):
    """A linear head of two outputs, start and end, on the last hidden state of each token."""

    head_name = "qa_outputs"

    def __init__(self, config: PretrainedConfig) -> None:
        super().__init__(config, 2)

    def forward(
        self, start_positions: Tensor | None = None, end_positions: Tensor | None = None, **inputs: Tensor
    ) -> ModelOutput:
        logits, _ = self.compute_logits(inputs)
        start, end = (each.contiguous() for each in torch.unbind(logits, dim=-1))
        loss = ForQuestionAnsweringLoss(start, end, start_positions, end_positions)
        return ModelOutput(loss=loss, start_logits=start, end_logits=end)


_OWN_HEADS: dict[Any, type[EncoderWithHead]] = {
    AutoModelForSequenceClassification: EncoderForSequenceClassification,
    AutoModelForTokenClassification: EncoderForTokenClassification,
    AutoModelForMultipleChoice: EncoderForMultipleChoice,
    AutoModelForQuestionAnswering: EncoderForQuestionAnswering,
}


def build_head_model(auto_class: Any, config: PretrainedConfig) -> PreTrainedModel:
    """A model of the encoder's architecture with a fresh head.

    Args:
        auto_class: of transformers' heads, such as ``AutoModelForMultipleChoice``.
        config: of the encoder, with the labels.

    Raises:
        DataError: when neither transformers nor this module has such a head.
    """
    if _has_head(auto_class, config):
        model: PreTrainedModel = auto_class.from_config(config, trust_remote_code=False)
        return model
    if auto_class not in _OWN_HEADS:
        what = f"transformers has no {auto_class.__name__} of a {config.model_type!r}"
        raise DataError(f"{what}: leave these tasks out, or take another encoder")
    return _OWN_HEADS[auto_class](config)  # type: ignore[call-arg]


def _has_head(auto_class: Any, config: PretrainedConfig) -> bool:
    """Whether transformers has a head on the bare encoder itself."""
    if type(config) not in auto_class._model_mapping:
        return False
    # T5's heads for texts and spans are on its decoder.
    if config.model_type in ENCODER_DECODERS:
        return auto_class is AutoModelForTokenClassification
    # It repeats the languages of a batch, in place of those of each choice (transformers 5.23).
    return not (config.model_type == "xmod" and auto_class is AutoModelForMultipleChoice)
