"""Documents as `search.analysis.analyse_results` makes them, by hand: several sizes, nasty names."""

import random
from itertools import permutations
from typing import Any

from tests.search.report.page.sample_parts import (
    TARGETS,
    effects,
    estimate,
    families_in,
    front,
    learning,
    noise,
    tree,
    words,
)
from trainables.languages import LANGUAGES, XTREME_R_LANGUAGES

NASTY = [
    "<script>alert(1)</script>",
    "$x_1$",
    "a&b\"'",
    "</svg></style><img src=x onerror=alert(2)>",
    "\u202eevil\x00\ttab",
]
PLAIN = ["dates", "facts", "initials", "facts_sw", "names"]
CODES = [code for code in XTREME_R_LANGUAGES if code != "ht"]


def empty() -> dict[str, Any]:
    """Before a trial is complete."""
    return {
        "name": "empty",
        "objective": "transfer_dev",
        "verdict": "unconfirmed",
        "best": None,
        "answer": ["No trial is complete yet."],
        "basis": {"split": "dev", "seeds": [], "trials": [], "told": ""},
        "curricula": [],
        "conditions": [],
        "effects": [],
        "assumptions": [],
        "importance": [],
        "noise": {"methods": [], "distance": [], "distances": {}},
        "forgetting": [],
        "selection": None,
        "learning": [],
        "tree": [],
        "front": None,
        "spent": dict.fromkeys(
            ["stages_asked", "stages_trained", "seconds_asked", "seconds_trained", "trials", "pruned", "failed"], 0
        ),
        "families": {},
    }


def one_trial() -> dict[str, Any]:
    """The baseline alone, on the search's own seed."""
    told = search(1, ["en", "de", "sw"], PLAIN)
    told["effects"], told["importance"], told["forgetting"], told["selection"] = [], [], [], None
    told["noise"], told["front"], told["verdict"] = (
        {"methods": [], "distance": [], "distances": {}},
        None,
        "unconfirmed",
    )
    return told


def study() -> dict[str, Any]:
    """Twelve curricula in 49 languages."""
    return search(12, CODES, PLAIN)


def nasty() -> dict[str, Any]:
    """Every name that a config decides is an attack or a trap."""
    told = search(12, ["en", "de", "fi", "sw", "wo"], NASTY)
    told["name"] = "\"><script>alert('name')</script>"
    told["assumptions"].append("{{ 7 * 7 }} <b>bold</b>")
    return told


def large() -> dict[str, Any]:
    """300 trials."""
    return search(300, CODES, PLAIN)


def search(trials: int, codes: list[str], tasks: list[str]) -> dict[str, Any]:
    """A search over orders of these tasks; the numbers are drawn at random, the same ones each time."""
    rng = random.Random(0)
    orders = [order for length in range(4) for order in permutations(tasks, length)]
    orders = [order for order in orders for _ in range(4)][:trials] if trials > len(orders) else orders[:trials]
    base = {code: rng.uniform(0.3, 0.62) + (0.15 if code == "en" else 0.0) for code in codes}
    rows = sorted(
        (_curriculum(at, order, base, rng) for at, order in enumerate(orders)), key=lambda row: -row["overall"]["mean"]
    )
    return {
        "name": "order study",
        "objective": "transfer_dev",
        "verdict": "separated",
        "best": rows[0]["trial"],
        "answer": [
            f"Order matters by up to +0.021 [+0.008, +0.034]: {rows[0]['words']} is best with {rows[0]['overall']['told']}.",
            "It helps most in Uralic (+0.031 [+0.012, +0.050]) and least in Sino-Tibetan (-0.004 [-0.015, +0.007]).",
            "Of 31 effects 9 are significant after Holm's correction.",
        ],
        "basis": {
            "split": "test",
            "seeds": [101, 102, 103, 104, 105],
            "trials": [row["trial"] for row in rows],
            "told": f"{len(rows)} trials on 5 fresh seeds, scored on test in {len(CODES)} languages",
        },
        "curricula": rows,
        "conditions": [
            {
                "condition": condition,
                "curricula": at + 1,
                "overall": estimate(0.47 - 0.01 * at, 0.011, signed=False),
                "families": {
                    family: estimate(0.47 - 0.01 * at + rng.gauss(0, 0.01), 0.02, signed=False)
                    for family in families_in(codes)
                },
                "gain": None if condition == "none" else estimate(0.04 - 0.01 * at, 0.012),
            }
            for at, condition in enumerate(["high > low", "low > high", "joint", "single", "none"])
        ],
        "effects": effects(tasks, codes, rng),
        "assumptions": [
            "Seeds are drawn anew for every trial.",
            "The model adds up what tasks, places and pairs give.",
        ],
        "importance": [
            {"parameter": name, "importance": share}
            for name, share in (
                ("which task comes last", 0.41),
                ("length", 0.3),
                ("facts before dates", 0.2),
                ("rate", 0.09),
            )
        ],
        "noise": noise(codes, rng),
        "forgetting": [
            {"task": task, "after": after, "curricula": 3, "lost": estimate(rng.gauss(0.06, 0.06), 0.03)}
            for task in tasks
            for after in [*(other for other in tasks if other != task), "any later stage"]
        ],
        "selection": {
            "candidates": len(rows),
            "rules": [
                {"rule": rule, "cost": estimate(cost, 0.006), "correlation": correlation}
                for rule, cost, correlation in (
                    ("source_dev", 0.019, 0.12),
                    ("transfer_dev", 0.004, 0.71),
                    ("worst_family_dev", 0.009, 0.48),
                    ("test on other seeds", 0.002, 0.83),
                )
            ],
            "told": "Choosing by English dev would have cost 0.019 of test score; by the target languages' dev, 0.004.",
        },
        "learning": learning(orders[:60], rng),
        "tree": tree(orders, rng),
        "front": {
            "second": "seconds",
            "direction": "minimize",
            "points": front(rows, rng),
        },
        "spent": {
            "stages_asked": 132,
            "stages_trained": 87,
            "seconds_asked": 293.4,
            "seconds_trained": 190.2,
            "trials": trials,
            "pruned": 2,
            "failed": 1,
        },
        "families": {code: LANGUAGES[code].family for code in codes},
    }


def _curriculum(number: int, order: tuple[str, ...], base: dict[str, float], rng: random.Random) -> dict[str, Any]:
    lift = rng.gauss(0.012 * len(order), 0.012) if order else 0.0
    languages = {code: score + (lift + rng.gauss(0, 0.015) if order else 0.0) for code, score in base.items()}
    families = {
        family: sum(found) / len(found)
        for family in families_in(list(base))
        if (found := [languages[code] for code in base if LANGUAGES[code].family == family and code != "en"])
    }
    overall = sum(families.values()) / len(families)
    return {
        "trial": number,
        "words": words(order),
        "condition": ("high > low", "low > high")[number % 2] if len(order) > 1 else "single" if order else "none",
        "overall": estimate(overall, 0.012, signed=False),
        "families": families,
        "languages": languages,
        "targets": dict.fromkeys(TARGETS, overall),
        "gain": estimate(lift, 0.011) if order else None,
    }
