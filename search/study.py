"""The Optuna study of a search: what was tried, its state and value. The one truth; everything else is a view of it."""

import warnings
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.trial import FrozenTrial, TrialState

from search.config import Config, validate
from search.documents import read
from search.home import SearchFolder
from search.sampler import CurriculumSampler
from search.space import CurriculumSpace, paths
from search.stored import Described
from search.views import variance_over_seeds, view
from trainables.curriculum import Stage, Trial
from trainables.outcome import Outcome

State = Literal["running", "complete", "failed", "interrupted", "duplicate"]

_TRIAL, _OUTCOME, _ERROR, _TWIN, _INTERRUPTED = "trial", "outcome", "error", "duplicate_of", "interrupted"
_REPEAT = "repeat"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A trial as the study has it."""

    number: int
    state: State
    value: float | None
    """The objective; None unless complete."""
    trial: Trial | None
    """None for one that was killed before it was put together."""
    outcome: Outcome | None
    error: str | None
    """Why it failed."""
    parameters: dict[str, Any]


class Study:
    """A search's study, on disk after every change."""

    def __init__(self, journal: Path, config: Config) -> None:
        """Open the study, or make it."""
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        journal.parent.mkdir(parents=True, exist_ok=True)
        self.space = CurriculumSpace(config)
        self.config = config
        self._study = optuna.create_study(
            study_name=config.name, storage=_storage(journal), direction="maximize", load_if_exists=True
        )
        self.held: Callable[[], set[Described]] = set
        """Stages that the store has, of other searches too; asked by a sampler that wants to know."""
        self._study.sampler = self._sampler()
        self._asked: dict[int, optuna.Trial] = {}
        self._failed: set[int] = set()
        """Trials that failed while this object was there: none is tried twice in a launch."""

    @classmethod
    def open(cls, folder: SearchFolder) -> "Study":
        """The study of a search that is there, with the config it was last launched with."""
        return cls(folder.journal, validate(read(folder.config), str(folder.config)))

    def _sampler(self) -> optuna.samplers.BaseSampler:
        # From the number of trials too: on a second launch the first points would come again otherwise.
        seed = self.config.seed * 10_007 + len(self._study.get_trials(deepcopy=False))
        if self.config.sampler == "random":
            return optuna.samplers.RandomSampler(seed=seed)
        if self.config.sampler == "gp":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
                return optuna.samplers.GPSampler(seed=seed)
        if self.config.sampler == "curriculum":
            return CurriculumSampler(
                lambda ask: view(self.space, ask),
                seed=self.config.seed,
                held=lambda: self.held(),
                noise=lambda: variance_over_seeds(self.repeats(), self.config.objective),
            )
        return optuna.samplers.TPESampler(seed=seed, n_startup_trials=max(5, self.config.trials // 4))

    def recorded(self) -> list[Recorded]:
        """Every trial by number, duplicates and interrupted ones too."""
        trials = self._study.get_trials(deepcopy=False)
        return [_recorded(trial) for trial in trials if trial.state != TrialState.WAITING]

    def complete(self) -> list[Recorded]:
        """The complete trials, best first, earlier ones first among equals."""
        found = [record for record in self.recorded() if record.state == "complete"]
        return sorted(found, key=lambda record: (-(record.value or 0.0), record.number))

    def recover(self) -> int:
        """Put trials that a dead launch left running, and failed ones, up again as they were; returns how many."""
        done = {str(record.parameters) for record in self.recorded() if record.state == "complete"}
        again: dict[str, dict[str, Any]] = {}
        for trial in self._study.get_trials(deepcopy=False):
            # One that was killed before its first parameter has only those it was enqueued with.
            parameters = trial.params or trial.system_attrs.get("fixed_params", {})
            if trial.state == TrialState.RUNNING:
                optuna.trial.Trial(self._study, trial._trial_id).set_user_attr(_INTERRUPTED, True)
                self._study.tell(trial.number, state=TrialState.FAIL)
            if trial.state in (TrialState.RUNNING, TrialState.FAIL) and parameters and _TWIN not in trial.user_attrs:
                again[str(parameters)] = parameters
            if trial.state == TrialState.WAITING:
                again.pop(str(parameters), None)
        missing = [parameters for name, parameters in again.items() if name not in done]
        for parameters in missing:
            self._study.enqueue_trial(parameters)
        if not self._study.get_trials(deepcopy=False):
            self._study.enqueue_trial(self.space.baseline())
        return len(missing)

    def ask(self, attempts: int = 10) -> tuple[int, Trial] | None:
        """The next trial that was not tried yet and its number, or None if every trial of the space was.

        When the sampler names tried ones `attempts` times in a row, an untried one is drawn at random.
        """
        records = self.recorded()
        tried = {record.trial: record for record in records if record.state in ("complete", "running")}
        tried |= {record.trial: record for record in records if record.number in self._failed}
        if len(tried) >= self.space.size():
            return None
        while True:
            asked = self._study.ask()
            trial = self.space.suggest(asked)
            asked.set_user_attr(_TRIAL, trial.to_json())
            twin = tried.get(trial)
            if twin is None:
                self._asked[asked.number] = asked
                return asked.number, trial
            asked.set_user_attr(_TWIN, twin.number)
            if twin.value is None:
                self._study.tell(asked, state=TrialState.FAIL)
            else:
                self._study.tell(asked, twin.value)
            attempts -= 1
            if attempts <= 0:
                self._study.enqueue_trial(self._untried(tried))

    def _untried(self, tried: Container[Trial | None]) -> dict[str, Any]:
        """The parameters of a trial at random that is not among those tried; there must be one."""
        scratch = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=self.config.seed))
        while self.space.suggest(drawn := scratch.ask()) in tried:
            pass
        return drawn.params

    def tell(self, number: int, outcome: Outcome) -> float:
        """Record what a trial came to; returns its value."""
        value = outcome.transfer.objective(self.config.objective)
        asked = self._asked.pop(number)
        asked.set_user_attr(_OUTCOME, outcome.to_json())
        self._study.tell(asked, value)
        return value

    def tell_failed(self, number: int, error: str) -> None:
        """Record why a trial came to nothing."""
        asked = self._asked.pop(number)
        asked.set_user_attr(_ERROR, error)
        self._study.tell(asked, state=TrialState.FAIL)
        self._failed.add(number)

    def repeats(self) -> dict[int, dict[int, Outcome]]:
        """What finalists came to on fresh seeds: by trial number, by seed."""
        found: dict[int, dict[int, Outcome]] = {}
        for name, document in self._study.user_attrs.items():
            kind, _, place = name.partition("/")
            if kind == _REPEAT:
                number, _, seed = place.partition("/")
                found.setdefault(int(number), {})[int(seed)] = Outcome.from_json(document)
        return found

    def paths(self) -> set[tuple[Stage, ...]]:
        """The stages of every trial and repeat that came to an end, as paths from the root of the stage tree."""
        done = {record.number: record.trial for record in self.complete() if record.trial}
        trials = [*done.values()]
        trials += [done[number].with_seed(seed) for number, seeds in self.repeats().items() for seed in seeds]
        return {path for trial in trials for path in paths(trial)}

    def stage_keys(self) -> set[str]:
        """The stages of every trial and repeat that came to an end."""
        outcomes = [record.outcome for record in self.recorded()]
        outcomes += [outcome for by_seed in self.repeats().values() for outcome in by_seed.values()]
        return {stage.key for outcome in outcomes if outcome for stage in outcome.stages}

    def tell_repeat(self, number: int, seed: int, outcome: Outcome) -> None:
        """Record a finalist's outcome on a fresh seed."""
        self._study.set_user_attr(f"{_REPEAT}/{number}/{seed}", outcome.to_json())


