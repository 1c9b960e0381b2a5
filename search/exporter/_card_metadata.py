"""The front matter of a model card: what the hub reads (https://huggingface.co/docs/hub/model-cards)."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from statistics import fmean

from huggingface_hub import EvalResult, ModelCardData

from search.exporter._exported_trial import ExportedTrial
from search.exporter._licences import choose_licence, find_encoder_licence
from search.exporter._snippets import Usage
from search.exporter._training_sources import find_task_card, find_training_sources, get_repository
from trainables.cards import DatasetPart, TaskCard
from trainables.transfer import OFFICIAL_PREFIX, Split, Transfer

PIPELINE_TAGS = {
    "choice": "multiple-choice",
    "tags": "token-classification",
    "span": "question-answering",
    "sentence_vectors": "sentence-similarity",
    "dense_vectors": "sentence-similarity",
}
"""The hub's name of the task, by head of `search.exporter._snippets.Usage`; the other heads classify texts."""
DEFAULT_PIPELINE_TAG = "text-classification"


def build_card_data(best: ExportedTrial, target: str, transfers: Mapping[str, Transfer], usage: Usage) -> ModelCardData:
    """The metadata of one target's model.

    Args:
        best: the exported trial.
        target: name of the task.
        transfers: what the model, or others of the same trial, scored, by what it is called: its own first.
        usage: how the model is used.
    """
    sources = find_training_sources(best.trial, target)
    encoder = find_encoder_licence(best.trial.encoder)
    licence = choose_licence([*(source.licence for source in sources), *[encoder] * bool(encoder)])
    own = next(iter(transfers.values()))
    base_model = find_base_model(best.trial.encoder)
    return ModelCardData(
        library_name="sentence-transformers" if usage.is_sentence_encoder else "transformers",
        pipeline_tag=_find_pipeline_tag(usage),
        tags=["cross-lingual-transfer", "xlt-search", *["sentence-transformers"] * usage.is_sentence_encoder],
        language=sorted(_list_languages(target, transfers.values())),
        base_model=base_model or None,
        datasets=list(dict.fromkeys(source.repository for source in sources if source.is_on_hub)) or None,
        metrics=[_to_hub_metric(own.metrics[target])],
        model_name=f"{best.name}-{target}",
        eval_results=list(_list_results(target, find_task_card(best.trial, target), transfers, usage)) or None,
        license=licence["license"],
        license_name=licence.get("license_name"),
    )


def find_base_model(encoder: str) -> str:
    """The encoder's id on the hub; empty for the miniature and for a folder."""
    is_id = re.fullmatch(r"[\w.-]+/[\w.-]+", encoder) and not Path(encoder).exists()
    return encoder if is_id else ""


def to_language_code(code: str) -> str:
    """The ISO 639 code in a language's code: ``swh`` of ``swh_Latn``; empty if there is none."""
    code = re.split("[-_]", code)[0].lower()
    return code if re.fullmatch("[a-z]{2,3}", code) else ""


def _find_pipeline_tag(usage: Usage) -> str:
    return PIPELINE_TAGS.get(usage.head, DEFAULT_PIPELINE_TAG)


def _list_languages(target: str, transfers: Iterable[Transfer]) -> set[str]:
    scored = {code for each in transfers for rows in each.scores.get(target, {}).values() for code in rows}
    return {code for code in map(to_language_code, scored) if code}


def _to_hub_metric(metric: str) -> str:
    return metric.removeprefix(OFFICIAL_PREFIX)


def _list_results(target: str, card: TaskCard, transfers: Mapping[str, Transfer], usage: Usage) -> Iterator[EvalResult]:
    """The main metric in every language: the mean over the models that were scored on test; else the model's own on dev."""
    tested = [each for each in transfers.values() if each.scores.get(target, {}).get("test")]
    split: Split = "test" if tested else "dev"
    scored = tested or list(transfers.values())[:1]
    metric = scored[0].metrics[target]
    by_language: dict[str, list[float]] = {}
    for transfer in scored:
        for code, score in transfer.languages(target, split).items():
            by_language.setdefault(code, []).append(score)
    parts = () if card.parts is None else card.parts.test if tested else card.parts.dev
    how = f"{metric}, mean over {len(scored)} fresh seeds" if len(scored) > 1 else metric
    means = [each.target_means(split)[target] for each in scored if target in each.target_means(split)]
    if means:
        yield EvalResult(
            task_type=_find_pipeline_tag(usage),
            task_name=target,
            dataset_type=get_repository(parts[0].source) if parts else target,
            dataset_name=f"{target} (all languages)",
            dataset_split=split,
            metric_type=_to_hub_metric(metric),
            metric_name=f"{how} and over families ({split})",
            metric_value=round(fmean(means), 4),
        )
    for code, scores in sorted(by_language.items()):
        part = next((part for part in parts if code in part.languages), None)
        yield EvalResult(
            task_type=_find_pipeline_tag(usage),
            task_name=target,
            dataset_type=target if part is None else get_repository(part.source),
            dataset_name=f"{target} ({code})",
            dataset_config=code if part is None else _find_configuration(part, code),
            dataset_split=split if part is None else part.split_of(code),
            metric_type=_to_hub_metric(metric),
            metric_name=f"{how} ({split}, {code})",
            metric_value=round(fmean(scores), 4),
        )


def _find_configuration(part: DatasetPart, language: str) -> str:
    try:
        return part.configuration_of(language)
    except (KeyError, IndexError):
        return language
