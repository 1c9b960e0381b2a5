"""The parts of a config that say how to search: what counts, what is tried next, when trials and the search end."""

import math
from collections.abc import Collection, Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, ValidationInfo, field_validator

from search.config._checks import check_members, check_number_or_all
from search.config._stage_space import ConfigSection, Space
from trainables.benchmarks import BENCHMARK_LANGUAGES, BENCHMARKS
from trainables.languages import LANGUAGES, SOURCE_LANGUAGE
from trainables.transfer import Objective

SamplerName = Literal["curriculum", "tpe", "gp", "random", "nsga2", "orders"]
SecondObjective = Objective | Literal["seconds"]
"""``seconds``: of training that a trial asks for, shared stages counted in full; fewer are better."""
RacingRule = Literal["asha", "paired"]
MAX_TRIALS = 100_000
"""Trials: as good as no end, and a plan of them takes minutes."""
TrialCount = Annotated[int, Field(gt=0, le=MAX_TRIALS)]
MULTI_OBJECTIVE_SAMPLERS: tuple[SamplerName, ...] = ("tpe", "nsga2", "random")
"""Samplers that look at two objectives."""


class Budget(ConfigSection):
    """When to stop besides ``trials``: whichever ends first."""

    hours: Annotated[float, Field(gt=0, le=1e12)] | None = None
    """Wall time of one launch; trials that run by then are finished."""
    stage_seconds: Annotated[float, Field(gt=0, le=1e12)] | None = None
    """Seconds of training that the search's trials did, repeats apart; what the store had cost none."""


class ImprobableImprovement(ConfigSection):
    """An improvement that is not worth waiting for."""

    by: Annotated[float, Field(gt=0, le=100)]
    """Of the objective: how much better, in truth and not by the luck of a seed."""
    probability: Annotated[float, Field(gt=0, lt=1)] = 0.05
    """Below which the search stops. It is the probability that at least one of the trials that ``trials`` leaves is better in truth, by more
    than ``by``, than the best in truth of all trials so far; the sampler's model plays the rest of the search in worlds that may be the
    true one, and counts in how many of them that happens."""


class Stop(ConfigSection):
    """When to stop for want of progress; finalists are repeated all the same."""

    patience: TrialCount | None = None
    """Trials in a row, in the order in which they were asked for, none of which is better than the best before them."""
    improbable_improvement: ImprobableImprovement | None = None
    """By the model of ``sampler: curriculum``."""


class Racing(ConfigSection):
    """Trials that are clearly worse end early: after some of their targets, which all trials have in the same order."""

    rules: tuple[RacingRule, ...] = ()
    """``asha``: not among the best ``1/reduction`` of those that came as far (Li et al., MLSys 2020). ``paired``: worse than the best
    trial by a paired test over languages on the targets that are done."""
    grace: Annotated[float, Field(ge=0.001, le=1000)] = 1.0
    """Targets with a dev set on which every trial is scored; with ``parts`` a part of one will do."""
    reduction: Annotated[float, Field(ge=1.01, le=1000)] = 3.0
    """Of ``asha``, which looks after ``grace`` targets, after ``reduction`` times as many, and so on."""
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.99
    """Of ``paired``, one-sided."""
    seed_deviation: Annotated[float, Field(ge=0, le=100)] = 0.01
    """Standard deviation of a trial's objective over seeds that ``paired`` reckons with before repeats tell."""
    parts: Annotated[int, Field(gt=0, le=1000)] = 1
    """Reports a target makes: above 1 it is scored on dev within its training too, for targets that train far longer than that takes."""

    def find_first_report(self, done: float, whole: Collection[int] = ()) -> float:
        """The first report at or after so many targets; a target among `whole`, by its place, makes one at its end alone."""
        place = math.ceil(done - 1e-9) - 1
        return place + 1.0 if place in whole else math.ceil(done * self.parts - 1e-9) / self.parts

    @field_validator("rules")
    @classmethod
    def _check_distinct(cls, rules: tuple[RacingRule, ...]) -> tuple[RacingRule, ...]:
        return check_members(rules, get_args(RacingRule), "rule") if rules else rules  # type: ignore[return-value]


class Orders(ConfigSection):
    """What ``sampler: orders`` tries: curricula at one rate and one noise, in which order alone differs."""

    design: Literal["full", "latin"] = "full"
    """``full``: every curriculum of the space. ``latin``: none, each task alone, orders in which every task is as often at each place, and as
    often right before as right after another one; after each other one alike if ``curriculum.max_length`` lets them have all tasks (Williams, 1949); and
    the tasks of each order mixed if curricula may be joint."""


class Prior(ConfigSection):
    """What is believed before the first trial."""

    search: str | None = None
    """An earlier search of the home, as ``--from`` names it: its best curricula are tried first, and ``sampler: curriculum`` learns how far
    its values tell of these."""
    tasks: dict[str, Annotated[float, Field(ge=-1e6, le=1e6)]] = Field(default_factory=dict)
    """How well a task is believed to transfer, on any scale, 0 for the others; of ``sampler: curriculum``, which learns the scale."""


