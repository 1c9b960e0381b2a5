"""Pre-trained encoders and their tokenizers behind one interface."""

from trainables.encoders._architectures import ENCODER_DECODERS, get_encoder_class
from trainables.encoders._batches import IGNORED_LABEL, Batch, get_feature_length, get_text_ids, pad_features
from trainables.encoders._checks import is_finite
from trainables.encoders._encoder import Encoder, Weights, fetch_encoder_weights, load_encoder
from trainables.encoders._features import Feature, Span, get_row_languages
from trainables.encoders._tokenizer import EncoderTokenizer
from trainables.encoders._windows import MAX_QUESTION_TOKENS

__all__ = [
    "ENCODER_DECODERS",
    "IGNORED_LABEL",
    "MAX_QUESTION_TOKENS",
    "Batch",
    "Encoder",
    "EncoderTokenizer",
    "Feature",
    "Span",
    "Weights",
    "fetch_encoder_weights",
    "get_encoder_class",
    "get_feature_length",
    "get_row_languages",
    "get_text_ids",
    "is_finite",
    "load_encoder",
    "pad_features",
]
