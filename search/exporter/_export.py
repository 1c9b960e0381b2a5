"""The winner, out: best.yaml, results.json, the target models as Hugging Face folders with a card."""

import secrets
import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from search.errors import UserError
from search.exporter._agreement import compare_scores
from search.exporter._exported_trial import ExportedTrial
from search.home import Home, SearchFolder
from search.results import decide_verdict, serialize_results
from search.statistics import compute_interval
from search.study import Study, TrialRecord
from trainables.benchmarks import get_task_catalogue
from trainables.curriculum import Stage, Trial
from trainables.languages import LANGUAGES
from trainables.outcome import Outcome, StageRun
from trainables.store import HEAD_FILE
from trainables.validation import read_regular_file

if TYPE_CHECKING:
    from trainables.data import EncodedDataset
    from trainables.encoders import Weights

SYNONYMS_FILE = "synonyms.json"
"""What augmentation replaced words by, beside ``best.yaml``, which names it."""


def export(
    study: Study,
    folder: SearchFolder,
    home: Home,
    out: Path,
    number: int | None = None,
    tell: Callable[[str], None] = lambda note: None,
) -> ExportedTrial:
    """Write a trial, by default the best, into a folder that is not there yet or empty.

    Models whose weights the store has are written as they are; those that it gave up, or never had, are trained again: to the same bits
    where device and versions are the same, else to scores within a tolerance (`search.exporter._agreement`).

    Args:
        study: the search's.
        folder: its files.
        home: with the store and the data.
        out: the folder to write.
        number: of the trial.
        tell: called with what the user should know: how far a model that was trained again scores from before.

    Raises:
        UserError: when there is nothing to export, the folder is taken, or a model that was trained again scores otherwise.
    """
    record = _choose_trial(study, number)
    if out.is_symlink():
        raise UserError(f"{out} is a link: name the folder itself")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"{out} is there already: name a folder that is new or empty")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise UserError(f"{out} cannot be made: {error.filename} is a file") from error
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
    """Let those read every file who may read the results, as the umask has it: some writers of weights keep theirs to the owner."""
    mode = (folder / "results.json").stat().st_mode & 0o666
    for file in folder.rglob("*"):
        if file.is_file() and not file.is_symlink():
            file.chmod(mode)


def _choose_trial(study: Study, number: int | None) -> TrialRecord:
    complete = {record.number: record for record in study.get_complete_trials()}
    if number is None:
        number = decide_verdict(study.get_complete_trials(), study.repeats(), study.config).best
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
    repeats = study.repeats().get(record.number, {})
    models = _TargetModels(trial, tasks, recorded, stages, data, best.threads, tell)
    for stage in trial.targets:
        encoder, head, outcome = models.load_target(stage)
        model = restore_model(encoder, head, tasks[stage.task])
        place = out / "models" / stage.task
        model.cpu().save_pretrained(place)
        tasks[stage.task].encoder.tokenizer.save_pretrained(place)
        (place / "README.md").write_text(
            build_model_card(best, stage.task, type(model).__name__, outcome, repeats), encoding="utf-8"
        )
    return best


class _TargetModels:
    """The weights of a trial's targets: those that the store has as they are, the others trained again and compared."""

    def __init__(
        self,
        trial: Trial,
        tasks: "Mapping[str, EncodedDataset]",
        recorded: Outcome,
        stages: str,
        data: str,
        threads: int,
        tell: Callable[[str], None],
    ) -> None:
        from trainables.checkpoints import StageStore

        self.trial, self.tasks, self.recorded, self.tell = trial, tasks, recorded, tell
        self.notes: list[str] = []
        self.store = StageStore(stages, self.notes.append)
        self._retrain = partial(retrain_trial, stages=stages, data=data, threads=threads, tell=self.notes.append)

    def load_target(self, target: Stage) -> "tuple[Weights, Weights, Outcome]":
        """Encoder and head of a target, and the outcome that its scores are told from.

        Raises:
            UserError: when it was trained again and does not score as it did, or could not be kept.
        """
        found = self._load_from_store(target, self.recorded)
        if found is not None:
            return *found, self.recorded
        self.store.quarantine_weights(_find_run(target, self.recorded).key)
        again = self._retrain(replace(self.trial, targets=(target,)))
        self._compare(target, again)
        found = self._load_from_store(target, again)
        if found is None:
            raise UserError(f"the model of {target.task} could not be kept: {'; '.join(self.notes) or 'try again'}")
        return *found, again

    def _load_from_store(self, target: Stage, outcome: Outcome) -> "tuple[Weights, Weights] | None":
        from trainables.training import describe_head_weights

        run, task = _find_run(target, outcome), self.tasks[target.task]
        record = self.store.record(run.key, weights=True)
        if record is None or (encoder := self.store.encoder(run.key, task.encoder.weights)) is None:
            return None
        (like,) = describe_head_weights([task])
        head = self.store.head(run.key, like)
        return None if head is None and (like or HEAD_FILE in record["files"]) else (encoder, head or {})

    def _compare(self, target: Stage, again: Outcome) -> None:
        then, now = _find_run(target, self.recorded).environment, _find_run(target, again).environment
        scores = {target.task: self.recorded.transfer.scores[target.task]}
        found = compare_scores(scores, again.transfer, (then, now))
        if not found.is_acceptable:
            raise UserError(f"{target.task} was trained again, as the store gave its model up: {found}")
        if not found.is_identical:
            self.tell(f"the model of {target.task}, which the store gave up, was trained again: {found}")


