from dataclasses import replace

import pytest
import yaml

from search.errors import ConfigError
from search.exporter import load_exported_trial
from search.exporter._exported_trial import ExportedTrial, list_package_versions
from trainables.curriculum import Noise
from trainables.own_tasks import OwnTask


@pytest.fixture
def exported(finished, tmp_path) -> ExportedTrial:
    record = finished.get_complete_trials()[0]
    best = ExportedTrial(
        name="sums",
        number=record.number,
        trial=record.trial,
        seed=0,
        threads=1,
        data={"choice": "c0ffee"},
        scores=record.outcome.transfer.scores,
    )
    best.write(tmp_path / "best.yaml")
    return best


def edited(path, change) -> None:
    document = yaml.safe_load(path.read_text())
    change(document)
    path.write_text(yaml.safe_dump(document))


def test_an_exported_trial_reads_back_to_the_last_bit(exported, tmp_path):
    assert load_exported_trial(tmp_path / "best.yaml") == exported
    assert repr(exported).startswith(f"ExportedTrial {exported.number} of {exported.name!r}: {exported.trial}")


def test_the_file_says_how_to_run_it_and_on_what_it_ran(exported, tmp_path):
    text = (tmp_path / "best.yaml").read_text()
    assert "xlt train best.yaml" in text
    assert yaml.safe_load(text)["packages"] == list_package_versions()


def test_packages_that_decide_a_result_are_named_with_their_versions():
    assert {"xlt-search", "torch", "transformers"} <= list_package_versions().keys()
    assert all(version[0].isdigit() for version in list_package_versions().values())


def test_files_of_ones_own_are_relative_to_the_exported_file_and_may_have_other_rows(exported, tmp_path):
    own = OwnTask(name="mine", kind="classification", files=("data/rows.csv", "/elsewhere/rows.csv"), digest="c0ffee")
    replace(exported, trial=replace(exported.trial, own_tasks=(own,))).write(tmp_path / "best.yaml")
    (read,) = load_exported_trial(tmp_path / "best.yaml").trial.own_tasks
    assert read.files == (str(tmp_path / "data/rows.csv"), "/elsewhere/rows.csv")
    assert read.digest == ""


def test_a_missing_file_is_the_users_mistake(tmp_path):
    with pytest.raises(ConfigError, match="no such file"):
        load_exported_trial(tmp_path / "best.yaml")


def test_a_config_is_no_exported_trial(write_config):
    with pytest.raises(ConfigError, match=r"not an exported trial \(written by xlt export\): it lacks version, search"):
        load_exported_trial(write_config())


@pytest.mark.parametrize("text", ["", "- 1", "words"])
def test_what_is_no_mapping_is_no_exported_trial(tmp_path, text):
    (tmp_path / "best.yaml").write_text(text)
    with pytest.raises(ConfigError, match="not an exported trial"):
        load_exported_trial(tmp_path / "best.yaml")


def test_another_version_is_refused(exported, tmp_path):
    edited(tmp_path / "best.yaml", lambda document: document.update(version=2))
    with pytest.raises(ConfigError, match="version 2 is not 1"):
        load_exported_trial(tmp_path / "best.yaml")


def test_unknown_encoder_task_and_noise_are_told_together(exported, tmp_path):
    def change(document):
        document["trial"]["encoder"] = "gone for good"
        document["trial"]["targets"][0]["task"] = "chioce"
        document["trial"]["targets"][1]["noise"]["method"] = "nose"

    edited(tmp_path / "best.yaml", change)
    with pytest.raises(ConfigError) as caught:
        load_exported_trial(tmp_path / "best.yaml")
    assert [problem.partition(":")[0] for problem in caught.value.problems] == [
        "scores",
        "trial.encoder",
        "trial.targets.0",
        "trial.targets.1",
    ]
    assert "allowed: inference, choice" in caught.value.problems[2]


def test_an_unknown_benchmark_is_told_with_those_there_are(exported, tmp_path):
    edited(tmp_path / "best.yaml", lambda document: document["trial"].update(benchmark="glue"))
    with pytest.raises(ConfigError, match="unknown benchmark 'glue'; allowed: miniature"):
        load_exported_trial(tmp_path / "best.yaml")


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document["trial"].pop("targets"),
        lambda document: document["trial"].update(targets=3),
        lambda document: document["trial"]["targets"][0].pop("noise"),
        lambda document: document["trial"]["targets"][0].update(rate=1),
        lambda document: document.update(trial=[]),
        lambda document: document.update(trial=None),
    ],
)
def test_a_trial_of_another_shape_is_the_users_mistake(exported, tmp_path, change):
    edited(tmp_path / "best.yaml", change)
    with pytest.raises(ConfigError, match="trial: "):
        load_exported_trial(tmp_path / "best.yaml")


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda document: document.update(seed="0"), "seed"),
        (lambda document: document.update(threads=None), "threads"),
        (lambda document: document["trial"]["targets"][0].update(steps="ten"), "trial.targets.0.steps"),
        (lambda document: document["trial"]["targets"][0].update(learning_rate=[1]), "trial.targets.0.learning_rate"),
        (lambda document: document.update(scores={}), "scores"),
        (lambda document: document["scores"].popitem(), "scores"),
        (lambda document: document.update(scores={"choice": {"dev": 1}}), "scores.choice.dev"),
    ],
)
def test_a_value_of_another_type_is_told_with_its_path(exported, tmp_path, change, path):
    edited(tmp_path / "best.yaml", change)
    with pytest.raises(ConfigError) as caught:
        load_exported_trial(tmp_path / "best.yaml")
    assert [problem.partition(":")[0] for problem in caught.value.problems] == [path]


def test_synonyms_are_looked_for_beside_the_file(exported, tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "synonyms.json").write_text('{"good": ["fine"]}')
    replace(exported, trial=replace(exported.trial, synonyms="synonyms.json")).write(folder / "best.yaml")
    assert load_exported_trial(folder / "best.yaml").trial.synonyms == str(folder / "synonyms.json")
    (folder / "synonyms.json").unlink()
    with pytest.raises(ConfigError, match=r"trial\.synonyms: .*No such file.*synonyms\.json"):
        load_exported_trial(folder / "best.yaml")


def test_a_noise_that_cannot_be_run_is_told(exported, tmp_path):
    still = replace(exported.trial.targets[0], noise=Noise(method="adversarial", magnitude=0.1))
    wordless = replace(exported.trial.targets[1], noise=Noise(method="augmentation", magnitude=0.1))
    trial = replace(exported.trial, targets=(still, wordless), benchmark="robust_xlt")
    replace(exported, trial=trial).write(tmp_path / "best.yaml")
    with pytest.raises(ConfigError) as caught:
        load_exported_trial(tmp_path / "best.yaml")
    told = "\n".join(caught.value.problems)
    assert "adversarial ascends and needs noise.steps of 1 at least; got 0" in told
    assert "trial.synonyms: augmentation needs a file of synonyms" in told
