"""The mirrors of hub data sets that other tests read: each can be loaded, and is what its docstring says."""

from pathlib import Path

import pytest
from datasets import ClassLabel, Dataset, List, Value, load_dataset

from tests import mirrors

SAMPLE = [
    ("facebook/xnli", "sw", "train"),
    ("cambridgeltl/xcopa", "qu", "validation"),
    ("izhx/xtreme-r-udpos", "wo", "test"),
    ("google/xtreme", "udpos.Kazakh", "train"),
    ("google/xtreme", "PAN-X.th", "validation"),
    ("google/xtreme", "MLQA.zh.zh", "test"),
    ("google/xtreme", "XQuAD.el", "validation"),
    ("google/xtreme", "tatoeba.cmn", "validation"),
    ("google/xtreme", "bucc18.ru", "test"),
    ("google/xtreme", "tydiqa", "train"),
    ("google/xtreme", "SQuAD", "train"),
    ("google/xtreme", "XNLI", "validation"),
    ("google/xtreme", "PAWS-X.ko", "test"),
    ("unimelb-nlp/wikiann", "my", "train"),
    ("google/xquad", "xquad.ro", "validation"),
    ("google-research-datasets/tydiqa", "secondary_task", "validation"),
    ("rajpurkar/squad", "plain_text", "train"),
    ("rajpurkar/squad_v2", "squad_v2", "validation"),
    ("izhx/mewsli-x", "fa", "validation"),
    ("google-research-datasets/xquad_r", "th", "validation"),
    ("mteb/tatoeba-bitext-mining", "ukr-eng", "test"),
    ("google-research-datasets/paws-x", "ja", "train"),
    ("hgissbkh/xglue", "ner", "validation.nl"),
    ("hgissbkh/xglue", "wpr", "train"),
    ("facebook/anli", "plain_text", "train_r2"),
    ("nyu-mll/glue", "mnli", "validation_mismatched"),
    ("aps/super_glue", "cb", "test"),
    ("lighteval/siqa", "default", "validation"),
    ("hotpotqa/hotpot_qa", "distractor", "train"),
    ("tau/commonsense_qa", "default", "test"),
    ("allenai/cosmos_qa", "default", "train"),
    ("Rowan/hellaswag", "default", "test"),
    ("allenai/scitail", "tsv_format", "train"),
    ("nala-cub/americas_nli", "all_languages", "test"),
    ("Divyanshu/indicxnli", "or", "test"),
    ("masakhane/masakhaner2", "yor", "train"),
    ("wikimedia/wikipedia", "20231101.my", "train"),
    ("Davlan/sib200", "nqo_Nkoo", "validation"),
    ("facebook/belebele", "npi_Latn", "test"),
    ("ehovy/race", "all", "train"),
    ("mteb/amazon_massive_intent", "zh-TW", "test"),
    ("mteb/amazon_massive_scenario", "am", "validation"),
    ("AmazonScience/massive", "sw-KE", "train"),
    ("masakhane/masakhanews", "tir", "test"),
    ("mteb/AfriSentiClassification", "arq", "validation"),
    ("masakhane/afrixnli", "orm", "test"),
    ("mteb/NusaX-senti", "bbc", "train"),
    ("masakhane/masakhapos", "bbj", "train"),
]
STREAMED = SAMPLE[::3]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("mirrors")
    mirrors.write(root)
    return root


@pytest.fixture(scope="module")
def load(root: Path, tmp_path_factory: pytest.TempPathFactory):
    cache = str(tmp_path_factory.mktemp("cache"))
    return lambda repository, name, split, streaming=False: load_dataset(
        str(root / repository), name, split=split, cache_dir=cache, streaming=streaming
    )


def languages(repository: str, name: str, split: str) -> int:
    return 1 if "." in split else len(mirrors.SETS[repository][name].languages)


def test_every_set_is_there(root):
    assert len(mirrors.SETS) == 38
    assert {repository for repository, _, _ in SAMPLE} == set(mirrors.SETS)
    counts = {repository: len(configurations) for repository, configurations in mirrors.SETS.items()}
    assert {counts[r] for r in ("facebook/xnli", "google-research-datasets/xquad_r")} == {15, 11}
    assert counts["google/xtreme"] == 33 + 40 + 7 + 11 + 36 + 4 + 3 + 7
    assert (counts["unimelb-nlp/wikiann"], counts["izhx/xtreme-r-udpos"], counts["izhx/mewsli-x"]) == (48, 38, 13)
    for repository, configurations in mirrors.SETS.items():
        for name, configuration in configurations.items():
            for split in configuration.splits:
                assert (root / repository / configuration.file(name, split)).stat().st_size


@pytest.mark.parametrize(("repository", "name", "split"), SAMPLE)
def test_a_set_is_loaded_as_the_hubs(repository, name, split, load):
    rows = load(repository, name, split)
    features = mirrors.SETS[repository][name].features
    assert features is None or rows.features == features
    assert len(rows) == mirrors.size(split) * languages(repository, name, split)
    assert len({str(row) for row in rows}) == len(rows)


