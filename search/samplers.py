"""The sampler that a config names."""

import warnings
from collections.abc import Callable, Iterable

import optuna

from search.config import Config
from search.sampler import CurriculumSampler
from search.sampler.candidate import Space
from search.stored import Described


def sampler(
    config: Config,
    finished: int,
    space: Space,
    held: Callable[[], Iterable[Described]],
    noise: Callable[[], float | None],
) -> optuna.samplers.BaseSampler:
    """Make it.

    Args:
        config: the search.
        finished: trials that the study has: on a second launch the first points would come again otherwise.
        space: of candidates.
        held: stages that the store has.
        noise: variance of a trial's value over seeds, where it is known.
    """
    seed = config.seed * 10_007 + finished
    match config.sampler:
        case "curriculum":
            return CurriculumSampler(space, seed=config.seed, held=held, noise=noise)
        case "gp":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
                return optuna.samplers.GPSampler(seed=seed)
        case "nsga2":
            return optuna.samplers.NSGAIISampler(seed=seed, population_size=min(50, max(4, config.trials // 4)))
        case "tpe":
            return optuna.samplers.TPESampler(seed=seed, n_startup_trials=max(5, config.trials // 4))
    return optuna.samplers.RandomSampler(seed=seed)  # orders names all of its trials beforehand
