"""Export a trial: best.yaml, results.json, and the target models as Hugging Face folders with cards."""

import secrets
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from search.errors import UserError
from search.exporter._exported_trial import ExportedTrial
from search.exporter._model_card import build_model_card
from search.exporter._target_models import TargetModels
from search.home import Home, SearchFolder
from search.results import decide_verdict, serialize_results
from search.study import Study, TrialRecord
from trainables.curriculum import Trial
from trainables.validation import read_regular_file

SYNONYMS_FILE = "synonyms.json"
"""The synonyms of augmentation, beside ``best.yaml``, which refers to it."""


def export(
    study: Study,
    folder: SearchFolder,
    home: Home,
    out: Path,
    number: int | None = None,
    tell: Callable[[str], None] = lambda note: None,
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
        tell: called with a sentence on how the scores of a model that was trained again differ.

    Raises:
        UserError: if no trial is complete, the folder is not empty, or a model that was trained again has other scores.
    """
    record = _choose_trial(study, number)
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
        best = _write_export(study, record, stages, str(home.data), aside, folder.synonyms, tell)
        (aside / "results.json").write_text(serialize_results(study), encoding="utf-8")
        shutil.rmtree(aside / ".stages", ignore_errors=True)
        _make_readable(aside)
        if out.exists():
            out.rmdir()
        aside.rename(out)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return best


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


def _write_export(
    study: Study, record: TrialRecord, stages: str, data: str, out: Path, own: Path, tell: Callable[[str], None]
) -> ExportedTrial:
    from trainables.data import load_trial_datasets
    from trainables.encoders import load_encoder
    from trainables.training import restore_model
    from trainables.worker import silence_libraries

    silence_libraries()
    trial, recorded = record.trial, record.outcome
    assert trial is not None and recorded is not None
    config = study.config
    trial = replace(trial, synonyms=_find_synonyms(trial, own))
    tasks = load_trial_datasets(trial, data)
    if trial.synonyms:
        (out / SYNONYMS_FILE).write_bytes(read_regular_file(Path(trial.synonyms)))
    best = ExportedTrial(
        name=config.name,
        number=record.number,
        trial=replace(trial, synonyms=SYNONYMS_FILE if trial.synonyms else ""),
        seed=config.seed,
        threads=max(1, int(config.resources.cpus_per_trial)),
        data={name: task.fingerprint for name, task in tasks.items()},
        scores=recorded.transfer.scores,
        environment=recorded.stages[-1].environment,
        encoder=load_encoder(trial.encoder).hash,
    )
    best.write(out / "best.yaml")
    repeats = study.get_repeat_outcomes().get(record.number, {})
    models = TargetModels(trial, tasks, recorded, stages, data, best.threads, tell)
    for stage in trial.targets:
        encoder, head, outcome = models.load_target(stage)
        model = restore_model(encoder, head, tasks[stage.task])
        place = out / "models" / stage.task
        model.cpu().save_pretrained(place)
        tasks[stage.task].encoder.pretrained_tokenizer.save_pretrained(place)
        (place / "README.md").write_text(
            build_model_card(best, stage.task, type(model).__name__, outcome, repeats), encoding="utf-8"
        )
    return best


def _find_synonyms(trial: Trial, own: Path) -> str:
    """The file of the trial's synonyms: the search's copy, else the original; empty if there is none."""
    if not trial.synonyms or not trial.uses_synonyms:
        return ""
    if not own.exists() and not Path(trial.synonyms).exists():
        raise UserError(f"the trial's synonyms are missing: neither {own} nor {trial.synonyms} exists")
    return str(own) if own.exists() else trial.synonyms
