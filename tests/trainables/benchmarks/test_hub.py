"""Data sets of the hub, read by `load_dataset` from mirrors in the identical schema."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from datasets import ClassLabel, Dataset, Features, Value

from trainables import benchmarks
from trainables.benchmarks import catalogue, mirror_of
from trainables.benchmarks.catalogue import ROBUST_XLT, DataError
from trainables.benchmarks.hub import load
from trainables.curriculum import Stage, Trial
from trainables.encoders import Encoder
from trainables.prepared import Prepared, prepare
from trainables.tasks import TaskData
from trainables.trial import run

SCHEMAS = {
    "facebook/xnli": Features(
        {
            "premise": Value("string"),
            "hypothesis": Value("string"),
            "label": ClassLabel(names=["entailment", "neutral", "contradiction"]),
        }
    ),
    "google-research-datasets/paws-x": Features(
        {
            "id": Value("int32"),
            "sentence1": Value("string"),
            "sentence2": Value("string"),
            "label": ClassLabel(names=["0", "1"]),
        }
    ),
}
SIZES = {"train": 12, "validation": 6, "test": 9}


def rows(columns: dict, language: str, split: str) -> list[dict]:
    """Rows whose texts tell their language and item; PAWS-X in another order in each language, one item lacking in German."""
    told = []
    for item in range(1, SIZES[split] + 1):
        first, second = (column for column in columns if column not in ("id", "label"))
        row = {first: f"{language} one {item}", second: f"{language} two {item}", "label": item % 2}
        told.append(row | ({"id": item} if "id" in columns else {}))
    if "id" in columns and split != "train":
        told = [row for row in told if language != "de" or row["id"] != 2]
        told = told[::-1] if language == "ja" else told
    return told


@pytest.fixture(scope="session")
def mirror(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both sets, a parquet file for each language and split, and the cards that name them."""
    root = tmp_path_factory.mktemp("mirror")
    for card in ROBUST_XLT.values():
        folder, entries = root / card.source.repository, []
        for language in card.languages:
            entries.append(f"- config_name: {language}\n  data_files:\n")
            for split in SIZES:
                file = folder / language / f"{split}-00000-of-00001.parquet"
                file.parent.mkdir(parents=True, exist_ok=True)
                features = SCHEMAS[card.source.repository]
                Dataset.from_list(rows(features, language, split), features).to_parquet(file)
                entries.append(f"  - split: {split}\n    path: {language}/{split}-*\n")
        (folder / "README.md").write_text(f"---\nconfigs:\n{''.join(entries)}---\n")
    return root


@pytest.fixture
def at_mirror(mirror: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], TaskData]:
    monkeypatch.setenv("XLT_DATA", str(mirror))
    return lambda task: benchmarks.load("robust_xlt", task)


@pytest.mark.parametrize("name", ROBUST_XLT)
def test_a_set_is_read_in_all_its_languages(name, at_mirror):
    data, card = at_mirror(name), ROBUST_XLT[name]
    assert data.kind == card.kind
    assert data.labels == card.labels
    assert len(data.train) == 12
    assert data.train[0] == {"text": "en one 1", "text_pair": "en two 1", "label": 1}
    assert set(data.evaluation["dev"]["language"]) == set(card.languages)
    assert set(data.evaluation["dev"].column_names) == {"text", "text_pair", "label", "language", "item"}


def test_items_of_paws_x_are_joined_by_their_id(at_mirror, encoder: Encoder):
    prepared = Prepared(at_mirror("pawsx"), encoder, 32)
    assert prepared.generalizes
    assert [row["text"] for row in prepared.mixed("dev", "ja", "de").rows] == [f"ja one {i}" for i in (6, 5, 4, 3, 1)]
    for row in prepared.mixed("dev", "ja", "de").rows:
        assert row["text"].split()[-1] == row["text_pair"].split()[-1]
        assert row["text_pair"].startswith("de")


def test_items_of_xnli_are_joined_by_their_place(at_mirror, encoder: Encoder):
    mixed = Prepared(at_mirror("xnli"), encoder, 32).mixed("test", "sw", "zh")
    assert [(row["text"], row["text_pair"]) for row in mixed.rows] == [
        (f"sw one {i}", f"zh two {i}") for i in range(1, 10)
    ]


def test_labels_are_matched_by_name(mirror, monkeypatch):
    monkeypatch.setenv("XLT_DATA", str(mirror))
    card = ROBUST_XLT["xnli"]
    turned = replace(card.source, label_names=card.source.label_names[::-1])
    assert load(card, card.source).train["label"][:2] == [1, 0]
    assert load(card, turned).train["label"][:2] == [1, 2]


def test_other_labels_are_refused(mirror, monkeypatch):
    monkeypatch.setenv("XLT_DATA", str(mirror))
    card = ROBUST_XLT["xnli"]
    with pytest.raises(DataError, match="facebook/xnli, configuration en, split train: labels entailment"):
        load(card, replace(card.source, label_names=("yes", "no", "maybe")))


