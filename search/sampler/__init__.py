"""The Optuna sampler that knows curricula."""

from search.sampler.candidate import Candidate, StageView
from search.sampler.curriculum import CurriculumSampler

__all__ = ["Candidate", "CurriculumSampler", "StageView"]
