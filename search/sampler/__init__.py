"""The Optuna sampler that knows curricula."""

from search.sampler._candidate import Candidate, CandidateSpace, SampledTrial, SettingValue, StageView
from search.sampler._curriculum_sampler import CurriculumSampler
from search.sampler._features import FeatureMatrix
from search.sampler._kernel import NOISE_PRIOR, GroupedKernel, build_priors
from search.sampler._new_candidates import find_untried

__all__ = [
    "NOISE_PRIOR",
    "Candidate",
    "CandidateSpace",
    "CurriculumSampler",
    "FeatureMatrix",
    "GroupedKernel",
    "SampledTrial",
    "SettingValue",
    "StageView",
    "build_priors",
    "find_untried",
]
