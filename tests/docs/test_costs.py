"""The page on costs: what is counted and what is reckoned there, done again."""

import json
import re

import numpy as np
import pytest
import torch
from scipy import stats
from transformers import AutoModel, XLMRobertaConfig

from tests.docs.pages import ROOT
from tests.docs.run import xlt

TEXT = (ROOT / "docs" / "costs.md").read_text(encoding="utf-8")
BASE = {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072}
LARGE = {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096}
POINTS = (0.01, 0.02, 0.03)


def rows(title: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its head."""
    below = TEXT.partition(f"\n## {title}\n")[2]
    table = re.search(r"(?:^\|.*\n)+", below, re.M)[0].splitlines()[2:]
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in table]


def sizes(shape: dict) -> tuple[int, int]:
    """Parameters of an XLM-R of this shape, and without its token embeddings."""
    with torch.device("meta"):
        model = AutoModel.from_config(
            XLMRobertaConfig(vocab_size=250_002, max_position_embeddings=514, type_vocab_size=1, **shape)
        )
    count = sum(part.numel() for part in model.parameters())
    return count, count - model.get_input_embeddings().weight.numel()


@pytest.mark.parametrize(("shape", "name", "disk"), [(BASE, "XLM-R base", 1.1), (LARGE, "XLM-R large", 2.2)])
def test_sizes_are_those_of_the_encoders(shape: dict, name: str, disk: float):
    count, inner = sizes(shape)
    assert f"{inner:,}" in TEXT
    row = next(row for row in rows("Memory") if row[0] == name)
    assert row[1:3] == [f"{count:,}", f"{16 * count / 1e9:.1f} GB"]
    assert round(4 * count / 1e9, 1) == disk and f"{disk} GB" in TEXT


@pytest.mark.parametrize("row", rows("GPU hours"), ids=lambda row: row[0])
def test_steps_and_work_are_those_of_the_plan(row: list[str], tmp_path):
    """Work by the lengths in the config, for every stage of the plan at its full length."""
    plan = json.loads(xlt(["--home", str(tmp_path), "plan", str(ROOT / row[0]), "--json"]).stdout)
    assert row[1:3] == [f"{plan['trials']} + {plan['repeats']}", f"{plan['steps_distinct']:,}"]
    per_token = [
        float(cell.split()[0]) / 6 / sizes(shape)[1] for cell, shape in zip(row[3:], (BASE, LARGE), strict=True)
    ]
    assert per_token[0] == pytest.approx(per_token[1], rel=0.05)
    tokens = per_token[1] * 1e18
    assert 16 * 64 < tokens / plan["steps_distinct"] < 32 * 384


def test_hours_follow_from_work_and_rate():
    work = {row[0]: row[3:] for row in rows("GPU hours")}["configs/xtreme_r.yaml"]
    hours = [round(float(cell.split()[0]) * 1e6 / (50 * 3600)) for cell in work]
    assert f"take {hours[0]} hours" in TEXT.replace("\n", " ") and f"on XLM-R large {hours[1]} hours" in TEXT.replace(
        "\n", " "
    )


def power(seeds: int, difference: float, deviation: float) -> float:
    """Of Student's paired two-sided test at 5 %."""
    shift, limit = difference / deviation * np.sqrt(seeds), stats.t.ppf(0.975, seeds - 1)
    return 1 - stats.nct.cdf(limit, seeds - 1, shift) + stats.nct.cdf(-limit, seeds - 1, shift)


@pytest.mark.parametrize("row", rows("How many seeds"), ids=lambda row: row[0])
def test_seeds_give_the_power(row: list[str]):
    for seeds, difference in zip(map(int, row[2:]), POINTS, strict=True):
        assert (
            power(seeds, difference, float(row[0]))
            >= 0.8
            > (power(seeds - 1, difference, float(row[0])) if seeds > 2 else 0)
        )


def test_finalists_hold_the_best_as_often_as_told():
    rng, deviation = np.random.default_rng(0), 0.0
    told = rows("How many trials")
    assert len(told) == 8
    for row in told:
        deviation = float(row[0] or deviation)
        values = rng.normal(0, deviation, (40_000, int(row[2])))
        for difference, chance in zip(POINTS, map(float, row[4:]), strict=True):
            ahead = (values[:, 1:] > values[:, :1] + difference).sum(1)
            assert (ahead < int(row[3])).mean() == pytest.approx(chance, abs=0.015), row
