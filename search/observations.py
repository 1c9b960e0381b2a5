"""A search's study as its sampler sees it: measurements alone, every trial in the encoding that its space has today."""

from collections.abc import Container
from random import Random
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, TrialState

from search.likeness import like
from search.recorded import TRIAL, TWIN
from search.sampler.candidate import Drawn
from search.space import JOINT_CHOICE, CurriculumSpace
from trainables.curriculum import Trial


def current(space: CurriculumSpace, trial: FrozenTrial) -> FrozenTrial:
    """The trial with the parameters that name it today.

    Earlier journals tell the tasks of a joint stage in an order of their own, so that one stage has several names.
    """
    if not (trial.params.get(JOINT_CHOICE) and "task.0" in trial.params and TRIAL in trial.user_attrs):
        return trial
    parameters = like(space, Trial.from_json(trial.user_attrs[TRIAL]))
    if parameters is None:
        return trial
    space.suggest(drawn := Drawn(Random(0), parameters))
    return FrozenTrial(
        number=trial.number,
        trial_id=trial._trial_id,
        state=trial.state,
        value=None,
        values=trial.values,
        datetime_start=trial.datetime_start,
        datetime_complete=trial.datetime_complete,
        params=drawn.values,
        distributions=drawn.distributions,
        user_attrs=trial.user_attrs,
        system_attrs=trial.system_attrs,
        intermediate_values=trial.intermediate_values,
    )


class Observations(optuna.Study):
    """The study without its duplicates: one measurement that is told twice is no second measurement."""

    def __init__(self, study: optuna.Study, space: CurriculumSpace) -> None:
        super().__init__(study.study_name, study._storage, sampler=study.sampler, pruner=study.pruner)
        self._whole, self._space = study, space
        self._current: dict[int, FrozenTrial] = {}

    def _get_trials(
        self, deepcopy: bool = True, states: Container[TrialState] | None = None, use_cache: bool = False
    ) -> list[FrozenTrial]:
        trials = self._whole._get_trials(deepcopy=deepcopy, states=states, use_cache=use_cache)
        return [self._today(trial) for trial in trials if TWIN not in trial.user_attrs]

    def _today(self, trial: FrozenTrial) -> FrozenTrial:
        if not trial.state.is_finished():
            return current(self._space, trial)
        if trial.number not in self._current:
            self._current[trial.number] = current(self._space, trial)
        return self._current[trial.number]


class ObservationSampler(BaseSampler):
    """Any sampler, which is shown a study's observations in place of the study."""

    def __init__(self, sampler: BaseSampler, space: CurriculumSpace) -> None:
        self.sampler, self._space = sampler, space
        self._known: dict[int, Observations] = {}

    def observations(self, study: optuna.Study) -> Observations:
        """What the sampler is shown of a study."""
        if study._study_id not in self._known:
            self._known[study._study_id] = Observations(study, self._space)
        return self._known[study._study_id]

    def reseed_rng(self) -> None:
        self.sampler.reseed_rng()

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:
        self.sampler.before_trial(self.observations(study), trial)

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return self.sampler.infer_relative_search_space(self.observations(study), trial)

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return self.sampler.sample_relative(self.observations(study), trial, search_space)

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        return self.sampler.sample_independent(self.observations(study), trial, param_name, param_distribution)

    def after_trial(self, study: optuna.Study, trial: FrozenTrial, state: TrialState, values: Any) -> None:
        self.sampler.after_trial(self.observations(study), trial, state, values)
