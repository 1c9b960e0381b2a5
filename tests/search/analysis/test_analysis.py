import json
import logging
import sys

import numpy as np
import pytest

from search.analysis import _language_distance, analyse_results
from search.analysis._language_distance import ISO_639_3, load_language_distances
from tests.search.analysis.simulated import CODES, Noise, search, square
from trainables.languages import XTREME_R_LANGUAGES, LanguageRules

NOISY = {"method": "random_perturbation", "magnitude": 0.2}


def retained(*stages):
    return [{"facts": {"accuracy": value}} | extra for value, extra in stages]


@pytest.fixture(scope="module")
def results():
    found = search(np.random.default_rng(0), square(), 5, lambda tasks: 0.03 * (tasks[:1] == ("facts",)))
    best = max(found["trials"], key=lambda trial: trial["value"])["number"]
    found |= {"best": best, "verdict": "unconfirmed"}
    return found


@pytest.fixture(scope="module")
def analysis(results):
    return analyse_results(results)


def test_the_analysis_is_jsons_own(analysis):
    assert json.loads(json.dumps(analysis, allow_nan=False)) == analysis


def test_curricula_come_best_first_with_the_means_of_the_program(analysis, results):
    from trainables.transfer import Transfer

    values = [row["overall"]["mean"] for row in analysis["curricula"]]
    assert values == sorted(values, reverse=True)
    row = analysis["curricula"][0]
    entries = results["trials"][row["trial"]]["seeds"]
    transfers = [Transfer(entry["scores"], results["metrics"]) for entry in entries]
    assert row["overall"]["mean"] == pytest.approx(np.mean([each.mean("test") for each in transfers]))
    for family, mean in row["families"].items():
        assert mean == pytest.approx(np.mean([each.family_means("test")[family] for each in transfers]))
    assert row["languages"]["en"] == pytest.approx(
        np.mean([list(each.source_scores("test").values()) for each in transfers])
    )


def test_conditions_are_those_of_the_square(analysis):
    told = {row["condition"]: row["curricula"] for row in analysis["conditions"]}
    assert told == {
        "none": 1,
        "single": 4,
        "high > low": 4,
        "low > high": 4,
        "high alone": 2,
        "low alone": 2,
        "joint": 6,
    }
    assert next(row for row in analysis["conditions"] if row["condition"] == "none")["gain"] is None


def test_the_answer_is_three_sentences_with_numbers(analysis):
    assert len(analysis["answer"]) == 3
    assert "Order matters" in analysis["answer"][1] or "No effect of order" in analysis["answer"][1]
    assert all(any(letter.isdigit() for letter in sentence) for sentence in analysis["answer"])


def test_a_search_without_trials_has_an_analysis(results):
    told = analyse_results(results | {"trials": [], "best": None, "metrics": {}})
    assert told["answer"] == ["No trial is complete yet."]
    assert told["curricula"] == told["effects"] == told["tree"] == []


def test_what_is_forgotten_is_the_loss_since_a_tasks_own_stage(results):
    told = json.loads(json.dumps(results))
    for trial in told["trials"]:
        for place, entry in enumerate(trial["seeds"]):
            tasks = [stage["task"] for stage in trial["curriculum"]]
            entry["stages"] = [
                {
                    "task": task,
                    "target": False,
                    "retained": {
                        done: {"accuracy": 0.9 - (0.1 + place / 100) * (at - tasks.index(done))}
                        for done in tasks[: at + 1]
                    },
                }
                for at, task in enumerate(tasks)
            ]
    rows = {(row["task"], row["after"]): row for row in analyse_results(told)["forgetting"]}
    row = rows["facts", "dates"]
    assert row["curricula"] == 1
    assert row["lost"]["mean"] == pytest.approx(0.12)
    assert row["lost"]["low"] < 0.12 < row["lost"]["high"]
    assert rows["facts", "the whole curriculum"]["curricula"] == 3


def test_choosing_by_test_itself_costs_least_and_at_random_most(results):
    told = analyse_results(
        search(np.random.default_rng(5), square(), 5, lambda tasks: 0.02 * len(tasks), Noise(seed=0.004))
    )
    costs = {row["rule"]: row["cost"]["mean"] for row in told["selection"]["rules"]}
    assert costs["test itself"] < costs["at random"]
    assert {*costs} == {"source_dev", "transfer_dev", "worst_family_dev", "test itself", "at random"}
    assert analyse_results(search(np.random.default_rng(5), square(), 1))["selection"] is None


def test_what_decides_the_value_is_important(results):
    told = json.loads(json.dumps(search(np.random.default_rng(6), square() * 3, 0)))
    for trial in told["trials"]:
        trial["value"] = 0.5 + 0.2 * any("facts" in stage["task"] for stage in trial["curriculum"])
        trial["value"] += trial["number"] / 1e5
    found = analyse_results(told)["importance"]
    assert found[0]["parameter"] == "facts: there or not"
    assert found[0]["above_chance"]
    assert analyse_results(told | {"trials": told["trials"][:5]})["importance"] == []


