import json
import os
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModel, AutoTokenizer
from transformers.utils import logging

from tests import tiny_encoders
from tests.tiny_encoders import changed, permuted
from trainables.encoders import _encoder as encoders
from trainables.encoders._encoder import MINIATURE_FOLDER, hash_weights
from trainables.validation import DataError


def test_weights_are_float32_whatever_the_files_hold(encoder, encoder_folder):
    assert {tensor.dtype for tensor in load_file(f"{encoder_folder}/model.safetensors").values()} == {torch.float16}
    assert {tensor.dtype for tensor in encoder.weights.values()} == {torch.float32}


def test_weights_that_the_checkpoint_lacks_are_not_the_encoders(encoder):
    assert encoder.weights
    assert not any("pooler" in name for name in encoder.weights)


def test_weights_that_the_checkpoint_holds_are_the_encoders(encoder, pooling_encoder):
    more = pooling_encoder.weights.keys() - encoder.weights.keys()
    assert more == {"pooler.dense.weight", "pooler.dense.bias"}


def test_an_encoder_is_read_once(encoder_folder):
    assert encoders.load_encoder(encoder_folder) is encoders.load_encoder(encoder_folder)


def test_two_readings_give_the_same_bits(encoder, encoder_folder):
    assert encoders.load_encoder.__wrapped__(encoder_folder).hash == encoder.hash


def test_the_hash_does_not_depend_on_the_order_of_the_names(encoder):
    assert hash_weights(dict(reversed(encoder.weights.items()))) == hash_weights(encoder.weights)


def test_the_hash_sees_a_single_bit():
    weights = {"a": torch.zeros(3), "b": torch.ones(2)}
    assert hash_weights(weights | {"a": torch.tensor([0.0, -0.0, 0.0])}) != hash_weights(weights)


def test_the_hash_sees_names_and_shapes():
    weights = {"a": torch.zeros(2, 3)}
    assert len({hash_weights(weights), hash_weights({"a": torch.zeros(3, 2)}), hash_weights({"b": weights["a"]})}) == 3


def test_the_hash_of_a_view_is_that_of_its_values():
    tensor = torch.arange(6.0).view(2, 3)
    assert hash_weights({"a": tensor.T}) == hash_weights({"a": tensor.T.contiguous()})


def test_the_embedding_norm_is_the_mean_over_the_vocabulary(encoder):
    table = encoder.weights["embeddings.word_embeddings.weight"]
    assert len(table) == len(encoder.pretrained_tokenizer)
    assert encoder.embedding_norm == pytest.approx(sum(row.norm().item() for row in table) / len(table), rel=1e-5)


def test_loading_leaves_the_verbosity_and_the_progress_bar_as_they_were(encoder_folder):
    before = logging.get_verbosity(), logging.is_progress_bar_enabled()
    encoders.load_encoder.__wrapped__(encoder_folder)
    assert (logging.get_verbosity(), logging.is_progress_bar_enabled()) == before


def test_loading_says_nothing(encoder_folder, capfd):
    encoders.load_encoder.__wrapped__(encoder_folder)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("languages", [(), tiny_encoders.XNLI15])
def test_an_xlm_in_half_precision_without_safetensors_loads_as_float32(tmp_path, languages, zipped):
    """The public checkpoints of XLM are older than torch's zip format."""
    plain = encoders.load_encoder.__wrapped__(tiny_encoders.xlm(tmp_path, languages))
    half = {f"transformer.{name}": tensor.half() for name, tensor in plain.weights.items()}
    (tmp_path / "model.safetensors").unlink()
    torch.save(half, tmp_path / "pytorch_model.bin", _use_new_zipfile_serialization=zipped)
    loaded = encoders.load_encoder.__wrapped__(str(tmp_path))
    assert loaded.weights.keys() == plain.weights.keys()
    assert {tensor.dtype for tensor in loaded.weights.values()} == {torch.float32}
    assert loaded.embedding_norm == pytest.approx(plain.embedding_norm, rel=1e-3)
    assert ("lang_embeddings.weight" in loaded.weights) == bool(languages)


