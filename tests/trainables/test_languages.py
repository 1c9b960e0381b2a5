from trainables.languages import LANGUAGES, SOURCE_LANGUAGE


def test_the_table_holds_the_fifty_languages_of_xtreme_r_in_the_order_of_their_codes():
    assert len(LANGUAGES) == 50
    assert list(LANGUAGES) == sorted(LANGUAGES)
    assert all(code == language.code for code, language in LANGUAGES.items())


def test_four_languages_are_unseen_in_pre_training():
    assert {code for code, language in LANGUAGES.items() if not language.seen} == {"ht", "qu", "wo", "yo"}


def test_the_source_language_is_english():
    assert LANGUAGES[SOURCE_LANGUAGE].name == "English"


def test_every_resource_class_is_one_of_joshi_and_others():
    assert {language.resources for language in LANGUAGES.values()} <= set(range(6))


def test_every_script_is_a_code_of_iso_15924():
    assert all(len(language.script) == 4 and language.script.istitle() for language in LANGUAGES.values())


def test_no_cell_of_the_table_is_empty():
    for language in LANGUAGES.values():
        assert all((language.name, language.family, language.branch)), language


def test_a_branch_lies_in_one_family():
    families = {}
    for language in LANGUAGES.values():
        families.setdefault(language.branch, set()).add(language.family)
    assert all(len(found) == 1 for found in families.values()), families


def test_tagalog_goes_by_its_cldr_locale():
    assert LANGUAGES["tl"].locale == "fil"
    assert LANGUAGES["de"].locale == "de"
