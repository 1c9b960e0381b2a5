from dataclasses import replace
from random import Random

import pytest
import torch
from torch.nn.functional import cross_entropy, normalize
from transformers import AutoModel

from tests.tiny_encoders import SENTENCES
from trainables.cards import TaskData
from trainables.curriculum import Stage
from trainables.data import EncodedDataset
from trainables.evaluation import _scoring as scoring
from trainables.evaluation._scoring import score_languages
from trainables.tasks import RANKING_DEPTH, RetrievedCandidates
from trainables.tasks._dense_retrieval import SIMILARITY_SCALE, DenseRetrieval
from trainables.tasks._metrics import compute_average_precision
from trainables.training import extract_encoder_weights, extract_head_weights, restore_model, train_stage
from trainables.training._stage import build_models

KIND = DenseRetrieval()


def numbered(encoder, count: int = 24) -> EncodedDataset:
    """Numbers, each to be found with sentences of two languages after it; some numbers are asked for twice."""
    texts = list(SENTENCES.items())
    train = [
        {"query": f"{n} {n}", "candidate": f"{n} {texts[n % 12][1]}", "candidate_pair": None} for n in range(count)
    ]
    candidates = [
        {"candidate": f"{n} {text}", "candidate_pair": None, "answers": [str(n)], "language": language}
        for n in range(count)
        for language, text in (texts[n % 12], texts[(n + 5) % 12])
    ]
    asked = {code: [{"query": f"{n} {n}", "answered_by": str(n)} for n in range(0, count, 3)] for code in ("en", "de")}
    return EncodedDataset(TaskData("dense_retrieval", (), train, {"dev": asked}, candidates=candidates), encoder, 64)


def bare(model, features: list[dict]) -> torch.Tensor:
    """Unit vectors of texts, each alone in its batch, by the architecture's own forward."""
    found = []
    for feature in features:
        batch = {name: torch.tensor([ids]) for name, ids in feature.items() if not name.startswith("_")}
        with torch.no_grad():
            found.append(normalize(type(model).forward(model, **batch).last_hidden_state[:, 0], dim=-1))
    return torch.cat(found)


def sides(batch: dict[str, torch.Tensor]) -> list[list[dict]]:
    """The features of a batch's queries, and those of its candidates, without padding."""
    plain = batch["attention_mask"] > 0
    return [
        [
            {name: tensor[row, side][plain[row, side]].tolist() for name, tensor in batch.items()}
            for row in range(len(plain))
        ]
        for side in (0, 1)
    ]


def test_the_loss_is_the_cross_entropy_of_scaled_cosines(architecture, undisturbed):
    prepared = numbered(architecture)
    (model,) = build_models(architecture.weights, [prepared])
    batch = next(prepared.iterate_batches(6, Random(0)))
    assert batch["input_ids"].shape[:2] == (6, 2)
    queries, candidates = (bare(model.eval(), side) for side in sides(batch))
    cosines = queries @ candidates.T
    output = model(**batch)
    assert torch.allclose(output.logits, SIMILARITY_SCALE * cosines, atol=2e-3)
    assert output.loss.item() == pytest.approx(
        cross_entropy(SIMILARITY_SCALE * cosines, torch.arange(6)).item(), abs=2e-3
    )


def test_predictions_are_over_the_candidates_of_the_batch(task, undisturbed):
    prepared = task("dense_retrieval")
    (model,) = build_models(prepared.encoder.weights, [prepared])
    batch = next(prepared.iterate_batches(5, Random(0)))
    output = model.eval()(**batch)
    (said,) = KIND.log_probabilities(output, batch)
    assert said.shape == (5, 5)
    assert torch.allclose(-said.diagonal().mean(), output.loss)


def test_a_batch_of_one_has_no_wrong_candidate(task, undisturbed):
    prepared = task("dense_retrieval")
    (model,) = build_models(prepared.encoder.weights, [prepared])
    assert model(**next(prepared.iterate_batches(1, Random(0)))).loss == 0


def test_queries_and_candidates_are_encoded_alone_or_side_by_side(encoder):
    ids = encoder.pretrained_tokenizer
    query, candidate = {"query": "Kenya"}, {"candidate": "Africa", "candidate_pair": None}
    (alone,) = KIND.encode([query | {"answered_by": "7"}], encoder.tokenizer, 32).features
    (found,) = KIND.encode([candidate | {"answers": ["7"]}], encoder.tokenizer, 32).features
    (both,) = KIND.encode([query | candidate], encoder.tokenizer, 32).features
    assert alone["input_ids"] == ids("Kenya")["input_ids"]
    assert found["input_ids"] == ids("Africa")["input_ids"]
    assert both["input_ids"] == [alone["input_ids"], found["input_ids"]]


def test_a_candidate_may_have_two_texts_and_a_query_none_the_less_one(encoder):
    row = {"query": "Kenya", "candidate": "Africa", "candidate_pair": "Kenya, Africa"}
    (feature,) = KIND.encode([row], encoder.tokenizer, 32).features
    pair = encoder.pretrained_tokenizer("Africa", "Kenya, Africa")["input_ids"]
    assert feature["input_ids"] == [encoder.pretrained_tokenizer("Kenya")["input_ids"], pair]


