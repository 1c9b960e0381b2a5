"""The sampler that a config names."""

import warnings
from collections.abc import Callable, Iterable
from random import Random

import optuna

from search.config import Config
from search.sampler import CandidateSpace, CurriculumSampler
from search.space import PathSignature


def make_sampler(
    config: Config,
    place: int,
    space: CandidateSpace,
    held: Callable[[], Iterable[PathSignature]],
    noise: Callable[[], float | None],
) -> optuna.samplers.BaseSampler:
    """Make it, for one proposal: its draws belong to the place of a trial in the search, whichever launch asks for it.

    What comes of them: ``random`` and ``orders`` propose the same trials whatever was interrupted, with any number of workers. The others
    learn from what has ended, so they propose the same where that is the same: with one worker always, with several only as far as trials
    ended in the same order. An extended search is the one that had so many trials from the start if ``n_startup_trials`` of ``tpe`` or
    ``population_size`` of ``nsga2`` do not change with the number of trials, and if no repeats of finalists came between, from which
    ``curriculum`` learns how much values vary over seeds.

    Args:
        config: the search.
        place: of the trial to propose: how many are before it.
        space: of candidates.
        held: stages that the store has.
        noise: variance of a trial's value over seeds, where it is known.
    """
    seed = Random(f"{config.seed}/{place}").getrandbits(32)
    match config.sampler:
        case "curriculum":
            return CurriculumSampler(space, seed=config.seed, trained_parts=held, noise=noise)
        case "gp":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
                return optuna.samplers.GPSampler(seed=seed)
        case "nsga2":
            return optuna.samplers.NSGAIISampler(seed=seed, population_size=min(50, max(4, config.trials // 4)))
        case "tpe":
            return optuna.samplers.TPESampler(seed=seed, n_startup_trials=max(5, config.trials // 4))
    return optuna.samplers.RandomSampler(seed=seed)  # orders names all of its trials beforehand
