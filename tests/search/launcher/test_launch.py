import fcntl
import io
import json
import os
import types

import pytest
from rich.console import Console

from search.cluster import set_ray_environment
from search.config import Config, read_document, validate_config
from search.errors import SpaceChangedError, UserError
from search.home import Home
from search.launcher import launch
from search.launcher._augmentation_monitor import AugmentationMonitor
from search.study import check_space
from tests.trainables.store.conftest import RECORD_OF, WEIGHTS, sound, stage_key
from trainables.checkpoints import StageStore
from trainables.curriculum import Noise, Stage
from trainables.store import ENCODER_FILE, RECORD_FILE, STAGE_VERSION, seal_document, wait_for_claim


@pytest.fixture
def console():
    return Console(file=io.StringIO(), width=200)


def test_a_launch_leaves_config_study_and_results(config, home, console, sums):
    settings = config()
    study = launch(settings, home, console)
    folder = home.get_search_folder("sums")
    assert validate_config(read_document(folder.config), "again") == settings
    assert json.loads(folder.results.read_text())["best"] is not None
    assert folder.journal.exists()
    assert len(study.get_complete_trials()) == 6


def test_a_finished_search_launched_again_runs_nothing_and_starts_no_ray(config, home, console, sums):
    launch(config(), home, console)
    jobs = len(sums.jobs)
    launch(config(), home, console)
    assert len(sums.jobs) == jobs
    assert sums.clusters == [None]


def test_a_killed_launch_is_taken_up_by_the_next(config, reopen, make_scheduler, home, console, sums, failing_worker):
    first = failing_worker()
    scheduler = make_scheduler(reopen(config()))
    first.drive(scheduler, most=2)
    left = scheduler.next_job()
    study = launch(config(), home, console)
    assert sums.trials[0] == left.trial
    assert not set(sums.trials) & set(first.trials)
    assert len(study.get_complete_trials()) == 6
    assert "running 1 interrupted or failed trial again" in console.file.getvalue()


def test_a_search_is_extended_by_more_trials(config, home, console, sums):
    launch(config(), home, console)
    study = launch(config({"trials": 8}), home, console)
    assert len(study.get_complete_trials()) == 8
    assert len(set(sums.trials)) == len(sums.trials) == 8


def test_a_space_that_is_used_up_is_told(config, home, console, sums):
    launch(config({"curriculum.max_length": 1, "trials": 9}), home, console)
    assert "the space has no untried trial left" in console.file.getvalue()


def test_a_name_that_stands_for_another_space_is_refused_with_every_difference(config, home, console, sums):
    launch(config(), home, console)
    before = {path: path.read_bytes() for path in home.root.rglob("*") if path.is_file()}
    other = config({"training.target.steps": 60, "targets": ["choice"], "seed": 1, "space.noise.magnitude": 0.2})
    with pytest.raises(SpaceChangedError) as caught:
        launch(other, home, console)
    text = str(caught.value)
    assert {difference.partition(":")[0] for difference in caught.value.differences} == {
        "training.target.steps",
        "targets",
        "seed",
        "space.noise.magnitude.low",
        "space.noise.magnitude.high",
        "space.noise.magnitude.points",
    }
    assert "training.target.steps: was 50, is 60" in text
    assert "Choose a new name (--name), undo the change (also one made by --set), or remove the folder" in text
    assert {path: path.read_bytes() for path in home.root.rglob("*") if path.is_file()} == before


def test_an_intermediate_task_that_came_or_went_is_a_difference(config, home, console, sums):
    launch(config(), home, console)
    with pytest.raises(SpaceChangedError, match=r"intermediate\.initials\.resource: was 'absent', is 'high'"):
        launch(config({"intermediate.initials": {"resource": "high"}}), home, console)


@pytest.mark.parametrize(
    "change",
    [
        {"trials": 7},
        {"budget.hours": 2},
        {"finalists.seeds": 1},
        {"store.enabled": False},
        {"resources.workers": 1},
        {"tracking.uri": "sqlite:///x.db"},
        {"sampler": "random"},
    ],
    ids=str,
)
def test_what_does_not_change_a_trial_may_change_between_launches(config, home, console, sums, change):
    launch(config(), home, console)
    launch(config(change), home, console)
    assert read_document(home.get_search_folder("sums").config) == config(change).model_dump(mode="json")


