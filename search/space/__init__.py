"""The search space: a config's fields as Optuna parameters, and parameters as a trial."""

from search.space._nearest_parameters import find_nearest_parameters
from search.space._order_design import count_design_trials, explain_incomplete_design, iterate_design
from search.space._path_signatures import (
    PathSignature,
    collect_trained_paths,
    compute_path_signature,
    hash_encoder,
    select_stages_on_encoder,
)
from search.space._space import (
    JOINT_PARAMETER,
    MIXTURE_PARAMETER,
    TARGET_SUFFIX,
    CurriculumSpace,
    Parameters,
    SupportsSuggest,
    iterate_stage_paths,
)

__all__ = [
    "JOINT_PARAMETER",
    "MIXTURE_PARAMETER",
    "TARGET_SUFFIX",
    "CurriculumSpace",
    "Parameters",
    "PathSignature",
    "SupportsSuggest",
    "collect_trained_paths",
    "compute_path_signature",
    "count_design_trials",
    "explain_incomplete_design",
    "find_nearest_parameters",
    "hash_encoder",
    "iterate_design",
    "iterate_stage_paths",
    "select_stages_on_encoder",
]
