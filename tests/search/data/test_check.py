"""Data before anything is trained: looked at, copied, made ready; what a user is told."""

import io
import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from rich.console import Console

from search.cli import main
from search.config import Config, validate_config
from search.data import find_encoder_problems, list_task_requests, prepare_data
from search.errors import UserError
from tests import mirrors, tiny_architectures, tiny_encoders
from trainables.benchmarks.hub import _own_task as hub
from trainables.benchmarks.hub import _source as source
from trainables.curriculum import Stage, Trial
from trainables.data import load_encoded_dataset
from trainables.trial import run_trial

PAWS = "google-research-datasets/paws-x"
SIZES = {"train": 130, "others": 6}


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    return tiny_encoders.xlm_r(tmp_path_factory.mktemp("encoder"))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of mirrors, named to whoever reads."""
    mirrors.write(tmp_path / "data", [PAWS, "rajpurkar/squad", "google/xquad", "nyu-mll/glue"], SIZES)
    monkeypatch.setenv("XLT_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def document(encoder):
    """Makes a config's document, with sections changed."""
    told = {
        "name": "looked-at",
        "encoder": encoder,
        "encoder_languages": "mbert",
        "benchmark": "xtreme",
        "targets": ["pawsx", "xquad"],
        "intermediate": {"mrpc": {}, "rte": {}},
        "languages": ["en", "de", "zh"],
        "curriculum": {"max_length": 2},
        "training": {"intermediate": {"steps": 1, "max_length": 32}, "target": {"steps": 1, "max_length": 64}},
        "space": {"learning_rate": 1e-3, "target": {"learning_rate": 1e-3}},
        "trials": 1,
    }
    return lambda **changes: told | changes


@pytest.fixture
def config(document):
    return lambda **changes: validate_config(document(**changes), "config.yaml")


def test_an_encoder_of_unknown_languages_is_said_to_be_one(config):
    unknown = find_encoder_problems(config(encoder_languages=None))
    unknown = [text for kind, text in unknown if kind == "note" and "not known" in text]
    assert len(unknown) == 1
    assert "so every language but English enters the means: set encoder_languages to one of xlm-r, mbert" in unknown[0]
    known = find_encoder_problems(config())
    assert not [text for _, text in known if "not known" in text]


@pytest.fixture
def xlt(document, tmp_path):
    """Runs a command on a config."""

    def run(command: str, *words: str, **changes):
        path = tmp_path / "config.yaml"
        path.write_text(yaml.safe_dump(document(**changes)))
        return CliRunner().invoke(main, [*command.split(), str(path), *words])

    return run


def lines(printed: str, start: str) -> list[str]:
    return [line.removeprefix(start) for line in printed.splitlines() if line.startswith(start)]


def cut(folder, place: str) -> None:
    file = folder / place
    file.write_bytes(file.read_bytes()[:200])


def test_targets_are_asked_for_on_their_splits_and_intermediate_tasks_at_every_length(config):
    def told(**changes) -> list[tuple]:
        return [(each.task, each.max_length, each.splits) for each in list_task_requests(config(**changes))]

    both = ("dev", "test")
    assert told() == [("pawsx", 64, both), ("xquad", 64, both), ("mrpc", 32, ()), ("rte", 32, ())]
    assert told(finalists={"top": 0})[:2] == [("pawsx", 64, ("dev",)), ("xquad", 64, ("dev",))]
    assert told(curriculum={"max_length": 0}) == told()[:2]
    own = {"intermediate": {"steps": 1, "max_length": 32}, "target": {"steps": 1}, "tasks": {"rte": {"max_length": 48}}}
    assert told(training=own)[2:] == [("mrpc", 32, ()), ("rte", 32, ()), ("rte", 48, ())]  # 32 in a joint stage
    alone = told(training=own, curriculum={"max_length": 2, "joint": False})
    assert alone[2:] == [("mrpc", 32, ()), ("rte", 48, ())]


def test_of_a_task_only_the_languages_that_are_scored_are_read(config):
    pawsx, xquad, mrpc, _ = (each.iterate_parts(("en", "de", "zh")) for each in list_task_requests(config()))
    assert [(split, code) for split, _, code in mrpc] == [("train", "en")]
    assert [(split, code) for split, _, code in xquad] == [
        ("train", "en"),
        ("dev", "en"),
        *[("test", code) for code in ("de", "en", "zh")],
    ]
    assert len(list(pawsx)) == 1 + 3 + 3


