"""The model card of an exported model."""

from search.exporter._exported_trial import ExportedTrial
from search.statistics import compute_interval
from trainables.benchmarks import get_task_catalogue
from trainables.outcome import Outcome


def build_model_card(
    best: ExportedTrial, target: str, architecture: str, outcome: Outcome, repeats: dict[int, Outcome]
) -> str:
    """The model card of one target's model."""
    (own,) = (stage for stage in best.trial.targets if stage.task == target)
    transfer, about = outcome.transfer, get_task_catalogue(best.trial.benchmark, best.trial.own_tasks)[target]
    stages = "\n".join(f"{place}. {stage}, {stage.steps} steps" for place, stage in enumerate(best.trial.curriculum, 1))
    seeds = ", ".join(map(str, sorted(repeats))) or "none"
    rows = "\n".join(
        f"| {family} | {score:.3f} | {_format_repeats(target, family, repeats)} |"
        for family, score in transfer.families(target).items()
    )
    languages = "\n".join(f"- {code}" for code in sorted(transfer.languages(target, "dev")))
    unseen = ", ".join(
        f"{transfer.rules.get_name(code)} {score:.3f}"
        for code, score in transfer.languages(target, "dev").items()
        if transfer.rules.is_seen(code) is False
    )
    source = transfer.source_scores().get(target)
    return f"""---
library_name: transformers
tags:
- cross-lingual-transfer
- xlt-search
language:
{languages}
---

# {target}: trial {best.number} of search {best.name}

Task: {about.description} ({about.kind.replace("_", " ")}; metric: {transfer.metrics[target]}).{f" Not the published task: {about.published_difference}." if about.published_difference else ""}

Encoder: `{best.trial.encoder}`. Intermediate stages, in this order, then the target itself, all but low-resource ones in {transfer.rules.name_source()}:

{stages or "none"}

The target: {f"{own}, {own.steps} steps" if own.steps else "not trained; its sentence vectors are the encoder's"}.

Seed of this model: {best.seed}. Repeated on fresh seeds: {seeds}. Numbers of seed {best.seed} are those the trial was chosen by, so they
flatter it; read the fresh ones.

| family | dev, seed {best.seed} | test, fresh seeds |
| --- | --- | --- |
{rows}

```python
from transformers import AutoTokenizer, {architecture}

tokenizer = AutoTokenizer.from_pretrained("models/{target}")
model = {architecture}.from_pretrained("models/{target}")
```

{transfer.rules.name_source()}: {"not scored" if source is None else f"{source:.3f}"} (dev). Unseen in pre-training: {unseen or ("none scored" if transfer.rules.knows_pretraining else "not known")}.

Made by `xlt export`; `best.yaml` beside the models' folder reruns it.
"""


def _format_repeats(target: str, family: str, repeats: dict[int, Outcome]) -> str:
    found = [outcome.transfer.families(target, "test")[family] for outcome in repeats.values()]
    return str(compute_interval(found).clip(0.0, 1.0)) if found else "not run"
