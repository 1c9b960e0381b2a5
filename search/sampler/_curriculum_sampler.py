"""An Optuna sampler for curricula: a Gaussian process over their features, expected improvement per cost."""

import warnings
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, TrialState

from search.sampler._candidate import Candidate, CandidateSpace, SampledTrial
from search.sampler._history import History, Proposal, rank_nan_last
from search.sampler._new_candidates import find_untried, vary_parameters
from search.sampler._trial_values import estimate_final_values

if TYPE_CHECKING:
    from search.sampler.gaussian_process import GaussianProcessModel

RANDOM_CANDIDATES, NEIGHBOUR_CANDIDATES = 120, 120
"""Candidates scored for a proposal: random ones, and variations of tried ones."""
REFINEMENT_ROUNDS, REFINED_CANDIDATES, VARIATIONS_PER_CANDIDATE = 2, 6, 8
"""Rounds of varying the best candidates, candidates a round, and variations of each."""


class CurriculumSampler(BaseSampler):
    """Proposes the curriculum with the highest expected improvement per cost.

    The model is scikit-learn's Gaussian process over features of curricula (`search.sampler._features`), hyperparameters by marginal likelihood.
    Expected improvement per cost follows Snoek et al. (NIPS 2012, section 3.2). A part that another trial, finished or running, has
    trained costs nothing. Running trials count with their predicted mean (Ginsbourger et al., 2010), pruned trials with a value
    extrapolated from their last report.

    Random draws depend on the seed and the trial's number alone: the same trials with the same values lead to the same proposal. With
    parallel trials a proposal depends on which of them have finished.

    Example:
        .. code-block:: python

            import math
            import optuna
            from search.sampler import Candidate, CurriculumSampler, StageView

            def curriculum(trial):
                left, stages, costs = ["nli", "qa", "ner"], [], []
                for place in range(trial.suggest_int("length", 0, 2)):
                    task = left.pop(trial.suggest_categorical(f"task.{place}", list(range(len(left)))))
                    rate = trial.suggest_float(f"rate.{place}", 1e-5, 1e-4, log=True)
                    stages.append(StageView((task,), {"rate": math.log(rate)}))
                    costs.append((tuple(map(repr, stages)), 1.0))
                return Candidate(tuple(stages), costs=[*costs, (("target", *map(repr, stages)), 1.0)])

            study = optuna.create_study(direction="maximize", sampler=CurriculumSampler(curriculum, seed=0))
            study.optimize(lambda trial: train_and_score(curriculum(trial)), n_trials=30)
    """

    def __init__(
        self,
        space: CandidateSpace,
        *,
        seed: int | None = None,
        startup: int = 6,
        trained_parts: Callable[[], Iterable[Hashable]] = tuple,
        noise: Callable[[], float | None] = lambda: None,
        per_cost: bool = True,
    ) -> None:
        """
        Args:
            space: suggests all parameters of a trial and returns the candidate.
            seed: equal seeds give equal proposals for equal studies.
            startup: number of random trials before the first model; 2 or more.
            trained_parts: returns the parts of `Candidate.costs` that are trained, besides those of the study's own trials.
            noise: returns the variance of a value over seeds, from repeats; None if unknown: it is fitted then.
            per_cost: whether expected improvement is divided by cost.
        """
        if startup < 2:
            raise ValueError(f"startup must be 2 or more; got {startup}")
        self.space, self.startup, self.trained_parts, self.noise, self.per_cost = (
            space,
            startup,
            trained_parts,
            noise,
            per_cost,
        )
        self._seed = Random(seed).getrandbits(32)
        self._candidates_by_number: dict[int, tuple[Candidate, bool]] = {}
        self._open_proposals: dict[int, Proposal] = {}

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """The distributions of the proposed curriculum's own parameters."""
        rng = Random(f"{self._seed}/{trial.number}")
        try:
            proposal = self._propose(study, trial, rng)
        except Exception as error:
            warnings.warn(
                f"CurriculumSampler draws trial {trial.number} at random: {type(error).__name__}: {error}", stacklevel=2
            )
            proposal = self._draw_proposal(rng, {})
        self._open_proposals[trial.number] = proposal
        return dict(proposal.distributions)

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """The proposed curriculum's parameters."""
        return self._open_proposals.pop(trial.number).parameters

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """A random value, for a parameter that the space did not suggest."""
        seed = Random(f"{self._seed}/{trial.number}/{param_name}").getrandbits(32)
        return optuna.samplers.RandomSampler(seed=seed).sample_independent(study, trial, param_name, param_distribution)

    def forget_trials_from(self, number: int) -> None:
        """Clear the cache of trials from this number on, because other trials may get these numbers."""
        self._candidates_by_number = {
            known: candidate for known, candidate in self._candidates_by_number.items() if known < number
        }

    def estimate_improvement_probability(self, study: optuna.Study, by: float, trials: int) -> float:
        """The probability that further trials improve on the best true value so far by more than `by`.

        True values are without the noise of seeds. Running trials count as trials so far.

        Args:
            study: study with one objective.
            by: improvement in the units of the values.
            trials: number of further trials.

        Returns:
            1 before the first model; 0 if no untried curriculum is found.
        """
        seen = self._read_history(study, None)
        if len(seen.values) < self.startup:
            return 1.0
        return float((self._draw_improvements(trials, seen) > by).mean())

    def draw_improvements(self, study: optuna.Study, trials: int) -> np.ndarray:
        """Draws of the improvement of the next trials on the best true value so far, in the units of the values."""
        return self._draw_improvements(trials, self._read_history(study, None))

    def _draw_improvements(self, trials: int, seen: History) -> np.ndarray:
        from search.sampler._improvement import simulate_improvements

        rng = Random(f"{self._seed}/outlook/{len(seen.trials)}")
        model = self._fit_model(seen)
        found, _ = self._search_candidates(
            rng, seen, lambda found: model.compute_expected_improvement([each.candidate for each in found])
        )
        if not found:
            return np.full(1, -np.inf)
        numbers = np.random.default_rng(rng.getrandbits(32))
        drawn = model.compute_posteriors([each.candidate for each in found], numbers)
        worlds = [simulate_improvements(*each, len(each[0]) - len(found), trials, numbers) for each in drawn]
        gained: np.ndarray = model.deviation * np.concatenate(worlds)
        return gained

    def _propose(self, study: optuna.Study, trial: FrozenTrial, rng: Random) -> Proposal:
        seen = self._read_history(study, trial.number)
        if len(seen.values) < self.startup:
            return self._draw_untried(rng, seen.tried, believed=trial.number % 2 == 0)
        held = {part for other in seen.trials for part in self._list_trained_parts(other)} | set(self.trained_parts())
        model = self._fit_model(seen)
        whole = [sum(cost for _, cost in self._get_candidate(other).costs) for other in seen.trials]
        free = 0.01 * float(np.median(whole))
        found, scores = self._search_candidates(
            rng, seen, lambda found: self._score_proposals(model, found, held, free)
        )
        return found[int(np.argmax(scores))] if found else self._draw_untried(rng, seen.tried)

    def _read_history(self, study: optuna.Study, asking: int | None) -> History:
        trials = study.get_trials(deepcopy=False)
        trials = [other for other in trials if other.number != asking and other.params]
        # A trial that failed before all its parameters were suggested counts as untried.
        recalled = [self._recall_candidate(other) for other in trials]
        tried = {candidate.key for candidate, whole in recalled if whole}
        return History(
            trials, estimate_final_values(trials, study.direction == optuna.study.StudyDirection.MAXIMIZE), tried
        )

    def _fit_model(self, seen: History) -> "GaussianProcessModel":
        from search.sampler.gaussian_process import GaussianProcessModel

        tried = [self._get_candidate(other) for other in seen.valued_trials]
        model = GaussianProcessModel(tried, np.array(list(seen.values.values())), self.noise())
        model.condition_on_running(
            [self._get_candidate(other) for other in seen.trials if other.state == TrialState.RUNNING]
        )
        return model

    def _search_candidates(
        self, rng: Random, seen: History, score: Callable[[Sequence[Proposal]], np.ndarray]
    ) -> tuple[list[Proposal], np.ndarray]:
        """Untried candidates and their scores, the variations of the best ones included."""
        found = self._draw_candidates(rng, seen)
        scores = rank_nan_last(score(found)) if found else np.zeros(0)
        for _ in range(REFINEMENT_ROUNDS if found else 0):
            near = [found[place] for place in np.argsort(-scores)[:REFINED_CANDIDATES]]
            known = {each.key for each in found} | seen.tried
            varied = [
                self._vary_proposal(rng, each.parameters) for each in near for _ in range(VARIATIONS_PER_CANDIDATE)
            ]
            more = list({each.key: each for each in varied if each.key not in known}.values())
            if not more:
                break
            found, scores = found + more, np.concatenate([scores, rank_nan_last(score(more))])
        return found, scores

    def _score_proposals(
        self, model: "GaussianProcessModel", found: Sequence[Proposal], held: set[Hashable], free: float
    ) -> np.ndarray:
        """Expected improvement per cost; the cost is at least `free`, also of a trained candidate."""
        candidates = [each.candidate for each in found]
        improvement = model.compute_expected_improvement(candidates)
        if not self.per_cost or not any(each.costs for each in candidates):
            return improvement
        costs = np.array([sum(cost for part, cost in each.costs if part not in held) for each in candidates])
        per_cost: np.ndarray = improvement / np.maximum(costs, free)
        return per_cost

    def _draw_candidates(self, rng: Random, seen: History) -> list[Proposal]:
        """Untried candidates: random ones, variations of the best, and variations of any tried one, which may share its stages."""
        drawn = [self._draw_proposal(rng, {}) for _ in range(RANDOM_CANDIDATES)]
        ranked = sorted(seen.valued_trials, key=lambda other: -seen.values[other.number])
        for pool in (ranked[: max(3, len(ranked) // 10)], ranked):
            drawn += [self._vary_proposal(rng, rng.choice(pool).params) for _ in range(NEIGHBOUR_CANDIDATES // 2)]
        return list({each.key: each for each in drawn if each.key not in seen.tried}.values())

    def _vary_proposal(self, rng: Random, parameters: Mapping[str, Any]) -> Proposal:
        """Draw one or two parameters again, and those that depend on them."""
        return self._make_proposal(vary_parameters(rng, parameters, rng.choice((1, 1, 2))))

    def _draw_untried(self, rng: Random, tried: set[Hashable], believed: bool = False) -> Proposal:
        """A random untried candidate, or, if `believed`, the random one with the highest prior beliefs; a tried one if all were tried."""
        proposal = self._draw_proposal(rng, find_untried(lambda sampled: self.space(sampled).key, tried, rng) or {})
        if not believed or not proposal.candidate.beliefs:
            return proposal
        pool = [
            each for each in (self._draw_proposal(rng, {}) for _ in range(RANDOM_CANDIDATES)) if each.key not in tried
        ] or [proposal]
        ranks = np.zeros(len(pool))
        for source in proposal.candidate.beliefs:
            ranks += np.argsort(np.argsort(rank_nan_last([each.candidate.beliefs[source] for each in pool])))
        return pool[int(np.argmax(ranks))]

    def _draw_proposal(self, rng: Random, given: Mapping[str, Any]) -> Proposal:
        return self._make_proposal(SampledTrial(rng, given))

    def _make_proposal(self, sampled: SampledTrial) -> Proposal:
        candidate = self.space(sampled)
        return Proposal(sampled.values, sampled.distributions, candidate)

    def _get_candidate(self, trial: FrozenTrial) -> Candidate:
        return self._recall_candidate(trial)[0]

    def _recall_candidate(self, trial: FrozenTrial) -> tuple[Candidate, bool]:
        """The candidate of a trial, and whether the trial has all its parameters."""
        if trial.number not in self._candidates_by_number:
            candidate = self.space(sampled := SampledTrial(Random(0), trial.params))
            if not trial.state.is_finished():
                return candidate, sampled.uses_only_given
            self._candidates_by_number[trial.number] = candidate, sampled.uses_only_given
        return self._candidates_by_number[trial.number]

    def _list_trained_parts(self, trial: FrozenTrial) -> list[Hashable]:
        """The parts that a trial has trained; for a pruned trial only its intermediate stages."""
        if trial.state not in (TrialState.COMPLETE, TrialState.RUNNING, TrialState.PRUNED):
            return []
        candidate = self._get_candidate(trial)
        parts = [part for part, _ in candidate.costs]
        return parts[: len(candidate.stages)] if trial.state == TrialState.PRUNED else parts