def test_training_lowers_the_loss(tiny):
    encoder = tiny("xlm_r")
    stage = Stage(task="one", learning_rate=3e-3, steps=60, batch_size=8)
    losses = train_stage(stage, "0123456789abcdef" * 2, encoder.weights, [numbered(encoder)]).losses
    assert sum(losses[-10:]) < sum(losses[:10]) / 2


@pytest.mark.parametrize(
    ("hits", "relevant", "expected"),
    [
        ([True], 1, 1.0),
        ([False, True, False, True], 2, (1 / 2 + 2 / 4) / 2),
        ([True] * 20, 30, 1.0),
        ([True, False, True], 4, (1 + 2 / 3) / 4),
        ([False] * 20, 1, 0.0),
    ],
)
def test_precision_is_averaged_over_what_could_be_found_among_twenty(hits, relevant, expected):
    found = KIND.score([], None, [RetrievedCandidates(hits, relevant)], ())
    assert found == {"map@20": pytest.approx(expected)}
    both = KIND.score([], None, [RetrievedCandidates(hits, relevant), RetrievedCandidates([True], 1)], ())
    assert both == {"map@20": pytest.approx((expected + 1) / 2)}


def brute_force(model, prepared: EncodedDataset, language: str) -> float:
    """Mean average precision of a sort of all candidates by their cosine."""
    queries = bare(model, list(prepared.load_evaluation_set("dev", language).encoded.features))
    told = list(prepared.candidates.rows)
    order = (queries @ bare(model, list(prepared.candidates.encoded.features)).T).argsort(dim=-1, descending=True)
    found = []
    for row, ranked in zip(prepared.load_evaluation_set("dev", language).rows, order.tolist(), strict=True):
        right = [row["answered_by"] in told[number]["answers"] for number in ranked]
        found.append(compute_average_precision(right[:RANKING_DEPTH], sum(right), RANKING_DEPTH))
    return sum(found) / len(found)


@pytest.mark.parametrize("ahead", [1000, 8, 5])
def test_candidates_in_blocks_of_any_size_are_ranked_as_by_brute_force(ahead, architecture, monkeypatch, undisturbed):
    monkeypatch.setattr(scoring, "TEXTS_IN_MEMORY", ahead)
    monkeypatch.setattr(scoring, "EVALUATION_BATCH_SIZE", 4)
    prepared = numbered(architecture)
    assert len(prepared.candidates.encoded.features) == 48
    (model,) = build_models(architecture.weights, [prepared])
    scores = score_languages(model, prepared, "dev", ("en", "de"))
    for language in ("en", "de"):
        expected = brute_force(model.eval(), prepared, language)
        assert 0 < expected < 1
        assert scores[language] == {"map@20": pytest.approx(expected, abs=0.02)}


def test_few_candidates_are_all_ranked(tiny, undisturbed):
    prepared = numbered(tiny("xlm_r"))
    few = replace(prepared, data=replace(prepared.data, candidates=list(prepared.data.candidates)[::3]))
    (model,) = build_models(prepared.encoder.weights, [few])
    found = score_languages(model, few, "dev", ("en",))
    assert found["en"]["map@20"] == pytest.approx(brute_force(model.eval(), few, "en"), abs=0.02)


def test_a_question_that_no_candidate_answers_counts_as_not_found(tiny, undisturbed):
    prepared = numbered(tiny("xlm_r"))
    asked = list(prepared.data.evaluation["dev"]["en"])
    (model,) = build_models(prepared.encoder.weights, [prepared])
    alone = score_languages(model, prepared, "dev", ("en",))["en"]["map@20"]
    prepared.data.evaluation["dev"]["sw"] = [*asked, {"query": "1", "answered_by": "nobody"}]
    found = score_languages(model, prepared, "dev", ("sw",))["sw"]["map@20"]
    assert found == pytest.approx(alone * len(asked) / (len(asked) + 1), abs=0.02)


def test_what_is_retrieved_from_is_part_of_what_is_scored_on(tiny):
    prepared = numbered(tiny("xlm_r"))
    fewer = replace(prepared, data=replace(prepared.data, candidates=list(prepared.data.candidates)[1:]))
    assert fewer.evaluation_fingerprint("dev", ("en",)) != prepared.evaluation_fingerprint("dev", ("en",))


def test_a_saved_model_is_a_plain_encoder(architecture, tmp_path, undisturbed):
    prepared = numbered(architecture)
    (model,) = train_stage(
        Stage(task="one", learning_rate=1e-3, steps=2, batch_size=4), "f" * 32, architecture.weights, [prepared]
    ).models
    model = (
        restore_model(
            extract_encoder_weights(model, architecture.weights),
            extract_head_weights(model, architecture.weights),
            prepared,
        )
        .cpu()
        .eval()
    )
    model.save_pretrained(tmp_path)
    loaded = AutoModel.from_pretrained(tmp_path, dtype=torch.float32).eval()
    assert type(loaded) is type(model)
    queries, _ = sides(next(prepared.iterate_batches(4, Random(0))))
    assert torch.equal(bare(loaded, queries), bare(model, queries))
    assert all(torch.equal(tensor, loaded.state_dict()[name]) for name, tensor in model.state_dict().items())
