"""The tables of curricula and of conditions by family, and the order in which families and languages stand."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from search.page.picture import MOST
from search.page.tables import Cell, Table, count, is_found, means, spelled, told, words
from search.page.theme import gain_level
from trainables.languages import LANGUAGES, SOURCE_LANGUAGE

_RECIPE = re.compile(r"\s*\([^()]*\)")
"""A stage's rate and noise, as a curriculum tells them in brackets."""


@dataclass(frozen=True, slots=True)
class Groups:
    """The scored languages, family by family; what stands apart is in no family's mean."""

    source: list[str]
    families: dict[str, list[str]]
    unseen: list[str]

    @property
    def columns(self) -> list[tuple[str, list[str]]]:
        """Names of groups and their languages, from left to right."""
        apart = [("source", self.source)] if self.source else []
        return [*apart, *self.families.items(), *([("unseen", self.unseen)] if self.unseen else [])]


def groups(analysis: dict[str, Any]) -> Groups:
    """Families with most languages first; the source language and those unseen in pre-training apart."""
    family_of: Mapping[str, str] = analysis.get("families") or {}
    scored = dict.fromkeys(code for row in analysis.get("curricula") or [] for code in row["languages"])
    codes = sorted(set(family_of) | set(scored))
    source = [code for code in codes if code == (analysis.get("source_language") or SOURCE_LANGUAGE)]
    unseen = [code for code in codes if code in LANGUAGES and not LANGUAGES[code].seen and code not in source]
    rest = [code for code in codes if code not in (*source, *unseen)]
    named = {code: str(family_of.get(code) or "other") for code in rest}
    sizes = Counter(named.values())
    ordered = sorted(sizes, key=lambda family: (-sizes[family], family))
    return Groups(source, {family: [code for code in rest if named[code] == family] for family in ordered}, unseen)


def families_of(analysis: dict[str, Any]) -> list[str]:
    """The families that anything is told of, those with most languages first."""
    told_of = dict.fromkeys(
        family
        for part in ("curricula", "conditions")
        for row in analysis.get(part) or []
        for family in row.get("families") or {}
    )
    known = [family for family in groups(analysis).families if family in told_of]
    return [*known, *(family for family in told_of if family not in known)]


def baseline(rows: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The curriculum without an intermediate stage, the one that was tried first; None if there is none."""
    plain = [row for row in rows if row.get("condition") == "none"]
    return min(plain, key=lambda row: row["trial"]) if plain else None


def curricula(analysis: dict[str, Any]) -> list[Table]:
    """Curricula x families, best first: the first rows as part of the text, all of them where there are more."""
    rows = analysis.get("curricula") or []
    if not rows:
        return []
    finalists = analysis.get("finalists") or []
    again = finalists and {row["trial"] for row in finalists} != {row["trial"] for row in rows}
    every = _table(analysis, rows, f"Curricula by family{split_of(analysis)}, best first")
    first = [_table(analysis, finalists, "Finalists by family on test, fresh seeds, best first")] if again else []
    if len(rows) <= MOST:
        return [*first, every]
    shown = replace(every, rows=every.rows[:MOST], title=f"{every.title}: the best {MOST} of {len(rows)}")
    return [*first, shown, replace(every, title=f"All {len(rows)} curricula", kind="data", slim=0)]


def split_of(analysis: dict[str, Any]) -> str:
    """What curricula were scored on."""
    split = (analysis.get("basis") or {}).get("split")
    return f" on {split}" if split else ""


def _table(analysis: dict[str, Any], rows: Sequence[dict[str, Any]], title: str) -> Table:
    families, plain, codes = families_of(analysis), baseline(rows), groups(analysis).source
    name = short if common_recipe(analysis) else str
    scores = [row["families"] for row in rows]
    gained = _gained(scores, plain["families"] if plain else None)
    widest = max((abs(gain) for row in gained for gain in row.values()), default=0.0)
    head = [
        "trial",
        "curriculum",
        "all families",
        *(["gain"] if plain else []),
        *families,
        *(language(code) for code in codes),
    ]
    body = [
        [
            count(row["trial"]),
            Cell(name(row["words"]), under=row["condition"], strong=row["trial"] == analysis.get("best")),
            words_number(spelled(row["overall"])),
            *([words_number(spelled(row.get("gain")))] if plain else []),
            *(
                _score(
                    row["families"].get(family), gains.get(family), widest, (row.get("family_gains") or {}).get(family)
                )
                for family in families
            ),
            *(_score(row["languages"].get(code), None, widest) for code in codes),
        ]
        for row, gains in zip(rows, gained, strict=True)
    ]
    return Table(head, body, title, "shown", len(families) + len(codes))


def conditions(analysis: dict[str, Any]) -> Table | None:
    """Conditions x families; None without any."""
    rows = analysis.get("conditions") or []
    if not rows:
        return None
    families = families_of(analysis)
    scores = [{name: found["mean"] for name, found in row["families"].items() if means(found)} for row in rows]
    plain = next((score for row, score in zip(rows, scores, strict=True) if row["condition"] == "none"), None)
    gained = _gained(scores, plain)
    widest = max((abs(gain) for row in gained for gain in row.values()), default=0.0)
    body = [
        [
            words(row["condition"]),
            count(row["curricula"]),
            words_number(spelled(row["overall"])),
            words_number(spelled(row.get("gain"))),
            *(_score(score.get(family), gains.get(family), widest) for family in families),
        ]
        for row, score, gains in zip(rows, scores, gained, strict=True)
    ]
    return Table(
        ["condition", "curricula", "all families", "gain", *families],
        body,
        f"Conditions by family{split_of(analysis)}",
        "shown",
        len(families),
    )


def short(text: str) -> str:
    """A curriculum by its tasks alone, without rates and noise."""
    return _RECIPE.sub("", text)


def common_recipe(analysis: dict[str, Any]) -> str | None:
    """The rate and noise that every stage of every curriculum has, if they all have the same."""
    found = {recipe.strip() for row in analysis.get("curricula") or [] for recipe in _RECIPE.findall(row["words"])}
    return found.pop().strip("()") if len(found) == 1 else None


def words_number(text: str) -> Cell:
    """A number in words, with its interval on a line of its own."""
    mean, bracket, rest = text.partition(" [")
    return Cell(mean, under=f"[{rest}" if bracket else "", number=True)


def language(code: str) -> str:
    """A language's name."""
    return LANGUAGES[code].name if code in LANGUAGES else code


def _gained(scores: Sequence[Mapping[str, float]], plain: Mapping[str, float] | None) -> list[dict[str, float]]:
    """Score minus the baseline's, where both are there."""
    plain = plain or {}
    return [
        {name: score - plain[name] for name, score in row.items() if score is not None and plain.get(name) is not None}
        for row in scores
    ]


def _score(score: float | None, gain: float | None, widest: float, tested: Mapping[str, Any] | None = None) -> Cell:
    if score is None:
        return Cell("", number=True)
    return Cell(
        told(score),
        under="" if gain is None else told(gain, signed=True),
        level=gain_level(gain, widest),
        number=True,
        strong=is_found(tested),
    )
