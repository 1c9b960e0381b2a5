"""The tables of curricula and of kinds of curricula by family, and the order of families and languages."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from search.report.page._picture import MAX_SHOWN
from search.report.page._tables import (
    Cell,
    Table,
    format_score,
    get_estimate_text,
    has_mean,
    is_significant,
    make_count_cell,
    make_text_cell,
)
from search.report.page._theme import get_gain_level
from trainables.languages import LanguageRules

_SETTINGS_PATTERN = re.compile(r"\s*\([^()]*\)")
"""A stage's learning rate and noise, in brackets in the text of a curriculum."""


@dataclass(frozen=True, slots=True)
class LanguageGroups:
    """The scored languages by family; the source and unseen languages are in no family's mean."""

    source: list[str]
    families: dict[str, list[str]]
    unseen: list[str]
    rules: LanguageRules
    """They name the languages that the table lacks."""

    @property
    def columns(self) -> list[tuple[str, list[str]]]:
        """Names of groups with their languages, in the order of columns."""
        apart = [("source", self.source)] if self.source else []
        return [*apart, *self.families.items(), *([("unseen", self.unseen)] if self.unseen else [])]


def group_languages(analysis: dict[str, Any]) -> LanguageGroups:
    """Families with most languages first; the source language and those unseen in pre-training apart."""
    family_of: Mapping[str, str] = analysis.get("families") or {}
    scored = dict.fromkeys(code for row in analysis.get("curricula") or [] for code in row["languages"])
    codes = sorted(set(family_of) | set(scored))
    rules = LanguageRules.from_json(analysis.get("languages"))
    source = [code for code in codes if code in rules.source]
    unseen = [
        code for code in codes if rules.get_language(code) and rules.is_seen(code) is False and code not in source
    ]
    rest = [code for code in codes if code not in (*source, *unseen)]
    named = {code: str(family_of.get(code) or "other") for code in rest}
    sizes = Counter(named.values())
    ordered = sorted(sizes, key=lambda family: (-sizes[family], family))
    return LanguageGroups(
        source, {family: [code for code in rest if named[code] == family] for family in ordered}, unseen, rules
    )


def list_families(analysis: dict[str, Any]) -> list[str]:
    """The families that have a score, those with most languages first."""
    scored = dict.fromkeys(
        family
        for part in ("curricula", "conditions")
        for row in analysis.get(part) or []
        for family in row.get("families") or {}
    )
    known = [family for family in group_languages(analysis).families if family in scored]
    return [*known, *(family for family in scored if family not in known)]


