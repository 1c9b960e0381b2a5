"""Export a trial: best.yaml, results.json, and the target models as Hugging Face folders with cards."""

import secrets
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from search.config import Config
from search.errors import UserError
from search.exporter._exported_trial import ExportedTrial
from search.exporter._folder_readme import build_folder_readme
from search.exporter._merged_seeds import check_mergeable
from search.exporter._model_folders import ModelFolders
from search.exporter._onnx import check_onnx_packages
from search.home import Home, SearchFolder
from search.results import decide_verdict, serialize_results
from search.study import Study, TrialRecord
from trainables.curriculum import Trial
from trainables.outcome import Outcome
from trainables.validation import read_regular_file

if TYPE_CHECKING:
    from trainables.data import EncodedDataset

SYNONYMS_FILE = "synonyms.json"
"""The synonyms of augmentation, beside ``best.yaml``, which refers to it."""


def export(
    study: Study,
    folder: SearchFolder,
    home: Home,
    out: Path,
    number: int | None = None,
    tell: Callable[[str], None] = lambda note: None,
    *,
    onnx: bool = False,
    merge_seeds: bool = False,
) -> ExportedTrial:
    """Write a trial, by default the best, into a new or empty folder.

    Models whose weights are in the stage store are copied. Others are trained again: bit-identical
    on the same device and versions, else with scores within a tolerance (`search.exporter._agreement`).

    Args:
        study: the search's.
        folder: its files.
        home: with the store and the data.
        out: the folder to write.
        number: of the trial.
        tell: called with a sentence on how the scores of a model that was trained again differ, on each ONNX copy and on merged seeds.
        onnx: whether each model gets a copy as ONNX, checked against torch (`search.exporter._onnx`).
        merge_seeds: whether the seeds of the trial, which then must be a finalist, are merged (`search.exporter._merged_seeds`).

    Raises:
        UserError: if no trial is complete, the folder is not empty, a model that was trained again has other scores, a model cannot be
            written as ONNX, or there are no seeds to merge.
    """
    record = _choose_trial(study, number)
    if onnx:
        check_onnx_packages()
    if merge_seeds:
        check_mergeable(record.number, study.get_repeat_outcomes().get(record.number, {}))
    if out.is_symlink():
        raise UserError(f"{out} is a symbolic link: name the folder itself")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"{out} exists already: name a new or empty folder")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise UserError(f"{out} cannot be created: {error.filename} is a file") from error
    aside = out.with_name(f".{out.name}-{secrets.token_hex(4)}")
    aside.mkdir()
    try:
        stages = home.resolve_stage_store(study.config.store) or str(aside / ".stages")
        options = _Options(stages, str(home.data), folder.synonyms, tell, onnx, merge_seeds)
        best = _write_export(study, record, aside, options)
        shutil.rmtree(aside / ".stages", ignore_errors=True)
        _make_readable(aside)
        if out.exists():
            out.rmdir()
        aside.rename(out)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return best


@dataclass(frozen=True, slots=True)
class _Options:
    """Where an export reads, and what is asked of it."""

    stages: str
    """The stage store."""
    data: str
    """The folder of tables."""
    synonyms: Path
    """The search's own."""
    tell: Callable[[str], None]
    onnx: bool
    merge_seeds: bool


def _make_readable(folder: Path) -> None:
    """Give every file the mode of the results: some libraries write weights that only the owner can read."""
    mode = (folder / "results.json").stat().st_mode & 0o666
    for file in folder.rglob("*"):
        if file.is_file() and not file.is_symlink():
            file.chmod(mode)


def _choose_trial(study: Study, number: int | None) -> TrialRecord:
    complete = {record.number: record for record in study.get_complete_trials()}
    if number is None:
        number = decide_verdict(study.get_complete_trials(), study.get_repeat_outcomes(), study.config).best
    if number is None:
        raise UserError(f"search {study.config.name!r} has no complete trial to export yet")
    if number not in complete:
        there = ", ".join(map(str, sorted(complete)))
        raise UserError(f"search {study.config.name!r} has no complete trial {number}; complete are: {there}")
    return complete[number]


def _write_export(study: Study, record: TrialRecord, out: Path, options: _Options) -> ExportedTrial:
    from trainables.data import load_trial_datasets
    from trainables.worker import silence_libraries

    silence_libraries()
    trial, recorded = record.trial, record.outcome
    assert trial is not None and recorded is not None
    trial = replace(trial, synonyms=_find_synonyms(trial, options.synonyms))
    datasets = load_trial_datasets(trial, options.data)
    if trial.synonyms:
        (out / SYNONYMS_FILE).write_bytes(read_regular_file(Path(trial.synonyms)))
    best = _build_exported_trial(study.config, record.number, trial, recorded, datasets)
    best.write(out / "best.yaml")
    folders = ModelFolders(
        best=best,
        trial=trial,
        datasets=datasets,
        outcome=recorded,
        repeats=study.get_repeat_outcomes().get(record.number, {}),
        stages=options.stages,
        data=options.data,
        out=out,
        onnx=options.onnx,
        tell=options.tell,
    )
    folders.write_models()
    if options.merge_seeds:
        folders.write_merged_models(study.config)
    (out / "results.json").write_text(serialize_results(study), encoding="utf-8")
    (out / "README.md").write_text(build_folder_readme(best, out, folders.usages), encoding="utf-8")
    return best


def _build_exported_trial(
    config: Config, number: int, trial: Trial, recorded: Outcome, datasets: "Mapping[str, EncodedDataset]"
) -> ExportedTrial:
    from trainables.encoders import load_encoder

    return ExportedTrial(
        name=config.name,
        number=number,
        trial=replace(trial, synonyms=SYNONYMS_FILE if trial.synonyms else ""),
        seed=config.seed,
        threads=max(1, int(config.resources.cpus_per_trial)),
        data={name: dataset.fingerprint for name, dataset in datasets.items()},
        scores=recorded.transfer.scores,
        environment=recorded.stages[-1].environment,
        encoder=load_encoder(trial.encoder).hash,
    )


def _find_synonyms(trial: Trial, own: Path) -> str:
    """The file of the trial's synonyms: the search's copy, else the original; empty if there is none."""
    if not trial.synonyms or not trial.uses_synonyms:
        return ""
    if not own.exists() and not Path(trial.synonyms).exists():
        raise UserError(f"the trial's synonyms are missing: neither {own} nor {trial.synonyms} exists")
    return str(own) if own.exists() else trial.synonyms
