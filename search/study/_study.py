"""The Optuna study of a search: the only record of its trials, their states and values; everything else is derived from it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import optuna
from optuna.storages import JournalStorage
from optuna.trial import FrozenTrial, TrialState

from search.config import Config, read_document, validate_config
from search.errors import UserError
from search.home import SearchFolder
from search.space import CurriculumSpace, Parameters, iterate_stage_paths
from search.study._attributes import OUTCOME_ATTRIBUTE, REPEAT_ATTRIBUTE, FailedRepeat
from search.study._journal import JournalBackend, convert_replay_errors
from search.study._parameter_names import unlabel_parameters
from search.study._trial_record import TrialRecord, assign_positions, extract_failed_repeats, iterate_repeat_attributes
from trainables.curriculum import Stage
from trainables.outcome import Outcome
from trainables.store import StageEntry


class Study:
    """A read-only study of a search. Nothing is written, not even a lock; `search.launcher.WritableStudy` writes."""

    def __init__(self, study: optuna.Study, config: Config, folder: Path) -> None:
        self.config = config
        self.failures = SearchFolder(folder).failures
        """The folder of tracebacks."""
        self.space = CurriculumSpace(config)
        self._study = study

    @classmethod
    def open(cls, folder: SearchFolder) -> "Study":
        """Open the study of an existing search with the config of its last launch.

        Needs neither write permission nor the encoder, the data or the stage store.

        Raises:
            UserError: if the config or the journal is damaged.
        """
        config = validate_config(read_document(folder.config), str(folder.config), looking=True)
        return Study(load_study(folder.journal, config.name), config, folder.path)

    def get_trial_records(self) -> list[TrialRecord]:
        """The records of all trials by number, duplicates and interrupted trials included.

        Raises:
            UserError: if a trial has a choice that is not in the config.
        """
        found = assign_positions(
            TrialRecord.from_optuna(trial, self._read_parameters(trial)) for trial in _get_started_trials(self._study)
        )
        return [replace(each, trial=self.space.relocate_trial(each.trial)) if each.trial else each for each in found]

    def get_complete_trials(self) -> list[TrialRecord]:
        """The records of complete trials, best first; equal values in the order of their positions."""
        found = [record for record in self.get_trial_records() if record.state == "complete"]
        return sorted(found, key=lambda record: (-(record.value or 0.0), record.position))

    def get_repeat_outcomes(self) -> dict[int, dict[int, Outcome]]:
        """The outcomes of finalists' repeats: by trial number, by seed."""
        found: dict[int, dict[int, Outcome]] = {}
        for number, seed, document in iterate_repeat_attributes(self._study.user_attrs, REPEAT_ATTRIBUTE):
            found.setdefault(number, {})[seed] = Outcome.from_json(document)
        return found

    def get_stage_paths(self) -> set[tuple[Stage, ...]]:
        """The stages of all finished trials and repeats, as paths from the root of the stage tree."""
        done = {record.number: record.trial for record in self.get_complete_trials() if record.trial}
        trials = [*done.values()]
        trials += [
            done[number].with_seed(seed) for number, seeds in self.get_repeat_outcomes().items() for seed in seeds
        ]
        ended = [record for record in self.get_trial_records() if record.state == "pruned"]
        trials += [
            replace(
                record.trial,
                targets=tuple(stage for stage in record.trial.targets if stage.task in record.outcome.transfer.scores),
            )
            for record in ended
            if record.trial is not None and record.outcome is not None
        ]
        return {path for trial in trials for path in iterate_stage_paths(trial)}

    def get_stage_keys(self) -> set[str]:
        """The stage keys of all trials and repeats with an outcome."""
        outcomes = [record.outcome for record in self.get_trial_records()]
        outcomes += [outcome for by_seed in self.get_repeat_outcomes().values() for outcome in by_seed.values()]
        return {stage.key for outcome in outcomes if outcome for stage in outcome.all_stages}

    def select_stages_before_start(self, entries: Iterable[StageEntry]) -> list[StageEntry]:
        """The stages that were in the store before the search started. Proposals use only these and the search's own trials, so that an
        interrupted search proposes the same trials."""
        starts = [
            trial.datetime_start for trial in _get_started_trials(self._study) if trial.datetime_start is not None
        ]
        start = min(starts, default=datetime.max.replace(year=9000)).astimezone()
        return [entry for entry in entries if entry.made < start]

    def get_failed_repeats(self) -> dict[int, dict[int, FailedRepeat]]:
        """Repeats that failed and have not succeeded since: by trial number, by seed."""
        return extract_failed_repeats(self._study.user_attrs, self.get_repeat_outcomes())

    def get_stage_versions(self) -> set[str]:
        """The stage versions (`STAGE_VERSION`) of the stages that the trials trained; "1" where none was recorded."""
        outcomes = [
            trial.user_attrs[OUTCOME_ATTRIBUTE]
            for trial in _get_started_trials(self._study)
            if OUTCOME_ATTRIBUTE in trial.user_attrs
        ]
        runs = [run for outcome in outcomes for run in outcome["stages"] if run["seconds"]]
        return {run.get("environment", {}).get("stage_version", "1") for run in runs}

    def _read_parameters(self, trial: FrozenTrial) -> Parameters:
        """The parameters as the space uses them. A trial that was killed before its first parameter has those it was enqueued with."""
        try:
            return unlabel_parameters(self.config, {**trial.system_attrs.get("fixed_params", {}), **trial.params})
        except (LookupError, TypeError, ValueError) as error:
            raise UserError(
                f"{self.failures.parent}: trial {trial.number} of study.journal does not match config.yaml in the same folder ({error}): "
                "one of the two files belongs to another search"
            ) from error


def has_started(folder: SearchFolder) -> bool:
    """Whether any trial of the search was started."""
    return bool(_get_started_trials(load_study(folder.journal, folder.name)))


def load_study(journal: Path, name: str) -> optuna.Study:
    """Load the study of a journal for reading; an empty study if the journal has none.

    Raises:
        UserError: if the journal cannot be read, or is damaged.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    records = JournalBackend(journal)
    with convert_replay_errors(records):
        storage = JournalStorage(records)
        names = [study.study_name for study in storage.get_all_studies()]
    if not names:
        return optuna.create_study(study_name=name)
    return optuna.load_study(study_name=name if name in names else names[0], storage=storage)


def _get_started_trials(study: optuna.Study) -> list[FrozenTrial]:
    return [trial for trial in study.get_trials(deepcopy=False) if trial.state != TrialState.WAITING]
