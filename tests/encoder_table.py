"""The table of docs/encoders.md: every task kind on a tiny encoder of every architecture, trained for two steps with noise and scored.

``python -m tests.encoder_table`` runs each pair and writes the table into the page.
"""

import math
import re
import sys
import tempfile
from pathlib import Path

from tests.tiny_architectures import ARCHITECTURES, REFUSED_ARCHITECTURES
from tests.trainables.conftest import LABELS, SCORED, UNTRAINED, candidates, row, scored_row
from trainables.cards import TaskData
from trainables.curriculum import Noise, Stage
from trainables.data import EncodedDataset
from trainables.encoders import Encoder, load_encoder
from trainables.evaluation import Evaluation
from trainables.tasks import TASK_KINDS
from trainables.training import extract_encoder_weights, extract_head_weights, restore_model, train_stage
from trainables.validation import DataError

PAGE = Path(__file__).parents[1] / "docs" / "encoders.md"
BEGIN, END = "<!-- table -->\n", "<!-- end of table -->\n"
RUNS, OWN_HEAD, REFUSED = "runs", "own head", "refused"


def fill_column(architecture: str, folder: Path) -> dict[str, str]:
    """For each task kind what comes of it."""
    encoder = load_encoder.__wrapped__(ARCHITECTURES[architecture](folder))
    return {kind: fill_cell(encoder, kind) for kind in TASK_KINDS}


def fill_cell(encoder: Encoder, kind: str) -> str:
    """Train a stage of two steps, store and restore its model, score it in two languages."""
    dataset = _make_dataset(encoder, kind)
    stage = Stage(
        task=kind,
        learning_rate=1e-3,
        steps=0 if kind in UNTRAINED else 2,
        batch_size=4,
        noise=Noise() if kind in UNTRAINED else Noise(method="random_perturbation", magnitude=0.1),
    )
    try:
        trained = train_stage(stage, "ab" * 16, encoder.weights, [dataset])
    except DataError as error:
        return f"{REFUSED}: {error}"
    assert len(trained.losses) == stage.steps
    assert all(map(math.isfinite, trained.losses))
    (model,) = trained.models
    weights = extract_encoder_weights(model, encoder.weights), extract_head_weights(model, encoder.weights)
    if stage.steps:
        assert any((weights[0][name] != each).any() for name, each in encoder.weights.items()), "nothing was trained"
    restored = restore_model(*weights, dataset)
    if kind in SCORED:
        assert Evaluation(dataset, "dev", ("en", "de")).score(restored).keys() == {"en", "de"}
    return OWN_HEAD if type(model).__module__.startswith("trainables.") else RUNS


def _make_dataset(encoder: Encoder, kind: str) -> EncodedDataset:
    train = [row(kind, number) for number in range(24)]
    dev = {code: [scored_row(kind, number) for number in range(10)] for code in ("en", "de")}
    data = TaskData(
        kind,
        LABELS.get(kind, ()),
        train,
        {"dev": dev} if kind in SCORED else {},
        candidates=candidates(12) if kind == "dense_retrieval" else None,
    )
    return EncodedDataset(data, encoder, 32)


def format_table(columns: dict[str, dict[str, str]], refused: dict[str, str]) -> str:
    """The table as Markdown, a row a kind, with the words of refusals below it."""
    lines = [f"| task kind | {' | '.join(columns)} |", f"| --- |{' --- |' * len(columns)}"]
    lines += [
        f"| {kind.replace('_', ' ')} | {' | '.join(column[kind].partition(':')[0] for column in columns.values())} |"
        for kind in TASK_KINDS
    ]
    refusals = [
        f"- {kind.replace('_', ' ')} on {name}: `{cell.partition(': ')[2]}`"
        for name, column in columns.items()
        for kind, cell in column.items()
        if cell.startswith(REFUSED)
    ]
    refusals += [f"- every kind on {name}: `{words}`" for name, words in refused.items()]
    return "\n".join([*lines, "", "Refused, before any data are read:", "", *refusals, ""])


def explain_refusal(architecture: str, folder: Path) -> str:
    """Why an encoder of an architecture of `REFUSED_ARCHITECTURES` is refused, in the program's words."""
    try:
        load_encoder.__wrapped__(REFUSED_ARCHITECTURES[architecture](folder))
    except DataError as error:
        return str(error).replace(f"{folder}", architecture)
    raise AssertionError(f"{architecture} is not refused")


def read_column(architecture: str) -> dict[str, str]:
    """What the page says of an architecture, by task kind."""
    table = PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    heads, _, *rows = (
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line.startswith("|")
    )
    place = heads.index(architecture)
    found = {cells[0].replace(" ", "_"): cells[place] for cells in rows}
    said = dict(re.findall(rf"^- (.+) on {re.escape(architecture)}: `(.+)`$", table, re.MULTILINE))
    return {
        kind: f"{cell}: {said[kind.replace('_', ' ')]}" if cell == REFUSED else cell for kind, cell in found.items()
    }


def main() -> None:
    columns, refused = {}, {}
    for name in ARCHITECTURES:
        with tempfile.TemporaryDirectory() as folder:
            columns[name] = fill_column(name, Path(folder))
    for name in REFUSED_ARCHITECTURES:
        with tempfile.TemporaryDirectory() as folder:
            refused[name] = explain_refusal(name, Path(folder))
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    PAGE.write_text(before + BEGIN + format_table(columns, refused) + END + rest.partition(END)[2], encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
