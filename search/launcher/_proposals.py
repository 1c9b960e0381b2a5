"""What a sampler proposes for a place in a search, from what the trials at the places before it came to.

Proposals are made in a study in memory, of trials by place: a search that was interrupted, whose trials have other numbers since,
looks to its sampler as one that was not, and trials that a sampler names twice leave no trace.
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
"""Of a sampler that names tried trials; then the untried one is taken that is most like what it named."""

OPTUNA_STATES = {"complete": TrialState.COMPLETE, "pruned": TrialState.PRUNED, "running": TrialState.RUNNING}


class Proposer:
    """Asks the sampler of a config."""

    def __init__(
        self,
        space: CurriculumSpace,
        view: CandidateSpace,
        held: Callable[[], Iterable[PathSignature]],
        noise: Callable[[], float | None],
    ) -> None:
        """
        Args:
            space: of the search.
            view: the same for a sampler that looks at candidates.
            held: stages that the store has.
            noise: variance of a trial's value over seeds, where it is known.
        """
        self.space, self.config = space, space.config
        self._sampler: Callable[[int], optuna.samplers.BaseSampler] = lambda place: make_sampler(
            self.config, place, view, held, noise
        )
        self._model = self._sampler(0) if self.config.sampler == "curriculum" else None
        """Kept for what it remembers of trials: its draws are of the place alone."""
        self._known: dict[int, dict[str, BaseDistribution]] = {}
        """Distributions by place."""

    def next(self, tried: Sequence[TrialRecord]) -> Parameters | None:
        """The parameters of the next trial; None if every trial of the space, or of the design, was tried.

        Args:
            tried: what is at the places before it, in their order.
        """
        known = {make_trial_identity(record.parameters) for record in tried}
        if self.config.sampler == "orders":
            return next((row for row in iterate_design(self.space) if make_trial_identity(row) not in known), None)
        if len(known) >= self.space.count_trials():
            return None
        study = self.study(tried)
        for _ in range(MAX_PROPOSALS):
            self.space.suggest(asked := study.ask())
            if make_trial_identity(asked.params) not in known:
                return asked.params
            study.tell(asked, state=TrialState.FAIL)
        rng = Random(f"{self.config.seed}/{len(tried)}")
        return find_untried(self._identify_drawn, known, rng, near=asked.params)

    def estimate_improvement_probability(self, tried: Sequence[TrialRecord], by: float, trials: int) -> float:
        """The probability that one of the next so many trials is better in truth than all before by so much, by ``sampler: curriculum``."""
        assert isinstance(self._model, CurriculumSampler), "checked by the config"
        return self._model.estimate_improvement_probability(self.study(tried), by, trials)

    def study(self, tried: Sequence[TrialRecord]) -> optuna.Study:
        """The search as the sampler of the next place sees it."""
        if isinstance(self._model, CurriculumSampler):
            self._model.forget_trials_from(len(tried))
        asked = self._model or self._sampler(len(tried))
        study = optuna.create_study(directions=get_directions(self.config), sampler=asked)
        study.add_trials(self._make_trials(tried, asked))
        return study

    def _make_trials(self, tried: Sequence[TrialRecord], asked: optuna.samplers.BaseSampler) -> Iterable[FrozenTrial]:
        """With their generations for ``nsga2``, which Optuna counts by complete trials."""
        complete = 0
        for place, record in enumerate(tried):
            system = {}
            if isinstance(asked, NSGAIISampler):
                system = {asked._get_generation_key(): complete // (asked.population_size or 1)}
            complete += record.state == "complete"
            yield create_trial(
                state=OPTUNA_STATES.get(record.state, TrialState.FAIL),
                values=record.values or None,
                params=record.parameters,
                distributions=self._get_distributions(place, record.parameters),
                system_attrs=system,
                intermediate_values=record.intermediate_values,
            )

    def _get_distributions(self, place: int, parameters: Parameters) -> dict[str, BaseDistribution]:
        if place not in self._known:
            self.space.suggest(asked := SampledTrial(Random(0), parameters))
            self._known[place] = asked.distributions
        return self._known[place]

    def _identify_drawn(self, drawn: SampledTrial) -> object:
        self.space.suggest(drawn)
        return make_trial_identity(drawn.values)


def get_directions(config: Config) -> list[optuna.study.StudyDirection]:
    """Of the objectives."""
    found = [optuna.study.StudyDirection.MAXIMIZE]
    if (second := config.second_objective) is not None:
        least = second == "seconds"
        found.append(optuna.study.StudyDirection.MINIMIZE if least else optuna.study.StudyDirection.MAXIMIZE)
    return found
