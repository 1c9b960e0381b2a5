"""Proposals for the next trial.

A sampler sees the search as a study in memory, with its trials in the order of their positions. So an interrupted search, whose
trials have other numbers, looks to its sampler like one that was not interrupted, and proposals of known trials leave no trace.
"""

from collections.abc import Callable, Iterable, Sequence
from random import Random

import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import NSGAIISampler
from optuna.trial import FrozenTrial, TrialState, create_trial

from search.config import Config
from search.launcher._samplers import make_sampler
from search.sampler import CandidateSpace, CurriculumSampler, SampledTrial, find_untried
from search.space import CurriculumSpace, Parameters, PathSignature, iterate_design
from search.study import TrialRecord, make_trial_identity

MAX_PROPOSALS = 2
"""Attempts of a sampler that proposes known trials; after these, the untried trial nearest to its last proposal is taken."""

OPTUNA_STATES = {"complete": TrialState.COMPLETE, "pruned": TrialState.PRUNED, "running": TrialState.RUNNING}


class Proposer:
    """Asks the sampler of a config for trials that were not tried yet."""

    def __init__(
        self,
        space: CurriculumSpace,
        candidate_space: CandidateSpace,
        list_stored_paths: Callable[[], Iterable[PathSignature]],
        estimate_variance: Callable[[], float | None],
    ) -> None:
        """
        Args:
            space: search space.
            candidate_space: the same space, for a sampler that works on candidates.
            list_stored_paths: returns the stages that the store has.
            estimate_variance: returns the variance of a trial's value over seeds; None if it is unknown.
        """
        self.space, self.config = space, space.config
        self._make_sampler: Callable[[int], optuna.samplers.BaseSampler] = lambda position: make_sampler(
            self.config, position, candidate_space, list_stored_paths, estimate_variance
        )
        self._curriculum_sampler = self._make_sampler(0) if self.config.sampler == "curriculum" else None
        """One for all proposals: it caches what it computed of trials, and its draws depend on the position alone."""
        self._distributions_by_position: dict[int, dict[str, BaseDistribution]] = {}

    def propose(self, tried: Sequence[TrialRecord]) -> Parameters | None:
        """The parameters of the next trial; None if every trial of the space or the design was tried.

        Args:
            tried: records of the trials before it, in the order of their positions.
        """
        known = {make_trial_identity(record.parameters) for record in tried}
        if self.config.sampler == "orders":
            return next((row for row in iterate_design(self.space) if make_trial_identity(row) not in known), None)
        if len(known) >= self.space.count_trials():
            return None
        study = self.build_study(tried)
        for _ in range(MAX_PROPOSALS):
            self.space.suggest(proposal := study.ask())
            if make_trial_identity(proposal.params) not in known:
                return proposal.params
            study.tell(proposal, state=TrialState.FAIL)
        rng = Random(f"{self.config.seed}/{len(tried)}")
        return find_untried(self._identify_drawn, known, rng, near=proposal.params)

    def estimate_improvement_probability(self, tried: Sequence[TrialRecord], by: float, trials: int) -> float:
        """The probability that one of the next trials is better than all tried ones, by the model of ``sampler: curriculum``.

        Args:
            tried: records of the tried trials.
            by: how much better, in units of the objective; true values are compared, without the noise of a seed.
            trials: number of trials to come.
        """
        assert isinstance(self._curriculum_sampler, CurriculumSampler), "checked by the config"
        return self._curriculum_sampler.estimate_improvement_probability(self.build_study(tried), by, trials)

    def build_study(self, tried: Sequence[TrialRecord]) -> optuna.Study:
        """Build the study in memory that the sampler of the next position sees."""
        if isinstance(self._curriculum_sampler, CurriculumSampler):
            self._curriculum_sampler.forget_trials_from(len(tried))
        sampler = self._curriculum_sampler or self._make_sampler(len(tried))
        study = optuna.create_study(directions=get_directions(self.config), sampler=sampler)
        study.add_trials(self._make_trials(tried, sampler))
        return study

    def _make_trials(self, tried: Sequence[TrialRecord], sampler: optuna.samplers.BaseSampler) -> Iterable[FrozenTrial]:
        """The records as Optuna's trials. For ``nsga2`` each has its generation, which Optuna counts by complete trials."""
        complete = 0
        for position, record in enumerate(tried):
            system = {}
            if isinstance(sampler, NSGAIISampler):
                system = {sampler._get_generation_key(): complete // (sampler.population_size or 1)}
            complete += record.state == "complete"
            yield create_trial(
                state=OPTUNA_STATES.get(record.state, TrialState.FAIL),
                values=record.values or None,
                params=record.parameters,
                distributions=self._get_distributions(position, record.parameters),
                system_attrs=system,
                intermediate_values=record.intermediate_values,
            )

    def _get_distributions(self, position: int, parameters: Parameters) -> dict[str, BaseDistribution]:
        if position not in self._distributions_by_position:
            self.space.suggest(trial := SampledTrial(Random(0), parameters))
            self._distributions_by_position[position] = trial.distributions
        return self._distributions_by_position[position]

    def _identify_drawn(self, drawn: SampledTrial) -> object:
        self.space.suggest(drawn)
        return make_trial_identity(drawn.values)


def get_directions(config: Config) -> list[optuna.study.StudyDirection]:
    """Optuna's direction of each objective: seconds are minimised, all others maximised."""
    directions = [optuna.study.StudyDirection.MAXIMIZE]
    if (second := config.second_objective) is not None:
        minimised = second == "seconds"
        directions.append(optuna.study.StudyDirection.MINIMIZE if minimised else optuna.study.StudyDirection.MAXIMIZE)
    return directions
