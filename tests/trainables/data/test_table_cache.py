import json
import threading

import numpy as np
import psutil
import pyarrow as pa
import pytest

from trainables.data import ArrowTable, take_rows
from trainables.data import _table_cache as tables
from trainables.data._table_cache import CHUNK_ROWS, TableCache

KEY, OTHER = "ab" * 16, "cd" * 16
NESTED = [
    {
        "text": f"row {n} 日本 \x00",
        "pair": None if n % 3 else "pair",
        "ids": list(range(n)),
        "choices": [[n], [n, n + 1]],
        "spans": [None, [n, n + 1], None],
        "answers": {"text": ["a"] * (n % 2), "answer_start": [n] * (n % 2)},
        "number": n,
        "digest": -(2**62) + n,
    }
    for n in range(7)
]


@pytest.fixture
def shelf(tmp_path) -> TableCache:
    return TableCache(tmp_path / "tables")


def kept(shelf: TableCache, rows, key: str = KEY) -> ArrowTable:
    return shelf.put(key, rows, dict).table


def test_rows_come_back_as_they_were(shelf):
    table = kept(shelf, iter(NESTED))
    assert list(table) == NESTED
    assert [table[n] for n in range(len(table))] == NESTED


def test_nothing_in_the_first_rows_leaves_room_for_something_later(shelf, monkeypatch):
    monkeypatch.setattr(tables, "CHUNK_ROWS", 2)
    nothing = {"pair": None, "words": [], "answers": {"text": [], "answer_start": []}, "spans": [None, [1, 2]]}
    something = {"pair": "b", "words": ["c"], "answers": {"text": ["d"], "answer_start": [7]}, "spans": [[3, 4]]}
    rows = [nothing, nothing, something, nothing, something]
    assert list(kept(shelf, rows)) == rows


def test_more_rows_than_are_in_memory_at_once_come_back(shelf):
    table = kept(shelf, ({"number": n} for n in range(2 * CHUNK_ROWS + 3)))
    assert [row["number"] for row in table] == list(range(2 * CHUNK_ROWS + 3))


def test_rows_are_read_once_and_no_further_ahead_than_is_written(shelf, monkeypatch):
    monkeypatch.setattr(tables, "CHUNK_ROWS", 4)
    batches, write = [], pa.ipc.RecordBatchStreamWriter.write_batch

    def rows():
        for n in range(10):
            assert n - sum(batches) <= 4
            yield {"number": n}

    monkeypatch.setattr(
        pa.ipc.RecordBatchStreamWriter,
        "write_batch",
        lambda writer, batch: batches.append(batch.num_rows) or write(writer, batch),
    )
    assert len(kept(shelf, rows())) == 10
    assert batches == [4, 4, 2]


def test_a_slice_is_that_of_a_list(shelf):
    table = kept(shelf, NESTED)
    for place in (slice(2, 5), slice(None, -1), slice(None, None, 3), slice(5, 2), slice(3, 99), slice(None, None, -1)):
        assert table[place] == NESTED[place]
    assert table[-1] == NESTED[-1]
    with pytest.raises(IndexError):
        table[7]


def test_rows_are_taken_in_the_order_asked_for_and_as_often(shelf):
    table, places = kept(shelf, NESTED), [5, 0, 5, 3]
    assert (
        table.take(places)
        == take_rows(NESTED, places)
        == take_rows(table, places)
        == [NESTED[place] for place in places]
    )
    assert table.take(np.array(places)) == table.take(places)
    assert table.take([]) == []


def test_other_columns_are_not_read(shelf):
    table = kept(shelf, NESTED)
    alone = table.select_columns("number", "text")
    assert set(alone.columns) == {"number", "text"}
    assert alone[3] == {"number": 3, "text": NESTED[3]["text"]}
    assert len(alone) == len(table)
    assert table[3] == NESTED[3]


def test_a_column_of_numbers_is_an_array(shelf, monkeypatch):
    monkeypatch.setattr(tables, "CHUNK_ROWS", 3)
    table = kept(shelf, NESTED)
    assert table.column("number").tolist() == list(range(7))
    assert table.column("digest").dtype == np.int64
    assert table.select_columns("number").column("number").tolist() == list(range(7))


def test_numbers_in_lists_take_four_bytes(shelf):
    kept(shelf, NESTED)
    schema = pa.ipc.open_stream(shelf.folder / KEY[:2] / KEY / "rows.arrow").schema
    assert schema.field("ids").type == pa.list_(pa.int32())
    assert schema.field("choices").type == pa.list_(pa.list_(pa.int32()))
    assert schema.field("answers").type.field("answer_start").type == pa.list_(pa.int32())
    assert schema.field("number").type == pa.int64()


