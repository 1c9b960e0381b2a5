"""One face for XLM-R's, mBERT's and XLM's tokenizers."""

import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from random import Random
from types import SimpleNamespace

import pytest
import torch

from tests import tiny_encoders
from tests.tiny_encoders import SENTENCES, XNLI15
from trainables.encoders import (
    MAX_QUESTION_TOKENS,
    Encoder,
    EncoderTokenizer,
    get_row_languages,
    load_encoder,
    pad_features,
)
from trainables.encoders import _xlm_tokenizer as moses
from trainables.tasks import TASK_KINDS
from trainables.training.noise._interface import add_to_embeddings

MAKERS = {
    "xlm-r": tiny_encoders.xlm_r,
    "mbert": tiny_encoders.mbert,
    "xlm-100": tiny_encoders.xlm,
    "xnli15": lambda folder: tiny_encoders.xlm(folder, XNLI15),
}
ROOT = Path(__file__).parents[3]
ZH, EN, DE = (XNLI15.index(code) for code in ("zh", "en", "de"))
AWKWARD = [
    *(
        "«Dr. Who», said: “no”…",
        '"word", he said.',
        "a\nb\tc",
        "１２％ of 3,000",
        "l’eau -- d'or",
        "",
        " \n",
        "e\u0301te\u0301",
    ),
    *(
        "a\u200bb\u200f c",
        "ΟΔΟΣ",
        "İstanbul",
        "ﬁn",
        "</s> <s>",
        "''x''",
        "3\u00a0000",
        "🙂👍🏽 ok",
        "\u0301",
        "中\u0301文",
        "@-@ a@b.de",
    ),
]


@pytest.fixture(scope="session")
def makes(tmp_path_factory: pytest.TempPathFactory):
    """Loads an encoder by its name, once."""
    found: dict[str, Encoder] = {}

    def make(name: str) -> Encoder:
        if name not in found:
            found[name] = load_encoder.__wrapped__(MAKERS[name](tmp_path_factory.mktemp(name)))
        return found[name]

    return make


@pytest.fixture(params=MAKERS)
def any_encoder(request, makes) -> Encoder:
    return makes(request.param)


@pytest.fixture(params=["xlm-100", "xnli15"])
def slow(request, makes) -> Encoder:
    return makes(request.param)


@pytest.fixture
def mbert(makes) -> Encoder:
    return makes("mbert")


@pytest.fixture
def xlm_100(makes) -> Encoder:
    return makes("xlm-100")


@pytest.fixture
def xnli15(makes) -> Encoder:
    return makes("xnli15")


