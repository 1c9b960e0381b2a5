"""``best.yaml``: one trial with everything resolved, so that anyone can run it again as it is."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import Field, TypeAdapter, ValidationError

from search.agreement import Agreement, agreement
from search.checks import check_encoder, check_languages, problem
from search.documents import as_json, looking_at, read
from search.errors import ConfigError, UserError
from search.paths import placed_encoder
from trainables.benchmarks import BENCHMARKS, OWN_SYNONYMS
from trainables.benchmarks.cards import Tasks
from trainables.curriculum import Stage, Trial
from trainables.noise.catalogue import METHODS
from trainables.noise.substitution import load
from trainables.outcome import Outcome
from trainables.packages import versions
from trainables.ranges import Seed, Threads
from trainables.transfer import Scores

VERSION = 1
Number = Annotated[int, Field(ge=0, le=10**9)]
"""Of a trial."""
PACKAGES = ("xlt-search", "torch", "transformers", "tokenizers", "datasets", "babel", "optuna", "ray", "numpy")
_HEADER = """\
# The trial that search {name!r} found best, complete: every value is resolved.
# Run it again as it is:      xlt train {file}
# On other seeds:             xlt train {file} --seeds 1,2,3
"""


@dataclass(frozen=True, slots=True)
class Best:
    """An exported trial."""

    name: str
    """The search it comes from."""
    number: Number
    trial: Trial
    seed: Seed
    threads: Threads
    """Arithmetic threads; another number may change the order of sums, and so the last bits."""
    data: dict[str, str]
    """Digest of each task's data."""
    scores: dict[str, Scores]
    """What it scored: by target, split (``dev`` alone), language and metric."""
    environment: dict[str, str] = field(default_factory=dict)
    """What its last stage was trained with; empty in files of older versions."""
    encoder: str = ""
    """Hash of the encoder's content, by which it is known wherever it lies; empty in files of older versions. ``trial.encoder`` is where
    it was."""

    def dump(self, path: Path) -> None:
        """Write it as YAML."""
        document = {
            "version": VERSION,
            "search": self.name,
            "number": self.number,
            "seed": self.seed,
            "threads": self.threads,
            "encoder": self.encoder,
            "trial": self.trial.to_json(),
            "data": self.data,
            "packages": packages(),
            "environment": self.environment,
            "scores": self.scores,
        }
        body = yaml.safe_dump(_plain(document), sort_keys=False, allow_unicode=True, width=120)
        path.write_text(_HEADER.format(name=self.name, file=path.name) + body, encoding="utf-8")


def packages() -> dict[str, str]:
    """Installed versions of the packages that decide a result."""
    return versions(PACKAGES)


def load_best(path: Path) -> Best:
    """Read an exported trial.

    Raises:
        ConfigError: listing every problem.
    """
    document = read(path)
    needed = ("version", "search", "number", "seed", "threads", "trial", "data", "scores")
    if not isinstance(document, dict) or any(key not in document for key in needed):
        missing = [key for key in needed if not isinstance(document, dict) or key not in document]
        raise ConfigError(
            str(path), [f"this is no exported trial, which xlt export writes: it lacks {', '.join(missing)}"]
        )
    if document["version"] != VERSION:
        raise ConfigError(str(path), [f"version {document['version']!r} is not {VERSION}: export it again"])
    try:
        Trial.from_json(document["trial"])
    except KeyError as error:
        raise ConfigError(str(path), [f"trial: it lacks {error}"]) from error
    except (AttributeError, TypeError) as error:
        raise ConfigError(str(path), [f"trial: it is not what xlt export writes: {error}"]) from error
    fields = {("name" if key == "search" else key): document[key] for key in needed[1:]}
    fields |= {"environment": document.get("environment", {}), "encoder": document.get("encoder", "")}
    try:
        best = TypeAdapter(Best).validate_json(as_json(fields), strict=True)
    except ValidationError as error:
        raise ConfigError(str(path), [problem(details) for details in error.errors()]) from error
    except ValueError as error:
        raise ConfigError(str(path), [str(error)]) from error
    with looking_at(str(path)):
        best = replace(best, trial=replace(best.trial, encoder=placed_encoder(best.trial.encoder, path.parent)))
        if best.trial.synonyms:
            best = replace(best, trial=replace(best.trial, synonyms=str(path.parent / best.trial.synonyms)))
        problems = list(_problems(best))
    if problems:
        raise ConfigError(str(path), problems)
    return best


