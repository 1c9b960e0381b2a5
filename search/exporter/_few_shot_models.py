"""Few-shot models of an exported trial: the outcome that a model of a continuation has, and what its card says."""

from dataclasses import replace

from trainables.outcome import FewShotRun, Outcome
from trainables.transfer import SplitScores, Transfer

FEW_SHOT_FOLDER = "few_shot"


def make_folder_name(run: FewShotRun) -> str:
    """The folder of the models with that many rows: the greatest number of a language."""
    return f"{FEW_SHOT_FOLDER}/{max(run.shots.values())}"


def select_few_shot_outcome(outcome: Outcome, run: FewShotRun) -> Outcome:
    """The outcome with the scores of a continuation alone, in the languages whose rows it was trained on."""
    scores: SplitScores = {}
    for code, count in run.shots.items():
        for split, languages in outcome.transfer.few_shot[run.task].get(str(count), {}).items():
            if code in languages:
                scores.setdefault(split, {})[code] = languages[code]
    metrics = {run.task: outcome.transfer.metrics[run.task]}
    return replace(outcome, transfer=Transfer({run.task: scores}, metrics, {}, outcome.transfer.rules))


def describe_continuation(run: FewShotRun) -> str:
    """The sentences of a few-shot model's card."""
    rows = ", ".join(f"{code} {count}" for code, count in run.shots.items())
    return (
        f"Then, as a few-shot continuation of the zero-shot model, {sum(run.shots.values()):,} labelled rows (by language: {rows}). "
        "It was scored in these languages alone; for others, use the zero-shot model in `models/`."
    )


ZERO_SHOT_SENTENCE = "This is the zero-shot model: it was trained on no row of the few-shot languages. The models that were are in `few_shot/`."
