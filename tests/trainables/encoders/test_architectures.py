"""What differs between architectures: usable length, inputs, language adapters, the table of token embeddings, heads of our own."""

from functools import cache

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoConfig

from tests.tiny_architectures import ARCHITECTURES, xlm_r, xmod
from tests.trainables.conftest import row
from trainables.cards import TaskData
from trainables.data import EncodedDataset
from trainables.encoders import get_encoder_class, load_encoder, pad_features
from trainables.encoders._architectures import compute_max_input_length
from trainables.encoders._checks import TEXT_ARCHITECTURES, build_meta_model
from trainables.tasks import TASK_KINDS, get_model_inputs
from trainables.training import describe_head_weights
from trainables.training._models import build_models
from trainables.training.noise._interface import add_to_embeddings
from trainables.validation import DataError

LENGTHS = {
    "xlm-roberta": 512,
    "bert": 512,
    "modernbert": 8192,
    "eurobert": 8192,
    "deberta-v2": 512,
    "rembert": 512,
    "xmod": 512,
    "mt5": 1024,
}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """Gives a tiny encoder of each architecture."""

    @cache
    def load(name: str):
        return load_encoder.__wrapped__(ARCHITECTURES[name](tmp_path_factory.mktemp(name)))

    return load


@pytest.fixture(params=ARCHITECTURES)
def encoder(request, loaded):
    return loaded(request.param)


def made(encoder, kind: str):
    dataset = EncodedDataset(TaskData(kind, ("no", "yes", "more"), None, {}), encoder, 32)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return build_models(encoder.weights, [dataset])[0].eval(), dataset


def batch_of(encoder, kind: str) -> dict[str, torch.Tensor]:
    rows = [{"language": "de"} | row(kind, number) for number in range(3)]
    return pad_features(TASK_KINDS[kind].encode(rows, encoder.tokenizer, 32).features, encoder.tokenizer.pad_id)


def test_an_encoder_reads_as_many_tokens_as_it_has_positions_for(encoder):
    longest = LENGTHS[encoder.config.model_type]
    assert encoder.tokenizer.max_input_length == longest
    if longest > 1024:
        return
    model, _ = made(encoder, "retrieval")
    (feature,) = encoder.tokenizer.encode_pairs(["a b " * longest], None, longest, [("en", "en")])
    assert len(feature["input_ids"]) == longest
    with torch.no_grad():
        assert model(**pad_features([feature], encoder.tokenizer.pad_id)).last_hidden_state.isfinite().all()


def test_bge_m3_reads_8192_tokens(tmp_path):
    assert load_encoder.__wrapped__(xlm_r(tmp_path, 8194)).tokenizer.max_input_length == 8192


def test_positions_that_begin_after_the_padding_are_taken_off_in_every_architecture():
    """Where the table of positions has a row of padding, positions begin after it."""
    seen = set()
    for name in TEXT_ARCHITECTURES & {
        *("bert", "camembert", "data2vec-text", "deberta-v2", "electra", "esm", "mpnet", "rembert", "roberta"),
        *("roberta-prelayernorm", "xlm-roberta", "xlm-roberta-xl", "xmod"),
    }:
        config = AutoConfig.for_model(name, pad_token_id=1, vocab_size=50, num_hidden_layers=1)
        tables = [
            part for name, part in build_meta_model(config).named_modules() if name.endswith("position_embeddings")
        ]
        offset = 2 if any(getattr(table, "padding_idx", None) is not None for table in tables) else 0
        assert compute_max_input_length(config) == config.max_position_embeddings - offset, name
        seen.add(offset)
    assert seen == {0, 2}


def test_an_encoder_gets_the_inputs_that_it_takes(encoder):
    batch = batch_of(encoder, "classification")
    assert ("token_type_ids" in batch) == (encoder.config.model_type in ("bert", "deberta-v2"))
    assert ("lang_ids" in batch) == (encoder.config.model_type == "xmod")


def test_token_types_are_dropped_where_the_model_does_not_take_them(loaded, tmp_path):
    encoder = loaded("modernbert")
    encoder.pretrained_tokenizer.save_pretrained(tmp_path)
    get_encoder_class(encoder.config).from_config(encoder.config).save_pretrained(tmp_path)
    file = tmp_path / "tokenizer_config.json"
    file.write_text(file.read_text().replace('"attention_mask"', '"attention_mask", "token_type_ids"'))
    giving = load_encoder.__wrapped__(str(tmp_path))
    assert "token_type_ids" in giving.pretrained_tokenizer("a")
    assert "token_type_ids" not in batch_of(giving, "classification")


def test_the_embeddings_are_the_table_that_the_model_looks_ids_up_in(encoder):
    table = made(encoder, "retrieval")[0].get_input_embeddings().weight
    assert torch.equal(encoder.embeddings, table)


@pytest.mark.parametrize("kind", ["classification", "multiple_choice", "tagging", "question_answering"])
def test_a_perturbation_of_the_embeddings_reaches_the_output(encoder, kind):
    model, _ = made(encoder, kind)
    batch = batch_of(encoder, kind)
    rows, length = batch["input_ids"].flatten(0, -2).shape
    plain = model(**batch).loss
    with add_to_embeddings(model, torch.zeros(rows, length, encoder.embeddings.shape[1])):
        assert torch.equal(model(**batch).loss, plain)
    delta = torch.randn(rows, length, encoder.embeddings.shape[1], requires_grad=True)
    with add_to_embeddings(model, delta):
        moved = model(**batch).loss
    assert moved.item() != plain.item()
    (gradient,) = torch.autograd.grad(moved, delta)
    assert gradient.any()


