"""What may import what, and how long a file may be."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted(path for package in ("search", "trainables") for path in (ROOT / package).rglob("*.py"))
HEAVY = {"torch", "ray", "mlflow", "transformers", "datasets"}


def imported(path: Path) -> set[str]:
    """Top-level packages that a file imports, within functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            found.add(str(node.module).partition(".")[0])
    return found


def loaded_after(code: str, cwd: Path) -> set[str]:
    """Top-level modules that a fresh interpreter holds after running `code`."""
    words = [sys.executable, "-c", f"{code}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"]
    done = subprocess.run(words, capture_output=True, text=True, cwd=cwd, timeout=60)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


def test_the_packages_are_where_these_tests_look():
    assert len(FILES) > 40


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_has_at_most_300_lines(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300


@pytest.mark.parametrize(
    "path", [path for path in FILES if "trainables" in path.parts], ids=lambda path: str(path.relative_to(ROOT))
)
def test_trainables_knows_nothing_of_search_optuna_ray_and_mlflow(path):
    assert not imported(path) & {"search", "optuna", "ray", "mlflow"}


@pytest.mark.parametrize("module", ["search.cli", "search.planner"])
def test_what_a_plan_needs_loads_without_torch_ray_and_mlflow(module, tmp_path):
    assert not loaded_after(f"import {module}", tmp_path) & HEAVY


def test_the_command_line_loads_without_optuna_too(tmp_path):
    assert "optuna" not in loaded_after("import search.cli", tmp_path)


def test_a_plan_runs_without_torch_ray_and_mlflow(tmp_path):
    code = f"from search.cli import main\nmain(['plan', {str(ROOT / 'configs' / 'miniature.yaml')!r}], standalone_mode=False)"
    loaded = loaded_after(code, tmp_path)
    assert "optuna" in loaded
    assert not loaded & HEAVY
