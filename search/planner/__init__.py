"""What a launch would train and cost, before it starts."""

from search.planner._costs import CostModel
from search.planner._inputs import find_input_problems, get_synonyms_file, read_synonyms
from search.planner._plan import Plan, StagePath, explain_new_stages, plan
from search.planner._text import format_new_stage_reasons, render_plan

__all__ = [
    "CostModel",
    "Plan",
    "StagePath",
    "explain_new_stages",
    "find_input_problems",
    "format_new_stage_reasons",
    "get_synonyms_file",
    "plan",
    "read_synonyms",
    "render_plan",
]
