"""Tiny data of every kind, made ready for the tiny encoder."""

import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
import torch
from transformers import AutoModel

from tests.tiny_encoders import SENTENCES, mbert, xlm, xlm_r
from tests.trainables.spoilt import Spoil
from trainables.cards import ITEM_COLUMN, TaskData
from trainables.checkpoints import StageStore
from trainables.curriculum import Stage, Trial
from trainables.data import EncodedDataset
from trainables.encoders import Encoder, load_encoder
from trainables.tasks import TASK_KINDS, TaskKind

PLACES = ("Kenya", "Deutschland", "México", "Suomi", "日本", "Россия", "Viti", "Uruguay y más", "Côte d’Ivoire")
LABELS = {
    "classification": ("no", "yes"),
    "multi_label": ("joy", "anger", "fear"),
    "tagging": ("O", "B-PLACE", "I-PLACE"),
    "tagging_by_precision": ("O", "B-PLACE", "I-PLACE"),
    "ranking": ("bad", "fair", "good"),
}
UNTRAINED = ("retrieval", "retrieval_from_english", "mining")
"""Kinds that are scored without training."""
TRAINED = tuple(kind for kind in TASK_KINDS if kind not in UNTRAINED)
HEADS = tuple(kind for kind in TRAINED if TaskKind in type(TASK_KINDS[kind]).__bases__)
"""Those with a head of their own."""
SCORED = tuple(name for name, kind in TASK_KINDS.items() if kind.metrics)


def row(kind: str, number: int) -> dict:
    """A row of a kind; rows of other numbers have other lengths and labels."""
    first, second = PLACES[number % 9], " ".join(PLACES[: number % 4 + 1])
    match kind:
        case "classification":
            return {"text": first, "text_pair": second, "label": number % 2}
        case "multi_label":
            return {"text": first, "text_pair": second, "labels": [label for label in range(3) if number % (label + 2)]}
        case "regression":
            return {"text": first, "text_pair": second, "label": 40.0 + 10 * (number % 4)}
        case "multiple_choice":
            return {"context": first, "choices": [second, PLACES[number % 5]], "label": number % 2}
        case "tagging" | "tagging_by_precision":
            return {"words": [first, "and", *second.split()], "tags": [1, 0, 1] + [2] * (len(second.split()) - 1)}
        case "question_answering" | "question_answering_mlqa":
            answers = {"text": [second], "answer_start": [len(first) + 2]}
            return {"id": "", "context": f"{first}, {second}", "question": "Africa", "answers": answers}
        case "ranking":
            return {"text": PLACES[number // 2 % 3], "text_pair": second, "label": number % 3}
        case "dense_retrieval":
            return {"query": first, "candidate": f"{second} {number}", "candidate_pair": None}
        case "masked_language_modelling":
            return {"text": f"{number} {first}, {second}"}
        case _:
            return {"source_sentence": second, "target_sentence": first}


def scored_row(kind: str, number: int) -> dict:
    """A row of a kind to be scored on."""
    if kind == "dense_retrieval":
        return {"query": PLACES[number % 9], "answered_by": f"answer {number}"}
    return row(kind, number)


def candidates(count: int) -> list[dict]:
    """What the queries of dense retrieval find: every second one answers two."""
    return [
        {
            "candidate": f"{PLACES[n % 9]} {n}",
            "candidate_pair": None,
            "answers": [f"answer {n}", f"answer {n + 1}"][: n % 2 + 1],
        }
        for n in range(count)
    ]


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def encoder(encoder_folder: str) -> Encoder:
    return load_encoder(encoder_folder)


@pytest.fixture(scope="session")
def pooling_encoder(encoder_folder: str, encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    """An encoder whose checkpoint holds a pooler, which no question answering model has."""
    folder = tmp_path_factory.mktemp("pooling")
    AutoModel.from_pretrained(encoder_folder, dtype=torch.float32).save_pretrained(folder)
    encoder.pretrained_tokenizer.save_pretrained(folder)
    return load_encoder(str(folder))


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Folders of tiny encoders by their architecture."""
    made = {"xlm_r": xlm_r, "mbert": mbert, "xlm": xlm}
    return {name: make(tmp_path_factory.mktemp(name)) for name, make in made.items()}


@pytest.fixture
def spoilt(sound: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Spoil, str], Path]:
    """Gives a copy of an encoder of an architecture, spoilt; whoever asks on the terminal would hear yes."""
    monkeypatch.setattr("builtins.input", lambda *_: "y")

    def make(spoil: Spoil, architecture: str = "xlm_r") -> Path:
        folder = tmp_path / "encoder"
        shutil.copytree(sound[architecture], folder)
        spoil(folder)
        return folder

    return make


ARCHITECTURES = {"xlm_r": xlm_r, "mbert": mbert, "xlm": lambda folder: xlm(folder, tuple(SENTENCES))}
"""XLM has language embeddings, numbered as in `SENTENCES`: English 0, German 1."""


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Encoder]:
    """Gives a tiny encoder of each of `ARCHITECTURES`, past the few that `encoders.load` keeps."""

    @cache
    def made(name: str) -> Encoder:
        return load_encoder.__wrapped__(ARCHITECTURES[name](tmp_path_factory.mktemp(name)))

    return made


@pytest.fixture(params=ARCHITECTURES)
def architecture(request: pytest.FixtureRequest, tiny: Callable[[str], Encoder]) -> Encoder:
    """A tiny encoder of each architecture in turn."""
    return tiny(request.param)


@pytest.fixture(scope="session")
def task(encoder: Encoder) -> Callable[..., EncodedDataset]:
    """Makes a task of a kind with 24 rows to train on and, if it is scored, 10 dev rows in English and German."""

    def make(kind: str, encoder: Encoder = encoder, max_length: int = 32) -> EncodedDataset:
        train = [row(kind, number) for number in range(24)]
        dev = {
            code: [scored_row(kind, number) | {ITEM_COLUMN: number} for number in range(10)] for code in ("en", "de")
        }
        data = TaskData(
            kind,
            LABELS.get(kind, ()),
            train,
            {"dev": dev} if kind in SCORED else {},
            candidates=candidates(12) if kind == "dense_retrieval" else None,
        )
        return EncodedDataset(data, encoder, max_length)

    return make


@pytest.fixture
def trial(encoder_folder: str) -> Trial:
    """One intermediate stage and a target of the miniature, and one that is scored without training."""
    return Trial(
        encoder=encoder_folder,
        benchmark="miniature",
        curriculum=(Stage(task="facts_sw", learning_rate=1e-3, steps=3, batch_size=4, max_length=48),),
        targets=(
            Stage(task="choice", learning_rate=1e-3, steps=3, batch_size=4, max_length=48),
            Stage(task="retrieval", learning_rate=0.0, steps=0, max_length=48),
        ),
        languages=("en", "de", "sw"),
    )


@pytest.fixture
def undisturbed() -> Iterator[None]:
    """Gives torch's random numbers back as they were."""
    with torch.random.fork_rng(devices=[]):
        yield


@pytest.fixture
def store(tmp_path: Path) -> StageStore:
    return StageStore(tmp_path / "stages")
