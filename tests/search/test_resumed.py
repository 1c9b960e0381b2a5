"""A search that was killed, wherever, and launched again is the search that was not."""

import json
from collections import Counter
from random import Random

import pytest

from search.launcher._writable_study import WritableStudy
from search.study import select_last_records
from tests.search.conftest import worth

SPACE = {
    "curriculum.joint": True,
    "space.learning_rate": {"low": 1e-4, "high": 1e-3, "points": 3},
    "space.noise.methods": ["none", "random_perturbation"],
    "trials": 14,
}
ONE_OBJECTIVE = ["random", "curriculum", "tpe", "gp"]
TRIALS = 14


class Searched:
    """A search that is told what its trials are worth, and killed at random."""

    def __init__(self, home, settings, outcome, kills: int, workers: int = 1, fails: tuple[int, ...] = ()) -> None:
        self.home, self.settings, self.outcome = home, settings, outcome
        self.rng, self.workers, self.fails = Random(f"{kills}/{workers}"), workers, fails
        self.kills = [0] * kills
        self.study = self.launched()

    def launched(self) -> WritableStudy:
        study = WritableStudy(self.home.get_search_folder(self.settings.name).journal, self.settings)
        study.recover()
        return study

    def run(self, trials: int = TRIALS) -> list[tuple]:
        """Trials by place with their values, once there are so many."""
        running: list[tuple] = []
        while len(done := [record for record in self.study.get_trial_records() if record.is_finished]) < trials:
            while len(running) < self.workers and len(done) + len(running) < trials:
                asked = self.study.ask()
                assert asked is not None
                running.append(asked)
            if self.kills and self.rng.random() < 0.3:
                self.kills.pop()
                running = []
                self.study = self.launched()
                continue
            number, trial = running.pop(self.rng.randrange(len(running)))
            self.study.tell(number, self.outcome(trial, worth(trial)))
        assert not self.kills, "every kill was done"
        return [(record.trial, record.value) for record in select_last_records(self.study.get_trial_records())]


@pytest.fixture
def searched(home, config, outcome):
    def make(name: str, changes: dict, **how) -> Searched:
        return Searched(home, config(SPACE | changes | {"name": name}), outcome, **how)

    return make


@pytest.mark.parametrize("sampler", ONE_OBJECTIVE)
@pytest.mark.parametrize("seed", [0, 1])
def test_with_one_worker_every_sampler_proposes_the_same_whatever_was_killed(searched, sampler, seed):
    whole = searched("whole", {"sampler": sampler, "seed": seed}, kills=0).run()
    for kills in (1, 3):
        assert searched(f"killed{kills}", {"sampler": sampler, "seed": seed}, kills=kills).run() == whole


@pytest.mark.parametrize("sampler", ["nsga2", "tpe", "random"])
def test_with_two_objectives_too(searched, sampler):
    two = {"sampler": sampler, "second_objective": "seconds"}
    whole = searched("whole", two, kills=0).run()
    assert searched("killed", two, kills=3).run() == whole


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_at_random_the_trials_are_the_same_with_any_number_of_workers(searched, workers):
    whole = searched("whole", {"sampler": "random"}, kills=0).run()
    assert searched("killed", {"sampler": "random"}, kills=3, workers=workers).run() == whole


@pytest.mark.parametrize("workers", [1, 3])
def test_orders_are_the_same_with_any_number_of_workers(searched, workers):
    orders = {
        "sampler": "orders",
        "space.learning_rate": 1e-3,
        "space.noise.methods": ["none"],
        "orders.design": "full",
        "trials": 13,
    }
    whole = searched("whole", orders, kills=0).run(13)
    assert len(whole) == 13
    assert searched("killed", orders, kills=3, workers=workers).run(13) == whole


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_a_space_that_is_nearly_used_up_is_gone_through_in_the_same_way(searched, sampler):
    small = {"sampler": sampler, "space.learning_rate": 1e-3, "space.noise.methods": ["none"]}
    whole = searched("whole", small, kills=0).run(13)
    assert len({trial for trial, _ in whole}) == 13
    assert searched("killed", small, kills=3).run(13) == whole


