import os

import pytest

from trainables.store import Location
from trainables.validation import (
    MissingReferenceError,
    expand_references,
    hide_secrets,
    mask_secrets,
    resolve_references,
)

NAME = "XLT_TEST_SECRET"


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """What a test adds to the environment, and to what the process knows, goes with it."""
    monkeypatch.setattr(os, "environ", os.environ.copy())
    monkeypatch.setattr("trainables.validation._secrets._known_secrets", set())


@pytest.mark.parametrize(
    ("address", "hidden", "secret"),
    [
        ("http://me:hunter2@host:5000/x", "http://me:${X}@host:5000/x", "hunter2"),
        ("https://tok-en@host", "https://${X}@host", "tok-en"),
        ("postgresql+psycopg2://me:p%40ss@host/db?sslmode=require", "postgresql+psycopg2://me:${X}@host/db?sslmode=require", "p%40ss"),
        ("https://a.blob/x?sv=1&sig=AbC%3D&se=2", "https://a.blob/x?sv=1&sig=${X}&se=2", "AbC%3D"),
        ("s3://bucket/stages?access_key=AKIA123", "s3://bucket/stages?access_key=${X}", "AKIA123"),
        ("https://h/x?X-Amz-Security-Token=abcd", "https://h/x?X-Amz-Security-Token=${X}", "abcd"),
        ("postgresql://me:ab/cdef@host/db", "postgresql://me:${X}@host/db", "ab/cdef"),
        ("http://me:with:colon@host", "http://me:${X}@host", "with:colon"),
        ("http://me:with@at@host", "http://me:${X}@host", "with@at"),
    ],
)  # fmt: skip
def test_a_secret_goes_to_the_environment_and_comes_back(address, hidden, secret):
    kept = hide_secrets(address, NAME)
    assert kept == hidden.replace("${X}", f"${{{NAME}}}")
    assert os.environ[NAME] == secret
    assert expand_references(kept) == address
    assert hide_secrets(kept, NAME) == kept
    assert secret not in mask_secrets(f"HTTPError: 403 for {address}, which says {secret}")


@pytest.mark.parametrize(
    "address",
    ["s3://bucket/stages", "sftp://me@host/x", "abfs://container@account.dfs/x", "/a folder/x", "sqlite:////x?timeout=3",
     "postgresql://host/db?sslkey=/x/key.pem", "http://me:${MINE}@host", "${MINE}", "databricks://profile"],
)  # fmt: skip
def test_an_address_without_secrets_stays_as_it_is(address):
    assert hide_secrets(address, NAME) == address
    assert NAME not in os.environ
    assert mask_secrets(address) == address


def test_two_secrets_have_a_variable_each_and_the_same_one_keeps_its_own():
    address = "http://me:first@host/x?token=second"
    assert hide_secrets(address, NAME) == f"http://me:${{{NAME}}}@host/x?token=${{{NAME}_2}}"
    assert hide_secrets(address, NAME) == f"http://me:${{{NAME}}}@host/x?token=${{{NAME}_2}}"


def test_a_secret_that_the_environment_brings_is_masked_once_it_was_looked_up(monkeypatch):
    monkeypatch.setenv("MINE", "correct horse")
    assert expand_references("http://me:${MINE}@host") == "http://me:correct horse@host"
    assert mask_secrets("refused: correct horse") == "refused: ***"


def test_what_an_address_refers_to_goes_to_workers(monkeypatch):
    monkeypatch.setenv("MINE", "hunter2")
    assert resolve_references("s3://key:${MINE}@host/b?x=${NONE_OF_IT}") == {"MINE": "hunter2"}


def test_a_whole_address_may_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("MINE", "http://me:whole-secret@host")
    assert expand_references("${MINE}") == "http://me:whole-secret@host"
    assert (
        mask_secrets("no answer from http://me:whole-secret@host (whole-secret)")
        == "no answer from http://me:***@host (***)"
    )


def test_what_the_environment_lacks_is_named():
    with pytest.raises(MissingReferenceError, match=r"no NO_SUCH_NAME, which \$\{NO_SUCH_NAME\} stands for"):
        expand_references("http://me:${NO_SUCH_NAME}@host")


def test_a_store_tells_its_address_and_its_troubles_without_secrets(tmp_path):
    with pytest.raises(OSError, match="nosuch") as raised:
        Location("nosuch://me:hunter2-of-the-store@host/x")
    assert "hunter2-of-the-store" not in str(raised.value)
    own = Location(f"file://{tmp_path}/stages?token=tokens-of-the-store")
    assert "tokens-of-the-store" not in own.url
    with pytest.raises(FileNotFoundError) as missing:
        own.read("there/is/none")
    assert "tokens-of-the-store" not in str(missing.value)


def test_a_stores_folder_may_have_any_name(tmp_path):
    place = Location(f"{tmp_path}/a::b ${{X}} 100%41 ?#*[x]/stages")
    place.write("key/file", b"1")
    assert place.read("key/file") == b"1"
    assert place.list_names() == ["key"]
    assert (tmp_path / "a::b ${X} 100%41 ?#*[x]" / "stages" / "key" / "file").read_bytes() == b"1"
    place.move("key", "other")
    place.remove("other")
    assert place.list_names() == []
