"""The config sections of the search strategy: objectives, sampler, racing, stopping rules, finalists."""

import math
from collections.abc import Collection, Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, ValidationInfo, field_validator

from search.config._checks import check_members, check_number_or_all
from search.config._languages import find_rules
from search.config._own_task import find_catalogue, find_languages
from search.config._stage_space import ConfigSection, Space
from trainables.transfer import Objective

SamplerName = Literal["curriculum", "tpe", "gp", "random", "nsga2", "orders"]
SecondObjective = Objective | Literal["seconds"]
"""``seconds``: training time that a trial asks for, shared stages counted in full; fewer are better."""
RacingRule = Literal["asha", "paired"]
MAX_TRIALS = 100_000
"""Most trials of a search. More than any search runs; a plan of so many takes minutes."""
TrialCount = Annotated[int, Field(gt=0, le=MAX_TRIALS)]
MULTI_OBJECTIVE_SAMPLERS: tuple[SamplerName, ...] = ("tpe", "nsga2", "random")
"""Samplers that support two objectives."""


class Budget(ConfigSection):
    """Limits besides ``trials``. The launch ends at the first limit that is reached."""

    hours: Annotated[float, Field(gt=0, le=1e12)] | None = None
    """Wall time of one launch in hours; trials that are running at its end are finished."""
    stage_seconds: Annotated[float, Field(gt=0, le=1e12)] | None = None
    """Seconds of training of the search's trials, without repeats; stages read from the store count 0."""


class ImprobableImprovement(ConfigSection):
    """Stop when an improvement of ``by`` has become improbable."""

    by: Annotated[float, Field(gt=0, le=100)]
    """Improvement of the true objective, without the noise of seeds, in the units of the objective."""
    probability: Annotated[float, Field(gt=0, lt=1)] = 0.05
    """The search stops below this probability: that at least one of the remaining trials has a true objective that exceeds the best true
    objective so far by more than ``by``. The sampler's model simulates the rest of the search on draws from its posterior and counts
    how often that happens."""


class Stop(ConfigSection):
    """When to stop for lack of progress. Finalists are repeated in any case."""

    patience: TrialCount | None = None
    """Stop after so many consecutive trials, in the order of their proposals, without a new best value."""
    improbable_improvement: ImprobableImprovement | None = None
    """Needs ``sampler: curriculum``, whose model estimates the probability."""


class Racing(ConfigSection):
    """End clearly worse trials early, after some of their targets. All trials have the same order of targets."""

    rules: tuple[RacingRule, ...] = ()
    """``asha``: end a trial that is not among the best ``1/reduction`` of those that came as far (Li et al., MLSys 2020). ``paired``: end a
    trial that is worse than the best one by a paired test over languages on the finished targets."""
    grace: Annotated[float, Field(ge=0.001, le=1000)] = 1.0
    """Number of targets with a dev set that every trial finishes; may be a fraction with ``parts``."""
    reduction: Annotated[float, Field(ge=1.01, le=1000)] = 3.0
    """Reduction factor of ``asha``, which decides after ``grace`` targets, after ``reduction`` times as many, and so on."""
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.99
    """Confidence of the ``paired`` test, one-sided."""
    seed_deviation: Annotated[float, Field(ge=0, le=100)] = 0.01
    """Standard deviation of a trial's objective over seeds that ``paired`` assumes until repeats give an estimate."""
    parts: Annotated[int, Field(gt=0, le=1000)] = 1
    """Reports of each target. Above 1 a target is scored on dev during its training too; use it where training takes far longer than
    scoring."""

    def find_first_report(self, done: float, whole: Collection[int] = ()) -> float:
        """The first report at or after `done` targets, in targets. A target whose position is in `whole` reports only at its end."""
        position = math.ceil(done - 1e-9) - 1
        return position + 1.0 if position in whole else math.ceil(done * self.parts - 1e-9) / self.parts

    @field_validator("rules")
    @classmethod
    def _check_distinct(cls, rules: tuple[RacingRule, ...]) -> tuple[RacingRule, ...]:
        return check_members(rules, get_args(RacingRule), "rule") if rules else rules  # type: ignore[return-value]


class Orders(ConfigSection):
    """The design of ``sampler: orders``: curricula at one learning rate and one noise that differ only in order."""

    design: Literal["full", "latin"] = "full"
    """``full``: every curriculum of the space. ``latin``: no intermediate task; each task alone; orders in which every task is equally often
    at each position, and equally often right before and right after another task (a Williams design, balanced for every pair, if
    ``curriculum.max_length`` allows all tasks; Williams, 1949); and the tasks of each order mixed, if curricula may be joint."""


