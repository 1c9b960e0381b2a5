import pytest

from search.config import read_document
from search.config._yaml import apply_override, parse_yaml_document
from search.errors import ConfigError


@pytest.mark.parametrize("text", ["1e-3", "1E-3", "+1e-3", "1.0e-3", "1.e-3", ".1e-2", "0.001"])
def test_scientific_notation_is_a_number(text):
    assert parse_yaml_document(f"rate: {text}", "here") == {"rate": 0.001}


@pytest.mark.parametrize(
    ("text", "value"), [("e-3", "e-3"), ("1e", "1e"), ("'1e-3'", "1e-3"), ("12", 12), ("-1e3", -1000.0)]
)
def test_what_only_looks_like_scientific_notation_stays_what_it_is(text, value):
    assert parse_yaml_document(text, "here") == value


def test_a_key_that_stands_twice_is_refused_with_its_place():
    with pytest.raises(ConfigError) as caught:
        parse_yaml_document("a: 1\nb:\n  c: 1\n  c: 2\n", "some.yaml")
    assert str(caught.value) == "some.yaml: 1 problem\n  line 4, column 3: the key 'c' stands twice"


def test_a_tab_is_refused_with_what_to_do():
    with pytest.raises(
        ConfigError, match=r"line 2, column 1: .* cannot start any token: put blanks in place of the tab"
    ):
        parse_yaml_document("a:\n\tb: 1\n", "some.yaml")


def test_the_same_key_in_two_sections_is_fine():
    assert parse_yaml_document("a: {x: 1}\nb: {x: 2}", "here") == {"a": {"x": 1}, "b": {"x": 2}}


@pytest.mark.parametrize(
    "text", ["a: [1", "a: b: c", "\tx", "\x00", "!!python/object/apply:os.getcwd []", "? [a]\n: b"]
)
def test_what_is_no_plain_yaml_is_the_users_mistake(text):
    with pytest.raises(ConfigError) as caught:
        parse_yaml_document(text, "some.yaml")
    assert caught.value.source == "some.yaml"
    assert len(caught.value.problems) == 1


def test_a_missing_file_is_the_users_mistake(tmp_path):
    with pytest.raises(ConfigError, match="no such file"):
        read_document(tmp_path / "missing.yaml")


def test_a_folder_in_place_of_a_file_is_the_users_mistake(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        read_document(tmp_path)


def test_bytes_that_are_no_utf_8_are_the_users_mistake(tmp_path):
    (tmp_path / "latin.yaml").write_bytes("name: Köln".encode("latin-1"))
    with pytest.raises(ConfigError, match="is not UTF-8 text"):
        read_document(tmp_path / "latin.yaml")


def test_an_override_reaches_a_nested_key_and_leaves_its_neighbours():
    document = {"a": {"b": {"c": 1, "d": 2}}}
    apply_override(document, "a.b.c=[1e-3, x]")
    assert document == {"a": {"b": {"c": [0.001, "x"], "d": 2}}}


def test_an_override_makes_sections_that_are_not_there():
    document = {"a": 1}
    apply_override(document, "b.c=true")
    apply_override(document, "a.x=null")
    assert document == {"a": {"x": None}, "b": {"c": True}}


def test_an_override_may_hold_equal_signs_in_its_value():
    document: dict = {}
    apply_override(document, "uri=http://h/?a=b")
    assert document == {"uri": "http://h/?a=b"}


@pytest.mark.parametrize("override", ["a.b", "=1", "a..b=1", ".a=1"])
def test_an_override_of_another_form_is_refused_with_an_example(override):
    with pytest.raises(ConfigError, match="must be KEY=VALUE, such as"):
        apply_override({}, override)


def test_an_override_whose_value_is_no_yaml_is_named():
    with pytest.raises(ConfigError, match=r"--set a=\["):
        apply_override({}, "a=[")


def test_a_hash_that_begins_like_a_number_is_a_word():
    assert parse_yaml_document("x: 2e5d866939641ed9\ny: 1e-3\n", "here") == {"x": "2e5d866939641ed9", "y": 0.001}
