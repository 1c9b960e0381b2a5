"""Pre-trains the miniature's encoder: a unigram tokenizer and a small XLM-R, on the text of the miniature's world.

Masked language modelling on single sentences and translation language modelling on pairs (Lample and Conneau, NeurIPS
2019), in the 46 languages of the miniature that XLM-R has seen too; Quechua, Wolof and Yoruba stay unseen here as there.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers import (
    PreTrainedTokenizerBase,
    XLMRobertaConfig,
    XLMRobertaForMaskedLM,
    XLMRobertaTokenizer,
)

from trainables.benchmarks.miniature import MINIATURE_LANGUAGES
from trainables.benchmarks.miniature.world import (
    DATE_KINDS,
    PLACE_KINDS,
    WorldRecord,
    draw_records,
    render_date,
    render_fact,
    render_list,
    render_place,
)
from trainables.encoders import Batch, pad_features
from trainables.languages import LANGUAGES, SOURCE_LANGUAGE
from trainables.training import OptimizerSettings, run_training_loop

SPECIAL_TOKENS = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")


@dataclass(frozen=True, slots=True, kw_only=True)
class PretrainingRecipe:
    """Everything that decides the shipped encoder's weights except the type of machine."""

    seed: int = 0
    vocabulary_size: int = 8000
    width: int = 128
    layers: int = 3
    heads: int = 4
    inner: int = 256
    positions: int = 130
    pairs: int = 60_000
    translations: float = 0.55
    """Share of the training examples that are a sentence and its translation; the others are two sentences in a language."""
    masked: float = 0.35
    """Share of the tokens that are predicted."""
    steps: int = 14000
    batch_size: int = 64
    learning_rate: float = 2e-3


def list_pretraining_languages() -> tuple[str, ...]:
    """The miniature's languages that XLM-R was pre-trained on, in the order of their codes."""
    return tuple(code for code in MINIATURE_LANGUAGES if LANGUAGES[code].seen)


def build_corpus(recipe: PretrainingRecipe) -> list[tuple[str, str]]:
    """Pairs of sentences about one record of the train split: a sentence and its translation, or a sentence and the next one.

    Languages are drawn in proportion to ``2 ** (resources / 2)``, so that a language of class 5 is seen four times as
    often as one of class 1: the imbalance of web text, tempered as for XLM-R. Half the translations are from or to English.
    """
    rng = Random(f"corpus/{recipe.seed}")
    languages = list_pretraining_languages()
    weights = [2 ** ((LANGUAGES[code].resources or 0) / 2) for code in languages]
    records = draw_records("train", rng)
    pairs: list[tuple[str, str]] = []
    while len(pairs) < recipe.pairs:
        first, second = rng.choices(languages, weights, k=2)
        record, form, order = next(records), rng.choice(_FORMS), rng.random()
        if rng.random() < recipe.translations:
            second = SOURCE_LANGUAGE if rng.random() < 0.5 else second
            pair = (form(record, first, Random(order)), form(record, second, Random(order)))
        else:
            opening, following = rng.choice(_DOCUMENTS)
            pair = (opening(record, first, Random(order)), following(record, first, rng))
        pairs.append(pair if rng.random() < 0.5 else (pair[1], pair[0]))
    return pairs


SentenceForm = Callable[[WorldRecord, str, Random], str]


def _say_name(record: WorldRecord, language: str, rng: Random) -> str:
    kind = rng.choice((None, *PLACE_KINDS, *DATE_KINDS))
    return render_place(record, language) if kind is None else render_fact(record, kind, language)


def _say_place(record: WorldRecord, language: str, rng: Random) -> str:
    return render_place(record, language)


def _say_day(record: WorldRecord, language: str, rng: Random) -> str:
    return render_date(record, language)


def _say_place_and_day(record: WorldRecord, language: str, rng: Random) -> str:
    return render_list([render_place(record, language), render_date(record, language)], language)


def _say_place_fact(record: WorldRecord, language: str, rng: Random) -> str:
    return render_fact(record, rng.choice(PLACE_KINDS), language)


def _say_date_fact(record: WorldRecord, language: str, rng: Random) -> str:
    return render_fact(record, rng.choice(DATE_KINDS), language)


def _say_any_fact(record: WorldRecord, language: str, rng: Random) -> str:
    return render_fact(record, rng.choice(PLACE_KINDS + DATE_KINDS), language)


def _say_facts(record: WorldRecord, language: str, rng: Random) -> str:
    kinds = rng.sample(PLACE_KINDS + DATE_KINDS, rng.randint(1, 3))
    parts = [render_place(record, language), *(render_fact(record, kind, language) for kind in kinds)]
    return render_list(rng.sample(parts, len(parts)), language)


_FORMS: tuple[SentenceForm, ...] = (_say_name, _say_name, _say_facts, _say_facts, _say_place_and_day)
_DOCUMENTS: tuple[tuple[SentenceForm, SentenceForm], ...] = (
    (_say_place, _say_place_fact),
    (_say_day, _say_date_fact),
    (_say_place_and_day, _say_any_fact),
    (_say_place_and_day, _say_facts),
    (_say_facts, _say_facts),
)