def test_a_column_that_is_not_there_is_named(mirror, monkeypatch):
    monkeypatch.setenv("XLT_DATA", str(mirror))
    card = ROBUST_XLT["xnli"]
    with pytest.raises(DataError, match="no column claim; it has premise, hypothesis, label"):
        load(card, replace(card.source, columns={"text": "premise", "text_pair": "claim"}))


def test_a_mirror_without_the_set_says_where_it_was_looked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("XLT_DATA", str(tmp_path))
    with pytest.raises(DataError, match="XLT_DATA names a folder with namespace/name in it"):
        benchmarks.load("robust_xlt", "xnli")


def test_a_language_that_a_set_lacks_is_named(mirror, monkeypatch):
    monkeypatch.setenv("XLT_DATA", str(mirror))
    card = replace(ROBUST_XLT["xnli"], languages=("en", "qu"))
    with pytest.raises(DataError, match="configuration qu, split validation"):
        load(card, card.source)


def test_a_trial_runs_on_both(at_mirror, encoder_folder):
    targets = tuple(Stage(task=task, learning_rate=1e-3, steps=2, batch_size=4, max_length=32) for task in ROBUST_XLT)
    trial = Trial(
        encoder=encoder_folder,
        benchmark="robust_xlt",
        curriculum=(),
        targets=targets,
        languages=("en", "de", "zh", "sw"),
        pairs=12,
    )
    prepare.cache_clear()
    transfer = run(trial, None).transfer
    assert set(transfer.languages("xnli", "dev")) == {"en", "de", "zh", "sw"}
    assert set(transfer.languages("pawsx", "dev")) == {"en", "de", "zh"}
    assert len(transfer.generalized["xnli"]["dev"]) == 12
    assert len(transfer.generalized["pawsx"]["dev"]) == 6
    prepare.cache_clear()


def test_the_catalogue_knows_them():
    assert catalogue("robust_xlt") is ROBUST_XLT


def damaged(root: Path, change: Callable[[Path], None]) -> Path:
    """A mirror of PAWS-X in English and German alone, the German dev file changed."""
    source = ROBUST_XLT["pawsx"].source
    folder, entries = root / source.repository, []
    for language in ("en", "de"):
        entries.append(f"- config_name: {language}\n  data_files:\n")
        for split in SIZES:
            file = folder / language / f"{split}-00000-of-00001.parquet"
            file.parent.mkdir(parents=True, exist_ok=True)
            features = SCHEMAS[source.repository]
            Dataset.from_list(rows(features, language, split), features).to_parquet(file)
            entries.append(f"  - split: {split}\n    path: {language}/{split}-*\n")
    (folder / "README.md").write_text(f"---\nconfigs:\n{''.join(entries)}---\n")
    change(folder / "de" / "validation-00000-of-00001.parquet")
    return root


def without_id(file: Path) -> None:
    Dataset.from_parquet(str(file)).remove_columns("id").to_parquet(file)


def other_label(file: Path) -> None:
    columns = {"id": [1], "sentence1": ["a"], "sentence2": ["b"], "label": [-1]}
    Dataset.from_dict(columns, SCHEMAS["google-research-datasets/paws-x"]).to_parquet(file)


def in_words(file: Path) -> None:
    Dataset.from_dict({"id": ["1"], "sentence1": ["a"], "sentence2": ["b"], "label": ["1"]}).to_parquet(file)


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:200])


@pytest.mark.parametrize(
    ("change", "what"), [(without_id, "no column id; it has"), (other_label, "labels -1 are none of 0, 1"), (cut, "")]
)
def test_what_is_wrong_with_a_set_is_told_with_its_place(change, what, tmp_path, monkeypatch):
    monkeypatch.setenv("XLT_DATA", str(damaged(tmp_path, change)))
    card = replace(ROBUST_XLT["pawsx"], languages=("en", "de"))
    with pytest.raises(
        DataError, match=f"google-research-datasets/paws-x, configuration de, split validation: .*{what}"
    ):
        load(card, card.source)


def test_labels_in_words_and_other_types_of_id_are_taken_as_they_are_meant(tmp_path, monkeypatch):
    monkeypatch.setenv("XLT_DATA", str(damaged(tmp_path, in_words)))
    card = replace(ROBUST_XLT["pawsx"], languages=("en", "de"))
    (row,) = [row for row in load(card, card.source).evaluation["dev"] if row["language"] == "de"]
    assert row == {"text": "a", "text_pair": "b", "label": 1, "language": "de", "item": "1"}


def test_a_mirror_that_lacks_a_set_is_found_out_before_anything_is_read(tmp_path, monkeypatch):
    monkeypatch.setenv("XLT_DATA", str(tmp_path))
    with pytest.raises(DataError, match=r"facebook/xnli: there is no .*facebook/xnli"):
        mirror_of(ROBUST_XLT["xnli"].source)
    monkeypatch.delenv("XLT_DATA")
    assert mirror_of(ROBUST_XLT["xnli"].source) is None
