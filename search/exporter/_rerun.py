"""Train an exported trial again, and compare its scores with the exported ones."""

from collections.abc import Callable, Sequence
from typing import Any

from search.errors import UserError
from search.exporter._agreement import ScoreAgreement, compare_scores
from search.exporter._exported_trial import ExportedTrial
from search.exporter._training_sources import find_task_card
from trainables.outcome import Outcome


def rerun_exported_trial(
    best: ExportedTrial, seeds: Sequence[int], on_stage: Callable[[Any], None]
) -> dict[int, Outcome]:
    """Train and score an exported trial again on each seed.

    Raises:
        UserError: if the recorded scores lack a target's main metric.
    """
    from trainables.tasks import get_task_kind
    from trainables.worker import run_trial_in_worker

    for task, scores in best.scores.items():
        card = find_task_card(best.trial, task)
        metric = get_task_kind(card.kind, card.metric).metrics[0]
        for code in (code for code, row in scores["dev"].items() if metric not in row):
            raise UserError(f"scores.{task}.dev.{code} lacks {metric}: export the trial again")
    return {
        seed: run_trial_in_worker(best.trial.with_seed(seed), None, ("dev",), best.threads, on_stage) for seed in seeds
    }


def compare_rerun(best: ExportedTrial, outcomes: dict[int, Outcome]) -> ScoreAgreement | None:
    """Compare the scores on the exported seed with the exported ones; None if that seed was not run."""
    from trainables.data import load_trial_datasets
    from trainables.encoders import load_encoder
    from trainables.training import describe_environment

    if best.seed not in outcomes:
        return None
    now = load_trial_datasets(best.trial)
    other = [f"the data of {task}" for task, digest in best.data.items() if now[task].fingerprint != digest]
    other += ["the encoder"] * (best.encoder not in ("", load_encoder(best.trial.encoder).hash))
    return compare_scores(best.scores, outcomes[best.seed].transfer, (best.environment, describe_environment()), *other)
