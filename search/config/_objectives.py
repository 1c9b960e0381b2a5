"""The check of an objective against the dev sets that a search has."""

from collections.abc import Mapping
from typing import Any

from search.config._few_shot import find_zero_shot_languages
from search.config._languages import find_rules
from search.config._own_task import find_catalogue
from search.config._strategy import SecondObjective


def check_objective(objective: SecondObjective | None, fields: Mapping[str, Any]) -> None:
    """Check that some target has the dev rows that an objective averages.

    Args:
        objective: the first or the second one.
        fields: a config's valid fields.

    Raises:
        ValueError: with what is missing.
    """
    targets, catalogue = fields.get("targets"), find_catalogue(fields)
    if not catalogue or targets is None or "languages" not in fields or objective in (None, "seconds"):
        return
    languages = find_zero_shot_languages(fields)
    cards = {target: catalogue[target] for target in targets}
    on_dev = frozenset[str]().union(*(card.dev_languages(languages) for card in cards.values()))
    rules = find_rules(fields)
    trained = any(card.train and card.dev_languages(languages) & {*rules.source} for card in cards.values())
    if objective == "source_dev" and not trained:
        raise ValueError(
            f"source_dev needs {rules.name_source()} among the languages and a target that is trained in it"
        )
    if objective != "source_dev" and not any(map(rules.counts, on_dev)):
        apart = " and without shots" if fields.get("shots") else ""
        raise ValueError(
            f"{objective} needs a target with a dev set in a language other than {rules.name_source()} that encoders are pre-trained on{apart}; "
            f"none of {', '.join(targets)} has one. Add such a target, or set objective to source_dev"
        )