def test_what_is_as_it_should_be_passes_with_notes(xlt, folder):
    result = xlt("data check")
    assert result.exit_code == 0, result.output
    printed = result.stdout
    assert printed.splitlines()[-1] == "looked-at: every set can be used"
    notes = lines(printed, "note: ")
    assert f"{PAWS}, configuration en, split train: 130 rows; expected 49,401" in notes
    assert f"{PAWS}, configuration en, split train, row 4: empty text, row left out" in notes
    assert (
        "rajpurkar/squad, configuration plain_text, split train, row 3: answer not at its offset, offset corrected"
        in notes
    )
    assert not lines(printed, "problem: ")
    table = {tuple(line.split()[:5]) for line in printed.splitlines()}
    assert ("pawsx", "test", "3", "18", PAWS) in table
    assert ("mrpc", "train", "1", "130", "nyu-mll/glue") in table


def test_what_two_tasks_read_is_noted_once(xlt, folder):
    told = lines(xlt("data check", intermediate={"squad": {}, "rte": {}}).stdout, "note: rajpurkar/squad, ")
    assert len(set(told)) == len(told) == 4


def test_a_look_is_printed_as_json(xlt, folder):
    result = xlt("data check", "--json")
    told = json.loads(result.stdout)
    assert (told["name"], told["usable"], told["encoder"]) == ("looked-at", True, [])
    train = told["sets"][0]
    assert train == {
        "task": "pawsx",
        "split": "train",
        "language": "en",
        "where": f"{PAWS}, configuration en, split train",
        "licence": "other: free to use, Google acknowledged",
        "rows": 130,
        "expected": 49_401,
        "mended": {"empty text, row left out": 1},
        "first": {"empty text, row left out": 4},
        "problem": None,
    }
    assert len(told["sets"]) == 7 + 5 + 2


def test_everything_that_is_wrong_is_told_at_once(xlt, folder):
    cut(folder, f"{PAWS}/de/test-00000-of-00001.parquet")
    (folder / "google" / "xquad").rename(folder / "google" / "elsewhere")
    cut(folder, "nyu-mll/glue/rte/train-00000-of-00001.parquet")
    training = {"intermediate": {"steps": 1, "max_length": 600}, "target": {"steps": 1}}
    result = xlt("data check", training=training)
    assert result.exit_code == 1
    told = lines(result.stdout, "problem: ")
    assert len(told) == 4
    assert told[0].endswith("reads at most 512 tokens; max_length is 600")
    assert f"{PAWS}, configuration de, split test: " in told[1]
    assert (
        told[2]
        == f"google/xquad: there is no {folder}/google/xquad: xlt data fetch --to {folder} copies it from the hub"
    )
    assert "nyu-mll/glue, configuration rte, split train: " in told[3]
    assert result.stdout.splitlines()[-1] == "looked-at: 4 problems: a launch would be refused"
    table = [line.split() for line in result.stdout.splitlines()]
    assert ["pawsx", "test", "2", "of", "3", "12", PAWS] in [words[:7] for words in table]
    told = json.loads(xlt("data check", "--json").stdout)
    assert not told["usable"]
    assert [each["task"] for each in told["sets"] if each["problem"]] == ["pawsx", *["xquad"] * 4, "rte"]


def test_a_quick_look_reads_the_first_rows_alone(xlt, folder, tmp_path):
    mirrors.write_made(
        tmp_path / "made", [mirrors.row(number, label=2 * (number > 110)) for number in range(130)], names=None
    )
    rows = tmp_path / "made" / "some" / "set" / "en" / "train-00000-of-00001.parquet"
    columns = {"id": "idx", "one": "sentence1", "two": "sentence2"}
    table = source.load_dataset("parquet", data_files=str(rows), split="train", cache_dir=str(tmp_path / "cache"))
    table.rename_columns(columns).to_parquet(folder / "nyu-mll/glue/mrpc/train-00000-of-00001.parquet")
    assert (
        "nyu-mll/glue, configuration mrpc, split train, row 111: column label: 2 is none of "
        in xlt("data check").stdout
    )
    quick = xlt("data check", "--quick")
    assert quick.exit_code == 0, quick.output
    assert "; expected " not in "".join(line for line in quick.stdout.splitlines() if "train" in line)
    assert ["mrpc", "train", "1", "100"] in [line.split()[:4] for line in quick.stdout.splitlines()]


