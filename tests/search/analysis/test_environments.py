from dataclasses import replace

from search.analysis import analyse_results, count_environments, describe_mixed_environments
from search.report import render_answer
from search.report.page._sections import build_sections
from search.results import build_results
from tests.search.conftest import ENVIRONMENT


def trained_with(outcome, **fields):
    """The same outcome, its stages other ones, trained in another environment."""
    stages = tuple(replace(run, key=f"{run.key}/again", environment=ENVIRONMENT | fields) for run in outcome.stages)
    return replace(outcome, stages=stages)


def test_stages_of_one_environment_are_no_mixture(finished):
    found = count_environments([record.outcome for record in finished.get_complete_trials()])
    assert [{**each, "stages": 0} for each in found] == [ENVIRONMENT | {"stages": 0}]
    assert found[0]["stages"] > 2
    assert describe_mixed_environments(found) is None


def test_a_stage_that_several_trials_have_counts_once(finished):
    outcome = finished.get_complete_trials()[0].outcome
    (found,) = count_environments([outcome, outcome])
    assert found["stages"] == len(outcome.stages)


def test_a_search_that_mixes_environments_says_so_with_what_differs(finished):
    outcome = finished.get_complete_trials()[0].outcome
    found = count_environments([outcome, trained_with(outcome, torch="2.1")])
    count = len(outcome.stages)
    assert describe_mixed_environments(found) == (
        f"stages were trained in 2 environments ({count} stages: torch 2.0; {count} stages: torch 2.1): differences between trials may be due to the environment"
    )


def test_results_and_the_answer_tell_of_a_mixture(config, reopen, make_scheduler, worker):
    study = reopen(config())
    worker.drive(make_scheduler(study))
    assert len(build_results(study)["environments"]) == 1
    best = study.get_complete_trials()[0]
    study.tell_repeat(best.number, 1, trained_with(best.outcome, arithmetic="cuda bfloat16"))
    assert [each["arithmetic"] for each in build_results(study)["environments"]] == ["cpu float32", "cuda bfloat16"]
    told = [line for line in render_answer(study) if isinstance(line, str)]
    assert "stages: arithmetic cuda bfloat16" in told[-1]


def test_a_search_of_one_environment_says_nothing_of_it(finished):
    assert not any("environments" in line for line in render_answer(finished) if isinstance(line, str))


def test_the_page_tells_of_a_mixture_beside_what_was_spent(finished):
    best = finished.get_complete_trials()[0]
    finished.tell_repeat(best.number, 9, trained_with(best.outcome, torch="2.1"))
    told = analyse_results(build_results(finished))
    (spent,) = (section for section in build_sections(told) if section.name == "spent")
    assert any("torch 2.0" in words and "torch 2.1" in words for words in spent.sentences)
