"""``best.yaml``: one trial with every value resolved, so that anyone can train it again."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import Field, TypeAdapter, ValidationError

from search.config import (
    check_encoder,
    check_languages,
    convert_path_errors,
    convert_to_json,
    describe_validation_error,
    make_encoder_absolute,
    read_document,
)
from search.errors import ConfigError
from trainables.benchmarks import (
    BENCHMARKS_WITH_SYNONYMS,
    explain_unknown_benchmark,
    get_benchmark_languages,
    get_task_catalogue,
)
from trainables.cards import TaskCatalogue
from trainables.curriculum import Stage, Trial
from trainables.noise_methods import NOISE_METHODS
from trainables.own_tasks import OwnTask
from trainables.package_versions import get_package_versions
from trainables.ranges import Seed, ThreadCount
from trainables.synonyms import load_synonyms
from trainables.transfer import SplitScores

EXPORT_VERSION = 1
TrialNumber = Annotated[int, Field(ge=0, le=10**9)]
"""Of a trial."""
RECORDED_PACKAGES = ("xlt-search", "torch", "transformers", "tokenizers", "datasets", "babel", "optuna", "ray", "numpy")
_HEADER = """\
# The trial that search {name!r} found best, complete: every value is resolved.
# Run it again as it is:      xlt train {file}
# On other seeds:             xlt train {file} --seeds 1,2,3
"""


@dataclass(frozen=True, slots=True, repr=False)
class ExportedTrial:
    """The content of ``best.yaml``."""

    name: str
    """The search it comes from."""
    number: TrialNumber
    trial: Trial
    seed: Seed
    threads: ThreadCount
    """Arithmetic threads; another number may change the order of sums, and so the last bits of scores."""
    data: dict[str, str]
    """Digest of each task's data."""
    scores: dict[str, SplitScores]
    """Its scores by target, split (``dev`` alone), language and metric."""
    environment: dict[str, str] = field(default_factory=dict)
    """The environment of its last stage; empty in files of older versions."""
    encoder: str = ""
    """Hash of the encoder's content; empty in files of older versions. ``trial.encoder`` is its path or name at export."""

    def __repr__(self) -> str:
        return f"ExportedTrial {self.number} of {self.name!r}: {self.trial}; seed {self.seed}"

    def write(self, path: Path) -> None:
        """Write it as YAML."""
        document = {
            "version": EXPORT_VERSION,
            "search": self.name,
            "number": self.number,
            "seed": self.seed,
            "threads": self.threads,
            "encoder": self.encoder,
            "trial": self.trial.to_json(),
            "data": self.data,
            "packages": list_package_versions(),
            "environment": self.environment,
            "scores": self.scores,
        }
        body = yaml.safe_dump(_to_plain(document), sort_keys=False, allow_unicode=True, width=120)
        path.write_text(_HEADER.format(name=self.name, file=path.name) + body, encoding="utf-8")


def list_package_versions() -> dict[str, str]:
    """Installed versions of the packages that affect results."""
    return get_package_versions(RECORDED_PACKAGES)


def load_exported_trial(path: Path) -> ExportedTrial:
    """Read an exported trial: a ``best.yaml``, or the folder that holds it.

    Raises:
        ConfigError: listing every problem.
    """
    path = path / "best.yaml" if path.is_dir() else path
    document = read_document(path)
    needed = ("version", "search", "number", "seed", "threads", "trial", "data", "scores")
    if not isinstance(document, dict) or any(key not in document for key in needed):
        missing = [key for key in needed if not isinstance(document, dict) or key not in document]
        raise ConfigError(
            str(path), [f"this is not an exported trial (written by xlt export): it lacks {', '.join(missing)}"]
        )
    if document["version"] != EXPORT_VERSION:
        raise ConfigError(str(path), [f"version {document['version']!r} is not {EXPORT_VERSION}: export it again"])
    try:
        Trial.from_json(document["trial"])
    except KeyError as error:
        raise ConfigError(str(path), [f"trial: it lacks {error}"]) from error
    except (AttributeError, TypeError) as error:
        raise ConfigError(str(path), [f"trial: it is not as xlt export writes it: {error}"]) from error
    fields = {("name" if key == "search" else key): document[key] for key in needed[1:]}
    fields |= {"environment": document.get("environment", {}), "encoder": document.get("encoder", "")}
    try:
        best = TypeAdapter(ExportedTrial).validate_json(convert_to_json(fields), strict=True)
    except ValidationError as error:
        raise ConfigError(str(path), [describe_validation_error(details) for details in error.errors()]) from error
    except ValueError as error:
        raise ConfigError(str(path), [str(error)]) from error
    with convert_path_errors(str(path)):
        own_tasks = tuple(_find_files(own, path.parent) for own in best.trial.own_tasks)
        encoder = make_encoder_absolute(best.trial.encoder, path.parent)
        best = replace(best, trial=replace(best.trial, encoder=encoder, own_tasks=own_tasks))
        if best.trial.synonyms:
            best = replace(best, trial=replace(best.trial, synonyms=str(path.parent / best.trial.synonyms)))
        problems = list(_find_problems(best))
    if problems:
        raise ConfigError(str(path), problems)
    return best


