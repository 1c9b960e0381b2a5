"""Exported folders as the hub, other libraries and colleagues read them."""

import json
import os
import stat
import sys
from dataclasses import replace

import pytest
import torch
from huggingface_hub import ModelCard
from safetensors.torch import load_file
from transformers import AutoModel, AutoTokenizer

from search.exporter._card_metadata import build_card_data, find_base_model, to_language_code
from search.exporter._exported_trial import ExportedTrial
from search.exporter._sentence_transformers import write_sentence_transformers_files
from search.exporter._snippets import Usage
from trainables.curriculum import Stage

TAGS = {
    "inference": "text-classification",
    "choice": "multiple-choice",
    "tagging": "token-classification",
    "answer": "question-answering",
    "retrieval": "sentence-similarity",
}


@pytest.mark.parametrize("target", TAGS)
def test_a_card_has_what_the_hub_reads(exported, target):
    data = ModelCard.load(exported.out / "models" / target / "README.md").data
    languages = ["de", "sw"] if target == "retrieval" else ["de", "en", "sw"]
    assert (data.pipeline_tag, data.language) == (TAGS[target], languages)
    main = exported.study.get_complete_trials()[0].outcome.transfer.metrics[target]
    assert data.metrics == [main]
    assert data.library_name == ("sentence-transformers" if target == "retrieval" else "transformers")
    assert data.base_model is None, "a folder of this machine is no hub id"
    assert data.model_name == f"sums-{target}"


@pytest.mark.parametrize("target", TAGS)
def test_a_card_has_the_test_scores_of_the_fresh_seeds_by_language(exported, target):
    results = ModelCard.load(exported.out / "models" / target / "README.md").data.eval_results
    repeats = exported.study.get_repeat_outcomes()[0]
    found = {each.dataset_config: each for each in results}
    for code in repeats[1].transfer.languages(target, "test"):
        mean = sum(outcome.transfer.languages(target, "test")[code] for outcome in repeats.values()) / len(repeats)
        assert found[code].metric_value == pytest.approx(mean, abs=5e-5)
        assert found[code].dataset_split == "test"
    means = [outcome.transfer.target_means("test")[target] for outcome in repeats.values()]
    assert found[None].metric_value == pytest.approx(sum(means) / 2, abs=5e-5)


def test_a_card_names_the_sets_and_the_encoder_of_the_hub_and_the_strictest_licence(exported):
    """As for a search on XTREME-R: MNLI, then ANLI (CC BY-NC 4.0), on XLM-R (MIT)."""
    stage = Stage(task="anli", learning_rate=1e-5, steps=10)
    trial = replace(
        exported.trial,
        encoder="FacebookAI/xlm-roberta-base",
        benchmark="xtreme_r",
        curriculum=(stage,),
        targets=(replace(stage, task="xnli"),),
    )
    best = ExportedTrial("xr", 0, trial, 0, 1, {}, {})
    rows = {code: {"accuracy": 0.5} for code in ("en", "sw", "zh")}
    transfer = replace(
        exported.study.get_complete_trials()[0].outcome.transfer,
        scores={"xnli": {"test": rows}},
        metrics={"xnli": "accuracy"},
    )
    usage = Usage(head="label_of_pair", architecture="XLMRobertaForSequenceClassification")
    data = build_card_data(best, "xnli", {"seed 1": transfer}, usage).to_dict()
    assert data["base_model"] == "FacebookAI/xlm-roberta-base"
    assert data["license"] == "cc-by-nc-4.0"
    assert data["datasets"][0] == "facebook/anli" and len(data["datasets"]) > 1
    (result,) = [each for each in data["model-index"][0]["results"] if each["dataset"].get("config") == "sw"]
    assert result["dataset"]["type"] == "facebook/xnli"
    assert result["metrics"][0]["value"] == 0.5


def test_codes_of_languages_are_iso_codes():
    codes = {"sw": "sw", "swh_Latn": "swh", "zh-Hans": "zh", "multilingual": "", "x1": ""}
    assert {code: to_language_code(code) for code in codes} == codes


