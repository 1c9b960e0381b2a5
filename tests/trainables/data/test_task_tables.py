from collections import Counter

import pytest

from trainables.cards import LazyRows, TaskData
from trainables.data._table_cache import CHUNK_ROWS, CachedTable, TableCache
from trainables.data._task_tables import TaskTables
from trainables.encoders import pad_features

ROWS = [{"text": f"Kenya {n}", "text_pair": "Suomi", "label": n % 2} for n in range(5)]
LABELS = ("no", "yes")


@pytest.fixture
def shelf(tmp_path) -> TableCache:
    return TableCache(tmp_path)


class Source:
    """Rows that count how often they are read."""

    def __init__(self, rows: list[dict] = ROWS, source: str = "source") -> None:
        self.readings = 0
        self.told = rows
        self.rows = LazyRows(self.read, source, Counter())

    def read(self):
        self.readings += 1
        self.rows.notes.clear()
        for row in self.told:
            self.rows.notes["seen"] += 1
            yield row


def made(
    shelf: TableCache, kind: str = "classification", labels: tuple[str, ...] = LABELS, tell=lambda what, rows: None
) -> TaskTables:
    return TaskTables(TaskData(kind, labels, None), shelf, tell)


def names(shelf: TableCache) -> set[str]:
    return {path.name for path in shelf.folder.glob("??/*")}


def test_rows_are_read_the_first_time_and_found_the_second(shelf):
    source = Source()
    first, second = (made(shelf).load_rows(source.rows, "train") for _ in range(2))
    assert list(first.table) == list(second.table) == ROWS
    assert first.metadata == second.metadata
    assert source.readings == 1


def test_rows_that_do_not_tell_where_they_come_from_are_kept_under_what_they_are(shelf):
    first = made(shelf).load_rows(ROWS, "train")
    assert len(names(shelf)) == 1
    assert list(made(shelf).load_rows(list(ROWS), "train").table) == list(first.table)
    made(shelf).load_rows(ROWS[1:], "train")
    assert len(names(shelf)) == 2


def test_other_sources_kinds_labels_and_languages_are_other_tables(shelf):
    asked = [
        (made(shelf), "source", None),
        (made(shelf), "other", None),
        (made(shelf, kind="ranking"), "source", None),
        (made(shelf, labels=("yes", "no")), "source", None),
        (made(shelf), "source", "en"),
        (made(shelf), "source", "de"),
    ]
    for tabled, source, language in asked:
        tabled.load_rows(Source(source=source).rows, "train", language)
    assert len(names(shelf)) == len(asked)


def test_what_rows_are_called_does_not_matter(shelf):
    for what in ("train", "dev, de"):
        made(shelf).load_rows(Source().rows, what)
    assert len(names(shelf)) == 1


def test_the_fingerprint_is_that_of_the_rows_wherever_they_come_from(shelf):
    prints = [
        made(shelf).load_rows(rows, "train", language).metadata["fingerprint"]
        for rows, language in ((Source().rows, None), (ROWS, None), (Source(source="other").rows, "de"))
    ]
    assert len(set(prints)) == 1
    assert made(shelf).load_rows(ROWS[1:], "train").metadata["fingerprint"] not in prints
    assert made(shelf, labels=("a", "b")).load_rows(ROWS, "train").metadata["fingerprint"] not in prints


def test_the_language_becomes_a_column(shelf):
    found = made(shelf).load_rows(ROWS, "dev", "sw")
    assert list(found.table) == [row | {"language": "sw"} for row in ROWS]


def test_notes_of_the_reading_are_kept(shelf):
    source = Source()
    for _ in range(2):
        assert made(shelf).load_rows(source.rows, "train").metadata["notes"] == {"seen": 5}


def test_progress_is_told_while_rows_are_read_and_not_when_they_are_found(shelf, encoder):
    heard = []
    rows = [{"text": str(n), "text_pair": None, "label": 0} for n in range(CHUNK_ROWS + 1)]
    tabled = made(shelf, tell=lambda what, rows: heard.append((what, rows)))
    for _ in range(2):
        tabled.load_features(tabled.load_rows(Source(rows).rows, "train"), "train", encoder, 16)
    assert heard == [("train", 0), ("train", CHUNK_ROWS), ("train, tokens", 0), ("train, tokens", CHUNK_ROWS)]


def features(
    shelf: TableCache, rows: list[dict], encoder, length: int = 16, language: str = "en", **task
) -> CachedTable:
    tabled = made(shelf, **task)
    return tabled.load_features(tabled.load_rows(rows, "train"), "train", encoder, length, language)


