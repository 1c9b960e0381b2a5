import json
from html import escape

import numpy as np
import pandas as pd
import pytest

from search.errors import UserError
from search.frames import load_search
from search.frames._frames import SCORE_COLUMNS
from tests.search.analysis.simulated import search, square
from trainables.transfer import Transfer


@pytest.fixture(scope="module")
def results():
    return search(np.random.default_rng(0), square()[:4], 2)


@pytest.fixture
def found(results, tmp_path):
    file = tmp_path / "results.json"
    file.write_text(json.dumps(results))
    return load_search(file)


def test_trials_are_rows(found):
    assert found.trials["trial"].tolist() == [0, 1, 2, 3]
    assert found.trials["curriculum"].tolist() == ["none", "facts", "dates", "names"]
    assert found.trials["seeds"].tolist() == [2] * 4


def test_scores_are_long_and_whole(found, results):
    told = found.scores
    assert told.columns.tolist() == SCORE_COLUMNS
    assert len(told) == 4 * (3 * 49 + 2 * 2 * 3 * 49)  # own seed on dev, two fresh ones on dev and test
    row = told.query("trial == 1 and seed == 2 and target == 'tagging' and language == 'fi' and split == 'test'").iloc[
        0
    ]
    assert row["family"] == "Uralic"
    assert row["value"] == results["trials"][1]["seeds"][1]["scores"]["tagging"]["test"]["fi"]["accuracy"]


@pytest.mark.parametrize("split", ["dev", "test"])
def test_transfer_is_the_programs_own_mean(found, results, split):
    entries = results["trials"][2]["seeds"]
    transfers = [Transfer(entry["scores"], results["metrics"]) for entry in entries]
    if split == "dev":
        own = {target: told["scores"] for target, told in results["trials"][2]["targets"].items()}
        transfers.append(Transfer(own, results["metrics"]))
    by_target = found.transfer("target", split).loc[2]
    assert by_target.mean() == pytest.approx(np.mean([each.mean(split) for each in transfers]))
    families = found.transfer(split=split).loc[2]
    for family, value in families.items():
        assert value == pytest.approx(np.mean([each.family_means(split)[family] for each in transfers]))
    assert "en" not in found.transfer("language", split).columns


def test_the_best_is_a_row_and_the_analysis_is_there(found):
    assert isinstance(found.best, pd.Series)
    assert found.best["trial"] == 0
    assert found.analysis["name"] == "simulated"


def test_what_cannot_be_told_is_refused(found, tmp_path):
    with pytest.raises(ValueError, match="family, language and target"):
        found.transfer("colour")
    with pytest.raises(UserError, match=r"none\.json cannot be read"):
        load_search(tmp_path / "none.json")
    with pytest.raises(UserError):
        load_search("nothing-here", tmp_path)


def test_a_search_without_trials_has_empty_frames(results, tmp_path):
    file = tmp_path / "results.json"
    file.write_text(json.dumps(results | {"trials": [], "best": None}))
    empty = load_search(file)
    assert empty.trials.empty
    assert empty.scores.empty
    assert empty.best is None
    assert empty.transfer().empty


def test_results_of_an_earlier_version_are_named_as_such(results, tmp_path):
    file = tmp_path / "results.json"
    file.write_text(json.dumps({key: value for key, value in results.items() if key not in ("seed", "metrics")}))
    with pytest.raises(UserError, match="lacks seed, metrics: an earlier version wrote it; xlt track NAME"):
        load_search(file)


def test_what_is_shown_of_a_search_is_short(found):
    assert repr(found).startswith("Search 'simulated', trials: 4 complete; trial ")
    assert len(repr(found)) < 400
    for shown in (found, found.results, found.analysis):
        assert 20 < len(repr(shown)) < 10_000
    assert len(json.dumps(found.results)) > 100_000
    assert "'trials': [" in repr(found.results)
    html = found._repr_html_()
    assert html.startswith(f"<p>{escape(repr(found))}</p><table")
    assert html.count("<tr") == 1 + len(found.trials)
    assert json.loads(json.dumps(found.analysis)) == found.analysis


def test_a_search_without_a_trial_is_shown_too(results, tmp_path):
    file = tmp_path / "results.json"
    file.write_text(json.dumps(results | {"trials": [], "best": None}))
    assert "trials: none yet" in repr(load_search(file))