def began(folder: SearchFolder) -> bool:
    """Whether a trial of the search was ever run. Reads alone: `Study` writes that it was opened."""
    study = optuna.load_study(study_name=folder.name, storage=_storage(folder.journal))
    return any(trial.state != TrialState.WAITING for trial in study.get_trials(deepcopy=False))


def _storage(journal: Path) -> JournalStorage:
    # An open-file lock dies with its holder; the default symlink lock would outlive a SIGKILL.
    return JournalStorage(JournalFileBackend(str(journal), lock_obj=JournalFileOpenLock(str(journal))))


def _recorded(trial: FrozenTrial) -> Recorded:
    attributes = trial.user_attrs
    if _TWIN in attributes:
        state: State = "duplicate"
    elif trial.state == TrialState.COMPLETE:
        state = "complete"
    elif trial.state == TrialState.FAIL:
        state = "interrupted" if _INTERRUPTED in attributes else "failed"
    else:
        state = "running"
    return Recorded(
        number=trial.number,
        state=state,
        value=trial.value if state == "complete" else None,
        trial=Trial.from_json(attributes[_TRIAL]) if _TRIAL in attributes else None,
        outcome=Outcome.from_json(attributes[_OUTCOME]) if _OUTCOME in attributes else None,
        error=attributes.get(_ERROR),
        parameters=trial.params,
    )


def baseline(records: Sequence[Recorded], config: Config) -> Recorded | None:
    """The trial without intermediate stages that every search begins with; an interrupted one has a later number."""
    parameters = CurriculumSpace(config).baseline()
    found = [record for record in records if record.parameters == parameters]
    return min(found, key=lambda record: record.number, default=None)


def finalists(ranked: Sequence[Recorded], config: Config) -> list[Recorded]:
    """The trials to repeat: the best ``finalists.top`` besides the baseline, and the baseline to compare them with."""
    first = baseline(ranked, config)
    others = [record for record in ranked if record is not first]
    return others[: config.finalists.top] + ([first] if first is not None else [])
