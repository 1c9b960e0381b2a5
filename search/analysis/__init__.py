"""What a search found: effects of order, importance, noise, forgetting, selection, with intervals; from ``results.json`` alone."""

from search.analysis.arms import Arm
from search.analysis.document import analyse
from search.analysis.estimates import Estimate, hierarchical, holm

__all__ = ["Arm", "Estimate", "analyse", "hierarchical", "holm"]