def test_a_hub_that_cannot_be_reached_is_not_asked_again(xlt, monkeypatch):
    monkeypatch.delenv("XLT_DATA", raising=False)
    asked = []

    def unreachable(*words, **choices):
        asked.append(words)
        raise ConnectionError("Couldn't reach it")

    monkeypatch.setattr(source, "load_dataset", unreachable)
    told = lines(xlt("data check").stdout, "problem: ")
    assert len(asked) == 1
    assert told[0].startswith(
        f"{PAWS}, configuration en, split train: Couldn't reach it (without internet: xlt data fetch"
    )
    assert told[1:] == ["further sets were not checked: the hub cannot be reached"]


def test_an_encoder_that_is_missing_is_told_with_what_to_do(xlt, folder, monkeypatch):
    monkeypatch.setattr("trainables.encoders._encoder.cached_file", lambda path, name: Path(path, name).read_text())
    told = lines(xlt("data check", encoder="nobody/nothing").stdout, "problem: ")
    assert len(told) == 1
    assert told[0].startswith("encoder: the encoder nobody/nothing cannot be read: ")
    assert told[0].endswith("xlt data fetch where there is some, then --data or XLT_DATA)")


def test_sets_are_copied_from_one_folder_of_mirrors_to_another(xlt, folder, tmp_path, monkeypatch):
    copies = tmp_path / "copies"
    words = ("--to", str(copies), "--data", str(folder), "--json")
    told = json.loads(xlt("data fetch", *words).stdout)
    assert len(told["copied"]) == 7 + 5 + 2
    assert json.loads(xlt("data fetch", *words).stdout) == {"to": str(copies), "copied": [], "problems": []}
    looks = [xlt("data check", "--json", "--data", str(place)).stdout for place in (folder, copies)]
    assert looks[0] == looks[1]


def test_what_cannot_be_copied_is_told_at_once_and_the_rest_is_copied(xlt, folder, tmp_path):
    cut(folder, f"{PAWS}/de/test-00000-of-00001.parquet")
    licensed = {"ccg": {}, "mrpc": {}}
    result = xlt("data fetch", "--to", str(tmp_path / "copies"), intermediate=licensed)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[0] == "xlt: 2 could not be copied:"
    assert f"  {PAWS}, configuration de, split test: " in result.stderr
    file = tmp_path / "copies" / "local" / "ccg" / "train.tsv"
    assert (
        f"local/ccg, configuration default, split train: on no hub (LDC2005T13: to be licensed): put your copy into {file}"
        in result.stderr
    )
    assert len(lines(result.stdout, "copied ")) == 6 + 5 + 1
    mirrors.write_ccg(tmp_path / "copies")
    assert "ccg" not in xlt("data fetch", "--to", str(tmp_path / "copies"), intermediate=licensed).stderr


def ready(config: Config, home) -> list[str]:
    printed = io.StringIO()
    load_encoded_dataset.cache_clear()
    prepare_data(config, home, Console(file=printed, width=300))
    return printed.getvalue().splitlines()


def test_data_are_made_ready_once(config, folder, home):
    told = ready(config(), home)
    assert [line.rpartition(" (")[0] for line in told] == [
        "read and tokenized pawsx: 129 rows to train on, 64 tokens each; empty text, row left out: 1; "
        "dev in 3 languages, test in 3 languages",
        "read and tokenized xquad: 129 rows to train on, 64 tokens each; "
        "answer not at its offset, offset corrected: 1; answer that is not in its context, left out: 1; "
        "dev in 1 language, test in 3 languages",
        "read and tokenized mrpc: 130 rows to train on, 32 tokens each",
        "read and tokenized rte: 130 rows to train on, 32 tokens each",
    ]
    assert ready(config(), home) == []
    added = ready(config(languages=["en", "de", "zh", "es"]), home)
    assert [line.rpartition(": ")[2].partition(" (")[0] for line in added] == [
        "1; dev in 4 languages, test in 4 languages",
        "1; dev in 1 language, test in 4 languages",
    ]


def test_trials_read_what_was_made_ready(config, folder, home, encoder, monkeypatch):
    ready(config(), home)
    load_encoded_dataset.cache_clear()
    monkeypatch.setattr(hub, "open_split", lambda *part: pytest.fail("a set was read again"))
    own = {"learning_rate": 1e-3, "steps": 1, "batch_size": 2}
    trial = Trial(
        encoder=encoder,
        benchmark="xtreme",
        curriculum=(Stage(task="mrpc+rte", max_length=32, **own),),
        targets=tuple(Stage(task=task, max_length=64, **own) for task in ("pawsx", "xquad")),
        languages=("en", "de", "zh"),
    )
    transfer = run_trial(trial, None, ("dev", "test"), data=str(home.data)).transfer
    assert set(transfer.languages("xquad", "test")) == {"en", "de", "zh"}