class Finalists(ConfigSection):
    """Trials that are repeated on fresh seeds before anything is called best."""

    top: int | Literal["all"] = 2
    """How many of the best besides the baseline, which is always one more."""
    seeds: Annotated[int, Field(ge=0, le=1000)] = 3
    """Fresh seeds for each. 0: nothing is confirmed."""

    @field_validator("top", mode="before")
    @classmethod
    def _check_count(cls, top: object) -> object:
        return check_number_or_all(top, "finalists", MAX_TRIALS)

    def count_finalists(self, trials: int) -> int:
        """How many of so many trials besides the baseline."""
        return trials if self.top == "all" else min(trials, self.top)


def select_scored_targets(fields: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The targets whose dev scores the objective is made of, in order; None where the fields do not tell."""
    if any(fields.get(name) is None for name in ("benchmark", "targets", "objective")) or "languages" not in fields:
        return None
    benchmark, source = fields["benchmark"], fields["objective"] == "source_dev"
    languages = fields["languages"] or BENCHMARK_LANGUAGES[benchmark]
    return tuple(
        target
        for target in fields["targets"]
        if any(
            (code == SOURCE_LANGUAGE) == source and LANGUAGES[code].seen
            for code in BENCHMARKS[benchmark][target].dev_languages(languages)
        )
    )


class Strategy(ConfigSection):
    """What the parts of a config that say how to search have to do with each other, and with the rest."""

    @field_validator("sampler", check_fields=False)
    @classmethod
    def _check_sampler(cls, sampler: SamplerName, info: ValidationInfo) -> SamplerName:
        space: Space | None = info.data.get("space")
        if sampler == "orders" and space is not None:
            noisy = space.noise.along != "none"
            choices = {
                "space.learning_rate": len(space.learning_rate.values),
                "space.target.learning_rate": len(space.target.learning_rate.values),
                "space.noise": space.noise.count_noises() if noisy else 1,
                "space.target.noise": space.target_noise.count_noises() if noisy else 1,
            }
            if several := [name for name, count in choices.items() if count > 1]:
                raise ValueError(f"orders wants one value each of {', '.join(several)}: order alone may differ")
        return sampler

    @field_validator("second_objective", check_fields=False)
    @classmethod
    def _check_second_objective(cls, second: SecondObjective | None, info: ValidationInfo) -> SecondObjective | None:
        sampler: SamplerName | None = info.data.get("sampler")
        if second is not None and second == info.data.get("objective"):
            raise ValueError(f"{second} is the objective already")
        if second is not None and sampler is not None and sampler not in MULTI_OBJECTIVE_SAMPLERS:
            raise ValueError(
                f"sampler {sampler} looks at one objective; for two: {', '.join(MULTI_OBJECTIVE_SAMPLERS)}"
            )
        if second is None and sampler == "nsga2":
            raise ValueError("sampler nsga2 is for two objectives: name the second one")
        return second

    @field_validator("racing", check_fields=False)
    @classmethod
    def _check_racing(cls, racing: Racing, info: ValidationInfo) -> Racing:
        objective, targets = info.data.get("objective", "transfer_dev"), select_scored_targets(info.data)
        if racing.rules and info.data.get("second_objective") is not None:
            raise ValueError("trials cannot race for two objectives: leave second_objective or racing.rules out")
        if "paired" in racing.rules and objective != "transfer_dev":
            raise ValueError(f"the paired rule compares what transfer_dev is the mean of; the objective is {objective}")
        if racing.rules and targets is not None and racing.find_first_report(racing.grace) >= len(targets):
            raise ValueError(
                f"grace {racing.grace:g} leaves nothing to save: targets that count for {objective}: {len(targets)}"
            )
        if racing.rules and info.data.get("sampler") == "orders":
            raise ValueError("a design of orders is worth nothing with rows missing: leave racing.rules out")
        return racing

    @field_validator("prior", check_fields=False)
    @classmethod
    def _check_prior(cls, prior: Prior, info: ValidationInfo) -> Prior:
        if prior.search is not None and prior.search == info.data.get("name"):
            raise ValueError("a search cannot learn from itself beforehand: name another")
        if prior.tasks and (tasks := info.data.get("intermediate")) is not None:
            check_members(tuple(prior.tasks), tasks, "intermediate task in prior.tasks")
        return prior

    @field_validator("stop", check_fields=False)
    @classmethod
    def _check_stop(cls, stop: Stop, info: ValidationInfo) -> Stop:
        if stop.improbable_improvement is not None and info.data.get("sampler", "curriculum") != "curriculum":
            raise ValueError(
                "improbable_improvement asks the model of sampler curriculum; for other samplers there is patience"
            )
        if stop.patience is not None and info.data.get("sampler") == "orders":
            raise ValueError("a design of orders is worth nothing with rows missing: leave stop.patience out")
        return stop