def find_baseline_row(rows: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The first trial without an intermediate stage; None if there is none."""
    plain = [row for row in rows if row.get("condition") == "none"]
    return min(plain, key=lambda row: row["trial"]) if plain else None


def build_curricula_tables(analysis: dict[str, Any]) -> list[Table]:
    """Curricula x families, best first. With more than `MAX_SHOWN` rows, a second table has them all."""
    rows = analysis.get("curricula") or []
    if not rows:
        return []
    finalists = analysis.get("finalists") or []
    again = finalists and {row["trial"] for row in finalists} != {row["trial"] for row in rows}
    every = _build_table(analysis, rows, f"Curricula by family{describe_split(analysis)}, best first")
    first = [_build_table(analysis, finalists, "Finalists by family on test, fresh seeds, best first")] if again else []
    if len(rows) <= MAX_SHOWN:
        return [*first, every]
    shown = replace(every, rows=every.rows[:MAX_SHOWN], title=f"{every.title}: the best {MAX_SHOWN} of {len(rows)}")
    return [*first, shown, replace(every, title=f"All {len(rows)} curricula", kind="data", narrow_columns=0)]


def describe_split(analysis: dict[str, Any]) -> str:
    """The split of the scores, as the end of a phrase."""
    split = (analysis.get("basis") or {}).get("split")
    return f" on {split}" if split else ""


def _build_table(analysis: dict[str, Any], rows: Sequence[dict[str, Any]], title: str) -> Table:
    families, plain, groups = list_families(analysis), find_baseline_row(rows), group_languages(analysis)
    codes = groups.source
    name = strip_stage_settings if find_common_settings(analysis) else str
    scores = [row["families"] for row in rows]
    gained = _compute_gains(scores, plain["families"] if plain else None)
    widest = max((abs(gain) for row in gained for gain in row.values()), default=0.0)
    head = [
        "trial",
        "curriculum",
        "all families",
        *(["gain"] if plain else []),
        *families,
        *(groups.rules.get_name(code) for code in codes),
    ]
    body = [
        [
            make_count_cell(row["trial"]),
            Cell(name(row["words"]), second_line=row["condition"], is_bold=row["trial"] == analysis.get("best")),
            make_interval_cell(get_estimate_text(row["overall"])),
            *([make_interval_cell(get_estimate_text(row.get("gain")))] if plain else []),
            *(
                _make_score_cell(
                    row["families"].get(family), gains.get(family), widest, (row.get("family_gains") or {}).get(family)
                )
                for family in families
            ),
            *(_make_score_cell(row["languages"].get(code), None, widest) for code in codes),
        ]
        for row, gains in zip(rows, gained, strict=True)
    ]
    return Table(head, body, title, "shown", len(families) + len(codes))


def build_conditions_table(analysis: dict[str, Any]) -> Table | None:
    """Conditions x families; None without any."""
    rows = analysis.get("conditions") or []
    if not rows:
        return None
    families = list_families(analysis)
    scores = [{name: found["mean"] for name, found in row["families"].items() if has_mean(found)} for row in rows]
    plain = next((score for row, score in zip(rows, scores, strict=True) if row["condition"] == "none"), None)
    gained = _compute_gains(scores, plain)
    widest = max((abs(gain) for row in gained for gain in row.values()), default=0.0)
    body = [
        [
            make_text_cell(row["condition"]),
            make_count_cell(row["curricula"]),
            make_interval_cell(get_estimate_text(row["overall"])),
            make_interval_cell(get_estimate_text(row.get("gain"))),
            *(_make_score_cell(score.get(family), gains.get(family), widest) for family in families),
        ]
        for row, score, gains in zip(rows, scores, gained, strict=True)
    ]
    return Table(
        ["kind of curriculum", "curricula", "all families", "gain", *families],
        body,
        f"Kinds of curricula by family{describe_split(analysis)}",
        "shown",
        len(families),
    )


def strip_stage_settings(text: str) -> str:
    """The text of a curriculum without learning rates and noise."""
    return _SETTINGS_PATTERN.sub("", text)


def find_common_settings(analysis: dict[str, Any]) -> str | None:
    """The learning rate and noise that all stages of all curricula share; None if they differ."""
    found = {
        recipe.strip() for row in analysis.get("curricula") or [] for recipe in _SETTINGS_PATTERN.findall(row["words"])
    }
    return found.pop().strip("()") if len(found) == 1 else None


def make_interval_cell(text: str) -> Cell:
    """A cell of a formatted estimate, with its interval on the second line."""
    mean, bracket, rest = text.partition(" [")
    return Cell(mean, second_line=f"[{rest}" if bracket else "", is_number=True)


def name_language(code: str, rules: LanguageRules) -> str:
    """A language's code and name; the code alone where no table has its name."""
    name = rules.get_name(code)
    return code if name == code else f"{code} {name}"


def _compute_gains(scores: Sequence[Mapping[str, float]], plain: Mapping[str, float] | None) -> list[dict[str, float]]:
    """Scores minus the baseline's, where both exist."""
    plain = plain or {}
    return [
        {name: score - plain[name] for name, score in row.items() if score is not None and plain.get(name) is not None}
        for row in scores
    ]


def _make_score_cell(
    score: float | None, gain: float | None, widest: float, tested: Mapping[str, Any] | None = None
) -> Cell:
    if score is None:
        return Cell("", is_number=True)
    return Cell(
        format_score(score),
        second_line="" if gain is None else format_score(gain, signed=True),
        level=get_gain_level(gain, widest),
        is_number=True,
        is_bold=is_significant(tested),
    )
