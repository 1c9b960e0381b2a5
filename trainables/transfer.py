"""Transfer: the scores of a trial by target, split and language, and their means. No torch here."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from random import Random
from statistics import StatisticsError, fmean
from typing import Literal, TypeVar

from trainables.languages import LANGUAGES, SOURCE_LANGUAGE
from trainables.ranges import Score

Split = Literal["dev", "test"]
SplitScores = dict[str, dict[str, dict[str, Score]]]
"""``split -> language -> metric -> score`` of one target, every score in 0..1 and better when higher."""

OFFICIAL_PREFIX = "official_"
"""Before a metric's name: the number that the benchmark's own script gives, where it is another than ours."""

Objective = Literal["transfer_dev", "source_dev", "worst_family_dev"]

LanguagePair = tuple[str, str]
"""The language of the first text, and of the second."""
FamilyPair = tuple[str, str]
GroupName = TypeVar("GroupName", str, FamilyPair)


@dataclass(frozen=True, slots=True)
class Transfer:
    """Scores of every target in every language.

    Means are per target first and never pooled over targets that cover different languages. The source language and the
    languages unseen in pre-training stand apart: they are in no mean over families.
    """

    scores: dict[str, SplitScores]
    """By target."""
    metrics: dict[str, str]
    """The metric that stands for each target."""
    generalized: dict[str, SplitScores] = field(default_factory=dict)
    """By target of two texts: scores with these in two languages, which `format_language_pair` names."""

    def languages(self, target: str, split: Split) -> dict[str, float]:
        """The target's main metric by language."""
        metric = self.metrics[target]
        return {language: values[metric] for language, values in self.scores[target].get(split, {}).items()}

    def families(self, target: str, split: Split = "dev") -> dict[str, float]:
        """Mean over the seen target languages of each family, families in alphabetical order."""
        return _mean_by_name(
            (LANGUAGES[code].family, score)
            for code, score in self.languages(target, split).items()
            if _enters_family_means(code)
        )

    def family_means(self, split: Split = "dev") -> dict[str, float]:
        """For each family the mean over the targets that cover it."""
        return _mean_by_name(item for target in self.scores for item in self.families(target, split).items())

    def target_means(self, split: Split = "dev") -> dict[str, float]:
        """For each target the mean over families: every family counts alike, however many languages it has. A target that the
        split has in no language that counts is left out."""
        tables = {target: self.families(target, split) for target in self.scores}
        return {target: fmean(table.values()) for target, table in tables.items() if table}

    def published_means(self, metrics: Mapping[str, Sequence[str]], split: Split = "test") -> dict[str, float]:
        """For each target the number that XTREME, XTREME-R and XGLUE publish: the mean over all languages that have a score, the
        source and unseen ones among them (XTREME's ``evaluate.py``), of the official metric where there is one beside ours.

        Args:
            metrics: by target, those whose mean counts, where it is not the main one.
            split: which.
        """
        found = {}
        for target, scores in self.scores.items():
            counted = metrics.get(target) or (self.metrics[target],)
            rows = scores.get(split, {}).values()
            if told := [row.get(OFFICIAL_PREFIX + metric, row[metric]) for row in rows for metric in counted]:
                found[target] = fmean(told)
        return found

    def source_scores(self, split: Split = "dev") -> dict[str, float]:
        """Each target's score in the source language, for targets that have it."""
        return {
            target: scores[SOURCE_LANGUAGE]
            for target in self.scores
            if SOURCE_LANGUAGE in (scores := self.languages(target, split))
        }

    def unseen_means(self, split: Split = "dev") -> dict[str, float]:
        """Mean over targets of each language that the encoder was not pre-trained on."""
        codes = sorted({code for target in self.scores for code in self.scores[target].get(split, {})})
        return {
            code: fmean(self._over_targets(lambda t, code=code: self.languages(t, split).get(code)))  # type: ignore[misc]
            for code in codes
            if not LANGUAGES[code].seen
        }

    def _over_targets(self, value: Callable[[str], float | None]) -> Iterable[float]:
        return (found for target in self.scores if (found := value(target)) is not None)

    def mean(self, split: Split = "dev") -> float:
        """Mean over targets of the mean over families: the one number for transfer."""
        return fmean(self.target_means(split).values())

    def mean_weights(self, split: Split = "dev") -> dict[tuple[str, str], float]:
        """What each target and language counts in `mean`: families alike within a target, languages within a family; they sum to one."""
        found: dict[tuple[str, str], float] = {}
        means = self.target_means(split)
        for target in means:
            codes = [code for code in self.languages(target, split) if _enters_family_means(code)]
            sizes = Counter(LANGUAGES[code].family for code in codes)
            for code in codes:
                found[target, code] = 1 / (len(means) * len(sizes) * sizes[LANGUAGES[code].family])
        return found

    def restrict_to(self, targets: Collection[str]) -> "Transfer":
        """The same of some targets alone."""
        return Transfer(
            {task: scores for task, scores in self.scores.items() if task in targets},
            {task: metric for task, metric in self.metrics.items() if task in targets},
            {task: scores for task, scores in self.generalized.items() if task in targets},
        )

    def worst_family(self, split: Split = "dev") -> tuple[str, float]:
        """The family with the lowest mean over targets, and that mean."""
        means = self.family_means(split)
        if not means:
            raise StatisticsError("no family has a score")
        name = min(means, key=means.__getitem__)
        return name, means[name]

    def family_pairs(self, target: str, split: Split = "dev") -> dict[FamilyPair, float]:
        """Mean over the language pairs of each ordered pair of families, none of the two being the source language or unseen."""
        scored = self.generalized[target].get(split, {})
        pairs = {tuple(name.split(PAIR_SEPARATOR)): values[self.metrics[target]] for name, values in scored.items()}
        return _mean_by_name(
            ((LANGUAGES[one].family, LANGUAGES[other].family), score)
            for (one, other), score in pairs.items()
            if _enters_family_means(one) and _enters_family_means(other)
        )

    def family_pair_means(self, split: Split = "dev") -> dict[FamilyPair, float]:
        """For each pair of families the mean over the targets that cover it."""
        return _mean_by_name(item for target in self.generalized for item in self.family_pairs(target, split).items())

    def generalized_means(self, split: Split = "dev") -> dict[str, float]:
        """For each target of two texts the mean over pairs of families, as `target_means` over families."""
        tables = {target: self.family_pairs(target, split) for target in self.generalized}
        return {target: fmean(table.values()) for target, table in tables.items() if table}

    def unmixed_means(self, split: Split = "dev") -> dict[str, float]:
        """What `generalized_means` would be if mixing cost nothing: for each pair of languages the mean of the two scores alone."""
        found = {}
        for target in self.generalized:
            alone, metric = self.languages(target, split), self.metrics[target]
            pairs = self.generalized[target].get(split, {})
            halves = {name: {metric: fmean(alone[code] for code in name.split(PAIR_SEPARATOR))} for name in pairs}
            found[target] = replace(self, generalized={target: {split: halves}}).generalized_means(split).get(target)
        return {target: mean for target, mean in found.items() if mean is not None}

    def objective(self, name: Objective) -> float:
        """The number that a search maximises.

        ``transfer_dev`` is `mean`, ``source_dev`` the mean over targets of the source language's score (strict
        zero-shot model selection), ``worst_family_dev`` the lowest family mean; all on dev.

        Raises:
            StatisticsError: when there is no score that it is made of.
        """
        match name:
            case "transfer_dev":
                return self.mean("dev")
            case "source_dev":
                return fmean(self.source_scores("dev").values())
            case "worst_family_dev":
                return self.worst_family("dev")[1]