def test_each_text_is_read_with_the_adapter_of_its_language(loaded):
    encoder = loaded("xmod")
    by_language = {
        code: encoder.tokenizer.encode_pairs(["a b"], None, 32, [(code, code)])[0] for code in ("en", "de", "sw")
    }
    assert {code: feature["lang_ids"] for code, feature in by_language.items()} == {"en": 0, "de": 1, "sw": 0}
    assert get_model_inputs(by_language["en"]) != get_model_inputs(by_language["de"])
    assert encoder.tokenizer.unknown_languages(("en", "de", "sw")) == ("sw",)
    model, _ = made(encoder, "retrieval")
    together = model(**pad_features([by_language["en"], by_language["de"]], 1)).last_hidden_state
    for place, code in enumerate(("en", "de")):
        alone = model(**pad_features([by_language[code]], 1)).last_hidden_state
        assert torch.allclose(together[place], alone[0], atol=1e-6)
    assert not torch.allclose(together[0], together[1], atol=1e-6)


def test_the_choices_of_each_row_are_read_with_the_adapter_of_the_row(loaded):
    encoder = loaded("xmod")
    model, _ = made(encoder, "multiple_choice")
    rows = [{"language": code} | row("multiple_choice", number) for number, code in enumerate(("en", "de"))]
    features = TASK_KINDS["multiple_choice"].encode(rows, encoder.tokenizer, 32).features
    assert [feature["lang_ids"] for feature in features] == [[0, 0], [1, 1]]
    together = model(**pad_features(features, 1)).logits
    alone = torch.cat([model(**pad_features([feature], 1)).logits for feature in features])
    assert torch.allclose(together, alone, atol=1e-6)


def test_the_adapters_decide_the_key_of_encoded_rows(loaded, tmp_path):
    other = load_encoder.__wrapped__(xmod(tmp_path, ("de", "en")))
    assert other.tokenizer.fingerprint != loaded("xmod").tokenizer.fingerprint


def test_adapters_and_embeddings_are_frozen_and_all_else_is_not(loaded):
    model, _ = made(loaded("xmod"), "tagging")
    frozen = {name for name, each in model.named_parameters() if not each.requires_grad}
    assert {name for name in frozen if "adapter" not in name and "embeddings" not in name} == set()
    assert {name for name, _ in model.named_parameters() if "adapter_modules" in name} <= frozen
    model, _ = made(loaded("xlm-roberta"), "tagging")
    assert all(each.requires_grad for each in model.parameters())


OWN = [("eurobert", "multiple_choice"), ("eurobert", "question_answering"), ("mt5", "classification"), ("mt5", "ranking"),
       ("mt5", "multiple_choice"), ("mt5", "question_answering"), ("xmod", "multiple_choice")]  # fmt: skip


@pytest.mark.parametrize(("architecture", "kind"), OWN)
def test_a_model_with_a_head_of_ours_is_saved_for_plain_transformers(loaded, architecture, kind, tmp_path):
    encoder = loaded(architecture)
    model, dataset = made(encoder, kind)
    model.save_pretrained(tmp_path)
    plain = get_encoder_class(encoder.config).from_pretrained(tmp_path)
    assert all(torch.equal(plain.state_dict()[name], weight) for name, weight in encoder.weights.items())
    (head,) = describe_head_weights([dataset])
    name = "qa_outputs" if kind == "question_answering" else "classifier"
    assert head.keys() == {f"{name}.weight", f"{name}.bias"}
    saved, batch = load_file(tmp_path / "model.safetensors"), batch_of(encoder, kind)
    inputs = {key: each.view(-1, each.shape[-1]) if each.ndim > 1 else each for key, each in batch.items()}
    inputs = {key: inputs[key] for key in ("input_ids", "attention_mask")} | (
        {"lang_ids": batch["lang_ids"].flatten()} if "lang_ids" in batch else {}
    )
    with torch.no_grad():
        states = plain.eval()(**inputs).last_hidden_state
        mask = inputs["attention_mask"].unsqueeze(-1)
        pooled = states if kind == "question_answering" else (states * mask).sum(1) / mask.sum(1)
        logits = pooled @ saved[f"{name}.weight"].T + saved[f"{name}.bias"]
        output = model(**batch)
    expected = (
        torch.stack([output.start_logits, output.end_logits], -1) if kind == "question_answering" else output.logits
    )
    assert torch.allclose(logits.view(expected.shape), expected, atol=1e-6)


def test_an_encoder_without_a_head_for_masks_is_refused_in_words(loaded):
    with pytest.raises(DataError, match="transformers has no AutoModelForMaskedLM of a 'mt5': leave these tasks out"):
        made(loaded("mt5"), "masked_language_modelling")


def test_a_tokenizer_without_a_mask_is_refused_in_words(loaded):
    with pytest.raises(DataError, match="no mask token"):
        _ = loaded("mt5").tokenizer.mask_id
