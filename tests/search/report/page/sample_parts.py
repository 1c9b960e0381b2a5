"""Parts of the documents in `samples`: effects, noise, learning, the tree, the front."""

import random
from typing import Any

from trainables.languages import LANGUAGES

TARGETS = ["inference", "choice", "tagging", "answer", "retrieval"]
METHODS = ["random_perturbation", "augmentation", "neftune", "adversarial", "freelb", "r3f", "smart", "r_drop"]


def estimate(mean: float, wide: float | None, *, signed: bool = True, **more: Any) -> dict[str, Any]:
    sign = "+" if signed else ""
    told = f"{mean:{sign}.3f}"
    if wide is not None:
        told += f" [{mean - wide:{sign}.3f}, {mean + wide:{sign}.3f}]"
    low, high = (None, None) if wide is None else (mean - wide, mean + wide)
    return {"mean": mean, "low": low, "high": high, "seeds": 5, "p": None, "p_holm": None, "told": told, **more}


def families_in(codes: list[str]) -> list[str]:
    return sorted({LANGUAGES[code].family for code in codes if LANGUAGES[code].seen and code != "en"})


def words(order: tuple[str, ...]) -> str:
    return " > ".join(f"{task} (0.001)" for task in order) or "no intermediate stage"


def effects(tasks: list[str], codes: list[str], rng: random.Random) -> list[dict[str, Any]]:
    named = [("resource", "high before low"), ("resource", "low before high"), ("joint", "joint against any order")]
    named += [("precedence", f"{one} before {other}") for at, one in enumerate(tasks) for other in tasks[at + 1 :]]
    named += [("position", f"{task} last") for task in tasks] + [("position", f"{task} first") for task in tasks]
    named += [("single", f"{task} alone against none") for task in tasks] + [("colour", "a kind nobody has heard of")]
    told = []
    for kind, name in named:
        mean = rng.gauss(0, 0.015)
        overall = estimate(mean, 0.009, p=0.01, p_holm=0.04 if abs(mean) > 0.012 else 0.6)
        families = {family: estimate(mean + rng.gauss(0, 0.01), 0.014) for family in families_in(codes)}
        told.append(
            {
                "kind": kind,
                "name": name,
                "method": "paired",
                "split": "test",
                "pairs": 30,
                "overall": overall,
                "families": families,
                "targets": {},
                "found": abs(mean) > 0.012,
            }
        )
    return told


def noise(codes: list[str], rng: random.Random) -> dict[str, Any]:
    rows = [
        {
            "method": "none",
            "magnitude": 0.0,
            "trials": 4,
            "transfer": 0.47,
            "gain": None,
            "families": {},
            "languages": {},
        }
    ]
    for at, method in enumerate(METHODS):
        for place, magnitude in enumerate((0.03, 0.1, 0.3)):
            gain = 0.012 - 0.008 * at * place / 2 + rng.gauss(0, 0.004)
            languages = {code: gain + rng.gauss(0, 0.01) for code in codes}
            rows.append(
                {
                    "method": method,
                    "magnitude": magnitude,
                    "trials": 3,
                    "transfer": 0.47 + gain,
                    "gain": estimate(gain, 0.012),
                    "families": {},
                    "languages": languages,
                }
            )
    distance = [
        {"method": method, "measure": measure, "slope": estimate(rng.gauss(0, 0.03), 0.025)}
        for method in METHODS
        for measure in ("URIEL+ syntactic", "script: other than Latin")
    ]
    distances = {code: None if code == "wo" else rng.uniform(0.1, 0.8) for code in codes if code != "en"}
    return {"methods": rows, "distance": distance, "distances": distances}


def learning(orders: list[tuple[str, ...]], rng: random.Random) -> list[dict[str, Any]]:
    told = []
    for order in orders:
        for task, target in ([(order[-1], False)] if order else []) + [(task, True) for task in TARGETS]:
            end, start = rng.uniform(0.2, 0.6), rng.uniform(1.2, 2.0)
            points = [[5 * (step + 1), end + (start - end) * 0.8**step + rng.gauss(0, 0.02)] for step in range(20)]
            told.append({"stage": words(order), "task": task, "target": target, "points": points})
    return told


def tree(orders: list[tuple[str, ...]], rng: random.Random) -> list[dict[str, Any]]:
    told: dict[str, dict[str, Any]] = {}
    for order in orders:
        for depth in range(1, len(order) + 1):
            key = "/".join(order[:depth])
            node = told.setdefault(
                key,
                _node(key, "/".join(order[: depth - 1]) or None, order[depth - 1], words(order[:depth]), False, rng),
            )
            node["asked"] += 1
        for target in TARGETS:
            key = "/".join((*order, "to", target))
            told.setdefault(key, _node(key, "/".join(order) or None, target, target, True, rng))["asked"] += 1
    return list(told.values())


def _node(key: str, parent: str | None, task: str, told: str, target: bool, rng: random.Random) -> dict[str, Any]:
    score = rng.uniform(0.42, 0.52)
    return {
        "id": key,
        "parent": parent,
        "task": task,
        "words": told,
        "seconds": rng.uniform(0.5, 6),
        "trained": 1,
        "asked": 0,
        "score": score,
        "target": target,
    }


def front(rows: list[dict[str, Any]], rng: random.Random) -> list[dict[str, Any]]:
    points = [
        {
            "trial": row["trial"],
            "value": row["overall"]["mean"],
            "second": rng.uniform(5, 40),
            "unbeaten": False,
            "words": row["words"],
        }
        for row in rows
    ]
    for point in points:
        point["unbeaten"] = not any(
            other["value"] > point["value"] and other["second"] < point["second"] for other in points
        )
    return points