def row(kind: str, language: str) -> dict:
    text = SENTENCES[language]
    words = text.split()
    answer = words[len(words) // 2]
    said = {
        "classification": {"text": text, "text_pair": words[0], "label": 1},
        "multiple_choice": {"context": text, "choices": [words[-1], text], "label": 0},
        "tagging": {"words": words, "tags": [number % 3 for number in range(len(words))]},
        "question_answering": {
            "id": "",
            "question": words[0],
            "context": text,
            "answers": {"text": [answer], "answer_start": [text.index(answer)]},
        },
        "retrieval": {"source_sentence": text, "target_sentence": SENTENCES["en"]},
    }
    return said[kind] | {"language": language}


def context_spans(tokens: EncoderTokenizer, text: str, language: str) -> list[tuple[int, int]]:
    _, _, (spans,) = tokens.encode_windows(["?"], [text], 512, 0, [(language, language)])
    return [span for span in spans if span is not None]


def config_of(encoder: Encoder):
    return type(encoder.config).from_dict(encoder.config.to_dict())


@pytest.mark.parametrize("kind", ["classification", "multiple_choice", "tagging", "question_answering", "retrieval"])
def test_every_kind_goes_through_every_encoder(kind, any_encoder, undisturbed):
    features = TASK_KINDS[kind].encode([row(kind, code) for code in SENTENCES], any_encoder.tokenizer, 48).features
    batch = pad_features(features, any_encoder.tokenizer.pad_id)
    torch.manual_seed(0)
    model = TASK_KINDS[kind].build_model(config_of(any_encoder), ("a", "b", "c"))
    output = model(**batch)
    states = output.last_hidden_state if kind == "retrieval" else output.loss
    assert states.isfinite().all()
    states.sum().backward()
    assert batch["input_ids"].shape[-1] <= 48
    assert ("token_type_ids" in batch) == (any_encoder.config.model_type == "bert")
    assert ("langs" in batch) == any_encoder.source.split("/")[-1].startswith("xnli15")
    if "langs" in batch:
        assert model.base_model.lang_embeddings.weight.grad.any()


@pytest.mark.parametrize("kind", ["classification", "multiple_choice", "tagging", "question_answering"])
def test_a_perturbed_xlm_is_the_one_that_is_given_embeddings_and_languages(kind, xnli15, undisturbed):
    torch.manual_seed(0)
    model = TASK_KINDS[kind].build_model(config_of(xnli15), ("a", "b", "c")).eval()
    rows = [row(kind, code) | {"second_language": "de"} for code in ("en", "zh", "ar")]
    batch = pad_features(TASK_KINDS[kind].encode(rows, xnli15.tokenizer, 64).features, xnli15.tokenizer.pad_id)
    embeddings = model.get_input_embeddings()(batch["input_ids"]).detach()
    delta = torch.randn(embeddings.flatten(0, -3).shape)
    with add_to_embeddings(model, delta):
        by_ids = model(**batch).loss
    given = {name: tensor for name, tensor in batch.items() if name != "input_ids"}
    given["inputs_embeds"] = embeddings + delta.view(embeddings.shape)
    assert by_ids.item() == pytest.approx(model(**given).loss.item(), abs=1e-6)
    assert model(**given | {"langs": torch.zeros_like(batch["langs"])}).loss.item() != by_ids.item()


def test_a_text_says_the_same_in_any_batch(xnli15, undisturbed):
    model = TASK_KINDS["retrieval"].build_model(config_of(xnli15), ()).eval()
    features = TASK_KINDS["retrieval"].encode([row("retrieval", "zh")], xnli15.tokenizer, 48).features
    alone, together = (model(**pad_features(part, xnli15.tokenizer.pad_id)) for part in (features[:1], features))
    size = len(features[0]["input_ids"])
    assert torch.allclose(alone.last_hidden_state[0], together.last_hidden_state[0, :size], atol=1e-5)


@pytest.mark.parametrize("language", [code for code in SENTENCES if code not in ("en", "fr")])
def test_a_slow_tokenizers_spans_are_a_fast_ones(language, mbert, xlm_100):
    """The merges of the tiny XLM are of pieces of English and French."""
    text = SENTENCES[language]
    assert context_spans(xlm_100.tokenizer, text, language) == context_spans(mbert.tokenizer, text, language)


@pytest.mark.parametrize("language", SENTENCES)
def test_the_span_of_an_answer_covers_it(language, any_encoder):
    asked = row("question_answering", language)
    (feature,) = TASK_KINDS["question_answering"].encode([asked], any_encoder.tokenizer, 128).features
    first, last = (feature["_spans"][feature[name]] for name in ("start_positions", "end_positions"))
    assert asked["context"][first[0] : last[1]].strip() == asked["answers"]["text"][0]


@pytest.mark.parametrize("answer", ["京", "北京", "首都"])
def test_an_answer_within_a_text_without_spaces_is_found(answer, any_encoder):
    context = SENTENCES["zh"]
    asked = row("question_answering", "zh") | {"answers": {"text": [answer], "answer_start": [context.index(answer)]}}
    (feature,) = TASK_KINDS["question_answering"].encode([asked], any_encoder.tokenizer, 64).features
    first, last = (feature["_spans"][feature[name]] for name in ("start_positions", "end_positions"))
    assert context[first[0] : last[1]] == answer


@pytest.mark.parametrize("text", AWKWARD)
@pytest.mark.parametrize("language", ["en", "de", "fr", "zh", "th", "ja", "ro", "mul", "my"])
def test_whatever_a_text_holds_its_spans_are_in_order_and_within_it(text, language, slow):
    spans = context_spans(slow.tokenizer, text, language)
    assert all(0 <= start < stop <= len(text) for start, stop in spans)
    assert all(one[0] <= other[0] and one[1] <= other[1] for one, other in pairwise(spans))
    letters = [place for place, character in enumerate(text) if character.isalnum()]
    assert all(any(start <= place < stop for start, stop in spans) for place in letters)


def test_accents_that_are_taken_off_belong_to_their_letters(xnli15):
    text = "e\u0301te\u0301"
    assert context_spans(xnli15.tokenizer, text, "fr") == [(0, 2), (2, 3), (3, 5)]


def test_a_comma_that_moses_moves_out_of_quotes_is_found_where_it_stands(xlm_100):
    text = 'so "no", he'
    assert [text[slice(*span)] for span in context_spans(xlm_100.tokenizer, text, "en")] == list('so"no",he')


def test_words_on_two_lines_stay_two(slow):
    tokens = slow.tokenizer
    (one,), (other,) = (tokens.encode_pairs([text], None, 32, [("en", "en")]) for text in ("ab\ncd", "ab cd"))
    assert one == other


def test_texts_and_contexts_have_the_same_pieces(slow):
    for language, text in SENTENCES.items():
        (alone,) = slow.tokenizer.encode_pairs([text], None, 128, [(language, language)])
        ((window,), _, _) = slow.tokenizer.encode_windows(["?"], [text], 128, 8, [(language, language)])
        assert window["input_ids"][3:] == alone["input_ids"][1:]


def test_a_text_in_a_language_that_moses_knows_is_tokenized_as_transformers_does(slow):
    for language in ("en", "de", "fr", "ru", "ar"):
        (feature,) = slow.tokenizer.encode_pairs([SENTENCES[language]], None, 128, [(language, language)])
        pieces = slow.pretrained_tokenizer._tokenize(SENTENCES[language], lang=language)
        assert feature["input_ids"][1:-1] == slow.pretrained_tokenizer.convert_tokens_to_ids(pieces)


@pytest.mark.parametrize("text", [SENTENCES["zh"] * 9, SENTENCES["ar"] * 9, "x", ""])
@pytest.mark.parametrize("stride", [0, 7, 15])
def test_windows_are_a_fast_tokenizers(text, stride, mbert, xlm_100):
    """Both have three special tokens in a pair, and of these texts one piece a character."""
    _, one, fast = mbert.tokenizer.encode_windows(["ab"], [text], 32, stride, [("en", "zh")])
    _, other, slow = xlm_100.tokenizer.encode_windows(["ab"], [text], 32, stride, [("en", "zh")])
    assert (one, fast) == (other, slow)


@pytest.mark.parametrize("question", ["x", "x" * 14, "x" * 60, "xy z" * 9])
def test_windows_cover_every_token_of_the_context(question, any_encoder):
    for text in (" ".join(SENTENCES.values()), SENTENCES["zh"] * 7):
        whole = context_spans(any_encoder.tokenizer, text, "en")
        features, rows, windows = any_encoder.tokenizer.encode_windows(
            [question] * 2, [text] * 2, 32, 8, [("en", "en")] * 2
        )
        assert rows == sorted(rows)
        assert set(rows) == {0, 1}
        assert max(len(feature["input_ids"]) for feature in features) == 32
        held = [[span for span in spans if span] for row, spans in zip(rows, windows, strict=True) if row == 1]
        assert [*held[0], *(span for window in held[1:] for span in window[8:])] == whole
        assert all(one[-8:] == other[:8] for one, other in pairwise(held))


@pytest.mark.parametrize("context", ["y", "y " * 1907])
def test_of_a_question_is_read_what_the_official_scripts_read(context, any_encoder):
    def told(words: int) -> tuple[int, int]:
        """Where the context begins in each window, and the number of windows."""
        _, _, windows = any_encoder.tokenizer.encode_windows(["x " * words], [context], 384, 128, [("en", "en")])
        (first,) = {next(place for place, span in enumerate(window) if span) for window in windows}
        return first, len(windows)

    short, long, longer = (told(words) for words in (20, 80, 400))
    assert short[0] < long[0] == longer[0] <= MAX_QUESTION_TOKENS + 3
    # A word has two tokens at most; a window moves on by what it does not share with the last: once it was a token at a time.
    assert short[1] <= long[1] == longer[1] <= 1 + 2 * 1907 // (384 - MAX_QUESTION_TOKENS - 4 - 128)


def test_the_context_has_half_of_a_window_whatever_is_asked(any_encoder):
    features, rows, windows = any_encoder.tokenizer.encode_windows(["x " * 60], ["y " * 300], 64, 21, [("en", "en")])
    assert max(len(feature["input_ids"]) for feature in features) == 64
    assert min(sum(span is not None for span in window) for window in windows[:-1]) >= 30
    assert len(rows) <= 1 + 2 * 300 // (30 - 21)


def test_a_long_question_stays_whole_where_its_context_fits_too(any_encoder):
    (feature,), _, _ = any_encoder.tokenizer.encode_windows(["x" * 24], ["y"], 32, 8, [("en", "en")])
    (pair,) = any_encoder.tokenizer.encode_pairs(["x" * 24], ["y"], 32, [("en", "en")])
    assert feature == pair


def test_the_size_of_a_text_and_the_room_for_two_are_those_of_a_pair(any_encoder):
    texts = ["Kenya", "", SENTENCES["zh"], "x " * 99]
    sizes = any_encoder.tokenizer.count_tokens(texts, ["zh"] * 4)
    for text, size in zip(texts, sizes, strict=True):
        (pair,) = any_encoder.tokenizer.encode_pairs([text], ["Kenya"], 512, [("zh", "zh")])
        assert len(pair["input_ids"]) == size + sizes[0] + 512 - any_encoder.tokenizer.max_pair_tokens(512)


def test_moses_hears_the_language(slow):
    for language, pieces in (("en", ["l</w>", "'", "o</w>"]), ("fr", ["l", "'</w>", "o</w>"])):
        (feature,) = slow.tokenizer.encode_pairs(["l'o"], None, 32, [(language, language)])
        assert slow.pretrained_tokenizer.convert_ids_to_tokens(feature["input_ids"])[1:-1] == pieces


@pytest.mark.parametrize("pair", [True, False])
def test_texts_are_cut_as_transformers_cuts_them(pair, slow):
    rng = Random(0)
    for _ in range(200):
        first, second = "x" * rng.randint(0, 20), "y" * rng.randint(0, 20) if pair else None
        (feature,) = slow.tokenizer.encode_pairs([first], [second] if pair else None, 16, [("en", "en")])
        expected = slow.pretrained_tokenizer(first, second, truncation="longest_first", max_length=16)
        assert feature["input_ids"] == expected["input_ids"]
        assert feature["attention_mask"] == expected["attention_mask"]


def test_every_token_knows_its_word(any_encoder):
    words = ["Dr.", "Who", "’s", "\u200b", "北京", "etc."]
    (feature,), (numbers,) = any_encoder.tokenizer.encode_words([words], 64, ["en"])
    said = [number for number in numbers if number is not None]
    assert len(numbers) == len(feature["input_ids"])
    assert numbers[0] is numbers[-1] is None
    assert said == sorted(said)
    assert {0, 1, 2, 4, 5} <= set(said)


def test_a_word_without_pieces_has_a_token_all_the_same(slow):
    (feature,), (numbers,) = slow.tokenizer.encode_words([["a", "\u200b", "b"]], 64, ["en"])
    assert numbers == [None, 0, 1, 2, None]
    assert feature["input_ids"][2] == slow.pretrained_tokenizer.unk_token_id


def test_words_beyond_the_longest_input_are_cut_off(any_encoder):
    (feature,), (numbers,) = any_encoder.tokenizer.encode_words([["ab"] * 30], 16, ["en"])
    assert len(feature["input_ids"]) == len(numbers) == 16
    assert max(number for number in numbers if number is not None) < 29


def test_each_text_of_a_pair_has_its_own_language_and_special_tokens_the_firsts(xnli15):
    (feature,) = xnli15.tokenizer.encode_pairs(["北京"], ["Wien"], 32, [("zh", "de")])
    assert feature["langs"] == [ZH, ZH, ZH, ZH, DE, DE, DE, DE, ZH]
    (alone,) = xnli15.tokenizer.encode_pairs(["北京"], None, 32, [("zh", "de")])
    assert alone["langs"] == [ZH] * 4


def test_a_rows_languages_are_those_of_its_texts(xnli15):
    def langs(kind: str, **more: str) -> list:
        said = row(kind, "zh") | more
        return [feature["langs"] for feature in TASK_KINDS[kind].encode([said], xnli15.tokenizer, 64).features]

    assert {number for one in langs("classification") for number in one} == {ZH}
    assert {number for one in langs("classification", second_language="de") for number in one} == {ZH, DE}
    assert langs("tagging", second_language="de") == langs("tagging")
    choices = langs("multiple_choice", second_language="de")[0]
    assert [set(choice) for choice in choices] == [{ZH, DE}] * 2
    source, target = langs("retrieval")
    assert (set(source), set(target)) == ({ZH}, {EN})
    assert set(langs("retrieval", second_language="de")[1]) == {DE}


def test_the_second_language_of_question_answering_is_the_questions(xnli15):
    asked = row("question_answering", "zh") | {"second_language": "de", "question": "ab"}
    (feature,) = TASK_KINDS["question_answering"].encode([asked], xnli15.tokenizer, 64).features
    assert feature["langs"][:4] == [DE] * 4
    assert feature["langs"][4:-1] == [ZH] * (len(feature["langs"]) - 5)
    assert feature["langs"][-1] == DE


def test_a_row_without_a_language_is_in_english():
    assert get_row_languages({}) == ("en", "en")
    assert get_row_languages({"language": None}) == ("en", "en")
    assert get_row_languages({"language": "zh"}) == ("zh", "zh")
    assert get_row_languages({"language": "zh"}, "en") == ("zh", "en")
    assert get_row_languages({"language": "zh", "second_language": "de"}, "en") == ("zh", "de")


def test_languages_without_an_embedding_are_listed_and_count_as_english(xnli15):
    assert xnli15.tokenizer.unknown_languages(["en", "mul", "zh", "fi"]) == ("mul", "fi")
    (feature,) = xnli15.tokenizer.encode_pairs(["Suomi"], None, 32, [("fi", "fi")])
    assert set(feature["langs"]) == {EN}


@pytest.mark.parametrize("name", ["xlm-r", "mbert", "xlm-100"])
def test_without_language_embeddings_no_language_is_unknown(name, makes):
    assert makes(name).tokenizer.unknown_languages(["mul"]) == ()


def test_language_embeddings_without_numbers_are_refused(xnli15):
    config = config_of(xnli15)
    config.lang2id = None
    with pytest.raises(ValueError, match="lang2id"):
        EncoderTokenizer(xnli15.pretrained_tokenizer, config)


def test_a_language_that_the_tokenizer_does_not_know_is_no_error_for_every_text(xnli15, monkeypatch, caplog):
    monkeypatch.setattr(xnli15.pretrained_tokenizer, "lang2id", {"en": 0})
    assert xnli15.tokenizer.encode_pairs(["Wien"], None, 32, [("de", "de")])
    assert not caplog.records


def test_romanian_keeps_its_diacritics_where_the_model_saw_them(xlm_100):
    (feature,) = xlm_100.tokenizer.encode_pairs(["ță"], None, 32, [("ro", "ro")])
    assert xlm_100.pretrained_tokenizer.convert_ids_to_tokens(feature["input_ids"])[1:-1] == ["ț", "ă</w>"]


def test_what_is_missing_for_words_is_told(xlm_100, xnli15, mbert):
    (all_three,), (two,) = xlm_100.tokenizer.notes, xnli15.tokenizer.notes
    assert "pythainlp for th, rjieba for zh, Mykytea for ja" in all_three
    assert "ja" not in two.replace("rjieba", "")
    assert mbert.tokenizer.notes == ()


def test_a_package_that_finds_words_is_used(xlm_100, monkeypatch):
    monkeypatch.setitem(sys.modules, "rjieba", SimpleNamespace(cut=lambda text: text.split("的")))
    tokens = EncoderTokenizer(xlm_100.pretrained_tokenizer, xlm_100.config)
    (feature,) = tokens.encode_pairs(["中国的首都"], None, 32, [("zh", "zh")])
    assert xlm_100.pretrained_tokenizer.convert_ids_to_tokens(feature["input_ids"])[1:-1] == [
        "中",
        "国</w>",
        "首",
        "都</w>",
    ]
    assert "rjieba" not in tokens.notes[0]
    assert tokens.fingerprint != xlm_100.tokenizer.fingerprint


def test_japanese_words_need_the_model_of_their_package_too(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "Mykytea", SimpleNamespace())
    monkeypatch.setattr(moses.Path, "home", lambda: tmp_path)
    assert not moses._is_segmenter_installed("ja")
    (tmp_path / moses.KYTEA_MODEL).parent.mkdir(parents=True)
    (tmp_path / moses.KYTEA_MODEL).touch()
    assert moses._is_segmenter_installed("ja")


def test_the_longest_input_is_what_the_positions_allow(any_encoder):
    tokens = any_encoder.tokenizer
    assert tokens.max_input_length == 512
    text = ["a " * 600]
    features = tokens.encode_pairs(text, None, tokens.max_input_length, [("en", "en")])
    model = TASK_KINDS["retrieval"].build_model(config_of(any_encoder), ())
    assert model(**pad_features(features, tokens.pad_id)).last_hidden_state.shape[1] == 512


def test_special_tokens_are_special_and_padding_pads(any_encoder):
    tokens = any_encoder.tokenizer
    (feature,) = tokens.encode_pairs(["a"], ["b"], 32, [("en", "en")])
    assert {feature["input_ids"][0], feature["input_ids"][-1], tokens.pad_id} <= set(tokens.special_ids)
    assert tokens.pad_id == any_encoder.config.pad_token_id


def test_the_fingerprint_is_the_encoders_whatever_was_tokenized_before(makes, tmp_path):
    found = {name: makes(name).tokenizer.fingerprint for name in MAKERS}
    assert len(set(found.values())) == len(MAKERS)
    for name, maker in MAKERS.items():
        tokens = load_encoder.__wrapped__(maker(tmp_path / name)).tokenizer
        tokens.encode_pairs(["a"] * 2, None, 3, [("en", "en")] * 2)
        assert tokens.fingerprint == found[name]


def test_the_fingerprint_sees_vocabulary_settings_and_language_numbers(tmp_path):
    languages = {
        name: tiny_encoders.xlm(tmp_path / name, order) for name, order in (("a", ("en", "de")), ("b", ("de", "en")))
    }
    more = tiny_encoders.xlm(tmp_path / "c", ("en", "de"), ("京",))
    folders = [*languages.values(), more, tiny_encoders.xlm(tmp_path / "d", ("en",)), tiny_encoders.xlm(tmp_path / "e")]
    assert len({load_encoder.__wrapped__(folder).tokenizer.fingerprint for folder in folders}) == 5


@pytest.mark.parametrize("name", ["mbert", "xnli15"])
def test_the_fingerprint_is_the_same_in_another_process(name, makes):
    encoder = makes(name)
    code = (
        f"from trainables.encoders import load_encoder; print(load_encoder({encoder.source!r}).tokenizer.fingerprint)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=120, env={"PYTHONHASHSEED": "7"}
    )
    assert done.stdout.split() == [encoder.tokenizer.fingerprint], done.stderr
