"""What identifies rows of a user's own: their content, never where the files lie on this machine."""

from pathlib import Path

from trainables.benchmarks import load_task
from trainables.benchmarks.hub import resolve_task
from trainables.own_tasks import OwnTask

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