def build_tokenizer(examples: list[tuple[str, str]], recipe: PretrainingRecipe) -> XLMRobertaTokenizer:
    """A unigram tokenizer like XLM-R's (Kudo 2018), trained on the corpus: ids 0 to 3 are XLM-R's, the mask is last."""
    trained = Tokenizer(models.Unigram())
    trained.normalizer = normalizers.NFKC()
    trained.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=recipe.vocabulary_size - 1,
        special_tokens=list(SPECIAL_TOKENS[:-1]),
        unk_token="<unk>",  # noqa: S106 - no password
        show_progress=False,
    )
    texts = (text for pair in examples for text in pair)
    trained.train_from_iterator(texts, trainer)
    scores = {token: score for token, score in _read_unigrams(trained) if token not in SPECIAL_TOKENS}
    ordered = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    vocabulary = [*((token, 0.0) for token in SPECIAL_TOKENS[:-1]), *ordered, ("<mask>", 0.0)]
    return XLMRobertaTokenizer(vocab=vocabulary, model_max_length=recipe.positions - 2)


def _read_unigrams(tokenizer: Tokenizer) -> list[tuple[str, float]]:
    import json

    return [(token, score) for token, score in json.loads(tokenizer.to_str())["model"]["vocab"]]


def build_random_model(vocabulary: int, recipe: PretrainingRecipe) -> XLMRobertaForMaskedLM:
    """An XLM-R of the recipe's size with random weights."""
    torch.manual_seed(recipe.seed)
    return XLMRobertaForMaskedLM(
        XLMRobertaConfig(
            vocab_size=vocabulary,
            hidden_size=recipe.width,
            num_hidden_layers=recipe.layers,
            num_attention_heads=recipe.heads,
            intermediate_size=recipe.inner,
            max_position_embeddings=recipe.positions,
            type_vocab_size=1,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            pad_token_id=1,
            bos_token_id=0,
            eos_token_id=2,
        )
    )


def iterate_masked_batches(
    examples: list[tuple[str, str]], tokenizer: PreTrainedTokenizerBase, recipe: PretrainingRecipe
) -> Iterator[Batch]:
    """Masked batches of examples of similar length, in random order, without end."""
    encoded = [tokenizer(first, second) for first, second in examples]
    rng, draws = Random(f"batches/{recipe.seed}"), torch.Generator().manual_seed(recipe.seed)
    special = torch.tensor(tokenizer.all_special_ids)
    while True:
        order = sorted(range(len(encoded)), key=lambda i: (len(encoded[i]["input_ids"]), rng.random()))
        groups = [order[i : i + recipe.batch_size] for i in range(0, len(order), recipe.batch_size)]
        rng.shuffle(groups)
        for group in groups:
            batch = pad_features([dict(encoded[i]) for i in group], tokenizer.pad_token_id)
            yield mask_batch(batch, tokenizer.mask_token_id, special, recipe.masked, draws)


def mask_batch(batch: Batch, mask_id: int, special: Tensor, share: float, draws: torch.Generator) -> Batch:
    """The batch with labels at a share of its tokens, of which 60 % are masked, 30 % replaced, 10 % unchanged.

    A replacement is a token of the same batch: without its context it is as likely as the right one. With BERT's 80 % and 10 %, and
    replacements from the whole vocabulary, this small encoder did not learn to compare texts.
    """
    ids = batch["input_ids"]
    plain = ~torch.isin(ids, special)
    chosen = plain & (torch.rand(ids.shape, generator=draws) < share)
    fate = torch.rand(ids.shape, generator=draws)
    pieces = ids[plain]
    others = pieces[torch.randint(len(pieces), ids.shape, generator=draws)]
    changed = torch.where(fate < 0.6, mask_id, torch.where(fate < 0.9, others, ids))
    return {
        "input_ids": torch.where(chosen, changed, ids),
        "attention_mask": batch["attention_mask"],
        "labels": torch.where(chosen, ids, -100),
    }


def compute_masked_loss(model: XLMRobertaForMaskedLM, batch: Batch) -> Tensor:
    """Cross-entropy at the masked tokens; logits are computed for these only, which halves the time of a step."""
    labels = batch["labels"]
    states = model.roberta(batch["input_ids"], batch["attention_mask"]).last_hidden_state
    masked = labels != -100
    return cross_entropy(model.lm_head(states[masked]), labels[masked])


def pretrain_encoder(recipe: PretrainingRecipe, folder: Path, on_step: Callable[[int, float], None]) -> None:
    """Train tokenizer and encoder and save both into `folder` as ``save_pretrained`` does, weights in half precision."""
    examples = build_corpus(recipe)
    tokenizer = build_tokenizer(examples, recipe)
    model = build_random_model(len(tokenizer), recipe)
    schedule = OptimizerSettings(steps=recipe.steps, learning_rate=recipe.learning_rate, warmup=0.05)
    run_training_loop(
        model,
        iterate_masked_batches(examples, tokenizer, recipe),
        lambda batch: iter([compute_masked_loss(model, batch)]),
        schedule,
        on_step,
    )
    model.half().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
