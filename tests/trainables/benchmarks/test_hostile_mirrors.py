"""Mirrors that reach elsewhere, or hold what ends a process: refused in a line, and nothing is opened, asked or run."""

import bz2
import gzip
import json
import lzma
import os
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.mirrors import LABELS, PAIR, row
from trainables.benchmarks.hub import read_rows
from trainables.benchmarks.hub._mirror_check import MAX_LINE_BYTES
from trainables.cards import RowNotes
from trainables.validation import DataError

ROW = {**row(1), "label": LABELS[0]}
SOUND = "".join(json.dumps({**row(number), "label": LABELS[number % 2]}) + "\n" for number in range(3))


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, list[str]]]:
    """The address of a server, and what it heard."""
    heard: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(SOUND.encode())

        do_HEAD = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", heard
        server.shutdown()
        thread.join()


@pytest.fixture
def asked(server: tuple[str, list[str]]) -> tuple[str, list[str]]:
    server[1].clear()
    return server


@pytest.fixture
def mirror(tmp_path, monkeypatch) -> Path:
    """The folder of a mirror of one JSON file, beside it one that is none of its business."""
    monkeypatch.setenv("XLT_DATA", str(tmp_path / "data"))
    folder = tmp_path / "data" / PAIR.source.repository
    folder.mkdir(parents=True)
    (tmp_path / "outside.jsonl").write_text(SOUND)
    card(folder, "rows.jsonl")
    (folder / "rows.jsonl").write_text(SOUND)
    return folder


def card(folder: Path, path: object, **more: object) -> None:
    files = [{"split": PAIR.split_of("en"), "path": path}]
    told = [{"config_name": PAIR.configuration_of("en"), "data_files": files, **more}]
    (folder / "README.md").write_text(f"---\nconfigs: {json.dumps(told)}\n---\n")


def read() -> list[dict]:
    return list(read_rows(PAIR, "en", LABELS, RowNotes()))


def refusal() -> str:
    with pytest.raises(DataError) as told:
        read()
    assert "\n" not in str(told.value)
    return str(told.value)


ELSEWHERE = (
    *(
        "URL/x.jsonl",
        "simplecache::URL/x.jsonl",
        "filecache::URL/x.jsonl",
        "zip://x.jsonl::URL/x.zip",
        "gzip://x::URL/x.gz",
    ),
    *(
        "hf://datasets/a/b/x.jsonl",
        "file://OUTSIDE",
        "OUTSIDE",
        "../../../outside.jsonl",
        "x/../../../../outside.jsonl",
    ),
    *(
        "../../../*.jsonl",
        "../**",
        "~/x.jsonl",
        "~root/x.jsonl",
        "s3://bucket/x.jsonl",
        "memory://x.jsonl",
        "\\\\host\\x.jsonl",
    ),
    *(
        "data:application/json,{}::file://OUTSIDE",
        "cached::URL/x.jsonl",
        "github://a:b@main/x.jsonl",
        "..\\outside.jsonl",
    ),
    *("file:OUTSIDE", "local:OUTSIDE", "FILE:OUTSIDE", "file:rows.jsonl", "C:\\x.jsonl", "x/URL/x.jsonl"),
)


@pytest.mark.parametrize("path", ELSEWHERE)
@pytest.mark.parametrize("form", ["path", "list"])
def test_a_readme_that_reaches_elsewhere_is_refused_before_anything_is_asked(mirror, asked, path, form):
    url, heard = asked
    there = path.replace("URL", url).replace("OUTSIDE", str(mirror.parents[2] / "outside.jsonl"))
    card(mirror, there if form == "path" else ["rows.jsonl", there])
    assert "a mirror reads its own folder" in refusal()
    assert heard == []


@pytest.mark.parametrize("told", ["data_dir", "text", "texts", "other configuration", "other file", "before the card"])
def test_wherever_a_card_says_it(mirror, asked, told):
    url, heard = asked
    files = {"text": f"{url}/x.jsonl", "texts": [f"{url}/x.jsonl"]}.get(told, "rows.jsonl")
    own = {"config_name": PAIR.configuration_of("en"), "data_files": files}
    own |= {"data_dir": "../../.."} if told == "data_dir" else {}
    other = {"config_name": "other", "data_files": f"{url}/x.jsonl"}
    configurations = json.dumps([other, own] if told in ("other configuration", "other file") else [own])
    if told == "other file":
        (mirror / ".huggingface.yaml").write_text(f"configs: {configurations}\n")
    elif told == "before the card":
        configurations = json.dumps([own | {"data_files": f"{url}/x.jsonl"}])
        (mirror / "README.md").write_text(f"\n  \n---\nconfigs: {configurations}\n---\n")
    else:
        (mirror / "README.md").write_text(f"---\nconfigs: {configurations}\n---\n")
    assert "a mirror reads its own folder" in refusal()
    assert heard == []


