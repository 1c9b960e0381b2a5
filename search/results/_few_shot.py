"""Few-shot transfer in results.json; absent where no language has few-shot rows."""

from typing import Any

from search.config import Config
from trainables.few_shot import ZERO_SHOT
from trainables.outcome import Outcome


def describe_few_shot(outcome: Outcome) -> dict[str, Any]:
    """By target and number of rows: scores, means by family on dev, rows by language, and the stage; 0 rows are the zero-shot model in the
    languages that have rows."""
    transfer = outcome.transfer
    if not transfer.few_shot:
        return {}
    found: dict[str, dict[str, Any]] = {}
    for target, by_shots in transfer.few_shot.items():
        runs = [run for run in outcome.few_shot_stages if run.task == target]
        for shots, scores in by_shots.items():
            entry: dict[str, Any] = {"scores": scores, "families": transfer.with_shots(shots).families(target)}
            own = [run for run in runs if int(shots) in run.shots.values()]
            if shots != ZERO_SHOT and own:
                run = own[0]
                entry |= {"key": run.key, "trained": run.trained, "seconds": round(run.seconds, 3)}
                entry["rows"] = {code: count for code, count in run.shots.items() if count == int(shots)}
            found.setdefault(target, {})[shots] = entry
    return {"few_shot": found}


def describe_shots(config: Config) -> dict[str, Any]:
    """What the config asks for; empty where it asks for none."""
    few_shot = config.few_shot_transfer
    if few_shot is None:
        return {}
    settings = [dict(setting) for setting in few_shot.settings]
    return {"shots": {"settings": settings, "seed": few_shot.seed, "epochs": few_shot.epochs, "apart": few_shot.apart}}
