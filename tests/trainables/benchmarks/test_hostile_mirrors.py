"""Mirrors that reach elsewhere, or hold what ends a process: refused in a line, and nothing is opened, asked or run."""

import bz2
import gzip
import json
import lzma
import os
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.mirrors import LABELS, PAIR, row
from trainables.benchmarks.cards import DataError, Notes
from trainables.benchmarks.hub import rows_of
from trainables.benchmarks.inspection import LONGEST_LINE

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
    folder = tmp_path / "data" / PAIR.set.repository
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
    return list(rows_of(PAIR, "en", LABELS, Notes()))


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
    "one line in gzip": lambda folder: (folder / "rows.jsonl").write_bytes(gzip.compress(bytes(LONGEST_LINE + 2), 1)),
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
