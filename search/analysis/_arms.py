"""The scores of a search's trials as one array."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

import numpy as np

from search.analysis._results_reader import read_trial
from trainables.curriculum import JOINT_SEPARATOR, Stage, Trial
from trainables.languages import LanguageRules
from trainables.transfer import Split

Condition = Literal["none", "single", "joint", "high > low", "low > high", "interleaved", "high alone", "low alone"]


@dataclass(frozen=True, slots=True)
class Arm:
    """A trial as one arm of a comparison."""

    number: int
    trial: Trial
    resources: tuple[str, ...]
    """Of each stage of its curriculum."""

    @property
    def stages(self) -> tuple[Stage, ...]:
        return self.trial.curriculum

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks of its curriculum in order; those of a joint stage are joined by ``+``."""
        return tuple(stage.task for stage in self.stages)

    @property
    def description(self) -> str:
        return str(self.trial)

    @property
    def condition(self) -> Condition:
        """The kind of curriculum by order of high- and low-resource tasks."""
        if not self.stages:
            return "none"
        if len(self.stages) == 1:
            return "joint" if JOINT_SEPARATOR in self.tasks[0] else "single"
        changes = [one for one, other in zip(self.resources, (*self.resources[1:], None), strict=True) if one != other]
        match changes:
            case ["high", "low"]:
                return "high > low"
            case ["low", "high"]:
                return "low > high"
            case ["high"]:
                return "high alone"
            case ["low"]:
                return "low alone"
            case _:
                return "interleaved"


@dataclass(frozen=True, slots=True)
class ScoreArray:
    """Main metrics of trials by seed, target and language."""

    arms: tuple[Arm, ...]
    seeds: tuple[int, ...]
    split: Split
    targets: tuple[str, ...]
    languages: tuple[str, ...]
    values: np.ndarray
    """[arms, seeds, targets, languages]; NaN where a target has no score in a language."""
    rules: LanguageRules = LanguageRules()  # noqa: RUF009 -- frozen

    @property
    def is_repeated(self) -> bool:
        """Whether there are at least two seeds."""
        return len(self.seeds) > 1

    @property
    def has_transfer(self) -> bool:
        """Whether any language is counted in transfer."""
        return bool(self.counted.any())

    @property
    def counted(self) -> np.ndarray:
        """[targets, languages]: what is in means over families: scored by every trial, not the source, not unseen."""
        counted = [self.rules.counts(code) for code in self.languages]
        found: np.ndarray = ~np.isnan(self.values).any((0, 1)) & np.array(counted, dtype=bool)
        return found

    @property
    def families(self) -> tuple[str, ...]:
        """Families with a counted language, sorted."""
        there = np.flatnonzero(self.counted.any(0))
        return tuple(sorted({self.rules.get_family(self.languages[place]) for place in there}))


def collect_repeated_scores(results: Mapping[str, Any], split: Split = "test") -> ScoreArray | None:
    """The trials and fresh seeds with complete scores that maximize trials times seeds; None if no trial was repeated."""
    trials = [trial for trial in results["trials"] if trial["state"] == "complete" and trial["seeds"]]
    held = {trial["number"]: {entry["seed"]: entry["scores"] for entry in trial["seeds"]} for trial in trials}
    if not held:
        return None

    def having(seeds: frozenset[int]) -> list[Any]:
        return [trial for trial in trials if seeds <= held[trial["number"]].keys()]

    shared = max(
        {frozenset(seeds) for seeds in held.values()}, key=lambda each: (len(each) * len(having(each)), sorted(each))
    )
    chosen = having(shared)
    return _build_score_array(results, chosen, sorted(shared), split, lambda trial, seed: held[trial["number"]][seed])


def collect_single_scores(results: Mapping[str, Any]) -> ScoreArray | None:
    """Every complete trial on the search's own seed, on dev; None before there is one."""
    trials = [trial for trial in results["trials"] if trial["state"] == "complete" and trial["targets"]]

    def scores(trial: Any, seed: int) -> Any:
        return {task: target["scores"] for task, target in trial["targets"].items()}

    return _build_score_array(results, trials, [results["seed"]], "dev", scores) if trials else None


def _build_score_array(
    results: Mapping[str, Any], trials: Sequence[Any], seeds: Sequence[int], split: Split, scores: Any
) -> ScoreArray:
    metrics, rules = results["metrics"], LanguageRules.from_json(results.get("languages"))
    scores_by_run = {(trial["number"], seed): scores(trial, seed) for trial, seed in product(trials, seeds)}
    scored = {code for each in scores_by_run.values() for target in each.values() for code in target.get(split, {})}
    codes = sorted(filter(rules.get_language, scored))
    values = np.full((len(trials), len(seeds), len(metrics), len(codes)), np.nan)
    for (row, trial), (column, seed), (layer, target) in product(
        enumerate(trials), enumerate(seeds), enumerate(metrics)
    ):
        languages = scores_by_run[trial["number"], seed].get(target, {}).get(split, {})
        for code, language_scores in languages.items():
            if rules.get_language(code):
                values[row, column, layer, codes.index(code)] = language_scores[metrics[target]]
    arms = tuple(
        Arm(trial["number"], read_trial(trial), tuple(stage["resource"] for stage in trial["curriculum"]))
        for trial in trials
    )
    return ScoreArray(arms, tuple(seeds), split, tuple(metrics), tuple(codes), values, rules)


def compute_macro_weights(counts: np.ndarray, scored: ScoreArray) -> np.ndarray:
    """[targets, languages]: weights of the mean over families, then targets; they sum to one, or to zero."""
    weights = np.zeros(counts.shape)
    families = [scored.rules.get_family(code) for code in scored.languages]
    for target, there in enumerate(counts):
        sizes = Counter(family for family, each in zip(families, there, strict=True) if each)
        for place, family in enumerate(families):
            if there[place]:
                weights[target, place] = 1 / (len(sizes) * sizes[family])
    return weights / max(1, int(counts.any(1).sum()))