class Prior(ConfigSection):
    """Prior knowledge before the first trial."""

    search: str | None = None
    """An earlier search of the home, as given by ``--from``. Its best curricula are tried first, and ``sampler: curriculum`` learns how well
    its values predict those of this search."""
    tasks: dict[str, Annotated[float, Field(ge=-1e6, le=1e6)]] = Field(default_factory=dict)
    """Expected transfer of a task, on any scale; 0 for tasks that are not listed. Used by ``sampler: curriculum``, which learns the scale."""


class Finalists(ConfigSection):
    """Trials that are repeated on fresh seeds before anything is called best."""

    top: int | Literal["all"] = 2
    """How many of the best trials are repeated, besides the baseline, which always is."""
    seeds: Annotated[int, Field(ge=0, le=1000)] = 3
    """Fresh seeds for each finalist. 0: no repeats, so the verdict is unconfirmed."""

    @field_validator("top", mode="before")
    @classmethod
    def _check_count(cls, top: object) -> object:
        return check_number_or_all(top, "finalists", MAX_TRIALS)

    def count_finalists(self, trials: int) -> int:
        """How many of `trials` trials, baseline not counted, are finalists."""
        return trials if self.top == "all" else min(trials, self.top)


def select_scored_targets(fields: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The targets whose dev scores make up the objective, in order; None where a needed field is missing or invalid."""
    if (
        any(fields.get(name) is None for name in ("benchmark", "tasks", "targets", "objective"))
        or "languages" not in fields
    ):
        return None
    source, catalogue, languages = fields["objective"] == "source_dev", find_catalogue(fields), find_languages(fields)
    rules = find_rules(fields)
    return tuple(
        target
        for target in fields["targets"]
        if any(
            (code in rules.source if source else rules.counts(code))
            for code in catalogue[target].dev_languages(languages)
        )
    )


class Strategy(ConfigSection):
    """Cross-field checks of the search strategy."""

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
                raise ValueError(
                    f"sampler orders needs one value each of {', '.join(several)}: trials may differ in order only"
                )
        return sampler

    @field_validator("second_objective", check_fields=False)
    @classmethod
    def _check_second_objective(cls, second: SecondObjective | None, info: ValidationInfo) -> SecondObjective | None:
        sampler: SamplerName | None = info.data.get("sampler")
        if second is not None and second == info.data.get("objective"):
            raise ValueError(f"{second} is already the objective")
        if second is not None and sampler is not None and sampler not in MULTI_OBJECTIVE_SAMPLERS:
            raise ValueError(
                f"sampler {sampler} supports one objective; samplers for two: {', '.join(MULTI_OBJECTIVE_SAMPLERS)}"
            )
        if second is None and sampler == "nsga2":
            raise ValueError("sampler nsga2 is for two objectives: set second_objective")
        return second

    @field_validator("racing", check_fields=False)
    @classmethod
    def _check_racing(cls, racing: Racing, info: ValidationInfo) -> Racing:
        objective, targets = info.data.get("objective", "transfer_dev"), select_scored_targets(info.data)
        if racing.rules and info.data.get("second_objective") is not None:
            raise ValueError("racing supports one objective: leave second_objective or racing.rules out")
        if "paired" in racing.rules and objective != "transfer_dev":
            raise ValueError(
                f"racing rule paired compares the scores that transfer_dev averages; the objective is {objective}"
            )
        if racing.rules and targets is not None and racing.find_first_report(racing.grace) >= len(targets):
            raise ValueError(
                f"grace {racing.grace:g} leaves nothing to save: {objective} counts {len(targets)} targets"
            )
        if racing.rules and info.data.get("sampler") == "orders":
            raise ValueError("sampler orders needs every trial of its design: leave racing.rules out")
        return racing

    @field_validator("prior", check_fields=False)
    @classmethod
    def _check_prior(cls, prior: Prior, info: ValidationInfo) -> Prior:
        if prior.search is not None and prior.search == info.data.get("name"):
            raise ValueError("prior.search is this search itself: give the name of another search")
        if prior.tasks and (tasks := info.data.get("intermediate")) is not None:
            check_members(tuple(prior.tasks), tasks, "intermediate task in prior.tasks")
        return prior

    @field_validator("stop", check_fields=False)
    @classmethod
    def _check_stop(cls, stop: Stop, info: ValidationInfo) -> Stop:
        if stop.improbable_improvement is not None and info.data.get("sampler", "curriculum") != "curriculum":
            raise ValueError(
                "improbable_improvement asks the model of sampler curriculum; use patience with other samplers"
            )
        if stop.patience is not None and info.data.get("sampler") == "orders":
            raise ValueError("sampler orders needs every trial of its design: leave stop.patience out")
        return stop
