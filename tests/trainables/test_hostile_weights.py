"""Weights, and files of an encoder, that are not what they should be: refused in a line, without memory for what is only said."""

import json
import os
import resource
import shutil
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoModel

from tests.tiny_encoders import changed
from tests.trainables.spoilt import both, fields, instead, moved_out, refusal, sharded, text, used, weights
from trainables.encoders import _encoder as encoders
from trainables.validation import DataError

LAYER = "encoder.layer.0.output.dense.weight"
WEIGHTS = {
    "no numbers": weights(lambda t: t[LAYER].fill_(float("nan"))),
    "one infinite": weights(lambda t: t[LAYER][0, 0].fill_(float("inf"))),
    "beyond float32": weights(lambda t: t.update({LAYER: torch.full_like(t[LAYER], 1e300, dtype=torch.float64)})),
    "other shape": weights(lambda t: t.update({LAYER: torch.zeros(3, 3)})),
    "whole numbers": weights(lambda t: t.update({LAYER: t[LAYER].to(torch.int32)})),
    "one missing": weights(lambda t: t.pop(LAYER)),
    "none": weights(lambda t: [t.clear(), t.update(a=torch.zeros(1))]),
    "empty file": text("model.safetensors", ""),
    "no header": lambda folder: (folder / "model.safetensors").write_bytes(b"\xff" * 8 + b"{}"),
    "deep header": lambda folder: (folder / "model.safetensors").write_bytes(
        (200_000).to_bytes(8, "little") + b"[" * 200_000
    ),
    "cut": lambda folder: os.truncate(folder / "model.safetensors", 5000),
    "more layers": fields(num_hidden_layers=3),
    "enormous": fields(vocab_size=10**12),
    "wide": fields(intermediate_size=10**9),
    "index to a parent": sharded({LAYER: "../outside.safetensors"}),
    "index to a path": sharded({LAYER: "PARENT/outside.safetensors"}),
    "index to nothing": sharded({LAYER: "none.safetensors"}),
    "index to another kind": sharded({LAYER: "part.bin"}),
    "index to a number": sharded({LAYER: 5}),
    "index of nothing": sharded({}),
    "index of a list": sharded([]),
    "index of depth": both(
        text("model.safetensors.index.json", "[" * 200_000), instead("model.safetensors", lambda file: None)
    ),
    "index linked": instead("model.safetensors", lambda file: sharded_by_link(file.parent)),
    "list of torch": instead("model.safetensors", lambda file: torch.save([1], file.parent / "pytorch_model.bin")),
    "no weights": instead("model.safetensors", lambda file: None),
}


def sharded_by_link(folder: Path) -> None:
    (folder.parent / "outside").mkdir()
    (folder.parent / "outside/part.safetensors").touch()
    (folder / "part.safetensors").symlink_to(folder.parent / "outside/part.safetensors")
    (folder / "model.safetensors.index.json").write_text(
        f'{{"metadata": {{}}, "weight_map": {{"{LAYER}": "part.safetensors"}}}}'
    )


@pytest.fixture(autouse=True)
def little_memory():
    """What says that it is enormous must not be made."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (24 * 2**30, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


@pytest.mark.parametrize("spoil", WEIGHTS.values(), ids=WEIGHTS)
def test_weights_that_are_not_the_encoders_are_refused(spoilt, spoil):
    refusal(spoilt(spoil))


@pytest.mark.parametrize("name", ["no numbers", "one missing", "other shape"])
def test_whoever_loads_weights_alone_hears_of_it_too(spoilt, name):
    with pytest.raises(DataError):
        _ = encoders.load_encoder.__wrapped__(str(spoilt(WEIGHTS[name]))).weights


FILES = (
    *("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"),
    *(
        "added_tokens.json",
        "chat_template.jinja",
        "vocab.txt",
        "sentencepiece.bpe.model",
        "additional_chat_templates/a.jinja",
    ),
)
MADE = {"pipe": os.mkfifo, "folder": Path.mkdir, "link out": moved_out, "loop": lambda file: file.symlink_to(file.name)}


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
def test_what_is_no_plain_file_of_the_folder_is_refused(spoilt, file, made):
    assert Path(file).name in refusal(spoilt(instead(file, made)))


def test_a_snapshot_of_the_hubs_cache_is_links_and_goes_on_working(sound, tmp_path):
    snapshot, blobs = tmp_path / "models--a--b/snapshots/0123", tmp_path / "models--a--b/blobs"
    shutil.copytree(sound["xlm_r"], snapshot)
    blobs.mkdir()
    for number, file in enumerate(sorted(snapshot.iterdir())):
        file.rename(blobs / str(number))
        file.symlink_to(f"../../blobs/{number}")
    (tmp_path / "linked").symlink_to(snapshot)
    assert used(snapshot) == used(tmp_path / "linked") == used(Path(sound["xlm_r"]))


def test_weights_in_parts_go_on_working(sound, spoilt):
    folder = spoilt(lambda folder: None)
    model = AutoModel.from_pretrained(folder)
    (folder / "model.safetensors").unlink()
    model.save_pretrained(folder, max_shard_size="100KB")
    assert (folder / "model.safetensors.index.json").exists()
    whole = encoders.load_encoder.__wrapped__(sound["xlm_r"]).weights
    found = encoders.load_encoder.__wrapped__(str(folder)).weights
    assert all(found[name].equal(tensor) for name, tensor in whole.items())


@pytest.mark.parametrize(
    "told", [{"attn_implementation": "eager"}, {"_attn_implementation": "sdpa"}, {"quantization_config": None}]
)
def test_fields_that_ask_for_nothing_from_elsewhere_change_nothing(sound, tmp_path, told):
    folder = Path(changed(sound["xlm_r"], tmp_path / "other", "config.json", **told))
    assert encoders.hash_weights(encoders.load_encoder.__wrapped__(str(folder)).weights) == encoders.hash_weights(
        encoders.load_encoder.__wrapped__(sound["xlm_r"]).weights
    )


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize("file", ["config.json", "tokenizer_config.json", "special_tokens_map.json"])
def test_any_value_of_any_field_makes_an_encoder_or_a_refusal(sound, tmp_path, file):
    folder = tmp_path / "encoder"
    shutil.copytree(sound["mbert"], folder)
    (folder / "special_tokens_map.json").write_text("{}")
    before = (folder / file).read_text()
    keys = [*sorted(json.loads(before)), "attn_implementation", "id2label", "tokenizer_class", "unk_token"]

    @settings(max_examples=25, deadline=None, derandomize=True, database=None)
    @given(st.sampled_from(keys), ANYTHING)
    def holds(key, value):
        (folder / file).write_text(before)
        fields(file, **{key: value})(folder)
        try:
            used(folder)
        except DataError as told:
            assert "\n" not in str(told)  # noqa: PT017

    holds()
