"""Encoders that somebody made to do harm, or that came to harm: each is refused in a line, soon, and nothing of it is run."""

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.trainables.spoilt import Spoil, both, evil, fields, pickled, refusal, text, tokenizer, used
from trainables.encoders import load_encoder
from trainables.validation import DataError

HUGE = 10**12

AUTO = {
    "AutoConfig": "evil.C",
    "AutoModel": "evil.M",
    "AutoModelForMaskedLM": "evil.M",
    "AutoTokenizer": ["evil.T", None],
}


CODE = {
    "unknown architecture": evil("config.json", model_type="evil", auto_map=AUTO),
    "code of a repository": evil("config.json", model_type="evil", auto_map={"AutoConfig": "who/ever--evil.C"}),
    "auto_map within": evil("config.json", text_config={"auto_map": AUTO}),
    "processor": evil("tokenizer_config.json", tokenizer_class="AutoProcessor", auto_map={"AutoProcessor": "evil.P"}),
    "image processor": both(
        evil("preprocessor_config.json", auto_map={"AutoImageProcessor": "evil.P"}),
        fields("tokenizer_config.json", tokenizer_class="AutoImageProcessor"),
    ),
    "tokenizer of two": fields("tokenizer_config.json", tokenizer_class="RagTokenizer"),
    "tokenizer that asks": fields("tokenizer_config.json", tokenizer_class="AutoTokenizer"),
    "tokenizer_class of config": fields(tokenizer_class="AutoProcessor"),
    "no name": fields("tokenizer_config.json", tokenizer_class=5),
    "attention of the hub": fields(attn_implementation="kernels-community/flash-attn"),
    "attention of anybody": fields(_attn_implementation="any/kernel"),
    "attention by part": fields(attn_implementation={"": "any/kernel"}),
    "flash": fields(_attn_implementation="flash_attention_2"),
    "attention within": fields(text_config={"_attn_implementation": "any/kernel"}),
    "quantized": fields(quantization_config={"quant_method": "fp8"}),
    "fused": fields(fusion_config={"a": "b"}),
    "other weights": fields(transformers_weights="../outside.safetensors"),
    "adapter": text("adapter_config.json", '{"base_model_name_or_path": "any/base", "peft_type": "LORA"}'),
    "rag": fields(model_type="rag"),
    "timm": fields(model_type="timm_wrapper", architecture="resnet18"),
    "two models": fields(model_type="encoder-decoder", encoder={"model_type": "bert"}, decoder={"model_type": "bert"}),
    "images": fields(model_type="clip"),
    "architecture elsewhere": fields(model_type="../../evil"),
    "pickle of torch": pickled(torch.save),
    "pickle": pickled(lambda value, file: file.write_bytes(pickle.dumps(value))),
    "pickle of old": pickled(lambda value, file: torch.save(value, file, _use_new_zipfile_serialization=False)),
}


@pytest.mark.parametrize("spoil", CODE.values(), ids=CODE)
def test_code_of_an_encoder_is_refused_and_not_run(spoilt, spoil, tmp_path):
    refusal(spoilt(spoil))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("architecture", ["xlm_r", "mbert", "xlm"])
@pytest.mark.parametrize("file", ["config.json", "tokenizer_config.json"])
def test_of_a_known_architecture_transformers_own_code_is_taken(spoilt, sound, architecture, file, tmp_path):
    folder = spoilt(evil(file, auto_map=AUTO), architecture)
    assert used(folder) == used(Path(sound[architecture]))
    assert not hasattr(load_encoder.__wrapped__(str(folder)).config, "auto_map")
    assert not (tmp_path / "ran").exists()


def test_the_refusal_of_code_says_what_to_do(spoilt):
    said = refusal(spoilt(CODE["unknown architecture"]))
    assert said.startswith("it brings code of its own (auto_map), which is never run: take one")


def short(value: object) -> str:
    said = str(value)
    return said if len(said) < 20 else f"{said[:3]}... of {len(said)} signs"