def test_an_empty_table_is_one(shelf):
    table = kept(shelf, [])
    assert (len(table), list(table), table[:5], table.take([]), table.columns) == (0, [], [], [], ())
    assert table.column("number").tolist() == []
    assert len(table.select_columns("number")) == 0
    with pytest.raises(IndexError):
        table[0]
    assert shelf.find(KEY) is not None


@pytest.mark.parametrize("other", [{"text": "b", "language": "de"}, {}, {"language": "de"}])
def test_a_row_with_other_columns_than_the_first_is_refused(other, shelf):
    with pytest.raises(ValueError, match="columns"):
        kept(shelf, [{"text": "a"}, other])


def test_what_was_noted_is_kept_and_asked_for_when_all_rows_were_read(shelf):
    read = []

    def rows():
        for row in NESTED:
            read.append(row)
            yield row

    shelf.put(KEY, rows(), lambda: {"rows": len(read), "notes": {"gemerkt: ä": 2}})
    found = shelf.find(KEY)
    assert found is not None
    assert found.metadata == {"rows": 7, "notes": {"gemerkt: ä": 2}}


def test_what_is_not_there_is_not_found(shelf):
    assert shelf.find(KEY) is None
    kept(shelf, NESTED)
    assert shelf.find(OTHER) is None


def test_half_a_table_is_never_found(shelf):
    def breaking():
        yield NESTED[0]
        assert shelf.find(KEY) is None
        raise RuntimeError("the internet is gone")

    with pytest.raises(RuntimeError, match="gone"):
        kept(shelf, breaking())
    assert shelf.find(KEY) is None
    assert [path for path in shelf.folder.rglob("*") if not path.is_dir()] == []
    assert list(kept(shelf, NESTED)) == NESTED


def test_of_two_writers_at_once_one_wins_and_both_have_a_table(shelf):
    barrier, found = threading.Barrier(2), []

    def rows():
        barrier.wait(10)
        yield from NESTED

    threads = [threading.Thread(target=lambda: found.append(kept(shelf, rows()))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert [list(table) for table in found] == [NESTED, NESTED]
    assert [path.name for path in (shelf.folder / KEY[:2]).iterdir()] == [KEY]


def test_the_second_writer_takes_the_table_of_the_first(shelf):
    kept(shelf, NESTED)
    assert list(kept(shelf, NESTED[:2])) == NESTED


def test_a_table_is_mapped_not_read(shelf):
    """What changes in the file shows in a table that was opened before."""
    table = kept(shelf, ({"number": n} for n in range(5)))
    file = shelf.folder / KEY[:2] / KEY / "rows.arrow"
    data = file.read_bytes()
    place = data.index(np.arange(5).tobytes())
    with file.open("r+b") as opened:
        opened.seek(place + 2 * 8)
        opened.write(np.int64(77).tobytes())
    assert [row["number"] for row in table] == [0, 1, 77, 3, 4]


def test_opening_a_table_takes_no_memory_for_its_rows(shelf):
    kept(shelf, ({"ids": list(range(1000))} for _ in range(3000)))
    file = shelf.folder / KEY[:2] / KEY / "rows.arrow"
    assert file.stat().st_size > 12_000_000
    before = pa.total_allocated_bytes()
    table = ArrowTable.open_file(file)
    assert len(table) == 3000
    assert pa.total_allocated_bytes() - before < 100_000


def test_opening_tables_keeps_no_files_open(shelf):
    """Fifty languages on two splits of ten tasks are thousands of tables."""
    tables = [kept(shelf, [{"number": n}], f"{n:032x}") for n in range(30)]
    opened = [file.path for file in psutil.Process().open_files() if str(shelf.folder) in file.path]
    assert [table[0]["number"] for table in tables] == list(range(30))
    assert opened == []


def test_what_is_noted_can_be_read_by_people(shelf):
    shelf.put(KEY, NESTED, lambda: {"what": "train, ä"})
    text = (shelf.folder / KEY[:2] / KEY / "about.json").read_text(encoding="utf-8")
    assert "train, ä" in text
    assert json.loads(text) == {"what": "train, ä"}


def test_a_shelf_without_a_folder_has_one_that_goes_with_the_process():
    assert TableCache() == TableCache()
    assert TableCache().folder.is_dir()
