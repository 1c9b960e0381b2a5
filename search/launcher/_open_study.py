"""Opening the Optuna study of a search for writing."""

import warnings
from pathlib import Path

import optuna
from optuna.storages import JournalStorage
from optuna.trial import TrialState

from search.config import Config
from search.launcher._proposals import get_directions
from search.study import JournalBackend, convert_replay_errors


def open_writable_study(journal: Path, config: Config) -> optuna.Study:
    """Open the study in a journal, or create it. A study with other objectives is replaced if it has no finished trial.

    Raises:
        UserError: if the journal is damaged.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    records = JournalBackend(journal, writable=True)
    with convert_replay_errors(records):
        storage = JournalStorage(records)
        names = [study.study_name for study in storage.get_all_studies()]
    name = config.name if config.name in names or not names else names[0]
    # This sampler is never used: trials are enqueued with all their parameters, which `Proposer` gets from a sampler of its own.
    sampler = optuna.samplers.RandomSampler(seed=config.seed)
    directions = get_directions(config)
    if name in names:
        study = optuna.load_study(study_name=name, storage=storage, sampler=sampler)
        if study.directions == directions:
            return _set_metric_names(study, config)
        assert not any(trial.state != TrialState.WAITING for trial in study.trials), (
            "a search's objectives do not change"
        )
        optuna.delete_study(study_name=name, storage=storage)
    return _set_metric_names(
        optuna.create_study(study_name=name, storage=storage, sampler=sampler, directions=directions), config
    )


def _set_metric_names(study: optuna.Study, config: Config) -> optuna.Study:
    """Name the objectives in the study, for Optuna's own tools."""
    names: list[str] = [objective for objective in (config.objective, config.second_objective) if objective is not None]
    if study.metric_names != names:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            study.set_metric_names(names)
    return study
