"""The size of an encoder by the headers of its files."""

import pytest
from transformers import AutoModel

from tests.tiny_architectures import ARCHITECTURES
from trainables.cards import count_encoder_weights, format_training_memory
from trainables.encoders import load_encoder


@pytest.mark.parametrize("architecture", ["xlm-roberta", "eurobert", "mt5"])
def test_the_headers_hold_the_encoders_weights(architecture, tmp_path):
    """An mT5's file has a decoder besides; an XLM-R's a pooler."""
    folder = ARCHITECTURES[architecture](tmp_path)
    assert count_encoder_weights(folder) == load_encoder.__wrapped__(folder).parameter_count


def test_shards_are_added(tmp_path):
    folder = ARCHITECTURES["eurobert"](tmp_path)
    whole = count_encoder_weights(folder)
    AutoModel.from_pretrained(folder).save_pretrained(tmp_path / "shards", max_shard_size="10KB")
    assert len([*(tmp_path / "shards").glob("*.safetensors")]) > 1
    assert count_encoder_weights(str(tmp_path / "shards")) == whole


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff" * 8, b"\x02\0\0\0\0\0\0\0[]", b'\x1b\0\0\0\0\0\0\0{"a": {"shape": [10000000]}}'],
    ids=["empty", "huge", "list", "lie"],
)
def test_of_a_garbled_file_nothing_is_said(tmp_path, content):
    (tmp_path / "model.safetensors").write_bytes(content)
    assert count_encoder_weights(str(tmp_path)) is None


def test_of_what_is_not_here_nothing_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    assert count_encoder_weights("nobody/nothing") is None
    assert count_encoder_weights(str(tmp_path)) is None


def test_memory_is_sixteen_bytes_a_weight():
    assert format_training_memory(2**26).startswith("1.0 GiB for 67,108,864 weights")
    assert format_training_memory(2**16).startswith("1 MiB for 65,536 weights")


def test_the_miniature_has_a_size():
    assert (
        count_encoder_weights("miniature") == load_encoder("miniature").parameter_count - 128 * 128 - 128
    )  # no pooler
