"""The loopback hub answers `datasets` and `transformers` as the real one does, so that loading from a hub can be tested."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from socket import create_connection
from threading import active_count

import pytest
from datasets import Dataset

from tests.hub_server import CONVERTED, hub

CARD = "---\nconfigs:\n" + "".join(
    f"- config_name: {config}\n  data_files:\n  - split: train\n    path: {config}/train-*\n" for config in ("en", "de")
)

TELL = """
import json, sys

def told(load, *words, **choices):
    try:
        return load(*words, **choices)
    except Exception as error:
        return [base.__name__ for base in type(error).__mro__], str(error)
"""

SETS = """
from datasets import load_dataset

def texts(name, config=None, **choices):
    return [row["text"] for row in load_dataset(name, config, split="train", **choices)]

print(json.dumps([told(texts, *words, **choices) for words, choices in json.loads(sys.argv[1])]))
"""

ENCODER = """
from transformers import AutoConfig, AutoModel, AutoTokenizer

def shape(name):
    config, tokenizer, model = (auto.from_pretrained(name) for auto in (AutoConfig, AutoTokenizer, AutoModel))
    states = model(**tokenizer("words", return_tensors="pt")).last_hidden_state
    return config.model_type, states.shape[-1]

print(json.dumps([told(shape, name) for name in json.loads(sys.argv[1])]))
"""


def asked(script: str, folder: Path, home: Path, *questions: object) -> tuple[list, list[str]]:
    """What a script prints with a hub of the folder, and all that was asked for: the hub is its proxy to other hosts, too."""
    seen: list[str] = []
    with hub(folder, seen) as url:
        settings = {"HF_ENDPOINT": url, "HF_HOME": str(home), "HTTP_PROXY": url, "HTTPS_PROXY": url}
        settings |= {"NO_PROXY": "127.0.0.1", "HF_HUB_DISABLE_TELEMETRY": "1", "HF_UPDATE_DOWNLOAD_COUNTS": "0"}
        environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        command = [sys.executable, "-c", TELL + script, json.dumps(questions)]
        done = subprocess.run(command, env=environment | settings, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]), seen


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sets of two configurations: a whole one, one cut short, and one that is a script but for its conversion."""
    root = tmp_path_factory.mktemp("hub")
    for name in ("whole", "cut", "script@convert"):
        for config in ("en", "de"):
            file = root / "some" / name / config / "train-00000-of-00001.parquet"
            file.parent.mkdir(parents=True)
            Dataset.from_dict({"text": [f"{config} {item}" for item in range(3)]}).to_parquet(file)
        (root / "some" / name / "README.md").write_text(f"{CARD}---\n")
    (root / "some" / "script").mkdir()
    (root / "some" / "script" / "script.py").touch()
    short = root / "some" / "cut" / "de" / "train-00000-of-00001.parquet"
    short.write_bytes(short.read_bytes()[:200])
    return root


@pytest.mark.parametrize("streaming", [False, True])
def test_sets_are_loaded_and_missed_as_from_the_real_hub(streaming, folder, tmp_path):
    questions = [
        (["some/whole", "en"], {}),
        (["some/whole", "de"], {}),
        (["some/script", "de"], {}),  # before its conversion, which would be taken from the cache instead
        (["some/script", "de"], {"revision": CONVERTED}),
        (["some/whole", "de"], {"revision": CONVERTED}),
        (["some/none", "en"], {}),
        (["some/whole", "qu"], {}),
        (["some/cut", "de"], {}),
    ]
    for _, choices in questions:
        choices["streaming"] = streaming
    (english, german, script, converted, unconverted, missing, unknown, cut), seen = asked(
        SETS, folder, tmp_path, *questions
    )
    assert english == ["en 0", "en 1", "en 2"]
    assert german == converted == ["de 0", "de 1", "de 2"]
    assert script[0][0] == "RuntimeError" and "scripts are no longer supported" in script[1]
    assert unconverted[0][0] == "DatasetNotFoundError" and f"Revision '{CONVERTED}' doesn't exist" in unconverted[1]
    assert missing[0][0] == "DatasetNotFoundError" and "'some/none' doesn't exist on the Hub" in missing[1]
    assert unknown[0][0] == "ValueError" and "'qu' not found. Available: ['en', 'de']" in unknown[1]
    assert "ValueError" in cut[0] and "Parquet magic bytes not found" in cut[1]
    # The viewer of the real hub has a host of its own, which here nobody is: all else went to the hub itself.
    hosts = {word.split("/")[2] for word in (line.split()[2] for line in seen) if not word.startswith("/")}
    assert all(host.startswith("datasets-server.127.0.0.1:") for host in hosts), hosts


def test_an_encoder_is_loaded(encoder_folder, tmp_path):
    shutil.copytree(encoder_folder, tmp_path / "hub" / "models" / "some" / "encoder")
    (there, missing), seen = asked(ENCODER, tmp_path / "hub", tmp_path / "home", "some/encoder", "some/none")
    assert there == ["xlm-roberta", 16]
    assert "OSError" in missing[0] and "some/none is not a local folder" in missing[1]
    assert any(line.endswith("/model.safetensors") and line.startswith("200 GET") for line in seen)
    assert all(line.split()[2].startswith("/") for line in seen), seen


def test_nothing_is_left_of_a_hub(folder):
    before = active_count()
    with hub(folder) as url:
        assert active_count() > before
    assert active_count() == before
    with pytest.raises(OSError, match="refused"):
        create_connection(("127.0.0.1", int(url.rsplit(":", 1)[1])), timeout=5)