def test_only_a_hub_id_is_a_base_model(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my" / "encoder").mkdir(parents=True)
    assert find_base_model("FacebookAI/xlm-roberta-base") == "FacebookAI/xlm-roberta-base"
    assert [find_base_model(each) for each in ("miniature", "my/encoder", str(tmp_path))] == ["", "", ""]


def test_no_card_names_a_folder_of_this_machine(exported):
    files = [*exported.out.rglob("README.md")]
    assert len(files) == 6
    for file in files:
        assert str(exported.home.root.parent) not in file.read_text()


def read_vectors(folder, texts) -> torch.Tensor:
    """The vectors that sentence-transformers computes by the files in a folder: its modules, as its documentation describes them."""
    modules = json.loads((folder / "modules.json").read_text())
    assert [module["idx"] for module in modules] == list(range(len(modules)))
    settings = json.loads((folder / "sentence_bert_config.json").read_text())
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder)
    inputs = tokenizer(texts, padding=True, truncation=True, max_length=settings["max_seq_length"], return_tensors="pt")
    with torch.inference_mode():
        output = model(**inputs, **settings.get("config_args", {}))
    states, mask = output.last_hidden_state, inputs["attention_mask"].unsqueeze(-1)
    for module in modules[1:]:
        config = json.loads((folder / module["path"] / "config.json").read_text())
        match module["type"].rpartition(".")[2]:
            case "WeightedLayerPooling":
                weights = load_file(folder / module["path"] / "model.safetensors")["layer_weights"]
                layers = torch.stack(output.hidden_states)[config["layer_start"] :]
                assert len(weights) == config["num_hidden_layers"] + 1 - config["layer_start"]
                states = (weights.view(-1, 1, 1, 1) * layers).sum(0) / weights.sum()
            case "Pooling":
                first = config["pooling_mode_cls_token"]
                assert first != config["pooling_mode_mean_tokens"]
                states = states[:, 0] if first else (states * mask).sum(1) / mask.sum(1)
            case "Normalize":
                states = torch.nn.functional.normalize(states, dim=-1)
    return states


@pytest.mark.parametrize("pooling", ["mean", "first"])
@pytest.mark.parametrize("layer", [0, 1])
def test_sentence_transformers_finds_layer_and_pooling_in_the_folder(exported, tmp_path, layer, pooling):
    import shutil

    source, folder = exported.out / "models" / "retrieval", tmp_path / "model"
    folder.mkdir()
    for file in source.iterdir():
        if file.is_file() and "sentence" not in file.name and file.name != "modules.json":
            shutil.copyfile(file, folder / file.name)
    width = AutoModel.from_pretrained(folder).config.hidden_size
    usage = Usage(
        head="sentence_vectors", architecture="any", max_length=48, layer=layer, layers=1, pooling=pooling, width=width
    )
    write_sentence_transformers_files(folder, usage)
    texts = ["Nairobi is in Kenya.", "Nairobi iko Kenya.", "Lagos " * 80]
    names: dict = {}
    code = usage.build_snippet().split("```python\n")[1].split("```")[0]
    exec(code.replace("path/to/this/folder", str(folder)), names)
    assert torch.allclose(read_vectors(folder, texts), names["embed"](texts), atol=1e-6)
    if "sentence_transformers" in sys.modules or os.environ.get("XLT_TRY_SENTENCE_TRANSFORMERS"):
        from sentence_transformers import SentenceTransformer

        vectors = torch.tensor(SentenceTransformer(str(folder)).encode(texts))
        assert torch.allclose(vectors, names["embed"](texts), atol=1e-6)


def test_only_models_of_sentence_vectors_have_these_files(exported):
    assert {path.parent.name for path in exported.out.glob("models/*/modules.json")} == {"retrieval"}


def test_the_readme_at_the_top_says_what_lies_there(exported):
    text = (exported.out / "README.md").read_text()
    there = {path.name for path in exported.out.iterdir()} - {"README.md"}
    assert there == {"best.yaml", "results.json", "models"}
    assert all(f"| `{name}` |" in text for name in there)
    assert all(f"[`models/{target}`](models/{target}/README.md)" in text for target in TAGS)
    assert "synonyms" not in text and "merged" not in text


@pytest.mark.parametrize("umask", [0o022, 0o027, 0o002])
def test_colleagues_read_what_the_umask_lets_them(exported, tmp_path, umask):
    before = os.umask(umask)
    try:
        exported.export(tmp_path / "out")
    finally:
        os.umask(before)
    paths = [tmp_path / "out", *(tmp_path / "out").rglob("*")]
    modes = {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in paths}
    assert modes == {(True, 0o777 & ~umask), (False, 0o666 & ~umask)}


def test_what_others_read_is_as_it_was(exported, tmp_path):
    """best.yaml and results.json, byte for byte, whatever else is asked for."""
    exported.export(tmp_path / "out", merge_seeds=True)
    for name in ("best.yaml", "results.json"):
        assert (tmp_path / "out" / name).read_bytes() == (exported.out / name).read_bytes()
