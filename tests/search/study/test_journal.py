"""The study's file, when it was cut off, damaged, or may not be written to."""

import io
import json
import resource
import subprocess
import sys
from pathlib import Path

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from search.errors import UserError
from search.launcher._writable_study import WritableStudy
from search.study import JournalBackend, Study, repair_journal
from search.study._study import load_study
from tests.search.conftest import worth


@pytest.fixture
def journal(finished, home) -> Path:
    return home.get_search_folder("sums").journal


def cut(journal: Path, count: int) -> bytes:
    """Cut bytes off the end of a journal, and return what is left of its last record."""
    content = journal.read_bytes()[:-count]
    journal.write_bytes(content)
    return content.rpartition(b"\n")[2]


def opened_by_an_earlier_version(journal: Path) -> None:
    """As every command did: by a record that the study is to be made."""
    storage = JournalStorage(JournalFileBackend(str(journal)))
    optuna.create_study(study_name="sums", storage=storage, direction="maximize", load_if_exists=True)


def test_a_journal_that_is_cut_anywhere_can_be_read_and_goes_on(config, home, outcome, reopen):
    study = reopen(config())
    for _ in range(2):
        number, trial = study.ask()
        study.tell(number, outcome(trial, worth(trial)))
    journal = home.get_search_folder("sums").journal
    content = journal.read_bytes()
    for size in range(0, len(content), 97):
        journal.write_bytes(content[:size])
        seen = len(load_study(journal, "sums").trials)
        assert seen <= 2
        assert journal.read_bytes() == content[:size]
        repair_journal(journal)
        again = WritableStudy(journal, study.config)
        again.recover()
        again.ask()
        assert json.loads(journal.read_bytes().splitlines()[-1])
        assert JournalStorage(JournalFileBackend(str(journal))).get_all_studies()[0].study_name == "sums"


def test_what_was_cut_off_is_set_aside_and_said(journal):
    torn = cut(journal, 100)
    whole = journal.read_bytes().removesuffix(torn)
    assert "study.journal: an incomplete record" in repair_journal(journal)
    assert journal.read_bytes() == whole
    assert journal.with_name("study.journal.torn").read_bytes() == torn + b"\n"
    assert repair_journal(journal) == ""
    torn = cut(journal, 50)
    repair_journal(journal)
    assert journal.with_name("study.journal.torn").read_bytes().splitlines()[1:] == [torn]


def test_a_record_that_lacks_nothing_but_its_end_is_kept(journal):
    content = journal.read_bytes()
    cut(journal, 1)
    assert repair_journal(journal) == ""
    assert journal.read_bytes() == content
    assert not journal.with_name("study.journal.torn").exists()


def test_zeros_that_a_power_cut_left_are_set_aside(journal):
    content = journal.read_bytes()
    journal.write_bytes(content + b"\0" * 512)
    assert repair_journal(journal)
    assert journal.read_bytes() == content


def test_a_journal_that_an_earlier_version_spoiled_by_looking_is_read_and_mended(journal, home, config):
    torn = cut(journal, 100)
    opened_by_an_earlier_version(journal)
    with pytest.raises(json.JSONDecodeError):
        opened_by_an_earlier_version(journal)
    before = journal.read_bytes()
    assert len(Study.open(home.find_search("sums")).get_complete_trials()) == 6
    assert journal.read_bytes() == before
    assert repair_journal(journal)
    assert journal.with_name("study.journal.torn").read_bytes() == torn + b"\n"
    opened_by_an_earlier_version(journal)
    assert len(WritableStudy(journal, config()).get_complete_trials()) == 6


@pytest.mark.parametrize("damage", [b"\xff\x00garbage", b"", b"[]", b'{"no": "record"}'])
def test_a_damaged_line_in_the_middle_is_told_with_its_place(journal, home, damage):
    lines = journal.read_bytes().splitlines()
    lines[11] = damage
    journal.write_bytes(b"\n".join(lines) + b"\n")
    before = journal.read_bytes()
    for look in (lambda: Study.open(home.find_search("sums")), lambda: repair_journal(journal)):
        with pytest.raises(UserError, match=rf"{journal}, line 12: .* its first 11 lines, which are a complete study"):
            look()
    assert journal.read_bytes() == before


def test_nothing_is_appended_to_a_journal_that_is_looked_at(journal):
    before = journal.read_bytes()
    study = load_study(journal, "sums")
    with pytest.raises(io.UnsupportedOperation, match="opened for reading"):
        study.ask()
    assert journal.read_bytes() == before


def test_a_journal_is_read_while_it_grows(finished, journal):
    reader, writer = JournalBackend(journal), JournalBackend(journal, writable=True)
    known = list(reader.read_logs(0))
    writer.append_logs([{"op_code": 2, "study_id": 0, "user_attr": {"a": 1}, "worker_id": "w"}])
    with journal.open("ab") as half:
        half.write(b'{"op_code":2,"study')
    assert [each["user_attr"] for each in reader.read_logs(len(known))] == [{"a": 1}]
    assert list(reader.read_logs(0))[: len(known)] == known


FULL = """
import resource, sys
from pathlib import Path
from search.study._journal import JournalBackend
journal = JournalBackend(Path(sys.argv[1]), writable=True)
record = {"op_code": 2, "study_id": 0, "user_attr": {"a": "b" * 300}, "worker_id": "w"}
try:
    journal.append_logs([record])
except OSError as error:
    print(error.strerror)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
journal.append_logs([record])
"""


def test_a_record_that_does_not_fit_is_taken_back_whole(journal):
    size = journal.stat().st_size
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, hard))

    words = [sys.executable, "-c", FULL, str(journal)]
    done = subprocess.run(words, capture_output=True, text=True, preexec_fn=limited, timeout=60)
    assert (done.returncode, done.stdout) == (0, "File too large\n"), done.stderr
    lines = journal.read_bytes().splitlines()
    assert all(json.loads(line) for line in lines)
    assert sum(b"bbbb" in line for line in lines) == 1


def test_a_study_that_moved_to_another_name_is_read(finished, home):
    home.get_search_folder("sums").path.rename(home.get_search_folder("backup").path)
    assert len(Study.open(home.find_search("backup")).get_complete_trials()) == 6


def test_no_lock_file_is_left_or_waited_for(finished, home, config):
    folder = home.get_search_folder("sums")
    stale = Path(f"{folder.journal}.lock")
    assert not stale.exists()
    stale.touch()
    WritableStudy(folder.journal, config()).ask()