def test_a_search_of_another_stage_version_is_refused_in_words_and_not_mixed(config, home, console, sums, monkeypatch):
    launch(config(), home, console)
    monkeypatch.setattr("search.study._compatibility.STAGE_VERSION", STAGE_VERSION + 1)
    with pytest.raises(SpaceChangedError, match=rf"stage version: was {STAGE_VERSION}, is {STAGE_VERSION + 1}"):
        launch(config({"trials": 8}), home, console)


def test_a_length_is_compared_by_what_it_comes_to(config, home, console, sums):
    launch(config({"training.tasks": {"choice": {"steps": 50}, "dates": {"batch_size": 8}}}), home, console)
    same = {"training.tasks": {"choice": {"batch_size": 32}, "dates": {"batch_size": 8, "steps": 100}}}
    launch(config(same), home, console)
    with pytest.raises(SpaceChangedError, match=r"training\.tasks\.choice\.batch_size: was 32, is 16"):
        launch(config({"training.tasks": {"choice": {"batch_size": 16}, "dates": {"batch_size": 8}}}), home, console)


def test_a_config_without_a_study_binds_nothing(config, home):
    folder = home.get_search_folder("sums")
    folder.path.mkdir(parents=True)
    folder.config.write_text("rubbish: [")
    check_space(folder, config())


def test_a_second_launch_at_the_same_time_is_refused(config, home, console, sums):
    folder = home.get_search_folder("sums")
    folder.path.mkdir(parents=True)
    with folder.lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(UserError, match="is being run by another process"):
            launch(config(), home, console)
    assert sums.jobs == []
    launch(config(), home, console)
    assert len(sums.trials) == 6


@pytest.fixture
def publishing(sums, home, monkeypatch):
    """The stand-in, which publishes weights of every stage."""
    kept = sums.do

    def publish(scheduler, job):
        for stage in (*job.trial.curriculum, *job.trial.targets):
            folder = home.stages / _key(job.trial.curriculum, stage)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / RECORD_FILE).write_bytes(seal_document(sound()))
            (folder / ENCODER_FILE).write_bytes(b"weights")
        kept(scheduler, job)

    monkeypatch.setattr(sums, "do", publish)
    return sums


def test_a_trial_that_ended_early_leaves_no_weights_of_targets(config, home, console, publishing):
    publishing.among_best = lambda job: False
    study = launch(config({"racing.rules": ["asha"], "finalists.seeds": 0}), home, console)
    ended = [record for record in study.get_trial_records() if record.state == "pruned"]
    assert ended
    for record in ended:
        (first, *_) = record.trial.targets
        assert not (home.stages / _key(record.trial.curriculum, first) / ENCODER_FILE).exists()
        assert all(
            (home.stages / _key(record.trial.curriculum, s) / ENCODER_FILE).exists() for s in record.trial.curriculum
        )


def test_weights_are_kept_of_finalists_and_the_baseline_only(config, home, console, publishing):
    """Every target's stage is there when the launch begins; all but those of trials that may be exported lose their weights."""
    study = launch(config({"finalists.seeds": 0}), home, console)
    ranked = study.get_complete_trials()
    with_weights = {
        record.number
        for record in ranked
        if all(
            (home.stages / _key(record.trial.curriculum, stage) / ENCODER_FILE).exists()
            for stage in record.trial.targets
        )
    }
    assert with_weights == {ranked[0].number, ranked[1].number, 0}
    assert all(
        (home.stages / _key(r.trial.curriculum, s) / ENCODER_FILE).exists() for r in ranked for s in r.trial.curriculum
    )


def _key(curriculum: tuple[Stage, ...], stage: Stage) -> str:
    return " > ".join(part.task for part in curriculum) + f"/{stage.task}"


def test_ray_started_here_is_quiet_and_takes_a_token(monkeypatch):
    monkeypatch.setattr(os, "environ", {"RAY_USAGE_STATS_ENABLED": "1"})
    set_ray_environment(None)
    assert os.environ["RAY_AUTH_MODE"] == "token"
    assert len(os.environ["RAY_AUTH_TOKEN"]) == 64
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "1"