def _find_run(target: Stage, outcome: Outcome) -> StageRun:
    (run,) = (run for run in outcome.stages if run.target and run.task == target.task)
    return run


def retrain_trial(trial: Trial, stages: str, data: str, threads: int, tell: Callable[[str], None]) -> Outcome:
    """Run a trial as far as the store at `stages` lacks it; the weights of its targets are there afterwards."""
    from trainables.worker import run_trial_in_worker

    return run_trial_in_worker(trial, stages, ("dev",), threads, keep=True, tell=tell, data=data)


def _find_synonyms(trial: Trial, own: Path) -> str:
    """The file that the trial's words were replaced from: the search's copy, else the one it was given; empty if there is none."""
    if not trial.synonyms or not trial.uses_synonyms:
        return ""
    if not own.exists() and not Path(trial.synonyms).exists():
        raise UserError(f"the trial's synonyms are gone: there is neither {own} nor {trial.synonyms}")
    return str(own) if own.exists() else trial.synonyms


def build_model_card(
    best: ExportedTrial, target: str, architecture: str, outcome: Outcome, repeats: dict[int, Outcome]
) -> str:
    """The model card of one target's model."""
    (own,) = (stage for stage in best.trial.targets if stage.task == target)
    transfer, about = outcome.transfer, get_task_catalogue(best.trial.benchmark)[target]
    stages = "\n".join(f"{place}. {stage}, {stage.steps} steps" for place, stage in enumerate(best.trial.curriculum, 1))
    seeds = ", ".join(map(str, sorted(repeats))) or "none"
    rows = "\n".join(
        f"| {family} | {score:.3f} | {_format_repeats(target, family, repeats)} |"
        for family, score in transfer.families(target).items()
    )
    languages = "\n".join(f"- {code}" for code in sorted(transfer.languages(target, "dev")))
    unseen = ", ".join(
        f"{LANGUAGES[code].name} {score:.3f}"
        for code, score in transfer.languages(target, "dev").items()
        if not LANGUAGES[code].seen
    )
    source = transfer.source().get(target)
    return f"""---
library_name: transformers
tags:
- cross-lingual-transfer
- xlt-search
language:
{languages}
---

# {target}: trial {best.number} of search {best.name}

Task: {about.about} ({about.kind.replace("_", " ")}; metric: {transfer.metrics[target]}).{f" Not the published task: {about.published_difference}." if about.published_difference else ""}

Encoder: `{best.trial.encoder}`. Intermediate stages, in this order, then the target itself, all but low-resource ones in English:

{stages or "none"}

The target: {f"{own}, {own.steps} steps" if own.steps else "not trained; its sentence vectors are the encoder's"}.

Seed of this model: {best.seed}. Repeated on fresh seeds: {seeds}. Numbers of seed {best.seed} are those the trial was chosen by, so they
flatter it; read the fresh ones.

| family | dev, seed {best.seed} | test, fresh seeds |
| --- | --- | --- |
{rows}

```python
from transformers import AutoTokenizer, {architecture}

tokenizer = AutoTokenizer.from_pretrained("models/{target}")
model = {architecture}.from_pretrained("models/{target}")
```

English: {"not scored" if source is None else f"{source:.3f}"} (dev). Unseen in pre-training: {unseen or "none scored"}.

Made by `xlt export`; `best.yaml` beside the models' folder reruns it.
"""


def _format_repeats(target: str, family: str, repeats: dict[int, Outcome]) -> str:
    found = [outcome.transfer.families(target, "test")[family] for outcome in repeats.values()]
    return str(compute_interval(found).clip(0.0, 1.0)) if found else "not run"
