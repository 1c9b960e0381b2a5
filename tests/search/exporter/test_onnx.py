"""ONNX copies: as torch computes, for any number of texts of any length; refused in words where that cannot be had.

What converts needs the extra ``onnx``, which ``make test`` installs; elsewhere it is skipped without it.
"""

from copy import deepcopy
from importlib.util import find_spec

import pytest
import torch
import transformers

from search.errors import UserError
from search.exporter._onnx import ONNX_FILE, check_onnx_packages

HAS_ONNX = all(map(find_spec, ("onnx", "onnxruntime", "onnxscript")))
needs_onnx = pytest.mark.skipif(not HAS_ONNX, reason="the extra onnx is not installed")


def test_without_the_extra_it_is_refused_before_anything_is_written(exported, tmp_path, monkeypatch):
    monkeypatch.setattr("search.exporter._onnx.find_spec", lambda name: None if name != "onnx" else name)
    with pytest.raises(UserError, match=r"^--onnx needs onnxruntime, onnxscript: pip install xlt-search\[onnx\]$"):
        exported.export(tmp_path / "out", onnx=True)
    assert not (tmp_path / "out").exists()


def test_with_the_extra_it_is_not(monkeypatch):
    monkeypatch.setattr("search.exporter._onnx.find_spec", lambda name: name)
    check_onnx_packages()


def test_a_copy_that_computes_the_same_is_named_on_the_card(exported, tmp_path, monkeypatch):
    fake_check(monkeypatch, 3e-7)
    notes = exported.export(tmp_path / "out", onnx=True)
    assert notes[1] == "models/choice as ONNX differs from torch by 3e-07 at most"
    text = (tmp_path / "out" / "models" / "choice" / "README.md").read_text()
    assert "On 32 rows of the task its outputs differ from torch's by 3e-07 at most." in text


def fake_check(monkeypatch, difference):
    """The packages are there, and the copies differ by so much, or cannot be made."""
    import sys
    import types

    def compare(*_):
        return difference

    def convert(*_):
        if isinstance(difference, Exception):
            raise difference

    sessions = types.SimpleNamespace(InferenceSession=lambda *_, **__: None)
    monkeypatch.setitem(sys.modules, "onnxruntime", sessions)
    monkeypatch.setattr("search.exporter._onnx.find_spec", lambda name: name)
    monkeypatch.setattr("search.exporter._onnx._convert", convert)
    monkeypatch.setattr("search.exporter._onnx._compare", compare)


@pytest.mark.parametrize("difference", [2e-4, float("nan")])
def test_a_copy_that_computes_something_else_is_refused(exported, tmp_path, monkeypatch, difference):
    fake_check(monkeypatch, difference)
    with pytest.raises(UserError, match=rf"models/inference as ONNX differs from torch by {difference:.2g} on rows of"):
        exported.export(tmp_path / "out", onnx=True)
    assert not (tmp_path / "out").exists()


def test_a_model_that_torch_cannot_convert_is_refused(exported, tmp_path, monkeypatch):
    fake_check(monkeypatch, RuntimeError("no operator\nand a page of more"))
    with pytest.raises(
        UserError, match=r"models/inference cannot be written as ONNX \(no operator\): export it without"
    ):
        exported.export(tmp_path / "out", onnx=True)
    assert not (tmp_path / "out").exists()


def test_an_encoder_that_takes_numbers_of_languages_is_refused(exported, tmp_path, monkeypatch):
    fake_check(monkeypatch, 0.0)
    ids = torch.ones(1, 2)
    monkeypatch.setattr("search.exporter._onnx._make_batches", lambda dataset: [{"input_ids": ids, "langs": ids}])
    with pytest.raises(UserError, match="its encoder takes the number of each text's language"):
        exported.export(tmp_path / "out", onnx=True)


@pytest.fixture(scope="module")
def folder(exported, tmp_path_factory):
    """An export with ONNX copies of all models: a minute."""
    out = tmp_path_factory.mktemp("onnx") / "out"
    notes = exported.export(out, onnx=True)
    assert len(notes) == 5 and all(" as ONNX differs from torch by " in note for note in notes)
    return out


@needs_onnx
@pytest.mark.parametrize("target", ["inference", "choice", "tagging", "answer", "retrieval"])
def test_a_copy_computes_what_torch_does_for_any_number_of_texts_of_any_length(folder, exported, target):
    import onnxruntime

    from trainables.encoders import pad_features

    dataset = exported.load_datasets()[target]
    place = folder / "models" / target
    session = onnxruntime.InferenceSession(str(place / ONNX_FILE))
    name = type(dataset.kind.build_model(deepcopy(dataset.encoder.config), dataset.data.labels)).__name__
    model = getattr(transformers, name).from_pretrained(place).eval()
    features = dataset.load_evaluation_set("dev", "sw").encoded.features
    for size in (1, 7):
        batch = pad_features([features[n] for n in range(size)], dataset.encoder.tokenizer.pad_id)
        inputs = {each.name: batch[each.name] for each in session.get_inputs()}
        found = session.run(None, {name: value.numpy() for name, value in inputs.items()})
        with torch.inference_mode():
            output = model(**inputs, output_hidden_states=True)
        if target == "retrieval":
            mask = inputs["attention_mask"].unsqueeze(-1)
            wanted = [(output.hidden_states[1] * mask).sum(1) / mask.sum(1)]
        else:
            wanted = [output.start_logits, output.end_logits] if target == "answer" else [output.logits]
        assert len(found) == len(wanted)
        for one, other in zip(found, wanted, strict=True):
            assert abs(one - other.numpy()).max() < 1e-4


@needs_onnx
def test_card_and_readme_name_the_copy_and_how_far_it_is_from_torch(folder):
    assert "with an ONNX copy in `onnx/`" in (folder / "README.md").read_text()
    assert "`onnx/model.onnx` computes the same" in (folder / "models" / "answer" / "README.md").read_text()
