"""The Optuna sampler for curricula: a Gaussian process over features of curricula."""

from search.sampler._candidate import Candidate, CandidateSpace, SampledTrial, SettingValue, StageView
from search.sampler._curriculum_sampler import CurriculumSampler
from search.sampler._new_candidates import find_untried

__all__ = [
    "Candidate",
    "CandidateSpace",
    "CurriculumSampler",
    "SampledTrial",
    "SettingValue",
    "StageView",
    "find_untried",
]