def test_features_are_those_of_the_kind_with_their_rows_and_lengths(shelf, task):
    prepared = task("question_answering", max_length=14)
    rows = list(prepared.data.train)
    expected = prepared.kind.encode(rows, prepared.encoder.tokenizer, 14)
    found = features(shelf, rows, prepared.encoder, 14, kind="question_answering", labels=())
    pad_id = prepared.encoder.tokenizer.pad_id
    assert found.table.column("_row").tolist() == list(expected.rows)
    assert found.table.column("_length").tolist() == [len(each["input_ids"]) for each in expected.features]
    assert [row["_spans"] for row in found.table] == [
        [None if span is None else list(span) for span in each["_spans"]] for each in expected.features
    ]
    for place in range(0, len(found.table), 8):
        one, other = (
            pad_features(found.table[place : place + 8], pad_id),
            pad_features(expected.features[place : place + 8], pad_id),
        )
        assert one.keys() == other.keys()
        assert all((one[name] == other[name]).all() for name in one)


def test_rows_of_several_readings_keep_their_numbers(shelf, encoder, monkeypatch):
    monkeypatch.setattr("trainables.data._task_tables.CHUNK_ROWS", 2)
    assert features(shelf, ROWS, encoder).table.column("_row").tolist() == list(range(5))


def test_features_are_made_the_first_time_and_found_the_second(shelf, encoder, monkeypatch):
    first = features(shelf, ROWS, encoder)
    monkeypatch.setattr(type(encoder.tokenizer), "encode_pairs", None)
    second = features(shelf, ROWS, encoder)
    assert list(first.table) == list(second.table)
    assert first.metadata == second.metadata


def test_other_rows_lengths_languages_and_encoders_are_other_tables(shelf, encoder, tiny):
    other = tiny("xlm")
    asked = [
        (ROWS, encoder, 16, "en"),
        (ROWS[1:], encoder, 16, "en"),
        (ROWS, encoder, 12, "en"),
        (ROWS, encoder, 16, "de"),
        (ROWS, other, 16, "en"),
    ]
    for each in asked:
        features(shelf, *each)
    assert len(names(shelf)) == len(asked) + 2


def test_texts_and_tokens_are_counted_choices_apart(shelf, task):
    prepared = task("multiple_choice")
    rows = list(prepared.data.train)
    about = features(shelf, rows, prepared.encoder, 64, kind="multiple_choice", labels=()).metadata
    texts = [
        prepared.encoder.pretrained_tokenizer(row["context"], choice)["input_ids"]
        for row in rows
        for choice in row["choices"]
    ]
    special = set(prepared.encoder.tokenizer.special_ids)
    assert about["texts"] == len(texts) == 48
    assert about["tokens"] == sum(map(len, texts))
    assert about["plain"] == sum(token not in special for text in texts for token in text)


def reads(kept: CachedTable) -> list[int]:
    return kept.table.column("_reads").tolist()


def test_what_reads_alike_has_the_same_digest_whatever_its_row(shelf, encoder):
    alike = [ROWS[0], ROWS[0] | {"label": 1}, ROWS[1]]
    first, second, third = reads(features(shelf, alike, encoder))
    assert first == second != third
    assert reads(features(shelf, ROWS[:1], encoder)) == [first]


def test_other_languages_read_otherwise_where_the_model_is_told_the_language(shelf, encoder, tiny):
    alone = [{"text": "Wien", "text_pair": None, "label": 0}]
    told = tiny("xlm")
    assert reads(features(shelf, alone, told, language="en")) != reads(features(shelf, alone, told, language="de"))
    assert reads(features(shelf, alone, encoder, language="en")) == reads(
        features(shelf, alone, encoder, language="de")
    )


def test_a_rows_own_language_comes_first(shelf, tiny):
    told = tiny("xlm")
    rows = [{"text": "Wien", "text_pair": None, "label": 0, "language": code} for code in ("en", "de")]
    found = features(shelf, rows, told, language="en").table
    assert [set(row["langs"]) for row in found] == [{0}, {1}]


def test_the_mask_is_left_out_and_made_again(shelf, architecture):
    table = features(shelf, ROWS, architecture, 24).table
    assert "attention_mask" not in table.columns
    expected = architecture.tokenizer.encode_pairs([row["text"] for row in ROWS], ["Suomi"] * 5, 24, [("en", "en")] * 5)
    assert pad_features(table[:], architecture.tokenizer.pad_id)["attention_mask"].equal(
        pad_features(expected, architecture.tokenizer.pad_id)["attention_mask"]
    )
