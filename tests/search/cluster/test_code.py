import subprocess
import sys

import pytest

from search.cluster import code


def digest_in(folder):
    words = [sys.executable, "-S", "-c", "from search.cluster.code import digest, where; print(digest(), where())"]
    done = subprocess.run(
        words, capture_output=True, text=True, timeout=60, cwd=folder, env={"PYTHONPATH": str(folder)}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_a_copy_is_the_very_code_and_one_changed_letter_is_another(tmp_path):
    assert code.copy(tmp_path) == code.digest()
    assert digest_in(tmp_path) == [code.digest(), str(tmp_path)]
    file = tmp_path / "trainables" / "stage.py"
    file.write_text(file.read_text() + "\n")
    assert digest_in(tmp_path)[0] != code.digest()


def test_other_code_is_refused_with_where_it_lies():
    code.refuse_other(code.digest())
    with pytest.raises(RuntimeError, match="other code of xlt-search than the launch, from "):
        code.refuse_other("0" * 16)
