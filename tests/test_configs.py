"""What a user can launch as it stands: the files in configs/. The commands of the documentation are in tests/docs/."""

from pathlib import Path

import pytest

from search.config import load_config
from search.planner import plan

ROOT = Path(__file__).parents[1]
CONFIGS = sorted((ROOT / "configs").glob("*.yaml"))


def test_these_are_the_configs():
    assert [path.stem for path in CONFIGS] == [
        *(
            "intermediate_tasks",
            "miniature",
            "miniature_order",
            "miniature_robust",
            "robust_xlt",
            "sib200_afrixnli",
            "xglue",
            "xtreme",
            "xtreme_r",
        )
    ]


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_every_config_loads_and_plans(path):
    foreseen = plan(load_config(path), None)
    assert foreseen.trials > 0
    assert foreseen.stages_asked >= foreseen.stages_distinct > 0


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_every_config_says_what_it_is_for_how_to_launch_it_and_what_comes_out(path):
    head = "".join(line for line in path.read_text(encoding="utf-8").splitlines(keepends=True) if line.startswith("#"))
    assert f"xlt launch configs/{path.name}" in head
    assert "Takes:" in head
    assert "Comes out:" in head


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_every_config_is_named_as_its_file(path):
    assert load_config(path).name == path.stem