DEEP, GARBLED = "[" * 200_000, "\x00{"
CONFIGS = {
    **{f"{key} {short(value)}": fields(**{key: value}) for key, values in {
        "hidden_size": [0, -1, HUGE, 10**400, 10**30, 17, "x", None, 1.5, [], True],
        "vocab_size": [0, -1, HUGE, 7, "x"],
        "num_attention_heads": [0, 3, -1, 1000, HUGE],
        "num_hidden_layers": [0, -1, 5, 10**9, "x"],
        "intermediate_size": [0, -1, HUGE],
        "max_position_embeddings": [0, 1, -1, 40, HUGE, "x"],
        "pad_token_id": [-3, 10**400, 10**6, None, "a"],
        "type_vocab_size": [0, -1, HUGE],
        "layer_norm_eps": ["x", -5.0],
        "hidden_act": ["nope", "../../x", 5, None],
        "hidden_dropout_prob": [5, -1, 10**300],
        "attention_probs_dropout_prob": [2.0],
        "chunk_size_feed_forward": [7],
        "num_labels": [HUGE, 10**300],
        "return_dict": [False],
        "model_type": [None, [], 5, "nothing"],
        "foo": [10**400, -(10**400), [{"bar": 10**400}]],
        "initializer_range": [10**400],
        "rope_theta": [10**309],
    }.items() for value in values},
    **{f"config {name}": text("config.json", content) for name, content in {
        "deep": DEEP, "deep object": '{"a":' * 200_000, "garbled": GARBLED, "list": "[]", "empty": "",
        "infinite": '{"model_type": "xlm-roberta", "layer_norm_eps": 1e999}',
        "no number": '{"model_type": "xlm-roberta", "layer_norm_eps": NaN}',
        "digits": '{"hidden_size": ' + "9" * 10_000 + "}", "huge": '{"a": "' + "x" * 20_000_000 + '"}',
    }.items()},
}  # fmt: skip


@pytest.mark.parametrize("spoil", CONFIGS.values(), ids=CONFIGS)
def test_a_config_that_makes_no_encoder_is_refused(spoilt, spoil):
    refusal(spoilt(spoil))


@pytest.mark.parametrize("kind", ["funnel", "xlnet", "led", "bloom"])
def test_an_architecture_without_positions_is_said_to_be_unsupported(spoilt, kind):
    said = refusal(spoilt(text("config.json", json.dumps({"model_type": kind}))))
    assert said.startswith(f"it is a {kind!r} that gives no number of positions")
    assert "not supported" in said


def test_numbers_that_no_float_holds_are_said_to_be_none(spoilt):
    said = refusal(spoilt(fields(foo=10**400)))
    assert said == f"config.json has foo 1{'0' * 59}: a finite number is needed"


@pytest.mark.parametrize("value", [10**400, -(10**400), 10**30, 1e30, -1, None, "x", [10**400]], ids=short)
def test_an_odd_longest_text_of_a_tokenizer_changes_nothing_or_is_refused(spoilt, sound, value):
    folder = spoilt(fields("tokenizer_config.json", model_max_length=value))
    try:
        assert used(folder) == used(Path(sound["xlm_r"]))
    except DataError as told:
        assert "\n" not in str(told)  # noqa: PT017


def test_positions_that_are_counted_in_python_are_refused(spoilt):
    assert "positions" in refusal(spoilt(fields(max_position_embeddings=10**7, sinusoidal_embeddings=True), "xlm"))


def added(token: str, number: int) -> dict[str, Any]:
    kinds = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
    return {"id": number, "content": token, "special": True, **kinds}


def splitting(pattern: str) -> dict[str, Any]:
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}


TOKENIZERS: dict[str, tuple[str, Spoil]] = {
    **{f"{file} {name}": ("xlm_r", text(file, content))
       for file in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
       for name, content in {"deep": DEEP, "garbled": GARBLED, "list": "[1]"}.items()
       if file.startswith("tokenizer") or name != "list"},
    "no vocabulary": ("xlm_r", tokenizer(lambda t: t["model"].update(vocab=[]))),
    "no words": ("mbert", tokenizer(lambda t: t["model"].update(vocab={}))),
    "panic": ("xlm_r", tokenizer(lambda t: t.update(normalizer={"type": "Precompiled", "precompiled_charsmap": "AAAA"}))),
    "no pattern": ("xlm_r", tokenizer(lambda t: t.update(pre_tokenizer=splitting("(a")))),
    "enormous id": ("mbert", tokenizer(lambda t: t["model"]["vocab"].update(a=4 * 10**9))),
    "id beyond": ("mbert", tokenizer(lambda t: t["model"]["vocab"].update(a=10**6))),
    "added beyond": ("mbert", tokenizer(lambda t: t["added_tokens"].append(added("zz", 10**7)))),
    "one type": ("mbert", fields(type_vocab_size=1)),
    "words by number": ("xlm", text("vocab.json", '{"a": "x"}')),
    "enormous word": ("xlm", fields("vocab.json", zz=10**9)),
}  # fmt: skip


@pytest.mark.parametrize(("architecture", "spoil"), TOKENIZERS.values(), ids=TOKENIZERS)
def test_a_tokenizer_that_does_not_fit_is_refused(spoilt, architecture, spoil, capfd):
    refusal(spoilt(spoil, architecture))
