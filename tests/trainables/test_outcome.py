import json

from trainables.outcome import Outcome, StageRun
from trainables.transfer import Transfer

OUTCOME = Outcome(
    transfer=Transfer({"choice": {"dev": {"de": {"accuracy": 0.5}}}}, {"choice": "accuracy"}),
    stages=(
        StageRun(key="a", task="facts", target=False, trained=False, seconds=8.0),
        StageRun(key="b", task="choice", target=True, trained=True, seconds=2.0),
    ),
    seconds=3.5,
    scoring_seconds=1.0,
)


def test_an_outcome_comes_back_from_json_as_it_was():
    assert Outcome.from_json(json.loads(json.dumps(OUTCOME.to_json()))) == OUTCOME


def test_trained_seconds_leave_out_what_the_store_had():
    assert OUTCOME.trained_seconds == 2.0


def test_asked_seconds_count_every_stage():
    assert OUTCOME.asked_seconds == 10.0
