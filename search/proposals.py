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
from search.design import designed
from search.recorded import Recorded, identity
from search.sampler import CurriculumSampler
from search.sampler.candidate import Drawn, Space
from search.sampler.untried import untried
from search.samplers import sampler
from search.space import CurriculumSpace, Parameters
from search.stored import Described

ATTEMPTS = 2
"""Of a sampler that names tried trials; then the untried one is taken that is most like what it named."""

STATES = {"complete": TrialState.COMPLETE, "pruned": TrialState.PRUNED, "running": TrialState.RUNNING}


class Proposals:
    """Asks the sampler of a config."""

    def __init__(
        self,
        space: CurriculumSpace,
        view: Space,
        held: Callable[[], Iterable[Described]],
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
        self._sampler: Callable[[int], optuna.samplers.BaseSampler] = lambda place: sampler(
            self.config, place, view, held, noise
        )
        self._model = self._sampler(0) if self.config.sampler == "curriculum" else None
        """Kept for what it remembers of trials: its draws are of the place alone."""
        self._known: dict[int, dict[str, BaseDistribution]] = {}
        """Distributions by place."""

    def next(self, tried: Sequence[Recorded]) -> Parameters | None:
        """The parameters of the next trial; None if every trial of the space, or of the design, was tried.

        Args:
            tried: what is at the places before it, in their order.
        """
        known = {identity(record.parameters) for record in tried}
        if self.config.sampler == "orders":
            return next((row for row in designed(self.space) if identity(row) not in known), None)
        if len(known) >= self.space.size():
            return None
        study = self.study(tried)
        for _ in range(ATTEMPTS):
            self.space.suggest(asked := study.ask())
            if identity(asked.params) not in known:
                return asked.params
            study.tell(asked, state=TrialState.FAIL)
        rng = Random(f"{self.config.seed}/{len(tried)}")
        return untried(self._identity, known, rng, near=asked.params)

    def outlook(self, tried: Sequence[Recorded], by: float, trials: int) -> float:
        """The probability that one of the next so many trials is better in truth than all before by so much, by ``sampler: curriculum``."""
        assert isinstance(self._model, CurriculumSampler), "checked by the config"
        return self._model.outlook(self.study(tried), by, trials)

    def study(self, tried: Sequence[Recorded]) -> optuna.Study:
        """The search as the sampler of the next place sees it."""
        if isinstance(self._model, CurriculumSampler):
            self._model.forget(len(tried))
        asked = self._model or self._sampler(len(tried))
        study = optuna.create_study(directions=directions(self.config), sampler=asked)
        study.add_trials(self._trials(tried, asked))
        return study

    def _trials(self, tried: Sequence[Recorded], asked: optuna.samplers.BaseSampler) -> Iterable[FrozenTrial]:
        """With their generations for ``nsga2``, which Optuna counts by complete trials."""
        complete = 0
        for place, record in enumerate(tried):
            system = {}
            if isinstance(asked, NSGAIISampler):
                system = {asked._get_generation_key(): complete // (asked.population_size or 1)}
            complete += record.state == "complete"
            yield create_trial(
                state=STATES.get(record.state, TrialState.FAIL),
                values=record.values or None,
                params=record.parameters,
                distributions=self._distributions(place, record.parameters),
                system_attrs=system,
                intermediate_values=record.early,
            )

    def _distributions(self, place: int, parameters: Parameters) -> dict[str, BaseDistribution]:
        if place not in self._known:
            self.space.suggest(asked := Drawn(Random(0), parameters))
            self._known[place] = asked.distributions
        return self._known[place]

    def _identity(self, drawn: Drawn) -> object:
        self.space.suggest(drawn)
        return identity(drawn.values)


def directions(config: Config) -> list[optuna.study.StudyDirection]:
    """Of the objectives."""
    found = [optuna.study.StudyDirection.MAXIMIZE]
    if (second := config.second_objective) is not None:
        least = second == "seconds"
        found.append(optuna.study.StudyDirection.MINIMIZE if least else optuna.study.StudyDirection.MAXIMIZE)
    return found
