"""Register the best trial as a model version in MLflow: best.yaml, cards and results are artifacts of the trial's run."""

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from search.errors import RegistryError
from search.exporter._exported_trial import ExportedTrial
from search.home import Home
from search.process import use_private_temporary_folder
from search.results import decide_verdict
from search.statistics import compute_interval
from search.study import Study
from search.tracking import (
    LONG_TIMEOUTS,
    TRIAL_TAG,
    DatasetDigests,
    TrackingAddress,
    TrackingView,
    build_trial_run,
    set_mlflow_timeouts,
)
from trainables.store import digest_json

BEST_ALIAS, ARTIFACT_FOLDER, CONTENT_TAG = "best", "best", "xlt.content"


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A version of a registered model."""

    name: str
    version: str
    is_new: bool
    """Whether it was created; False if the registry had the same content."""
    uri: str
    """The address of MLflow, without secrets."""

    def __str__(self) -> str:
        how = "registered as" if self.is_new else "already registered as"
        return f"{how} version {self.version} of {self.name} (alias best) in MLflow at {self.uri}"


def register_best(study: Study, home: Home, exported: Path, best: ExportedTrial) -> ModelVersion:
    """Register what `search.exporter.export` wrote under the search's name; the same content is the same version.

    Weights are not copied: they stay in the exported folder, and ``best.yaml`` trains them again.

    Raises:
        RegistryError: if MLflow refuses it or is unreachable.
    """
    address = TrackingAddress.from_config(study.config, home)
    try:
        with set_mlflow_timeouts(address.uri, LONG_TIMEOUTS), use_private_temporary_folder():
            return _create_model_version(study, home, exported, best, address)
    except Exception as error:
        raise RegistryError(address.display, error) from error


def _create_model_version(
    study: Study, home: Home, exported: Path, best: ExportedTrial, address: TrackingAddress
) -> ModelVersion:
    config = study.config
    view = TrackingView(config, home, address)
    record = next(record for record in study.get_complete_trials() if record.number == best.number)
    repeats = study.get_repeat_outcomes().get(best.number, {})
    view.write(build_trial_run(record, repeats, config, DatasetDigests(config, home.resolve_stage_store(config.store))))
    run = view.find_run(best.number)
    assert run is not None, "it was written"
    client, name = view.client, config.name
    content = digest_json((exported / "best.yaml").read_text(encoding="utf-8"))[:32]
    tags = _collect_tags(study, best, content)
    if not client.search_registered_models(f"name = '{name}'"):
        client.create_registered_model(name, description=f"Best trials of the search {name}: configs that rerun them.")
    version = _find_version(client, name, content)
    fresh = version is None
    if version is None:
        # Each content has a folder of its own: an older version keeps what it was registered with.
        place = f"{ARTIFACT_FOLDER}/{content[:8]}"
        _upload_files(view, run, exported, place)
        source = f"{client.get_run(run).info.artifact_uri}/{place}"
        made = client.create_model_version(
            name, source, run_id=run, tags=tags, description=_describe_version(best, exported)
        )
        version = str(made.version)
    for key, word in tags.items():
        client.set_model_version_tag(name, version, key, word)
    client.set_registered_model_alias(name, BEST_ALIAS, version)
    return ModelVersion(name, version, fresh, address.display)


def _find_version(client: Any, name: str, content: str) -> str | None:
    """The version with this content, if there is one."""
    found = client.search_model_versions(f"name = '{name}'")
    return next((str(each.version) for each in found if each.tags.get(CONTENT_TAG) == content), None)


def _collect_tags(study: Study, best: ExportedTrial, content: str) -> Mapping[str, str]:
    config, repeats = study.config, study.get_repeat_outcomes()
    verdict = decide_verdict(study.get_complete_trials(), repeats, config)
    values = [outcome.transfer.objective(config.objective) for outcome in repeats.get(best.number, {}).values()]
    own = next(record.value for record in study.get_complete_trials() if record.number == best.number)
    value = verdict.value if verdict.best == best.number and verdict.value else None
    if values:
        summary = f"{value or compute_interval(values).clip(0.0, 1.0)} on {len(values)} fresh seeds (dev)"
    else:
        summary = f"{own:.3f} on seed {best.seed} (dev)"
    return {
        "verdict": verdict.conclusion if verdict.best == best.number else "not the best",
        "objective": config.objective,
        "value": summary,
        "curriculum": str(best.trial),
        TRIAL_TAG: str(best.number),
        CONTENT_TAG: content,
    }


def _upload_files(view: TrackingView, run: str, exported: Path, place: str) -> None:
    """best.yaml, the results and each target's card, without weights."""
    with tempfile.TemporaryDirectory() as folder:
        aside = Path(folder)
        for name in ("best.yaml", "results.json", "synonyms.json"):
            if (exported / name).exists():
                shutil.copyfile(exported / name, aside / name)
        for card in sorted(exported.glob("models/*/README.md")):
            (aside / "cards").mkdir(exist_ok=True)
            shutil.copyfile(card, aside / "cards" / f"{card.parent.name}.md")
        view.upload_artifacts(run, aside, place)


def _describe_version(best: ExportedTrial, exported: Path) -> str:
    """The version's description, in Markdown."""
    return f"""Trial {best.number} of search {best.name}: {best.trial}

`best.yaml` is the complete config. Download this version's artifacts, then train it again with `xlt train best.yaml`: bit-identical on the
same type of machine; on other seeds with `--seeds 1,2,3`. The cards have the scores of each target's model. Weights were exported to {exported.name}/models.
"""