@pytest.mark.parametrize("sampler", ["random", "curriculum"])
def test_a_kill_between_the_proposal_and_its_start_changes_nothing(searched, sampler, monkeypatch):
    whole = searched("whole", {"sampler": sampler}, kills=0).run()
    killed = searched("killed", {"sampler": sampler}, kills=0)
    killed.run(7)
    with monkeypatch.context() as patch:
        patch.setattr("optuna.Study.ask", _killed)
        with pytest.raises(KeyboardInterrupt):
            killed.study.ask()
    killed.study = killed.launched()
    assert killed.run() == whole


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("sampler", [*ONE_OBJECTIVE, "nsga2"])
def test_a_search_that_is_extended_is_the_one_that_was_long_from_the_start(searched, config, sampler):
    changes = {"sampler": sampler} | ({"second_objective": "seconds"} if sampler == "nsga2" else {})
    whole = searched("whole", changes | {"trials": 16}, kills=0).run(16)
    grown = searched("grown", changes | {"trials": 8}, kills=0)
    grown.run(8)
    grown.settings = config(SPACE | changes | {"name": "grown", "trials": 16})
    grown.study = grown.launched()
    assert grown.run(16) == whole


def test_trials_that_failed_keep_their_places(searched, config, outcome):
    whole = searched("whole", {"sampler": "random"}, kills=0).run(8)
    failed = searched("failed", {"sampler": "random"}, kills=0)
    for place in range(8):
        number, trial = failed.study.ask()
        if place in (2, 5):
            failed.study.tell_failed(number, "the loss is nan")
        else:
            failed.study.tell(number, outcome(trial, worth(trial)))
    failed.study = failed.launched()
    assert failed.run(8) == whole


def test_of_equals_the_first_by_place_is_the_best(searched):
    whole = searched("whole", {"sampler": "random"}, kills=0)
    killed = searched("killed", {"sampler": "random"}, kills=3, workers=4)
    for search in (whole, killed):
        search.outcome = lambda trial, value, old=search.outcome: old(trial, 0.5)
        search.run()
    assert [r.number for r in killed.study.get_trial_records()] != [
        r.position for r in killed.study.get_trial_records()
    ]
    assert [r.trial for r in killed.study.get_complete_trials()] == [r.trial for r in whole.study.get_complete_trials()]


def test_what_the_store_got_since_the_search_began_is_no_news(searched, outcome):
    from datetime import UTC, datetime, timedelta
    from types import SimpleNamespace

    study = searched("s", {}, kills=0).study
    old, new = (SimpleNamespace(made=datetime.now(UTC) + timedelta(minutes=far)) for far in (-1, 1))
    assert study.select_stages_before_start([old, new]) == [old, new]
    study.ask()
    assert study.select_stages_before_start([old, new]) == [old]


@pytest.mark.ray
def test_a_launch_killed_twice_ends_as_the_one_that_was_not(tmp_path, ready):
    """Nothing that was complete when it was killed is lost or run again; a tracking server that is down is told of once."""
    from tests.search.test_end_to_end import SMALL, command, complete, done, killed_after, launching, results

    settings = SMALL | {
        "trials": "6",
        "sampler": "random",
        "resources.workers": "2",
        "training.intermediate.steps": "20",
    }
    whole, killed = ready(tmp_path / "whole"), ready(tmp_path / "killed")
    done(launching(whole, settings))
    killed_after(launching(killed, settings), ended=1)
    killed_after(launching(killed, settings), ended=2)
    before = json.loads(done(command(killed, "status", "miniature", "--json")).stdout)
    assert 2 <= len(complete(before)) < 6
    again = done(launching(killed, settings))
    after = results(killed)
    assert complete(before).items() <= complete(after).items()
    twice = Counter(
        json.dumps([trial["curriculum"], {task: target["learning_rate"] for task, target in trial["targets"].items()}])
        for trial in after["trials"]
        if trial["state"] == "complete"
    )
    assert twice.total() == 6 and set(twice.values()) == {1}
    assert again.stderr.count("MLflow at http://127.0.0.1:9 is incomplete") == 1

    def told(home) -> dict[str, object]:
        return {
            str(
                [
                    [(stage["task"], stage["learning_rate"], stage["noise"]) for stage in trial["curriculum"]],
                    target["learning_rate"],
                ]
            ): (
                trial["value"],
                target["scores"],
            )
            for trial in results(home)["trials"]
            for target in trial["targets"].values()
            if trial["state"] == "complete"
        }

    assert len(told(whole)) == 6
    assert told(killed) == told(whole)
