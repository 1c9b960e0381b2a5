"""The Optuna study of a search: trial records, finalists, and the journal that holds them."""

from search.study._attributes import (
    DUPLICATE_ATTRIBUTE,
    ERROR_ATTRIBUTE,
    FAILED_REPEAT_ATTRIBUTE,
    FAILURE_ATTRIBUTE,
    INTERRUPTED_ATTRIBUTE,
    OUTCOME_ATTRIBUTE,
    PRUNED_ATTRIBUTE,
    REPEAT_ATTRIBUTE,
    SPARED_ATTRIBUTE,
    TRIAL_ATTRIBUTE,
    FailedRepeat,
)
from search.study._compatibility import check_space, keep_encoder_languages
from search.study._finalists import (
    find_baseline_record,
    find_pareto_front,
    get_fresh_seeds,
    list_missing_repeats,
    select_finalists,
)
from search.study._journal import JournalBackend, convert_replay_errors, repair_journal
from search.study._parameter_names import (
    LabelledTrial,
    describe_trial,
    label_parameters,
    unlabel_parameters,
    uses_choice_positions,
)
from search.study._seed_variance import estimate_seed_variance
from search.study._study import Study, has_started
from search.study._trial_record import STEPS_PER_TARGET, TrialRecord, make_trial_identity, select_last_records

__all__ = [
    "DUPLICATE_ATTRIBUTE",
    "ERROR_ATTRIBUTE",
    "FAILED_REPEAT_ATTRIBUTE",
    "FAILURE_ATTRIBUTE",
    "INTERRUPTED_ATTRIBUTE",
    "OUTCOME_ATTRIBUTE",
    "PRUNED_ATTRIBUTE",
    "REPEAT_ATTRIBUTE",
    "SPARED_ATTRIBUTE",
    "STEPS_PER_TARGET",
    "TRIAL_ATTRIBUTE",
    "FailedRepeat",
    "JournalBackend",
    "LabelledTrial",
    "Study",
    "TrialRecord",
    "check_space",
    "convert_replay_errors",
    "describe_trial",
    "estimate_seed_variance",
    "find_baseline_record",
    "find_pareto_front",
    "get_fresh_seeds",
    "has_started",
    "keep_encoder_languages",
    "label_parameters",
    "list_missing_repeats",
    "make_trial_identity",
    "repair_journal",
    "select_finalists",
    "select_last_records",
    "unlabel_parameters",
    "uses_choice_positions",
]
