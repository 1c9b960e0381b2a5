"""The seeds of a finalist merged: the mean of their weights as one model, kept where it is better on dev than the best of them.

Schmidt, Vulić & Glavaš, "Free Lunch: Robust Cross-Lingual Transfer via Model Checkpoint Averaging" (ACL 2023), average checkpoints of a
run, and runs that start from one head. Here every seed has a head of its own, so that the mean may as well be worse: it is measured.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from statistics import StatisticsError
from typing import TYPE_CHECKING

from search.errors import UserError
from trainables.curriculum import Stage, Trial
from trainables.outcome import Outcome
from trainables.transfer import Objective, Split, SplitScores, Transfer

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from trainables.data import EncodedDataset
    from trainables.encoders import Weights

LoadSeed = Callable[[int, Stage], "tuple[Weights, Weights]"]
"""Encoder and head of a target on a seed."""


@dataclass(frozen=True, slots=True)
class MergedSeeds:
    """A model that is the mean of several seeds' weights, and how it compares with each of them."""

    target: str
    seeds: tuple[int, ...]
    transfer: Transfer
    """Its scores on dev; on test as well where it is kept."""
    value: float
    """The search's objective on dev, of this target alone."""
    best_seed: int
    """The best single seed by the same value."""
    best_value: float

    @property
    def is_better(self) -> bool:
        """Whether it is better than the best single seed."""
        return self.value > self.best_value

    def describe_comparison(self) -> str:
        """The comparison as a sentence."""
        word = "better than" if self.is_better else "not better than"
        return (
            f"On dev it scores {self.value:.4f}, {word} the best single seed ({self.best_seed}: {self.best_value:.4f})."
        )

    def __str__(self) -> str:
        kept = f"written to merged/{self.target}" if self.is_better else "not written"
        seeds = ", ".join(map(str, self.seeds))
        return f"{self.target}, seeds {seeds} merged: {self.describe_comparison()[:-1]}: {kept}"


def check_mergeable(number: int, repeats: Mapping[int, Outcome]) -> None:
    """Check that a trial has seeds to merge.

    Raises:
        UserError: if it was repeated on fewer than two.
    """
    if len(repeats) < 2:
        found = f"only on seed {next(iter(repeats))}" if repeats else "on no fresh seed"
        raise UserError(
            f"--merge seeds: trial {number} was repeated {found}, and a mean needs two: "
            "choose a finalist by --trial, or raise finalists.top and finalists.seeds and launch again"
        )


def merge_seeds(
    target: Stage,
    trial: Trial,
    dataset: "EncodedDataset",
    repeats: Mapping[int, Outcome],
    objective: Objective,
    load: LoadSeed,
) -> "tuple[MergedSeeds, PreTrainedModel] | None":
    """Average a target's weights over the seeds, and score the mean on dev; on test if it is better than each of them.

    Args:
        target: the stage.
        trial: with the languages to score in.
        dataset: of the target.
        repeats: what the seeds scored.
        objective: of the search, by which models are compared.
        load: reads a seed's weights.

    Returns:
        The comparison and the model; None for a target without a value on dev.
    """
    from trainables.training import restore_model

    singles = {seed: _compute_value(outcome.transfer, target.task, objective) for seed, outcome in repeats.items()}
    known = {seed: value for seed, value in singles.items() if value is not None}
    if len(known) < len(singles):
        return None
    model = restore_model(*average_weights(load(seed, target) for seed in sorted(repeats)), dataset)
    scores: SplitScores = {"dev": _score(model, dataset, trial, "dev")}
    # Of a seed, so that whatever else decides its means is the seeds' own.
    of_target = next(iter(repeats.values())).transfer.restrict_to([target.task])
    transfer = replace(of_target, scores={target.task: scores}, generalized={}, few_shot={})
    value = _compute_value(transfer, target.task, objective)
    assert value is not None, "the seeds have a value on the same rows"
    best = max(sorted(known), key=known.__getitem__)
    if value > known[best]:
        scores["test"] = _score(model, dataset, trial, "test")
    return MergedSeeds(target.task, tuple(sorted(repeats)), transfer, value, best, known[best]), model


def average_weights(models: Iterable["tuple[Weights, Weights]"]) -> "tuple[Weights, Weights]":
    """The mean of encoders and of heads, weight by weight, summed in float64; integers are the first model's.

    Args:
        models: at least one.

    Raises:
        ValueError: if a model has other weights than the first.
    """
    remaining = iter(models)
    first = next(remaining)
    total = _to_double(first[0]), _to_double(first[1])
    count = 1
    for model in remaining:
        count += 1
        for sums, weights in zip(total, model, strict=True):
            if sums.keys() != {name for name, value in weights.items() if value.is_floating_point()}:
                raise ValueError("the models have other weights")
            for name in sums:
                sums[name] += weights[name]
    encoder, head = (
        {name: (sums[name] / count).to(value.dtype) if name in sums else value for name, value in weights.items()}
        for sums, weights in zip(total, first, strict=True)
    )
    return encoder, head


def _to_double(weights: "Weights") -> "Weights":
    """A copy of the floating-point weights in float64."""
    return {name: value.double() for name, value in weights.items() if value.is_floating_point()}


def _score(
    model: "PreTrainedModel", dataset: "EncodedDataset", trial: Trial, split: Split
) -> dict[str, dict[str, float]]:
    from trainables.evaluation import Evaluation

    apart = trial.few_shot.languages_apart if trial.few_shot else frozenset()
    zero_shot = tuple(code for code in trial.languages if code not in apart)
    return Evaluation(dataset, split, zero_shot).score(model)


def _compute_value(transfer: Transfer, target: str, objective: Objective) -> float | None:
    try:
        return transfer.restrict_to([target]).objective(objective)
    except StatisticsError:
        return None