@pytest.mark.parametrize("archived", [False, True])
@pytest.mark.parametrize("outside", ["file:OUTSIDE", "OUTSIDE", "file://OUTSIDE", "link.jsonl"])
def test_a_split_that_nobody_asked_for_is_looked_at_too(mirror, tmp_path, monkeypatch, archived, outside):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    (tmp_path / "outside.jsonl").write_text('{"id": 1, "one": "SECRET", "two": "b", "label": "no"}\n')
    if outside == "link.jsonl":
        (mirror / outside).symlink_to(tmp_path / "outside.jsonl")
    files = [
        {"split": PAIR.split_of("en"), "path": "rows.jsonl"},
        {"split": "other", "path": outside.replace("OUTSIDE", str(tmp_path / "outside.jsonl"))},
    ]
    card(mirror, "", data_files=files)
    part = replace(PAIR, source=replace(PAIR.source, archived=archived))
    with pytest.raises(DataError, match=r"reads its own folder|leaves its folder"):
        list(read_rows(part, "en", LABELS, RowNotes()))
    assert not [file for file in (tmp_path / "cache").rglob("*") if file.is_file() and b"SECRET" in file.read_bytes()]


def test_every_split_of_an_archived_set_is_read_and_so_checked(mirror, tmp_path, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    (mirror / "deep.jsonl").write_bytes(DEEP)
    files = [{"split": PAIR.split_of("en"), "path": "rows.jsonl"}, {"split": "other", "path": "deep.jsonl"}]
    card(mirror, "", data_files=files)
    assert len(read()) == 3
    with pytest.raises(DataError, match="nested deeper"):
        list(read_rows(replace(PAIR, source=replace(PAIR.source, archived=True)), "en", LABELS, RowNotes()))


ARGUMENTS = {
    "pattern for a separator": {"sep": "(a|a)*b", "engine": "python"},
    **{name: {name: value} for name, value in {
        "sep": "(a|a)*b", "delimiter": "(a+)+$", "engine": "python", "chunksize": 10**15, "batch_size": 10**15, "block_size": 1,
        "names": [f"c{number}" for number in range(30_000)], "column_names": ["c"] * 1001, "header": 10**400, "quoting": 7,
        "storage_options": {"a": 1}, "memory_map": True, "converters": {"a": "b"}, "skiprows": 10**9, "filters": [["a", "=", 1]],
        "fragment_scan_options": "a", "date_format": "a", "thousands": "a", "comment": "#", "dialect": "excel", "on_mixed_types": "a",
        "parse_agent_traces": True, "encoding": "utf-7", "encoding_errors": "xmlcharrefreplace", "quotechar": "aa", "escapechar": 5,
        "field": ["a"], "version": {"a": 1}, "default": "yes", "features": [{"name": f"c{number}", "dtype": "string"} for number in range(1001)],
        "data_dir": ["a"], "\x1b[2J": 1,
    }.items()},
    "no separator": {"sep": None},
    "no files": {"data_files": 5},
    "files by name": {"data_files": {"train": "rows.csv"}},
}  # fmt: skip


@pytest.mark.parametrize("told", ARGUMENTS.values(), ids=[*map(str.__repr__, ARGUMENTS)])
def test_a_readme_says_nothing_else_of_how_files_are_read(mirror, told):
    (mirror / "rows.csv").write_text("a" * 200_000 + "\n" * 3)
    card(mirror, "rows.csv", **told)
    said = refusal()
    assert "README.md has" in said
    assert "\x1b" not in said
    assert len(said) < 1000


@pytest.mark.parametrize(
    "path",
    [
        "*a" * 8 + "b",
        "*" + "[!b]*" * 8,
        "**/" * 12 + "z.jsonl",
        "a/**/b/**/z",
        "?*" * 5,
        "**a" * 9,
        "*.*.*.*",
        ["*.jsonl"] * 1001,
    ],
)
def test_patterns_that_take_without_end_are_refused(mirror, path):
    (mirror / ("a" * 200 + ".jsonl")).touch()
    deep = mirror / "/".join("a" * 40)
    deep.mkdir(parents=True)
    (deep / "x.jsonl").touch()
    card(mirror, path)
    assert "README.md names" in refusal()


@pytest.mark.parametrize("path", ["*.csv", "**/*.csv", "data/ro*s-*-of-*.csv", "data/**", ["data/rows-0-of-1.csv"]])
@pytest.mark.parametrize(
    "told",
    [
        {"sep": "\t", "names": ["id", "one", "two", "label"], "header": None, "quoting": 3, "encoding": "UTF-8"},
        {
            "delimiter": "\t",
            "column_names": ["id", "one", "two", "label"],
            "keep_default_na": False,
            "version": "1.0.0",
        },
        {
            "sep": "\t",
            "header": 0,
            "names": ["id", "one", "two", "label"],
            "default": True,
            "description": "a",
            "field": None,
        },
    ],
)
def test_what_a_readme_may_say_is_heeded(mirror, path, told):
    (mirror / "rows.jsonl").unlink()
    (mirror / "data").mkdir()
    lines = "".join(f"{n}\ta {n}\tb\t{LABELS[n % 2]}\n" for n in range(3))
    head = "x\ty\tz\tw\n" if told.get("header") == 0 else ""
    (mirror / "data/rows-0-of-1.csv").write_text(head + lines)
    if path == "*.csv":
        (mirror / "data/rows-0-of-1.csv").rename(mirror / "rows.csv")
    card(mirror, path, **told)
    assert [each["label"] for each in read()] == [0, 1, 0]


BOMB = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
)
CARDS = {
    "aliases": f"---\n{BOMB}---\n",
    "deep": f"---\na: {'[' * 100_000}\n---\n",
    "garbled": "---\na: [\n---\n",
    "twice": "---\na: 1\na: 2\n---\n",
    "huge": "---\na: 1\n---\n" + "x" * 5_000_000,
    "empty lines": "---\n" + "\n" * 200_000,
    "encoding": "---\nconfigs: [{config_name: en, data_files: rows.jsonl, encoding: utf-7}]\n---\n",
    "python": "---\na: !!python/object/apply:os.system ['touch ran']\n---\n",
}