@pytest.mark.parametrize(("repository", "name", "split"), STREAMED)
def test_a_set_is_streamed_as_it_is_loaded(repository, name, split, load):
    assert list(load(repository, name, split, streaming=True)) == list(load(repository, name, split))


def test_types_are_the_hubs(load):
    xnli = load("facebook/xnli", "th", "test")
    assert xnli.features["label"] == ClassLabel(names=["entailment", "neutral", "contradiction"])
    assert set(xnli["label"]) == {0, 1, 2}
    squad = load("rajpurkar/squad", "plain_text", "validation")
    assert squad.features["answers"] == {"text": List(Value("string")), "answer_start": List(Value("int32"))}
    tagged = load("hgissbkh/xglue", "pos", "test.ur")
    assert tagged.features["pos"].feature.names[0] == "ADJ"
    assert len(tagged.features["pos"].feature.names) == 17
    assert load("google/xtreme", "PAWS-X.de", "train").features["label"] == Value("string")


@pytest.mark.parametrize(
    ("repository", "name", "split"),
    [
        ("google/xquad", "xquad.zh", "validation"),
        ("google/xtreme", "MLQA.ar.ar", "test"),
        ("google-research-datasets/tydiqa", "secondary_task", "train"),
        ("google-research-datasets/tydiqa", "secondary_task", "validation"),
        ("hgissbkh/xglue", "mlqa", "test.vi"),
        ("rajpurkar/squad", "plain_text", "validation"),
        ("rajpurkar/squad_v2", "squad_v2", "train"),
    ],
)
def test_answers_are_where_they_say(repository, name, split, load):
    assert misplaced(load(repository, name, split)) == []


def misplaced(rows: Dataset) -> list[int]:
    def wrong(row: dict) -> bool:
        answers = zip(row["answers"]["text"], row["answers"]["answer_start"], strict=True)
        return any(row["context"][start : start + len(text)] != text for text, start in answers)

    return [number for number, row in enumerate(rows) if wrong(row)]


def test_flaws_are_where_they_are_said_to_be(load):
    squad = load("rajpurkar/squad", "plain_text", "train")
    assert misplaced(squad) == [mirrors.OFF_BY_ONE, mirrors.NOT_IN_CONTEXT]
    assert squad[mirrors.OFF_BY_ONE]["answers"]["text"][0] in squad[mirrors.OFF_BY_ONE]["context"]
    assert squad[mirrors.NOT_IN_CONTEXT]["answers"]["text"][0] not in squad[mirrors.NOT_IN_CONTEXT]["context"]
    paws = load("google-research-datasets/paws-x", "de", "train")
    assert [number for number, text in enumerate(paws["sentence2"]) if not text] == [mirrors.EMPTY_SECOND]
    hotpot = load("hotpotqa/hotpot_qa", "distractor", "train")
    absent = [row["answer"] not in str(row["context"]["sentences"]) for row in hotpot]
    assert [number for number in range(16) if absent[number]] == [0, 4, 5, 8, 12]
    assert {hotpot[number]["answer"] for number in (0, 4, 8, 12)} == {"yes", "no"}
    squad2 = load("rajpurkar/squad_v2", "squad_v2", "train")
    assert [number for number, row in enumerate(squad2) if not row["answers"]["text"]] == [2, 5, 8, 11, 14]


def test_mentions_of_mewsli_x_are_among_the_candidates(load):
    candidates = load("izhx/mewsli-x", "candidate_entities", "test")
    assert len(set(candidates["description_language"])) == 11
    assert len(set(candidates["entity_id"])) == len(candidates) == 48
    for language in ("ar", "ja", "ta"):
        for row in load("izhx/mewsli-x", language, "test"):
            span, text = row["mention"]["mention_span"], row["context"]["text"]
            assert text[span["start"] : span["end"]] == span["text"]
            assert row["mention"]["entity_id"] in list(candidates["entity_id"])
    pairs = load("izhx/mewsli-x", "wikipedia_pairs", "train")
    assert len(pairs) == 16
    assert all(row["contextual_mention"]["mention"]["entity_id"] == row["entity"]["entity_id"] for row in pairs)


def test_texts_are_in_their_own_script(load):
    for language, letters in {"th": "กฮ", "zh": "一鿿", "ar": "ءي", "ru": "Ая", "hi": "अह"}.items():
        premise = load("facebook/xnli", language, "validation")[0]["premise"]
        assert any(letters[0] <= letter <= letters[1] for letter in premise), premise


def test_sizes_and_sets_can_be_chosen_and_files_stay_the_same(tmp_path):
    for folder in ("one", "two"):
        mirrors.write(tmp_path / folder, ["facebook/anli"], {"train": 3, "dev": 2, "test_r3": 1, "others": 4})
    found = {file.relative_to(tmp_path / "one") for file in (tmp_path / "one").rglob("*") if file.is_file()}
    assert len(found) == 10
    for file in found:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    rows = [
        Dataset.from_parquet(
            str(tmp_path / f"one/facebook/anli/plain_text/{split}-00000-of-00001.parquet"),
            cache_dir=str(tmp_path / "cache"),
        )
        for split in ("train_r1", "dev_r1", "test_r1", "test_r3")
    ]
    assert [len(split) for split in rows] == [3, 2, 4, 1]