def _enters_family_means(code: str) -> bool:
    """Whether a language is in means over families: neither the source nor unseen in pre-training."""
    return code != SOURCE_LANGUAGE and LANGUAGES[code].seen


def _mean_by_name(scores: Iterable[tuple[GroupName, float]]) -> dict[GroupName, float]:
    """The mean score of each name, names in order."""
    grouped: dict[GroupName, list[float]] = {}
    for name, score in scores:
        grouped.setdefault(name, []).append(score)
    return {name: fmean(found) for name, found in sorted(grouped.items())}


PAIR_SEPARATOR = "-"


def format_language_pair(first: str, second: str) -> str:
    """A pair of languages in a word: ``en-sw``."""
    return f"{first}{PAIR_SEPARATOR}{second}"


def draw_language_pairs(languages: Sequence[str], count: int, seed: int) -> tuple[LanguagePair, ...]:
    """Ordered pairs of different languages for generalized transfer (Huang et al., EMNLP 2021): the two texts of an example are
    in two languages.

    Args:
        languages: to draw from.
        count: how many; all of them if there are no more.
        seed: which. Languages come as evenly as `count` allows, on either side.
    """
    rng = Random(f"language pairs/{seed}")
    order = rng.sample(sorted(languages), len(languages))
    shifts = rng.sample(range(1, len(order)), max(0, len(order) - 1))
    pairs = ((one, order[(place + shift) % len(order)]) for shift in shifts for place, one in enumerate(order))
    return tuple(islice(pairs, count))
