"""The Optuna sampler that knows curricula."""

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
