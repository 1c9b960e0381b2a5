"""The model card of an exported model."""

from pathlib import Path

from huggingface_hub import ModelCard

from search.exporter._card_metadata import build_card_data, find_base_model
from search.exporter._exported_trial import ExportedTrial
from search.exporter._licences import describe_licences
from search.exporter._merged_seeds import MergedSeeds
from search.exporter._onnx import CHECKED_ROWS, ONNX_FILE
from search.exporter._snippets import Usage
from search.exporter._training_sources import describe_training_languages, find_task_card, find_training_sources
from search.statistics import compute_interval
from trainables.curriculum import Stage
from trainables.outcome import Outcome
from trainables.transfer import Transfer


def build_model_card(
    best: ExportedTrial,
    target: str,
    usage: Usage,
    outcome: Outcome,
    repeats: dict[int, Outcome],
    merged: MergedSeeds | None = None,
    onnx_difference: float | None = None,
    few_shot: str = "",
) -> str:
    """The model card of one target's model.

    Args:
        best: the exported trial.
        target: name of the task.
        usage: how the model is used.
        outcome: with the scores of the trial.
        repeats: of the trial, by seed.
        merged: of the weights of several seeds, if the model is their mean.
        onnx_difference: of its ONNX copy from torch; None without one.
        few_shot: what the training section says of few-shot rows; empty where the search has none.
    """
    transfers = {f"seed {best.seed}": outcome.transfer} | {f"seed {s}": repeats[s].transfer for s in sorted(repeats)}
    if merged is not None:
        transfers = {"merged": merged.transfer}
    data = build_card_data(best, target, transfers, usage)
    notes = _describe_vectors(usage) + _describe_onnx(onnx_difference)
    body = _build_body(best, target, usage, notes, outcome, repeats, merged, few_shot)
    return str(ModelCard(f"---\n{data.to_yaml()}\n---\n\n{body}", ignore_metadata_errors=True))


def _build_body(
    best: ExportedTrial,
    target: str,
    usage: Usage,
    notes: str,
    outcome: Outcome,
    repeats: dict[int, Outcome],
    merged: MergedSeeds | None,
    few_shot: str,
) -> str:
    (own,) = (stage for stage in best.trial.targets if stage.task == target)
    transfer, about = outcome.transfer, find_task_card(best.trial, target)
    stages = "\n".join(
        f"{place}. {stage}, {stage.steps} steps, {_describe_languages_of(best, stage)}"
        for place, stage in enumerate(best.trial.curriculum, 1)
    )
    difference = f" Not the published task: {about.published_difference}." if about.published_difference else ""
    title = f"{target}: trial {best.number} of search {best.name}" + (", seeds merged" if merged else "")
    return f"""# {title}

Task: {" ".join(about.description.split())} ({about.kind.replace("_", " ")}; metric: {transfer.metrics[target]}).{difference}

## Use

{usage.build_snippet()}
{notes}
## Training

Encoder: `{find_base_model(best.trial.encoder) or Path(best.trial.encoder).name}`. Intermediate stages, in this order, then the target itself:

{stages or "none"}

The target: {f"{own}, {own.steps} steps, {_describe_languages_of(best, own)}" if own.steps else "not trained; its sentence vectors are the encoder's"}.
{_make_paragraph(few_shot)}
## Scores

{_describe_merged(target, merged) if merged else _describe_seeds(best, target, transfer, repeats)}

## Licence

{describe_licences(best.trial.encoder, find_training_sources(best.trial, target))}

Made by `xlt export`; `best.yaml` beside the models' folder reruns it.
"""


def _describe_languages_of(best: ExportedTrial, stage: Stage) -> str:
    """In which language each task of a stage is trained: ``in English``; ``facts in English, names in several languages``."""
    found = {task: describe_training_languages(best.trial, task) for task in stage.tasks}
    if len(set(found.values())) == 1:
        return f"in {found[stage.tasks[0]]}"
    return ", ".join(f"{task} in {languages}" for task, languages in found.items())


def _make_paragraph(text: str) -> str:
    return f"\n{text}\n" if text else ""


def _describe_vectors(usage: Usage) -> str:
    if not usage.is_sentence_encoder:
        return ""
    how = "the first token" if usage.pooling == "first" else "the mean over all tokens"
    return (
        f"\nSentence vectors: layer {usage.layer} of {usage.layers} (0: the embeddings), {how}, compared by cosine.\n"
    )


def _describe_onnx(difference: float | None) -> str:
    if difference is None:
        return ""
    return (
        f"\n`{ONNX_FILE}` computes the same from the same inputs, for any number of texts of any length. On {CHECKED_ROWS} rows of the "
        f"task its outputs differ from torch's by {difference:.1g} at most.\n"
    )


def _describe_seeds(best: ExportedTrial, target: str, transfer: Transfer, repeats: dict[int, Outcome]) -> str:
    seeds = ", ".join(map(str, sorted(repeats))) or "none"
    rows = "\n".join(
        f"| {family} | {score:.3f} | {_format_repeats(target, family, repeats)} |"
        for family, score in transfer.families(target).items()
    )
    return f"""Seed of this model: {best.seed}. Repeated on fresh seeds: {seeds}. Numbers of seed {best.seed} are those the trial was chosen by, so they
flatter it; read the fresh ones. `model-index` above has {"the mean of the fresh seeds on test" if repeats else "the dev scores"} by language.

| family | dev, seed {best.seed} | test, fresh seeds |
| --- | --- | --- |
{rows}

{_describe_languages(target, transfer)}"""


def _describe_merged(target: str, merged: MergedSeeds) -> str:
    dev, test = (merged.transfer.families(target, split) for split in ("dev", "test"))
    rows = "\n".join(
        f"| {family} | {score:.3f} | {f'{test[family]:.3f}' if family in test else 'none'} |"
        for family, score in dev.items()
    )
    return f"""The mean of the weights of seeds {", ".join(map(str, merged.seeds))} (Schmidt et al., ACL 2023). {merged.describe_comparison()}
It was kept because of these dev scores, so they flatter it; read those on test.

| family | dev | test |
| --- | --- | --- |
{rows}

{_describe_languages(target, merged.transfer)}"""


def _describe_languages(target: str, transfer: Transfer) -> str:
    source = transfer.source_scores().get(target)
    rules = transfer.rules
    unseen = ", ".join(
        f"{rules.get_name(code)} {score:.3f}"
        for code, score in transfer.languages(target, "dev").items()
        if rules.is_seen(code) is False
    )
    scored = "not scored" if source is None else f"{source:.3f}"
    return f"{rules.name_source()}: {scored} (dev). Unseen in pre-training: {unseen or 'none scored'}."


def _format_repeats(target: str, family: str, repeats: dict[int, Outcome]) -> str:
    found = [outcome.transfer.families(target, "test")[family] for outcome in repeats.values()]
    return str(compute_interval(found).clip(0.0, 1.0)) if found else "not run"
