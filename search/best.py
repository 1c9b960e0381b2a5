"""``best.yaml``: one trial with everything resolved, so that anyone can run it again as it is."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from search.agreement import Agreement, agreement
from search.checks import check_encoder, problem
from search.documents import read
from search.errors import ConfigError
from search.paths import placed_encoder
from trainables.benchmarks import BENCHMARKS, OWN_SYNONYMS
from trainables.benchmarks.cards import Tasks
from trainables.curriculum import Stage, Trial
from trainables.noise.catalogue import METHODS
from trainables.noise.substitution import load
from trainables.outcome import Outcome
from trainables.packages import versions
from trainables.transfer import Scores

VERSION = 1
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
    number: int
    trial: Trial
    seed: int
    threads: int
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
    except (KeyError, TypeError) as error:
        raise ConfigError(str(path), [f"trial: {error}"]) from error
    fields = {("name" if key == "search" else key): document[key] for key in needed[1:]}
    fields |= {"environment": document.get("environment", {}), "encoder": document.get("encoder", "")}
    try:
        best = TypeAdapter(Best).validate_json(json.dumps(fields, default=str), strict=True)
    except ValidationError as error:
        raise ConfigError(str(path), [problem(details) for details in error.errors()]) from error
    best = replace(best, trial=replace(best.trial, encoder=placed_encoder(best.trial.encoder, path.parent)))
    if best.trial.synonyms:
        best = replace(best, trial=replace(best.trial, synonyms=str(path.parent / best.trial.synonyms)))
    problems = _problems(best)
    if problems:
        raise ConfigError(str(path), problems)
    return best


def _problems(best: Best) -> list[str]:
    trial, found = best.trial, []
    if {task: list(scores) for task, scores in best.scores.items()} != {stage.task: ["dev"] for stage in trial.targets}:
        found.append("scores: they are not those of the trial's targets on dev: export it again")
    try:
        check_encoder(trial.encoder)
    except ValueError as error:
        found.append(f"trial.encoder: {error}; write where it lies now: what it holds is compared when it is trained")
    if trial.synonyms:
        try:
            load(trial.synonyms)
        except (OSError, ValueError) as error:
            found.append(f"trial.synonyms: {error}")
    elif trial.augments and trial.benchmark not in OWN_SYNONYMS:
        found.append("trial.synonyms: augmentation needs a file of synonyms")
    tasks = BENCHMARKS.get(trial.benchmark)
    if tasks is None:
        return [*found, f"trial.benchmark: unknown {trial.benchmark!r}; allowed: {', '.join(BENCHMARKS)}"]
    for where, stages in (("curriculum", trial.curriculum), ("targets", trial.targets)):
        for place, stage in enumerate(stages):
            found += [f"trial.{where}.{place}: {problem}" for problem in _stage_problems(stage, tasks)]
    return found


def _stage_problems(stage: Stage, tasks: Tasks) -> list[str]:
    found = [f"unknown task {task!r}; allowed: {', '.join(tasks)}" for task in stage.tasks if task not in tasks]
    if stage.noise.method not in METHODS:
        found.append(f"unknown noise method {stage.noise.method!r}; allowed: {', '.join(METHODS)}")
    elif METHODS[stage.noise.method].steps and stage.noise.steps < 1:
        found.append(f"{stage.noise.method} ascends and needs noise.steps of 1 at least; got {stage.noise.steps}")
    return found


def rerun(best: Best, seeds: Sequence[int], on_stage: Callable[[Any], None]) -> dict[int, Outcome]:
    """Train and score an exported trial afresh on each seed."""
    from trainables.worker import run_quietly

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
