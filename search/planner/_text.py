"""A plan as text for a terminal: its figures and the stage tree."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.tree import Tree

from search.config import Config
from search.planner._plan import Plan, PlannedStage, StagePath
from search.space import explain_incomplete_design
from trainables.cards import format_training_memory
from trainables.languages import DEFAULT_SOURCE


def render_plan(plan: Plan, config: Config, most: int | None) -> Iterator[RenderableType]:
    """The figures, then the tree.

    Args:
        plan: plan to render.
        config: config of the planned search.
        most: most intermediate stages in the tree; None: all.
    """
    requested, distinct = plan.stages_asked, plan.stages_distinct
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("search", plan.name)
    table.add_row("space", f"{plan.space:,} different trial{'s' * (plan.space != 1)}")
    if plan.is_done:
        table.add_row("left", _describe_done(plan))
        yield table
        return
    table.add_row(
        "trials",
        f"{plan.trials:,}{f' more ({plan.trials_done:,} are done)' if plan.trials_done else ''}, then {plan.repeats} repeats of finalists on fresh seeds ({plan.repeat_stages} stages more)",
    )
    if requested:
        shared = f"({1 - distinct / requested:.0%} shared)"
        table.add_row(
            "stages", f"{requested:,} requested, {distinct:,} distinct {shared}, {len(plan.new_stages):,} to train"
        )
    passes = plan.total_passes
    table.add_row(
        "passes",
        f"{passes.forward:,} forward, {passes.backward:,} backward"
        + (f", {passes.ascent:,} back to the embeddings alone" if passes.ascent else "")
        + f" (a step costs {plan.relative_work:.2f} times one without noise)",
    )
    pairs = config.generalized.pairs
    besides = (
        f", and targets of two texts in {pairs if pairs == 'all' else f'{pairs:,}'} pairs of them" if pairs else ""
    )
    if config.rules.source != DEFAULT_SOURCE:
        table.add_row("trained in", _describe_source(config))
    table.add_row("scored in", f"{plan.languages} languages{besides}")
    if short := explain_incomplete_design(config):
        table.add_row("design", short)
    table.add_row("cost", _format_cost(plan, config.resources.workers))
    if plan.encoder_weights is not None:
        table.add_row("memory", f"a trial holds {format_training_memory(plan.encoder_weights)}")
    if requested and config.sampler != "orders":
        table.add_row(
            "tree", "of trials drawn at random, to estimate the above; the sampler chooses others as it learns"
        )
    yield table
    if requested:
        yield _build_tree(plan, config.encoder, most)


def _describe_source(config: Config) -> str:
    """The source languages, and the intermediate tasks that have no training rows in them."""
    others = [
        task for task in config.intermediate if not {*config.rules.source} <= {*config.catalogue[task].train_languages}
    ]
    return config.rules.name_source() + (f"; in their own languages: {', '.join(others)}" if others else "")


def _describe_done(plan: Plan) -> str:
    done = f"nothing: {plan.trials_done:,} trials and their repeats are done"
    if plan.trials_done >= plan.space:
        return f"{done}, and the space holds no further one"
    return f"{done}; to add trials: xlt launch ... --trials {plan.trials_done + 1}"


def _format_cost(plan: Plan, workers: int) -> str:
    if plan.seconds is None:
        return "unknown: no stage was trained in this store yet; the first trials of a launch tell"
    minutes = plan.seconds / 60
    at_once = minutes / workers
    return f"about {minutes:,.0f} min of training, {at_once:,.0f} min on {workers} workers, scoring apart"


def _build_tree(plan: Plan, encoder: str, most: int | None) -> Tree:
    """The intermediate stages as a tree; the targets on top of each stage are summarised in its line."""
    targets: dict[StagePath, list[PlannedStage]] = defaultdict(list)
    for stage in plan.tree:
        if stage.target:
            targets[stage.path[:-1]].append(stage)
    root = Tree(f"{encoder}{_format_targets(targets[()])}")
    by_noise: dict[str, list[PlannedStage]] = defaultdict(list)
    for stage in targets[()]:
        if stage.path[-1].steps:
            by_noise[str(stage.path[-1].noise)].append(stage)
    for name, stages in list(by_noise.items())[:most] if len(by_noise) > 1 else ():
        root.add(f"targets under {name}, {_format_steps(*stages)}{_format_targets(stages)}")
    nodes: dict[StagePath, Tree] = {(): root}
    trunks = [stage for stage in plan.tree if not stage.target]
    for stage in trunks[:most]:
        words = f"{stage.path[-1]}, {_format_steps(stage)}{_format_seconds(stage)}"
        nodes[stage.path] = nodes[stage.path[:-1]].add(f"{words}{_format_targets(targets[stage.path])}")
    if most is not None and len(trunks) > most:
        root.add(f"and {len(trunks) - most} intermediate stages more: --full draws them all")
    return root


def _format_steps(*stages: PlannedStage) -> str:
    steps = {stage.path[-1].steps for stage in stages}
    return f"{min(steps):,} to {max(steps):,} steps" if len(steps) > 1 else f"{steps.pop():,} steps"


def _format_seconds(stage: PlannedStage) -> str:
    if stage.is_stored:
        return ", in the store"
    return "" if stage.seconds is None else f", {stage.seconds:.0f} s"


def _format_targets(stages: list[PlannedStage]) -> str:
    """The number and the cost of the targets on top of a stage."""
    if not stages:
        return ""
    new = [stage for stage in stages if not stage.is_stored]
    seconds = sum(stage.seconds or 0.0 for stage in new)
    cost = f", {seconds:.0f} s" if seconds else ""
    return f"  [{len(stages)} targets, {len(new)} new{cost}]"


def format_new_stage_reasons(why: Counter[str], name: str) -> Iterator[str]:
    """Lines that explain which stages are not shared with another search, and why."""
    if not why:
        yield f"every stage is one of {name}'s"
        return
    yield f"new beside {name}:"
    for reason, count in why.most_common():
        yield f"  {count:,} {'stage' if count == 1 else 'stages'}: {reason}"