def test_a_running_cluster_takes_the_users_token_if_he_has_one(monkeypatch, tmp_path):
    monkeypatch.setattr(os, "environ", {"HOME": str(tmp_path)})
    set_ray_environment("auto")
    assert not {"RAY_AUTH_TOKEN", "RAY_AUTH_MODE"} & os.environ.keys()
    (tmp_path / ".ray").mkdir()
    (tmp_path / ".ray" / "auth_token").write_text("0" * 64)
    set_ray_environment("auto")
    assert os.environ["RAY_AUTH_MODE"] == "token"
    assert "RAY_AUTH_TOKEN" not in os.environ
    monkeypatch.setattr(os, "environ", {"HOME": str(tmp_path), "RAY_AUTH_MODE": "disabled"})
    set_ray_environment("auto")
    assert os.environ["RAY_AUTH_MODE"] == "disabled"


def test_a_store_is_kept_within_its_size(config, home, console, sums, monkeypatch):
    kept, store, sizes = sums.do, StageStore(home.stages), []

    def publish(scheduler, job):
        with wait_for_claim(store.location, stage_key(len(sizes)), lambda: False) as mine:
            store.publish(mine, RECORD_OF | {"seconds": float(len(sizes))}, WEIGHTS, {})
        kept(scheduler, job)
        sizes.append(sum(entry.bytes for entry in store.iterate_entries()))

    monkeypatch.setattr(sums, "do", publish)
    launch(config({"finalists.top": 0, "store": {"max_size": 400}}), home, console)
    assert len(sizes) == 6
    assert 0 < max(sizes) <= 400
    assert [entry.key for entry in store.iterate_entries() if entry.bytes] == [stage_key(4), stage_key(5)]


def test_stages_of_another_version_are_told_once_and_not_used(config, home, console, sums):
    store = StageStore(home.stages)
    for number, version in enumerate((STAGE_VERSION - 1, STAGE_VERSION, STAGE_VERSION - 1)):
        described = RECORD_OF | {"identity": RECORD_OF["identity"] | {"version": version}}
        with wait_for_claim(store.location, stage_key(number), lambda: False) as mine:
            store.publish(mine, described, WEIGHTS, {})
    launch(config(), home, console)
    told = console.file.getvalue()
    assert told.count("stage store: 2 of 3 stages have another stage version") == 1
    launch(config(), home, console)
    assert console.file.getvalue().count("have another stage version") == 1, "nothing is asked of the store"


def test_where_no_cluster_answers_the_user_is_told(config, home, console):
    with pytest.raises(UserError, match="--address nonsense: no Ray cluster answers there"):
        launch(config(), home, console, "nonsense")


def test_more_threads_than_the_machine_has_are_refused(config, home, console):
    with pytest.raises(UserError, match=r"resources\.cpus_per_trial: 4096; this machine has"):
        launch(config({"resources": {"cpus_per_trial": 4096}}), home, console)


@pytest.mark.parametrize(
    ("content", "what"), [(None, "cannot be read: No such file"), ("[]", "is no table of synonyms"), ("{}", "no word")]
)
def test_synonyms_that_cannot_be_read_end_a_launch_before_it_starts(config, home, tmp_path, content, what):
    file = tmp_path / "synonyms.json"
    if content is not None:
        file.write_text(content)
    settings = config({"space.noise": {"methods": ["augmentation"], "magnitude": 1.0, "synonyms": str(file)}})
    with pytest.raises(UserError, match=f"space.noise.synonyms: .*{what}"):
        launch(settings, home, Console(file=io.StringIO()))
    assert not home.get_search_folder("sums").journal.exists()


def test_synonyms_that_nothing_uses_need_not_be_there(config, home, monkeypatch):
    monkeypatch.setattr("search.launcher._launch._run_jobs", lambda *_: None)
    launch(config({"space.noise.synonyms": "nowhere.json"}), home, Console(file=io.StringIO()))


def test_data_that_the_folder_of_mirrors_lacks_end_a_launch_before_it_starts(config, home, tmp_path, monkeypatch):
    monkeypatch.setenv("XLT_DATA", str(tmp_path))
    changes = {
        "benchmark": "robust_xlt",
        "targets": ["pawsx"],
        "intermediate": {},
        "curriculum.max_length": 0,
        "languages": None,
    }
    with pytest.raises(UserError, match="paws-x: there is no"):
        launch(config(changes), home, Console(file=io.StringIO()))
    assert not home.get_search_folder("sums").journal.exists()


def test_a_launch_that_was_refused_before_its_first_trial_binds_nobody(config, home, console, monkeypatch, sums):
    def refuse(*_):
        raise UserError("no such resources")

    with monkeypatch.context() as patch:
        patch.setattr("search.launcher._launch._run_jobs", refuse)
        with pytest.raises(UserError, match="no such resources"):
            launch(config({"targets": ["choice"]}), home, console)
    assert len(launch(config(), home, console).get_complete_trials()) == 6


