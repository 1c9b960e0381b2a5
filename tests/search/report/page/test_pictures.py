"""Pictures: their numbers are in their tables, whatever a search holds."""

import pytest
from matplotlib.figure import Figure

from search.report.page._canvas import Scale, estimate_text_width, truncate_text
from search.report.page._cost import draw_training_cost
from search.report.page._curricula_tables import name_language
from search.report.page._effects import draw_effects
from search.report.page._forgetting import draw_forgetting
from search.report.page._heat_map import draw_heat_map
from search.report.page._language_distance import draw_gain_by_language
from search.report.page._learning_curves import draw_learning_curves
from search.report.page._noise_curves import draw_noise_curves
from search.report.page._page import draw_figures
from search.report.page._pareto_front import draw_pareto_front
from search.report.page._picture import Picture, draw_panel
from search.report.page._plain_text import clean_document
from search.report.page._row_panels import EstimateRow
from search.report.page._sections import build_sections
from search.report.page._selection_rules import draw_selection_costs
from search.report.page._stage_tree import draw_stage_tree
from search.report.page._svg import render_svg
from tests.search.report.page import samples
from trainables.languages import Language, LanguageRules

NAMES = {
    "effects",
    "languages",
    "tree",
    "noise",
    "distance",
    "distance-languages",
    "forgetting",
    "importance",
    "learning",
    "front",
    "selection",
    "spent",
}


@pytest.fixture(scope="module")
def study():
    return clean_document(samples.study())


def numbers(picture: Picture) -> set[str]:
    return {cell.text for table in picture.tables for row in table.rows for cell in row if cell.is_number}


def drawn(picture: Picture) -> str:
    return "".join(render_svg(draw_panel(panel), "x", panel.label) for panel in picture.all_panels)


def test_a_full_search_has_every_picture_as_a_figure_that_can_be_saved(study, tmp_path):
    figures = draw_figures(study)
    assert set(figures) == NAMES
    for name, figure in figures.items():
        assert isinstance(figure, Figure)
        figure.savefig(tmp_path / f"{name}.png")
    assert len(list(tmp_path.iterdir())) == len(NAMES)


def test_an_empty_search_has_no_picture():
    assert draw_figures(samples.empty()) == {}


@pytest.mark.parametrize("sample", [samples.one_trial, samples.nasty])
def test_pictures_of_odd_searches_can_be_saved(sample, tmp_path):
    figures = draw_figures(sample())
    for name, figure in figures.items():
        figure.savefig(tmp_path / f"{name}.png")
    assert len(figures) > 3


def test_every_picture_has_its_numbers_as_a_table_and_a_caption_of_one_sentence(study):
    pictures = [block for section in build_sections(study) for block in section.blocks if isinstance(block, Picture)]
    assert {picture.name for picture in pictures} == NAMES
    for picture in pictures:
        assert picture.tables
        assert all(table.rows for table in picture.tables)
        assert picture.caption.endswith(".")


def test_effects_below_the_noise_are_grey_and_called_that(study):
    picture = draw_effects(study)
    text = drawn(picture)
    told = {row[0].text: row[-1].text for row in picture.tables[0].rows}
    for effect in study["effects"]:
        assert told[effect["name"]] == ("significant" if effect["found"] else "not significant")
        assert effect["overall"]["told"] in text
        assert f"{effect['overall']['mean']:+.4f}" in numbers(picture)
    assert "not significant" in text
    assert "var(--grey)" in text


def test_one_effect_without_an_interval_is_drawn_as_a_dot():
    overall = samples.estimate(0.02, None)
    effect = {"kind": "single", "name": "one", "method": "model", "pairs": 1, "overall": overall, "families": {}}
    picture = draw_effects({"effects": [effect | {"targets": {}, "found": False}]})
    assert "+0.020" in drawn(picture)


def test_the_heat_map_holds_every_gain_over_the_baseline(study):
    picture = draw_heat_map(study)
    plain = next(row for row in study["curricula"] if row["condition"] == "none")
    table = picture.tables[0]
    assert len(table.rows) == 49
    for row in study["curricula"]:
        if row is not plain:
            place = table.head.index(f"trial {row['trial']}")
            by_language = {cells[0].text.split()[0]: cells[place].text for cells in table.rows}
            gain = row["languages"]["fi"] - plain["languages"]["fi"]
            assert float(by_language["fi"]) == pytest.approx(gain, abs=0.0005)


def test_codes_that_are_wider_than_their_columns_stand_upright_in_the_heat_map(study):
    rows = [row | {"languages": row["languages"] | {"ks_Deva": 0.5}} for row in study["curricula"]]
    written = study | {"curricula": rows, "families": study["families"] | {"ks_Deva": "Indo-European"}}
    assert "rotate" in drawn(draw_heat_map(written)) and "ks_Deva" in drawn(draw_heat_map(written))


def test_the_heat_map_sets_source_and_unseen_languages_apart(study):
    table = draw_heat_map(study).tables[0]
    group = {row[0].text.split()[0]: row[1].text for row in table.rows}
    assert group["en"] == "source"
    assert group["wo"] == group["qu"] == "unseen"
    assert group["fi"] == "Uralic"


def test_a_heat_map_without_a_baseline_is_of_scores(study):
    rows = [row for row in study["curricula"] if row["condition"] != "none"]
    picture = draw_heat_map(study | {"curricula": rows})
    assert "score" in picture.caption
    assert f"{rows[0]['languages']['fi']:.3f}" in numbers(picture)


