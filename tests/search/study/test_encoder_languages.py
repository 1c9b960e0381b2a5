"""Which list of pre-training languages a launched search has, if an earlier version began it."""

import shutil
from pathlib import Path

import pytest

from search.config import read_document, validate_config
from search.study import Study, check_space, keep_encoder_languages
from tests import tiny_encoders

EARLIER = Path(__file__).with_name("earlier_version")


@pytest.fixture
def folder(home):
    """The folder of a search that an earlier version began."""
    found = home.get_search_folder("sums")
    shutil.copytree(EARLIER, found.path)
    return found


@pytest.fixture
def document(folder, tmp_path):
    """Its config, with an encoder of which no list is known."""
    return read_document(folder.config) | {"encoder": tiny_encoders.xlm_r(tmp_path / "encoder")}


def test_a_search_of_an_earlier_version_keeps_the_list_of_xlm_r(folder, document):
    config = validate_config(document, "config.yaml")
    assert config.rules.pretraining == "unknown"
    assert keep_encoder_languages(folder, config).rules.pretraining == "xlm-r"


def test_a_list_that_the_config_names_is_kept(folder, document):
    config = validate_config(document | {"encoder_languages": ["en", "de"]}, "config.yaml")
    assert keep_encoder_languages(folder, config) is config


def test_a_new_search_takes_what_is_known_of_its_encoder(home, document):
    config = validate_config(document, "config.yaml")
    assert keep_encoder_languages(home.get_search_folder("new"), config) is config


def test_the_list_is_no_difference_between_versions(folder):
    check_space(folder, validate_config(read_document(folder.config), "config.yaml"))
    assert Study.open(folder).config.encoder_languages is None
