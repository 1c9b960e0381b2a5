import subprocess
import sys

import pytest

from search.cluster import check_same_code, copy_code, get_code_digest


def digest_in(folder):
    words = [
        sys.executable,
        "-c",
        "from search.cluster._code import get_code_digest, get_code_folder; print(get_code_digest(), get_code_folder())",
    ]
    done = subprocess.run(
        words, capture_output=True, text=True, timeout=60, cwd=folder, env={"PYTHONPATH": str(folder)}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_a_copy_is_the_very_code_and_one_changed_letter_is_another(tmp_path):
    assert copy_code(tmp_path) == get_code_digest()
    assert digest_in(tmp_path) == [get_code_digest(), str(tmp_path)]
    file = tmp_path / "trainables" / "curriculum.py"
    file.write_text(file.read_text() + "\n")
    assert digest_in(tmp_path)[0] != get_code_digest()


def test_other_code_is_refused_with_where_it_lies():
    check_same_code(get_code_digest())
    with pytest.raises(RuntimeError, match="which differs from the code of the launch"):
        check_same_code("0" * 16)