def test_problems_of_several_sets_are_told_together(config, folder, home):
    cut(folder, f"{PAWS}/de/test-00000-of-00001.parquet")
    cut(folder, "nyu-mll/glue/rte/train-00000-of-00001.parquet")
    with pytest.raises(UserError) as refused:
        ready(config(), home)
    first, pawsx, rte, hint = str(refused.value).splitlines()
    assert first == "looked-at cannot be launched:"
    assert pawsx.startswith(f"  pawsx: {PAWS}, configuration de, split test: ")
    assert rte.startswith("  rte: nyu-mll/glue, configuration rte, split train: ")
    assert hint == "xlt data check checks every set"


def test_an_encoder_that_knows_too_few_languages_or_tokens_is_refused(config, folder, home, tmp_path):
    xlm = tiny_encoders.xlm(tmp_path / "xlm", ["en", "de"])
    training = {"intermediate": {"steps": 1}, "target": {"steps": 1, "max_length": 1000}}
    with pytest.raises(UserError) as refused:
        ready(config(encoder=xlm, training=training), home)
    assert str(refused.value).splitlines() == [
        "looked-at cannot be launched:",
        f"  encoder: {xlm} has no language embedding for zh: set languages to some of en, de",
        f"  encoder: {xlm} reads at most 512 tokens; max_length is 1000",
        "xlt data check checks every set",
    ]


def test_an_encoder_that_lacks_a_head_is_refused_before_data_are_read(config, folder, home, tmp_path, monkeypatch):
    encoder = tiny_architectures.mt5(tmp_path / "mt5")
    monkeypatch.setattr("search.data._preparation._encode_tasks", lambda *_: pytest.fail("data were read"))
    changes = {"targets": ["xnli"], "intermediate": {"mlm": {}}, "curriculum": {"max_length": 1}}
    with pytest.raises(UserError) as refused:
        ready(config(encoder=encoder, benchmark="xtreme_r", **changes), home)
    what = "transformers has no AutoModelForMaskedLM of a 'mt5': leave these tasks out, or take another encoder"
    assert str(refused.value).splitlines() == [
        "looked-at cannot be launched:",
        f"  encoder: {encoder} cannot be trained on mlm (masked language modelling): {what}",
    ]


def test_heads_of_ours_are_noted_and_the_memory_is_told(xlt, folder, tmp_path):
    encoder = tiny_architectures.eurobert(tmp_path / "eurobert")
    told = json.loads(xlt("data check", "--quick", "--json", encoder=encoder).stdout)
    assert told["usable"]
    assert [each["text"] for each in told["encoder"]] == [
        "encoder: transformers has no head that fits a 'eurobert' for question answering (EncoderForQuestionAnswering): "
        "a linear layer is trained on it"
    ]
    assert told["memory"].startswith("0 MiB for 9,360 weights, their gradients and AdamW")


def test_a_language_without_an_adapter_is_refused(config, folder, home, tmp_path):
    xmod = tiny_architectures.xmod(tmp_path / "xmod", ["en", "de"])
    with pytest.raises(UserError) as refused:
        ready(config(encoder=xmod), home)
    assert f"encoder: {xmod} has no language adapter for zh: set languages to some of en, de" in str(refused.value)


def test_an_encoder_that_is_too_large_to_try_is_noted(config, encoder, monkeypatch):
    monkeypatch.setattr("trainables.training.has_memory_for_check", lambda encoder: False)
    assert list(find_encoder_problems(config())) == [
        ("note", f"encoder: no step was tried before the data are read: {encoder} is too large for that here")
    ]


def test_a_plan_tells_of_a_set_that_no_mirror_has(xlt, folder):
    (folder / "google" / "xquad").rename(folder / "google" / "elsewhere")
    result = xlt("plan", intermediate={"ccg": {}, "mrpc": {}})
    assert result.exit_code == 0, result.output
    refused = lines(result.stderr, "xlt: a launch would be refused: ")
    assert len(refused) == 2
    assert refused[0].startswith(f"xquad: google/xquad: there is no {folder}/google/xquad: ")
    assert refused[1].startswith("ccg: local/ccg: on no hub (LDC2005T13: to be licensed): put your copy into ")


def test_a_plan_tells_of_a_licensed_set_where_no_mirrors_are_named(xlt, monkeypatch):
    monkeypatch.delenv("XLT_DATA", raising=False)
    refused = lines(xlt("plan", intermediate={"ccg": {}, "mrpc": {}}).stderr, "xlt: a launch would be refused: ")
    assert [line.partition(":")[0] for line in refused] == ["ccg"]
