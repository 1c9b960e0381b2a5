"""The results of a search as pandas frames."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from reprlib import Repr
from typing import Any

import pandas as pd
from pydantic import BaseModel, TypeAdapter, ValidationError

from search.analysis import analyse_results, describe_curriculum
from search.config import describe_validation_error
from search.errors import UserError
from search.home import Home
from trainables.languages import LanguageRules
from trainables.validation import parse_json, read_regular_file

TRIAL_COLUMNS = ["trial", "state", "value", "seconds", "seeds", "length", "curriculum", "words"]
SCORE_COLUMNS = ["trial", "seed", "target", "language", "family", "split", "metric", "value"]
REQUIRED_KEYS = ("seed", "metrics", "source_language", "trials", "best", "confirmed", "comparisons", "second_objective")
"""Keys of ``results.json`` that the frames need."""


MAX_RESULTS_BYTES = 2**30
"""Most bytes of a results file; ten thousand trials in all languages have a quarter of it."""


class _StageFields(BaseModel):
    """A stage of a trial."""

    learning_rate: float
    noise: dict[str, Any]


class _Stage(_StageFields):
    task: str


class _Target(_StageFields):
    scores: dict[str, dict[str, dict[str, float]]]


class _Repeat(BaseModel):
    seed: int
    scores: dict[str, dict[str, dict[str, dict[str, float]]]]


class _Trial(BaseModel):
    number: int
    state: str
    value: float | None
    seconds: float | None
    curriculum: list[_Stage]
    targets: dict[str, _Target]
    seeds: list[_Repeat]


class _Results(BaseModel):
    """The parts of ``results.json`` that are validated before use."""

    seed: int
    metrics: dict[str, str]
    source_language: str
    trials: list[_Trial]
    best: int | None


class JsonDocument(dict[str, Any]):
    """A JSON object with a short `repr`."""

    def __repr__(self) -> str:
        return "\n".join(["{", *(f"  {name!r}: {_SHORT_REPR.repr(value)}," for name, value in self.items()), "}"])


_SHORT_REPR = Repr()
_SHORT_REPR.maxlevel, _SHORT_REPR.maxdict, _SHORT_REPR.maxlist = 2, 4, 3


@dataclass(frozen=True, repr=False)
class Search:
    """The results of a search as frames."""

    results: dict[str, Any]
    """The document of ``results.json``."""

    def __repr__(self) -> str:
        trials, best = self.results["trials"], self.results["best"]
        states = Counter(trial["state"] for trial in trials)
        summary = ", ".join(f"{count} {state}" for state, count in states.items()) or "none yet"
        best_trial = next((trial for trial in trials if trial["number"] == best), None)
        answer = (
            f"; trial {best} is the best: {describe_curriculum(best_trial)}, {self._describe_value(best_trial)}"
            if best_trial
            else ""
        )
        return f"Search {self.results.get('name', '')!r}, trials: {summary}{answer}"

    def _describe_value(self, best: Mapping[str, Any]) -> str:
        """The value that the answer gives: over fresh seeds, if there are any."""
        confirmed = self.results.get("confirmed")
        if not confirmed:
            return f"{best['value']:.3f} on the search's seed"
        return f"{confirmed['mean']:.3f} over {confirmed['seeds']} fresh seeds, {self.results['verdict']}"

    def _repr_html_(self) -> str:
        """In a notebook: the answer, and the five best trials."""
        best = self.trials.nlargest(5, "value")[["trial", "state", "value", "seeds", "words"]]
        return f"<p>{escape(repr(self))}</p>{best.to_html(index=False, border=0, float_format='{:.3f}'.format)}"

    @cached_property
    def trials(self) -> pd.DataFrame:
        """One row per trial with `TRIAL_COLUMNS`; ``seeds`` is the number of fresh seeds it was repeated on, ``value`` the objective on dev."""
        rows = [
            {
                "trial": trial["number"],
                "state": trial["state"],
                "value": trial["value"],
                "seconds": trial["seconds"],
                "seeds": len(trial["seeds"]),
                "length": len(trial["curriculum"]),
                "curriculum": " > ".join(stage["task"] for stage in trial["curriculum"]) or "none",
                "words": describe_curriculum(trial),
            }
            for trial in self.results["trials"]
        ]
        return pd.DataFrame(rows, columns=TRIAL_COLUMNS)

    @cached_property
    def scores(self) -> pd.DataFrame:
        """One row per score with `SCORE_COLUMNS`, on the search's own seed and on fresh seeds; ``value`` in 0..1."""
        return pd.DataFrame(list(_iterate_scores(self.results)), columns=SCORE_COLUMNS)

    @cached_property
    def best(self) -> pd.Series | None:
        """The row of the best trial; None before there is one."""
        found = self.trials[self.trials["trial"] == self.results["best"]]
        return None if found.empty else found.iloc[0]

    def transfer(self, by: str = "family", split: str = "test") -> pd.DataFrame:
        """Transfer of complete trials: the main metric, mean over seeds and targets, without the source languages and languages unseen in
        pre-training.

        Args:
            by: the columns: ``family``, ``language`` or ``target``. As in the objective, a family is the mean over its languages and a
                target the mean over families.
            split: ``test`` (trials on fresh seeds) or ``dev`` (all trials on all their seeds).
        """
        if by not in ("family", "language", "target"):
            raise ValueError(f"by {by!r}: allowed are family, language and target")
        main, rules = self.results["metrics"], _read_rules(self.results)
        counted = list(filter(rules.counts, self.scores["language"].unique()))
        whole = {trial["number"] for trial in self.results["trials"] if trial["state"] == "complete"}
        scores = self.scores[self.scores["trial"].isin(whole)]
        scores = scores[
            (scores["split"] == split)
            & scores["language"].isin(counted)
            & (scores["metric"] == scores["target"].map(main))
        ]
        keys = ["trial", "seed", "target", "family"] + ["language"] * (by == "language")
        steps = [keys, ["trial", "seed", "target"]] if by == "target" else [keys]
        for key in [*steps, ["trial", by]]:
            scores = scores.groupby(key)["value"].mean().reset_index()
        return scores.pivot_table(index="trial", columns=by, values="value")

    @cached_property
    def analysis(self) -> dict[str, Any]:
        """`search.analysis.analyse_results` of it."""
        return JsonDocument(analyse_results(self.results))