@pytest.fixture
def augmented(config, tmp_path):
    """Makes a config with augmentation by a file of synonyms."""

    def make(words: str = "synonyms.json", **table) -> Config:
        (tmp_path / words).write_text(json.dumps(table))
        noise = {"methods": ["none", "augmentation"], "magnitude": 0.1, "synonyms": str(tmp_path / words)}
        return config({"space.noise": noise, "trials": 3})

    return make


def test_the_search_keeps_the_synonyms_that_it_began_with(augmented, home, console, sums, tmp_path):
    launch(augmented(good=["fine"]), home, console)
    (tmp_path / "synonyms.json").unlink()
    study = launch(augmented("moved.json", good=["fine"]), home, console)
    own = home.get_search_folder("sums").synonyms
    assert json.loads(own.read_text()) == {"good": ["fine"]}
    assert {record.trial.synonyms for record in study.get_complete_trials()} == {str(own)}


def test_other_synonyms_are_refused_on_a_second_launch(augmented, home, console, sums):
    launch(augmented(good=["fine"]), home, console)
    with pytest.raises(UserError, match=r"started with other synonyms than .*synonyms\.json holds now"):
        launch(augmented(good=["great"]), home, console)


def test_a_folder_of_mirrors_is_the_same_for_workers_in_other_folders(
    config, home, console, sums, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XLT_DATA", "mirrors")
    launch(config({"trials": 1}), home, console)
    assert os.environ["XLT_DATA"] == str(tmp_path / "mirrors")


def test_an_augmentation_that_falls_short_is_told_with_what_it_reaches():
    noise = Noise(method="augmentation", magnitude=0.1)
    stages = [Stage(task=task, learning_rate=1e-3, steps=1, noise=noise) for task in ("choice", "answer", "tagging")]
    runs = [types.SimpleNamespace(native={"reached": reached}) for reached in (0.0, 0.05, 0.1)]
    notes: list[str] = []
    trial = types.SimpleNamespace(stages=stages)
    AugmentationMonitor(notes.append)(
        types.SimpleNamespace(job=types.SimpleNamespace(trial=trial), outcome=types.SimpleNamespace(stages=runs))
    )
    assert notes == [
        "augmentation 0.1 of choice reaches only 0: none of its words has a synonym",
        "augmentation 0.1 of answer reaches only 0.05: its words cannot be replaced more often (scale 1)",
    ]


def test_a_search_whose_home_was_moved_goes_on_where_it_was(augmented, home, console, sums, tmp_path):
    launch(augmented(good=["fine"]), home, console)
    (tmp_path / "synonyms.json").unlink()
    moved = Home(tmp_path / "moved")
    home.root.rename(moved.root)
    again = augmented("other.json", good=["fine"]).model_copy(update={"trials": 5})
    study = launch(again, moved, console)
    trials = [record.trial for record in study.get_complete_trials()]
    assert len(trials) == len(set(trials)) == 5


def test_where_the_given_synonyms_are_gone_the_searchs_own_are_taken(augmented, home, console, sums, tmp_path):
    settings = augmented(good=["fine"])
    launch(settings, home, console)
    (tmp_path / "synonyms.json").unlink()
    assert len(launch(settings, home, console).get_complete_trials()) == 3


def test_synonyms_that_came_or_went_are_a_difference(augmented, config, home, console, sums):
    launch(augmented(good=["fine"]), home, console)
    without = config({"space.noise": {"methods": ["none", "augmentation"], "magnitude": 0.1}, "trials": 3})
    with pytest.raises(SpaceChangedError, match=r"space\.noise\.synonyms"):
        launch(without, home, console)


def test_synonyms_may_be_corrected_until_the_first_trial_ran(augmented, home, console, monkeypatch, sums):
    def refuse(*_):
        raise UserError("no such resources")

    with monkeypatch.context() as patch:
        patch.setattr("search.launcher._launch._run_jobs", refuse)
        with pytest.raises(UserError):
            launch(augmented(good=["fien"]), home, console)
    launch(augmented(good=["fine"]), home, console)
    assert json.loads(home.get_search_folder("sums").synonyms.read_text()) == {"good": ["fine"]}
