"""One real trial of the miniature's tasks on a tiny encoder, with two fresh seeds, exported once for all tests of this folder."""

from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from search.config import validate_config
from search.exporter import export
from search.home import Home
from search.launcher._writable_study import WritableStudy
from trainables.checkpoints import StageStore
from trainables.data import load_trial_datasets
from trainables.trial import run_trial

SEEDS = (1, 2)


@dataclass(frozen=True)
class Exported:
    """An exported folder, and what it was written from."""

    study: WritableStudy
    home: Home
    out: Path
    notes: list[str]

    @property
    def trial(self):
        return self.study.get_complete_trials()[0].trial

    def load_datasets(self):
        return load_trial_datasets(self.trial, str(self.home.data))

    def export(self, out: Path, **options) -> list[str]:
        """Export again; the notes."""
        notes: list[str] = []
        export(self.study, self.home.get_search_folder("sums"), self.home, out, None, notes.append, **options)
        return notes


def make_study(home: Home, encoder: str) -> WritableStudy:
    """The study of one trial without a curriculum, run and repeated, with its stages in the home's store."""
    from tests.search.conftest import DOCUMENT, changed

    changes = {
        "encoder": encoder,
        "targets": ["inference", "choice", "tagging", "answer", "retrieval"],
        "languages": ["en", "de", "sw"],
        "training": {"intermediate": {"steps": 2, "max_length": 48}, "target": {"steps": 3, "max_length": 48}},
        "trials": 1,
        "finalists": {"top": 1, "seeds": 2},
    }
    study = WritableStudy(home.get_search_folder("sums").journal, validate_config(changed(DOCUMENT, changes), "c.yaml"))
    study.recover()
    number, trial = study.ask()
    store, data = StageStore(home.stages), str(home.data)
    study.tell(number, run_trial(trial, store, data=data))
    for seed in SEEDS:
        outcome = run_trial(trial.with_seed(seed), store, ("dev", "test"), keep=True, data=data)
        study.tell_repeat(number, seed, outcome)
    return study


@pytest.fixture(scope="session")
def exported(encoder_folder, tmp_path_factory) -> Exported:
    torch.set_num_threads(1)
    home = Home(tmp_path_factory.mktemp("exporter"))
    made = Exported(make_study(home, encoder_folder), home, home.root / "best", [])
    made.notes.extend(made.export(made.out))
    return made
