"""The Optuna sampler that a config names."""

import warnings
from collections.abc import Callable, Iterable
from random import Random

import optuna

from search.config import Config
from search.sampler import CandidateSpace, CurriculumSampler
from search.space import PathSignature


def make_sampler(
    config: Config,
    position: int,
    space: CandidateSpace,
    list_stored_paths: Callable[[], Iterable[PathSignature]],
    estimate_variance: Callable[[], float | None],
) -> optuna.samplers.BaseSampler:
    """Make the sampler for one proposal. Its random draws depend on the seed and the trial's position alone, not on the launch.

    Reproducibility:

    - ``random`` and ``orders`` propose the same trials after any interruption, with any number of workers.
    - The others learn from finished trials. With one worker they propose the same trials after any interruption; with several
      workers only if trials end in the same order.
    - An extended search proposes the same trials as one that had so many trials from the start if ``n_startup_trials`` of
      ``tpe`` or ``population_size`` of ``nsga2`` do not change with the number of trials, and no repeats of finalists came
      between: from these ``curriculum`` learns the variance over seeds.

    Args:
        config: config of the search.
        position: position of the proposed trial: the number of trials before it.
        space: suggests all parameters of a trial and returns the candidate.
        list_stored_paths: returns the stages that the store has.
        estimate_variance: returns the variance of a trial's value over seeds; None if it is unknown.
    """
    seed = Random(f"{config.seed}/{position}").getrandbits(32)
    match config.sampler:
        case "curriculum":
            return CurriculumSampler(space, seed=config.seed, trained_parts=list_stored_paths, noise=estimate_variance)
        case "gp":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
                return optuna.samplers.GPSampler(seed=seed)
        case "nsga2":
            return optuna.samplers.NSGAIISampler(seed=seed, population_size=min(50, max(4, config.trials // 4)))
        case "tpe":
            return optuna.samplers.TPESampler(seed=seed, n_startup_trials=max(5, config.trials // 4))
    return optuna.samplers.RandomSampler(seed=seed)  # `orders` draws nothing: its design lists all trials
