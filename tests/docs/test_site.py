"""The site: built strictly, readable without network, its generated parts current, its words few."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from docs._generate.__main__ import GENERATED, stale
from docs._generate.configuration import WITHOUT_DOCSTRING, keys
from tests.docs.pages import PAGES, ROOT, prose
from tests.docs.source import source_strings

DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site; ``--strict`` fails at a link or a heading that is not there."""
    folder = tmp_path_factory.mktemp("site")
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_every_page_is_built(site: Path):
    assert {page.with_suffix(".html").name for page in DOCS.glob("*.md")} <= {page.name for page in site.glob("*.html")}
    assert not (site / "_generate").exists()


def test_the_site_needs_no_network(site: Path):
    """Nothing but links that a reader follows leads elsewhere."""
    pages = list(site.rglob("*.html"))
    assert len(pages) >= 20
    for page in pages:
        text = page.read_text(encoding="utf-8")
        loaded = re.findall(r"<(?:script|img|iframe|source)[^>]*?src=[\"']?(?:https?:)?//[^\"'> ]+", text)
        loaded += re.findall(
            r"<link[^>]*rel=[\"']?(?:stylesheet|preconnect|preload|icon)[^>]*href=[\"']?https?://", text
        )
        assert not loaded, f"{page.name}: {loaded}"
    for sheet in site.rglob("*.css"):
        assert not re.search(r"(?:@import|url\()\s*[\"']?https?://", sheet.read_text(encoding="utf-8")), sheet.name


def test_the_python_interface_shows_signatures_and_arguments(site: Path):
    text = re.sub(r"<[^>]+>", "", (site / "python.html").read_text(encoding="utf-8"))
    for words in ("load_search", "CurriculumSampler", "startup", "transfer", "trained_parts"):
        assert words in text, words


@pytest.mark.parametrize("name", GENERATED)
def test_a_generated_file_is_current(name: str):
    assert name not in stale(), f"docs/{name} is out of date: run python -m docs._generate"


def test_every_config_key_is_described():
    told = keys()
    assert len(told) >= 60
    assert [key.path for key in told if not key.description] == []
    assert [key.path for key in told if not key.type] == []


def test_keys_with_a_docstring_have_no_second_description():
    from search.config import Config

    fields = {name: field.description for name, field in Config.model_fields.items()}
    assert [path for path in WITHOUT_DOCSTRING if fields.get(path)] == []
    assert {path for path in WITHOUT_DOCSTRING if "." not in path} <= fields.keys()


def test_the_readme_has_at_most_1200_words():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").split()) <= 1200


@pytest.mark.parametrize("page", [ROOT / "README.md", ROOT / "CONTRIBUTING.md"], ids=lambda page: page.stem)
def test_links_of_pages_outside_the_site_lead_somewhere(page: Path):
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", prose(page))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_page_is_in_the_navigation():
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    named = set(re.findall(r": (\S+\.md)$", text, re.M))
    assert named == {page.name for page in DOCS.glob("*.md")}


def test_the_glossary_is_in_order_and_says_each_word_once():
    text = (DOCS / "glossary.md").read_text(encoding="utf-8")
    terms = [
        line for line, below in zip(text.splitlines(), text.splitlines()[1:], strict=False) if below.startswith(":   ")
    ]
    assert len(terms) >= 50
    assert terms == sorted(terms, key=str.lower)
    assert len(set(terms)) == len(terms)


def test_messages_on_the_page_of_troubles_are_those_of_the_code():
    strings = source_strings()
    rows = re.findall(r"^\| `([^`]+)` \| ", (DOCS / "troubleshooting.md").read_text(encoding="utf-8"), re.M)
    assert len(rows) >= 25
    parts = [part.strip() for row in rows for part in row.split("…")]
    assert [part for part in parts if part not in strings] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_files_that_a_page_names_exist(page: Path):
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"\b(?:configs|tests)/(?:[\w/]+\.(?:yaml|py)\b|[\w/]+/(?=`))", text))
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_packages_and_files_that_the_page_of_rooms_names_exist():
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    named = {name.replace(".", "/") for name in re.findall(r"`((?:search|trainables)(?:\.\w+)+)`", text)}
    named |= set(re.findall(r"`((?:search|trainables)/[\w/.]+)`", text))
    assert len(named) > 20
    assert [name for name in sorted(named) if not (ROOT / name).exists() and "my_kind" not in name] == []


def test_the_config_of_the_site_is_strict():
    class Loader(yaml.SafeLoader):
        """Takes tags of MkDocs as they are."""

    assert yaml.load((ROOT / "mkdocs.yml").read_text(), Loader)["strict"] is True


def test_methods_that_the_page_of_rooms_asks_of_a_task_kind_are_those_of_the_base_class():
    from trainables.tasks import TaskKind

    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    step = re.search(r"subclass of `TaskKind`\. Give it (.*?)\. `trainables", text, re.S)[1]
    named = set(re.findall(r"`(\w+)`", step))
    assert named >= TaskKind.__abstractmethods__
    assert all(hasattr(TaskKind, name) or name in TaskKind.__annotations__ for name in named)