def _find_problems(best: ExportedTrial) -> Iterator[str]:
    trial = best.trial
    if {task: list(scores) for task, scores in best.scores.items()} != {stage.task: ["dev"] for stage in trial.targets}:
        yield "scores: they are not the dev scores of the trial's targets: export it again"
    codes = {code for scores in best.scores.values() for split in scores.values() for code in split}
    if strange := sorted(codes - set(trial.languages)):
        yield f"scores: the trial has no language {', '.join(map(repr, strange))}"
    try:
        check_encoder(trial.encoder)
    except ValueError as error:
        yield f"trial.encoder: {error}; write its present path: its content is compared when it is trained"
    if trial.synonyms:
        try:
            load_synonyms(trial.synonyms)
        except (OSError, ValueError) as error:
            yield f"trial.synonyms: {error}"
    elif trial.uses_synonyms and trial.benchmark not in BENCHMARKS_WITH_SYNONYMS:
        yield "trial.synonyms: augmentation needs a file of synonyms"
    if (trial.benchmark or not trial.own_tasks) and (problem := explain_unknown_benchmark(trial.benchmark)):
        yield f"trial.benchmark: {problem}"
        return
    yield from _find_task_problems(best, get_task_catalogue(trial.benchmark, trial.own_tasks, trial.rules.source))


def _find_task_problems(best: ExportedTrial, tasks: TaskCatalogue) -> Iterator[str]:
    trial, known = best.trial, True
    for where, stages in (("curriculum", trial.curriculum), ("targets", trial.targets)):
        for place, stage in enumerate(stages):
            found = list(_find_stage_problems(stage, tasks, target=where == "targets"))
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
            check_languages(
                trial.languages, get_benchmark_languages(trial.benchmark, trial.own_tasks), tasks, targets, trial.rules
            )
        except ValueError as error:
            yield f"trial.languages: {error}"


def _find_files(own: OwnTask, folder: Path) -> OwnTask:
    """A task with absolute paths, relative ones being relative to `folder`; a rerun may be of other rows, and then says so."""
    return replace(own, files=tuple(str(folder.absolute() / file) for file in own.files), digest="")


def _find_stage_problems(stage: Stage, tasks: TaskCatalogue, *, target: bool) -> Iterator[str]:
    allowed = [task for task, card in tasks.items() if (card.is_scored if target else card.train)]
    for task in [stage.task] if target else stage.tasks:
        if task not in tasks or not (tasks[task].is_scored if target else tasks[task].train):
            yield f"unknown task {task!r}; allowed: {', '.join(allowed)}"
        elif tasks[task].train and not (stage.steps and stage.learning_rate):
            yield f"{task} is trained and needs steps and learning_rate above 0; got {stage.steps} and {stage.learning_rate:g}"
        elif stage.steps and not tasks[task].train:
            yield f"{task} is scored without training: steps must be 0; got {stage.steps}"
    if stage.noise.method not in NOISE_METHODS:
        yield f"unknown noise method {stage.noise.method!r}; allowed: {', '.join(NOISE_METHODS)}"
    elif NOISE_METHODS[stage.noise.method].steps and stage.noise.steps < 1:
        yield f"{stage.noise.method} ascends and needs noise.steps of 1 at least; got {stage.noise.steps}"


def _to_plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _to_plain(part) for key, part in value.items()}
    return [_to_plain(part) for part in value] if isinstance(value, list | tuple) else value