def _problems(best: Best) -> Iterator[str]:
    trial = best.trial
    if {task: list(scores) for task, scores in best.scores.items()} != {stage.task: ["dev"] for stage in trial.targets}:
        yield "scores: they are not those of the trial's targets on dev: export it again"
    codes = {code for scores in best.scores.values() for split in scores.values() for code in split}
    if strange := sorted(codes - set(trial.languages)):
        yield f"scores: the trial has no language {', '.join(map(repr, strange))}"
    try:
        check_encoder(trial.encoder)
    except ValueError as error:
        yield f"trial.encoder: {error}; write where it lies now: what it holds is compared when it is trained"
    if trial.synonyms:
        try:
            load(trial.synonyms)
        except (OSError, ValueError) as error:
            yield f"trial.synonyms: {error}"
    elif trial.augments and trial.benchmark not in OWN_SYNONYMS:
        yield "trial.synonyms: augmentation needs a file of synonyms"
    if trial.benchmark not in BENCHMARKS:
        yield f"trial.benchmark: unknown {trial.benchmark!r}; allowed: {', '.join(BENCHMARKS)}"
        return
    yield from _task_problems(best, BENCHMARKS[trial.benchmark])


def _task_problems(best: Best, tasks: Tasks) -> Iterator[str]:
    trial, known = best.trial, True
    for where, stages in (("curriculum", trial.curriculum), ("targets", trial.targets)):
        for place, stage in enumerate(stages):
            found = list(_stage_problems(stage, tasks, target=where == "targets"))
            known = known and not found
            yield from (f"trial.{where}.{place}: {problem}" for problem in found)
    targets, trained = (
        [stage.task for stage in trial.targets],
        [task for stage in trial.curriculum for task in stage.tasks],
    )
    if twice := sorted({task for task in (*targets, *trained) if (*targets, *trained).count(task) > 1}):
        yield f"trial: a task stands twice: {', '.join(twice)}"
    if known and (strange := sorted(best.data.keys() - {*targets, *trained})):
        yield f"data: the trial has no task {', '.join(map(repr, strange))}"
    if known:
        try:
            check_languages(trial.languages, trial.benchmark, targets)
        except ValueError as error:
            yield f"trial.languages: {error}"


def _stage_problems(stage: Stage, tasks: Tasks, *, target: bool) -> Iterator[str]:
    allowed = [task for task, card in tasks.items() if (card.scored if target else card.train)]
    for task in [stage.task] if target else stage.tasks:
        if task not in tasks or not (tasks[task].scored if target else tasks[task].train):
            yield f"unknown task {task!r}; allowed: {', '.join(allowed)}"
        elif tasks[task].train and not (stage.steps and stage.learning_rate):
            yield f"{task} is trained and needs steps and learning_rate above 0; got {stage.steps} and {stage.learning_rate:g}"
        elif stage.steps and not tasks[task].train:
            yield f"{task} is scored without training: steps must be 0; got {stage.steps}"
    if stage.noise.method not in METHODS:
        yield f"unknown noise method {stage.noise.method!r}; allowed: {', '.join(METHODS)}"
    elif METHODS[stage.noise.method].steps and stage.noise.steps < 1:
        yield f"{stage.noise.method} ascends and needs noise.steps of 1 at least; got {stage.noise.steps}"


def rerun(best: Best, seeds: Sequence[int], on_stage: Callable[[Any], None]) -> dict[int, Outcome]:
    """Train and score an exported trial afresh on each seed.

    Raises:
        UserError: when the recorded scores lack what new ones would be compared with.
    """
    from trainables.tasks import KINDS
    from trainables.worker import run_quietly

    for task, scores in best.scores.items():
        metric = KINDS[BENCHMARKS[best.trial.benchmark][task].kind].metrics[0]
        for code in (code for code, row in scores["dev"].items() if metric not in row):
            raise UserError(f"scores.{task}.dev.{code} lacks {metric}: export the trial again")
    return {seed: run_quietly(best.trial.with_seed(seed), None, ("dev",), best.threads, on_stage) for seed in seeds}


def rerun_agreement(best: Best, outcomes: dict[int, Outcome]) -> Agreement | None:
    """How far the scores on the exported seed lie from the exported ones; None if that seed was not run."""
    from trainables.arithmetic import environment
    from trainables.encoders import load as load_encoder
    from trainables.prepared import prepared_of

    if best.seed not in outcomes:
        return None
    now = prepared_of(best.trial)
    other = [f"the data of {task}" for task, digest in best.data.items() if now[task].fingerprint != digest]
    other += ["the encoder"] * (best.encoder not in ("", load_encoder(best.trial.encoder).hash))
    return agreement(best.scores, outcomes[best.seed].transfer, (best.environment, environment()), *other)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value