def load_search(name: str | Path, home: str | Path | None = None) -> Search:
    """Load a search by its name, or from the path of a ``results.json``.

    Args:
        name: of the search, or the path of the file.
        home: the folder of searches; by default ``XLT_HOME``, else ``./xlt-home``.

    Raises:
        search.errors.UserError: if it does not exist or is not valid.
    """
    file = Path(name)
    if file.suffix != ".json":
        file = Home.locate(None if home is None else str(home)).find_search(str(name)).results
    try:
        results = parse_json(read_regular_file(file, MAX_RESULTS_BYTES))
        if not isinstance(results, dict):
            raise ValueError(f"it is not a mapping but {type(results).__name__}")
    except (OSError, ValueError) as error:
        raise UserError(f"{file} cannot be read as the results of a search: {error}") from error
    if missing := [key for key in REQUIRED_KEYS if key not in results]:
        raise UserError(
            f"{file} lacks {', '.join(missing)}: an earlier version wrote it; xlt track NAME writes it again"
        )
    try:
        TypeAdapter(_Results).validate_python(results)
    except ValidationError as error:
        problems = "; ".join(describe_validation_error(details)[:300] for details in error.errors()[:3])
        raise UserError(f"{file} is not a valid results file: {problems}") from error
    return Search(JsonDocument(results))


def _read_rules(results: Mapping[str, Any]) -> LanguageRules:
    return LanguageRules.from_json({"source": [results["source_language"]]} | dict(results.get("languages") or {}))


def _iterate_scores(results: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    rules = _read_rules(results)
    for trial in results["trials"]:
        own = {target: stage["scores"] for target, stage in trial["targets"].items()}
        by_seed = {results["seed"]: own} | {entry["seed"]: entry["scores"] for entry in trial["seeds"]}
        for seed, targets in by_seed.items():
            for target, splits in targets.items():
                for split, languages in splits.items():
                    for code, metrics in languages.items():
                        row = rules.get_language(code)
                        family = row.family if row else ""
                        for metric, value in metrics.items():
                            yield trial["number"], seed, target, code, family, split, metric, value
