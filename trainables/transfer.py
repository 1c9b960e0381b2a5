"""Transfer: the scores of a trial by target, split and language, and their means. Imports no torch."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from random import Random
from statistics import StatisticsError, fmean
from typing import Literal, TypeVar

from trainables.languages import LanguageRules
from trainables.ranges import Score

Split = Literal["dev", "test"]
SplitScores = dict[str, dict[str, dict[str, Score]]]
"""``split -> language -> metric -> score`` of one target, every score in 0..1 and better when higher."""

OFFICIAL_PREFIX = "official_"
"""Prefix of the metrics that the benchmark's own script computes, where they differ from ours."""

Objective = Literal["transfer_dev", "source_dev", "worst_family_dev"]

LanguagePair = tuple[str, str]
"""The language of the first text, and of the second."""
FamilyPair = tuple[str, str]
GroupName = TypeVar("GroupName", str, FamilyPair)


@dataclass(frozen=True, slots=True)
class Transfer:
    """Scores of every target in every language.

    Means are taken per target first, never pooled over targets that cover different languages. The source languages and the
    languages unseen in pre-training are excluded from every mean over families; where it is not known what the encoder was
    pre-trained on, the source languages alone.
    """

    scores: dict[str, SplitScores]
    """By target."""
    metrics: dict[str, str]
    """The main metric of each target."""
    generalized: dict[str, SplitScores] = field(default_factory=dict)
    """By target of two texts: scores with the two texts in different languages, by `format_language_pair`."""
    rules: LanguageRules = LanguageRules()  # noqa: RUF009 -- frozen
    """The source languages, those that the encoder has seen, and the families of those that the table lacks."""
    few_shot: dict[str, dict[str, SplitScores]] = field(default_factory=dict)
    """By target and number of labelled rows, as text, the scores in the languages with that many rows; those under ``0`` are the zero-shot
    model's in all of these languages. No zero-shot mean counts them."""

    def languages(self, target: str, split: Split) -> dict[str, float]:
        """The target's main metric by language."""
        metric = self.metrics[target]
        return {language: values[metric] for language, values in self.scores[target].get(split, {}).items()}

    def families(self, target: str, split: Split = "dev") -> dict[str, float]:
        """Mean over the seen target languages of each family, families in alphabetical order."""
        return _mean_by_name(
            (self.rules.get_family(code), score)
            for code, score in self.languages(target, split).items()
            if self.rules.counts(code)
        )

    def family_means(self, split: Split = "dev") -> dict[str, float]:
        """For each family the mean over the targets that cover it."""
        return _mean_by_name(item for target in self.scores for item in self.families(target, split).items())

    def target_means(self, split: Split = "dev") -> dict[str, float]:
        """For each target the unweighted mean over families, whatever their number of languages. A target without scores in any
        seen target language is left out."""
        tables = {target: self.families(target, split) for target in self.scores}
        return {target: fmean(table.values()) for target, table in tables.items() if table}

    def published_means(self, metrics: Mapping[str, Sequence[str]], split: Split = "test") -> dict[str, float]:
        """For each target the number that XTREME, XTREME-R and XGLUE publish: the mean over all languages with a score, including the
        source language and unseen ones (XTREME's ``evaluate.py``), of the official metric where there is one.

        Args:
            metrics: by target, the metrics to average, where they are not the main metric alone.
            split: of the scores.
        """
        found = {}
        for target, scores in self.scores.items():
            counted = metrics.get(target) or (self.metrics[target],)
            rows = scores.get(split, {}).values()
            if values := [row.get(OFFICIAL_PREFIX + metric, row[metric]) for row in rows for metric in counted]:
                found[target] = fmean(values)
        return found

    def source_scores(self, split: Split = "dev") -> dict[str, float]:
        """Each target's score in the source language, the mean of several; targets without one are left out."""
        return {
            target: fmean(found)
            for target in self.scores
            if (found := [score for code, score in self.languages(target, split).items() if code in self.rules.source])
        }

    def unseen_means(self, split: Split = "dev") -> dict[str, float]:
        """Mean over targets of each language that the encoder was not pre-trained on."""
        codes = sorted({code for target in self.scores for code in self.scores[target].get(split, {})})
        return {
            code: fmean(self._over_targets(lambda t, code=code: self.languages(t, split).get(code)))  # type: ignore[misc]
            for code in codes
            if self.rules.is_seen(code) is False
        }

    def with_shots(self, shots: str) -> "Transfer":
        """The transfer after continuations on that many rows of each language, as `few_shot` has it: of languages with rows alone."""
        scores = {target: by_shots[shots] for target, by_shots in self.few_shot.items() if shots in by_shots}
        return Transfer(scores, {target: self.metrics[target] for target in scores}, {}, self.rules)

    def list_shots(self) -> list[str]:
        """The numbers of rows above 0 with scores, lowest first."""
        return sorted({shots for each in self.few_shot.values() for shots in each if shots != "0"}, key=int)

    def _over_targets(self, value: Callable[[str], float | None]) -> Iterable[float]:
        return (found for target in self.scores if (found := value(target)) is not None)

    def mean(self, split: Split = "dev") -> float:
        """Mean over targets of the mean over families: transfer as a single number."""
        return fmean(self.target_means(split).values())

    def mean_weights(self, split: Split = "dev") -> dict[tuple[str, str], float]:
        """The weight of each target and language in `mean`: equal for the families of a target, and for the languages of a family. The
        weights sum to 1."""
        found: dict[tuple[str, str], float] = {}
        means = self.target_means(split)
        for target in means:
            codes = [code for code in self.languages(target, split) if self.rules.counts(code)]
            sizes = Counter(self.rules.get_family(code) for code in codes)
            for code in codes:
                found[target, code] = 1 / (len(means) * len(sizes) * sizes[self.rules.get_family(code)])
        return found

    def restrict_to(self, targets: Collection[str]) -> "Transfer":
        """The transfer of some of the targets."""
        return replace(
            self,
            scores={task: scores for task, scores in self.scores.items() if task in targets},
            metrics={task: metric for task, metric in self.metrics.items() if task in targets},
            generalized={task: scores for task, scores in self.generalized.items() if task in targets},
            few_shot={task: scores for task, scores in self.few_shot.items() if task in targets},
        )

    def worst_family(self, split: Split = "dev") -> tuple[str, float]:
        """The family with the lowest mean over targets, and that mean."""
        means = self.family_means(split)
        if not means:
            raise StatisticsError("no family has a score")
        name = min(means, key=means.__getitem__)
        return name, means[name]

    def family_pairs(self, target: str, split: Split = "dev") -> dict[FamilyPair, float]:
        """Mean over the language pairs of each ordered pair of families; pairs with the source language or an unseen one are left out."""
        scored = self.generalized[target].get(split, {})
        pairs = {tuple(name.split(PAIR_SEPARATOR)): values[self.metrics[target]] for name, values in scored.items()}
        return _mean_by_name(
            ((self.rules.get_family(one), self.rules.get_family(other)), score)
            for (one, other), score in pairs.items()
            if self.rules.counts(one) and self.rules.counts(other)
        )

    def family_pair_means(self, split: Split = "dev") -> dict[FamilyPair, float]:
        """For each pair of families the mean over the targets that cover it."""
        return _mean_by_name(item for target in self.generalized for item in self.family_pairs(target, split).items())

    def generalized_means(self, split: Split = "dev") -> dict[str, float]:
        """For each target of two texts the unweighted mean over pairs of families."""
        tables = {target: self.family_pairs(target, split) for target in self.generalized}
        return {target: fmean(table.values()) for target, table in tables.items() if table}

    def unmixed_means(self, split: Split = "dev") -> dict[str, float]:
        """`generalized_means` with each pair's score replaced by the mean of its two languages' own scores: the value without any loss
        from mixing languages."""
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
            StatisticsError: when there is no score to compute it from.
        """
        match name:
            case "transfer_dev":
                return self.mean("dev")
            case "source_dev":
                return fmean(self.source_scores("dev").values())
            case "worst_family_dev":
                return self.worst_family("dev")[1]


def _mean_by_name(scores: Iterable[tuple[GroupName, float]]) -> dict[GroupName, float]:
    """The mean score of each name, names in order."""
    grouped: dict[GroupName, list[float]] = {}
    for name, score in scores:
        grouped.setdefault(name, []).append(score)
    return {name: fmean(found) for name, found in sorted(grouped.items())}


PAIR_SEPARATOR = "-"


def format_language_pair(first: str, second: str) -> str:
    """A pair of languages as text: ``en-sw``."""
    return f"{first}{PAIR_SEPARATOR}{second}"


def draw_language_pairs(languages: Sequence[str], count: int, seed: int) -> tuple[LanguagePair, ...]:
    """Draw ordered pairs of different languages for generalized transfer (Huang et al., EMNLP 2021): the two texts of an example
    are in two languages.

    Args:
        languages: to draw from.
        count: of the pairs; all pairs if there are fewer.
        seed: of the draw. On either side languages occur as equally often as `count` allows.
    """
    rng = Random(f"language pairs/{seed}")
    order = rng.sample(sorted(languages), len(languages))
    shifts = rng.sample(range(1, len(order)), max(0, len(order) - 1))
    pairs = ((one, order[(place + shift) % len(order)]) for shift in shifts for place, one in enumerate(order))
    return tuple(islice(pairs, count))
