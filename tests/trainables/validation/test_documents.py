import os

import pytest

from trainables.validation import MAX_NESTING, escape_controls, parse_json, parse_yaml, read_regular_file

BOMB = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10)
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (BOMB, "more than 40,000 parts"),
        ("[" * 5000, "deeper than 100 levels"),
        ("".join(f"{' ' * n}a:\n" for n in range(200)), "deeper than 100 levels"),
        ("a: &a [*a]", r"\*a holds itself"),
        ("a: !!int abc", "line 1, column 4: 'abc' is no int"),
        ("a: !!bool maybe", "'maybe' is no bool"),
        ("a: !!timestamp x", "'x' is no timestamp"),
        ("a: 2001-99-99", "is no timestamp"),
        ("a: " + "9" * 5000, "99999' is no int"),
        ("a: !!python/object/apply:os.system ['false']", "could not determine a constructor"),
        ("a: \x1b[2J", "unacceptable character"),
        ('"\\e[2Jx": 1\n"\\e[2Jx": 1', r"line 2, column 1: the key '\\x1b\[2Jx' stands twice"),
        ("- a\n" * 300_000, "larger than 1 MiB"),
    ],
    ids=lambda text: text[:20],
)
def test_yaml_that_is_none_or_explodes_is_refused_in_a_line(text, words):
    with pytest.raises(ValueError, match=words) as error:
        parse_yaml(text)
    assert str(error.value) == escape_controls(str(error.value))
    assert "\n" not in str(error.value)


def test_aliases_and_merges_are_taken():
    assert parse_yaml("a: &a {b: 1}\nc:\n  <<: *a\n  d: [*a]") == {"a": {"b": 1}, "c": {"b": 1, "d": [{"b": 1}]}}


@pytest.mark.parametrize(
    "text",
    [
        "[" * 200_000,
        '{"a":' * 200_000,
        "[" * (MAX_NESTING + 1) + "]" * (MAX_NESTING + 1),
        "NaN",
        "[-Infinity]",
        "9" * 5000,
        b"\xff",
    ],
)
def test_json_that_is_none_is_refused(text):
    with pytest.raises(ValueError, match=r"nested|no number|digits|decode"):
        parse_json(text)


def test_json_of_a_hundred_levels_is_read():
    assert parse_json("[" * MAX_NESTING + "]" * MAX_NESTING)


def test_what_is_no_plain_file_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"12345")
    for path, words in (
        (tmp_path / "pipe", "no plain file"),
        (tmp_path, "[Ii]s a directory|no plain file"),
        (tmp_path / "large", "larger"),
    ):
        with pytest.raises(OSError, match=words):
            read_regular_file(path, largest=4)
    assert read_regular_file(tmp_path / "large", largest=5) == b"12345"


def test_what_acts_on_a_terminal_is_written_out_and_letters_stay():
    assert escape_controls("\x1b]0;owned\x07\x9b2J\u202eabc\r\ud800") == r"\x1b]0;owned\x07\x9b2J\u202eabc\r\ud800"
    told = "Ελληνικά, می‌خواهم, हिन्दी,　日本語\tيوم\n"
    assert escape_controls(told) == told
