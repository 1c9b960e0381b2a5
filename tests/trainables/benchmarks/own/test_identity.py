"""What identifies rows of a user's own: their content, never where the files lie on this machine."""

from dataclasses import replace
from pathlib import Path

import pytest

from trainables.benchmarks import load_task
from trainables.benchmarks.hub import load_table, resolve_task
from trainables.own_tasks import OwnTask
from trainables.validation import DataError

ROWS = "text,label,language,split\n1,a,en,train\n2,b,en,train\n" + "".join(
    f"{split} {n},{'ab'[n % 2]},{code},{split}\n"
    for n in range(3)
    for code in ("sw", "de")
    for split in ("dev", "test")
)


def resolve(file: Path) -> OwnTask:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(ROWS)
    columns = tuple((name, name) for name in ("text", "label", "language", "split"))
    own = OwnTask(name="mine", kind="classification", files=(str(file),), columns=columns, is_target=True)
    return resolve_task(own)[0]


def test_items_of_rows_without_an_id_do_not_depend_on_where_the_files_lie(tmp_path):
    items = []
    for name in ("here", "there/deeper"):
        dev = load_task("", "mine", (resolve(tmp_path / name / "rows.csv"),)).evaluation["dev"]
        items.append([row["item"] for code in ("sw", "de") for row in dev[code]])
    assert items[0] == items[1]
    assert len(set(items[0])) == len(items[0]), "rows of several languages are not parallel"


def test_the_digest_is_of_the_rows_and_not_of_their_place(tmp_path):
    here, there = (resolve(tmp_path / name / "rows.csv") for name in ("here", "there"))
    assert here.digest == there.digest
    Path(there.files[0]).write_text(ROWS.replace("1,a,en", "one,a,en"))
    assert resolve_task(there)[0].digest != here.digest


def test_rows_that_change_while_a_search_runs_are_refused(tmp_path):
    own = resolve(tmp_path / "rows.csv")
    assert load_table(own).digest == own.digest
    (tmp_path / "rows.csv").write_text(ROWS.replace("1,a,en", "one,a,en"))
    with pytest.raises(DataError, match=r"mine: the rows of rows\.csv have changed since the search was launched"):
        load_table(own)
    assert load_table(replace(own, digest="")).digest != own.digest
