"""Files found by patterns, and what is said where they are too small, or labels are none."""

from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from trainables.benchmarks.hub import load_table, resolve_task
from trainables.own_tasks import OwnTask
from trainables.validation import DataError

ROWS = "text,label\n1,a\n2,b\n"
OWN = OwnTask(name="mine", kind="classification", columns=(("text", "text"), ("label", "label")))


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("**/rows.csv", ["deep/er/rows.csv", "deep/rows.csv", "rows.csv"]),
        ("*.csv", ["a[1].csv", "rows.csv"]),
        ("a[1].*", ["a[1].csv"]),
        ("{language}/**/rows.csv", ["en/rows.csv", "en/x/rows.csv"]),
    ],
)
def test_a_pattern_finds_every_file_that_it_names(tmp_path, pattern, names):
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(ROWS)
    places = load_table(replace(OWN, files=(f"{tmp_path}/{pattern}",))).table.column("_place").to_pylist()
    assert [place.removeprefix(f"{tmp_path}/") for place in places[::2]] == [f"{name}, line 2" for name in names]


def test_a_label_that_is_no_number_is_hidden(tmp_path):
    labels = pa.array([1.0, 2.0, float("nan")])
    pq.write_table(pa.table({"text": ["x", "y", "z"], "label": labels}), tmp_path / "rows.parquet")
    assert load_table(replace(OWN, files=(str(tmp_path / "rows.parquet"),))).labels == ("1", "2")


def test_a_target_that_is_too_small_for_a_test_set_is_refused(tmp_path):
    (tmp_path / "rows.csv").write_text(ROWS)
    with pytest.raises(DataError, match=r"no test set, and too few rows to cut one from \(2 of train in en\)"):
        resolve_task(replace(OWN, files=(str(tmp_path / "rows.csv"),), is_target=True))


def test_a_column_of_texts_is_no_column_of_labels(tmp_path):
    (tmp_path / "rows.csv").write_text("text,label\n" + "".join(f"{n},text {n}\n" for n in range(101)))
    with pytest.raises(DataError, match=r"101 different labels in 101 training rows, as if it were the text"):
        load_table(replace(OWN, files=(str(tmp_path / "rows.csv"),)))