def test_loading_starts_no_conversion_in_the_background(tmp_path, monkeypatch):
    monkeypatch.delenv("DISABLE_SAFETENSORS_CONVERSION", raising=False)
    _ = encoders.load_encoder.__wrapped__(tiny_encoders.mbert(tmp_path)).weights
    assert os.environ["DISABLE_SAFETENSORS_CONVERSION"] == "1"


def test_an_xlm_without_the_package_of_its_tokenizer_is_refused(tmp_path, monkeypatch):
    folder = tiny_encoders.xlm(tmp_path)
    monkeypatch.setattr(encoders, "find_spec", lambda name: None)
    with pytest.raises(DataError, match=r"pip install xlt-search\[xlm\]"):
        encoders.load_encoder.__wrapped__(folder)


@pytest.mark.parametrize(("languages", "bare"), [((), False), (("en", "de"), True)])
def test_where_the_files_do_not_tell_only_an_xlm_with_language_embeddings_takes_off_case(tmp_path, languages, bare):
    folder = Path(tiny_encoders.xlm(tmp_path, languages))
    settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    del settings["do_lowercase_and_remove_accent"]
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    assert encoders.load_encoder.__wrapped__(str(folder)).pretrained_tokenizer.do_lowercase_and_remove_accent is bare


def test_an_encoders_tokens_are_made_once(encoder):
    assert encoder.tokenizer is encoder.tokenizer


def test_the_shipped_encoder_loads_as_any_checkpoint_does():
    model, tokenizer = AutoModel.from_pretrained(MINIATURE_FOLDER), AutoTokenizer.from_pretrained(MINIATURE_FOLDER)
    said = model(**tokenizer("Kenya", return_tensors="pt")).last_hidden_state
    assert len(tokenizer) == model.config.vocab_size
    assert said.isfinite().all()


def test_the_shipped_encoder_has_float32_weights():
    weights = encoders.load_encoder("miniature").weights
    assert weights
    assert {tensor.dtype for tensor in weights.values()} == {torch.float32}
    assert all(tensor.isfinite().all() for tensor in weights.values())


def test_the_shipped_encoder_is_at_most_eight_megabytes():
    files = [path for path in MINIATURE_FOLDER.rglob("*") if path.is_file()]
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= {path.name for path in files}
    assert sum(path.stat().st_size for path in files) <= 8_000_000


@pytest.mark.parametrize(
    "field",
    [
        {"hidden_act": "relu"},
        {"hidden_dropout_prob": 0.3},
        {"attention_probs_dropout_prob": 0.3},
        {"layer_norm_eps": 1e-3},
        {"num_attention_heads": 1},
        {"initializer_range": 0.5},
        {"max_position_embeddings": 130, "pad_token_id": 3},
    ],
    ids=str,
)
def test_a_field_of_the_configuration_that_acts_makes_another_root(encoder, encoder_folder, tmp_path, field):
    other = encoders.load_encoder.__wrapped__(changed(encoder_folder, tmp_path / "other", "config.json", **field))
    assert hash_weights(other.weights) == hash_weights(encoder.weights)
    assert other.hash != encoder.hash


def test_what_acts_on_nothing_makes_no_other_root(encoder, encoder_folder, tmp_path):
    inert = {
        "transformers_version": "4.1.0",
        "architectures": ["XLMRobertaModel"],
        "torch_dtype": "float32",
        "_name_or_path": "elsewhere",
        "id2label": {"0": "a", "1": "b", "2": "c"},
        "label2id": {"a": 0, "b": 1, "c": 2},
        "hidden_act": "gelu",
    }
    other = encoders.load_encoder.__wrapped__(changed(encoder_folder, tmp_path / "other", "config.json", **inert))
    assert other.hash == encoder.hash


def test_another_order_of_the_vocabulary_makes_another_root(encoder, encoder_folder, tmp_path):
    assert encoders.load_encoder.__wrapped__(permuted(encoder_folder, tmp_path / "other")).hash != encoder.hash