def test_gains_of_noise_grow_with_distance_where_they_were_planted_so():
    away = load_language_distances((), LanguageRules())["another script than English"]
    curricula = [("facts",), ("dates",), ("names",), ("facts", "names"), ("names", "facts")] * 2
    told = search(
        np.random.default_rng(7),
        curricula,
        5,
        noise=Noise(seed=0.002, shared=0.002, family=1e-4, language=1e-3, rest=0.01),
    )
    for trial in told["trials"][5:]:
        for stage in trial["curriculum"][:1]:
            stage["noise"] = NOISY
        for entry in trial["seeds"]:
            for splits in entry["scores"].values():
                for code in CODES:
                    splits["test"][code]["accuracy"] += 0.05 * away[code]
    found = analyse_results(told)["noise"]
    slopes = {row["measure"]: row["slope"] for row in found["distance"]}
    assert slopes["another script than English"]["mean"] == pytest.approx(0.05, abs=0.01)
    assert slopes["another script than English"]["low"] > 0
    row = next(row for row in found["methods"] if row["method"] == "random_perturbation")
    assert row["gain"]["mean"] > 0
    assert row["languages"]["hi"] > row["languages"]["de"] + 0.03


def test_distances_leave_logging_as_it_was(monkeypatch):
    """URIEL+ sets up the root logger when it is imported."""
    before = logging.root.level, logging.root.handlers[:]
    monkeypatch.setattr(logging.root, "handlers", [])
    for name in [name for name in sys.modules if name.startswith("urielplus")]:
        monkeypatch.delitem(sys.modules, name)
    assert _language_distance._load_uriel.__wrapped__("en", ("en", "de"))
    assert (logging.root.level, logging.root.handlers) == (before[0], [])


def test_every_language_has_a_code_and_its_distance():
    assert tuple(ISO_639_3) == XTREME_R_LANGUAGES
    found = load_language_distances((), LanguageRules())
    assert found["URIEL+ featural"]["en"] == 0
    assert found["URIEL+ featural"]["de"] < found["URIEL+ featural"]["zh"]
    assert len(found["URIEL+ geographic"]) == 50


def test_without_uriel_script_and_family_are_left(monkeypatch):
    monkeypatch.setitem(sys.modules, "urielplus.urielplus", None)
    monkeypatch.setattr(_language_distance, "_load_uriel", _language_distance._load_uriel.__wrapped__)
    assert {*load_language_distances((), LanguageRules())} == {
        "another script than English",
        "another family than English",
    }


def test_a_best_trial_that_has_fewer_seeds_than_others_has_its_words(results):
    told = json.loads(json.dumps(results))
    told |= {"best": 8}
    told["trials"][8]["seeds"] = told["trials"][8]["seeds"][:1]
    assert "(trial 8) scored best" in analyse_results(told)["answer"][0]


def test_no_intermediate_stage_may_be_best(results):
    assert "The best trial has no intermediate stage" in analyse_results(results | {"best": 0})["answer"][2]


def test_scores_in_english_alone_tell_of_no_transfer(results):
    told = json.loads(json.dumps(results))
    for trial in told["trials"]:
        trial["seeds"] = []
        for target in trial["targets"].values():
            target["scores"]["dev"] = {"en": target["scores"]["dev"]["en"]}
    found = analyse_results(told)
    assert found["curricula"] == found["effects"] == []
    assert "no trial has transfer scores" in found["basis"]["told"]
    assert "(trial " in found["answer"][0]


def test_gains_are_over_none_with_the_same_targets(results):
    told = json.loads(json.dumps(results))
    for trial in told["trials"][10:]:
        for target in trial["targets"].values():
            target["learning_rate"] = 2e-3
    gains = {row["trial"]: row["gain"] for row in analyse_results(told)["curricula"]}
    assert gains[0] is None
    assert gains[5] is not None
    assert gains[10] is None


def test_a_rate_that_all_stages_share_has_no_effect(results):
    """Even where a trial without stages is far off."""
    rng = np.random.default_rng(9)
    told = search(rng, [(), *square()[1:]], 0, lambda tasks: 0.1 * bool(tasks), Noise(seed=0.01))
    assert "twice the rate of intermediate stages" not in [row["name"] for row in analyse_results(told)["effects"]]


def test_r_drop_is_named_by_its_weight(results):
    told = json.loads(json.dumps(results))
    told["trials"][2]["curriculum"] = json.loads(json.dumps(told["trials"][1]["curriculum"]))
    told["trials"][2]["curriculum"][0]["noise"] = {"method": "r_drop", "magnitude": 0.0, "weight": 1.0}
    row = next(row for row in analyse_results(told)["noise"]["methods"] if row["method"] == "r_drop")
    assert row["gain_of"] == "r_drop weight 1 rather than none"
    assert row["gain"] is not None
    assert len(row["families"]) == 14