def test_long_curricula_keep_every_task_in_a_row_of_the_heat_map():
    text = drawn(draw_heat_map(clean_document(samples.large())))
    assert "init… &gt; dates" in text or "in… &gt; dates" in text or "i… &gt; dates" in text


def test_the_tree_tells_every_stage_once_under_the_one_it_was_trained_on(study):
    table = draw_stage_tree(study).tables[0]
    stages = [node for node in study["tree"] if not node["target"]]
    assert len(table.rows) == len(stages) + 1
    depth = {row[0].text: row[1].text for row in table.rows}
    assert depth["the encoder"] == "0"
    assert depth["dates (0.001)"] == "1"
    assert depth["dates (0.001) > facts (0.001)"] == "2"


def test_one_target_on_the_encoder_is_one_target(study):
    targets = [node for node in study["tree"] if node["target"] and node["parent"] is None]
    others = [node for node in study["tree"] if not node["target"]]
    for count, told in ((1, "and 1 target on it"), (2, "and 2 targets on it")):
        assert told in drawn(draw_stage_tree({"tree": [*others, *targets[:count]]}))


def test_a_tree_whose_parents_are_missing_or_go_round_is_drawn_all_the_same(study):
    nodes = [dict(node) for node in study["tree"] if not node["target"]]
    nodes[0]["parent"] = "nobody"
    assert draw_stage_tree({"tree": nodes}) is not None
    nodes[0]["parent"] = nodes[0]["id"]
    assert draw_stage_tree({"tree": nodes}) is not None


def test_a_large_tree_shows_forty_stages_and_what_they_hang_from():
    table = draw_stage_tree(clean_document(samples.large())).tables[0]
    assert 35 <= len(table.rows) <= 41


def test_noise_curves_hold_every_method_and_magnitude(study):
    picture = draw_noise_curves(study)
    assert len(picture.panels) == 8
    for row in study["noise"]["methods"]:
        assert f"{row['transfer']:.4f}" in numbers(picture)


def test_gain_against_distance_takes_a_measure_with_degrees(study):
    told = study["noise"]["distances"]
    binary = {code: float(code != "de") for code in told}
    nested = study["noise"] | {"distances": {"another script": binary, "URIEL+ syntactic": told}}
    assert "URIEL+ syntactic" in drawn(draw_gain_by_language(study | {"noise": nested}))
    assert draw_gain_by_language(study | {"noise": study["noise"] | {"distances": {"another script": binary}}}) is None


def test_what_is_lost_is_told_by_task(study):
    picture = draw_forgetting(study)
    assert len(picture.panels) == 5
    for row in study["forgetting"]:
        assert f"{row['lost']['mean']:+.4f}" in numbers(picture)


def test_the_cost_of_each_rule_is_told_with_its_correlation(study):
    picture = draw_selection_costs(study)
    for rule in study["selection"]["rules"]:
        assert f"{rule['cost']['mean']:+.4f}" in numbers(picture)
        assert f"{rule['correlation']:.2f}" in numbers(picture)


def test_learning_curves_hold_every_loss(study):
    picture = draw_learning_curves(study)
    every = [f"{loss:.3f}" for row in study["learning"] for _, loss in row["points"]]
    assert len(every) > 1000
    assert set(every) <= numbers(picture)


def test_the_front_marks_the_unbeaten_trials(study):
    table = draw_pareto_front(study).tables[0]
    told = {row[0].text: row[3].text for row in table.rows}
    assert told == {str(point["trial"]): "yes" if point["unbeaten"] else "no" for point in study["front"]["points"]}


def test_what_was_saved_is_what_was_asked_less_what_was_trained(study):
    rows = draw_training_cost(study).tables[0].rows
    assert [cell.text for cell in rows[0]][1:] == ["132", "87", "45"]
    assert [cell.text for cell in rows[1]][1:] == ["293.4", "190.2", "103.2"]


def test_a_scale_has_round_ticks_within_its_range():
    ticks = Scale(-0.013, 0.047, 0, 340).ticks(5)
    assert [words for _, words in ticks] == ["0.00", "0.02", "0.04"]
    assert Scale(0.5, 0.5, 0, 340).ticks() == [(0.5, "0.5")]


def test_long_names_are_cut_to_the_room_there_is():
    assert truncate_text("dates", 200) == "dates"
    cut = truncate_text("a name that is far too long for its place", 100)
    assert cut.endswith("…")
    assert estimate_text_width(cut) <= 100


def test_a_long_name_of_a_row_takes_more_lines_beside_none_of_its_number():
    row = EstimateRow(
        "facts and names mixed rather than no intermediate task", 0.0, None, None, "+0.007 [-0.007, +0.022]", False
    )
    assert row.lines == ["facts and names mixed rather than no intermediate", "task"]
    assert all(estimate_text_width(line) <= 340 for line in row.lines)


def test_tables_name_the_languages_that_a_config_adds():
    row = Language("xx", "Xish", "Isolate", "Xish", "Latn")
    assert name_language("xx", LanguageRules(added=(row,))) == "xx Xish"
    assert name_language("sw", LanguageRules()) == "sw Swahili"
    assert name_language("xx", LanguageRules()) == "xx"