@pytest.mark.parametrize("text", CARDS.values(), ids=CARDS)
def test_a_readme_that_cannot_be_read_is_refused(mirror, text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (mirror / "README.md").write_text(text)
    assert "README.md" in refusal()
    assert not (tmp_path / "ran").exists()


MADE: dict[str, Callable[[Path], object]] = {
    "pipe": os.mkfifo,
    "link out": lambda file: file.symlink_to(file.parents[3] / "outside.jsonl"),
    "link to a folder out": lambda file: file.symlink_to(file.parents[3]),
    "loop": lambda file: file.symlink_to(file.name),
    "nowhere": lambda file: file.symlink_to("nowhere"),
}


@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
@pytest.mark.parametrize("name", ["rows.jsonl", "README.md", ".huggingface.yaml", "dataset_infos.json", "spare.jsonl"])
def test_what_is_no_plain_file_of_the_mirror_is_refused(mirror, made, name):
    (mirror / name).unlink(missing_ok=True)
    made(mirror / name)
    assert name in refusal()


DEEP = b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n"
SPOILT: dict[str, Callable[[Path], object]] = {
    "deep": lambda folder: (folder / "rows.jsonl").write_bytes(DEEP),
    "deep later": lambda folder: (folder / "rows.jsonl").write_bytes(SOUND.encode() * 500 + DEEP),
    "deep objects": lambda folder: (folder / "rows.jsonl").write_bytes(b'{"a":' * 100_000),
    "deep over lines": lambda folder: (folder / "rows.jsonl").write_bytes(b'{"a":["]",\n' * 100_000),
    "deep behind texts": lambda folder: (folder / "rows.jsonl").write_bytes(b'{"b": "\\"]]]", "a": ' + b"[" * 200 + b"\n"),
    "deep document": lambda folder: (folder / "rows.jsonl").write_bytes(b"[" * 100_000),
    "deep in gzip": lambda folder: (folder / "rows.jsonl").write_bytes(gzip.compress(DEEP)),
    "deep in bz2": lambda folder: (folder / "rows.jsonl").write_bytes(bz2.compress(DEEP)),
    "deep in xz": lambda folder: (folder / "rows.jsonl").write_bytes(lzma.compress(DEEP)),
    "one line in gzip": lambda folder: (folder / "rows.jsonl").write_bytes(gzip.compress(bytes(MAX_LINE_BYTES + 2), 1)),
    "many lines in gzip": lambda folder: (folder / "rows.jsonl").write_bytes(gzip.compress(b"{}\n" * 10_000_000)),
    "half of gzip": lambda folder: (folder / "rows.jsonl").write_bytes(gzip.compress(SOUND.encode())[:40]),
    "zstandard": lambda folder: (folder / "rows.jsonl").write_bytes(b"\x28\xb5\x2f\xfd" + b"\x00" * 100),
    "garbled": lambda folder: (folder / "rows.jsonl").write_bytes(b"\xff\x00{"),
    "empty": lambda folder: (folder / "rows.jsonl").write_bytes(b""),
    "a folder": lambda folder: [(folder / "rows.jsonl").unlink(), (folder / "rows.jsonl").mkdir()],
    "infos": lambda folder: (folder / "dataset_infos.json").write_text("[" * 100_000),
    "picture": lambda folder: card(folder, "rows.jsonl", features=[{"name": "one", "dtype": "image"}]),
    "sound": lambda folder: card(folder, "rows.jsonl", features=[{"name": "one", "list": {"dtype": "audio"}}]),
    "name": lambda folder: (folder / "x::rows.jsonl").write_text(SOUND),
    "script": lambda folder: [(folder / f"{folder.name}.py").write_text("open('ran', 'w')"), (folder / "README.md").unlink(), (folder / "rows.jsonl").unlink()],
    "tar": lambda folder: [(folder / "rows.tar").write_bytes(b"x" * 2000), card(folder, "rows.tar")],
    "pickle": lambda folder: [(folder / "rows.pkl").write_bytes(b"cos\nsystem\n(S'touch ran'\ntR."), card(folder, "rows.pkl")],
    "pictures": lambda folder: [(folder / "rows.png").write_bytes(b"x"), card(folder, "rows.png")],
}  # fmt: skip


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_a_file_that_is_no_set_is_refused(mirror, spoil, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    spoil(mirror)
    refusal()
    assert not (tmp_path / "ran").exists()


def test_a_zip_of_depth_is_refused(mirror):
    with zipfile.ZipFile(mirror / "rows.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../rows.jsonl", DEEP)
    card(mirror, "rows.zip")
    refusal()
    assert not (mirror.parent / "rows.jsonl").exists()


@pytest.mark.parametrize("kind", ["Image", "Audio", "Video", "Pdf"])
def test_a_parquet_whose_columns_are_to_be_opened_is_refused(mirror, asked, kind):
    url, heard = asked
    told = {**ROW, "one": {"bytes": None, "path": f"{url}/x.png"}}
    features = {name: {"dtype": "string", "_type": "Value"} for name in told} | {"one": {"_type": kind}}
    table = pa.Table.from_pylist([told]).replace_schema_metadata(
        {"huggingface": json.dumps({"info": {"features": features}})}
    )
    pq.write_table(table, mirror / "rows.parquet")
    card(mirror, "rows.parquet")
    refusal()
    assert heard == []


@pytest.mark.parametrize(
    "told",
    ["[" * 100_000, "garbled", '{"info": {"features": {"one": {"_type": "Nothing"}}}}', '{"info": {"features": 5}}'],
)
def test_a_parquet_with_garbled_features_is_refused(mirror, told):
    table = pa.Table.from_pylist([ROW]).replace_schema_metadata({"huggingface": told})
    pq.write_table(table, mirror / "rows.parquet")
    card(mirror, "rows.parquet")
    refusal()


def test_sound_files_packed_or_not_are_read_as_before(mirror):
    plain = read()
    assert len(plain) == 3
    for pack in (gzip.compress, bz2.compress, lzma.compress):
        (mirror / "rows.jsonl").unlink(missing_ok=True)
        name = f"rows.jsonl.{pack.__module__.strip('_').replace('gzip', 'gz').replace('lzma', 'xz')}"
        (mirror / name).write_bytes(pack(SOUND.encode()))
        card(mirror, name)
        assert read() == plain


def test_links_within_a_mirror_and_a_mirror_that_is_a_link_are_read(mirror, tmp_path):
    (mirror / "rows.jsonl").rename(mirror / "blob")
    (mirror / "rows.jsonl").symlink_to("blob")
    assert len(read()) == 3
    mirror.rename(tmp_path / "big")
    mirror.symlink_to(tmp_path / "big")
    assert len(read()) == 3


def test_a_snapshot_of_the_hubs_cache_is_a_mirror(mirror, tmp_path):
    blobs, snapshot = tmp_path / "datasets--a--b/blobs", tmp_path / "datasets--a--b/snapshots/0123"
    blobs.mkdir(parents=True)
    snapshot.parent.mkdir()
    mirror.rename(snapshot)
    (snapshot / "rows.jsonl").rename(blobs / "1")
    (snapshot / "rows.jsonl").symlink_to("../../blobs/1")
    mirror.symlink_to(snapshot)
    assert len(read()) == 3
