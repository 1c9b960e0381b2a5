"""Data sets read from mirrors as a task's rows: languages, items, labels, flaws."""

from collections import Counter
from dataclasses import replace
from itertools import chain

import pytest

from tests import mirrors, tiny_encoders
from tests.mirrors import LABELS, PAIR, row
from trainables.benchmarks import get_task_catalogue, load_task
from trainables.benchmarks._intermediate import INTERMEDIATE_TASKS, MASAKHANER_LANGUAGES
from trainables.benchmarks.hub import _source as source
from trainables.benchmarks.hub import read_rows
from trainables.benchmarks.hub._source import open_split
from trainables.benchmarks.hub._tasks import load_hub_task
from trainables.benchmarks.xtreme._questions import TYDIQA_DEV_ROWS
from trainables.cards import (
    EMPTY_TEXT,
    LAREQA_CANDIDATES_FORMAT,
    ROWS_READ,
    DatasetPart,
    RowNotes,
    TaskParts,
    make_pair_format,
)
from trainables.cards._columns import NULL_TEXT
from trainables.cards._row_formats import ANSWER_MOVED, ANSWER_NOT_FOUND, ANSWER_YES_OR_NO
from trainables.data import EncodedDataset
from trainables.encoders import load_encoder


def read(
    part: DatasetPart = PAIR, language: str = "en", notes: RowNotes | None = None, train: bool = False
) -> list[dict]:
    return list(read_rows(part, language, LABELS, RowNotes() if notes is None else notes, train=train))


@pytest.mark.parametrize("task", ["xnli", "pawsx"])
def test_a_task_is_read_in_all_its_languages(task, at_mirror):
    data, card = load_task("robust_xlt", task), get_task_catalogue("robust_xlt")[task]
    assert (data.kind, data.labels, data.language) == (card.kind, card.labels, "en")
    assert set(next(iter(data.train))) == {"text", "text_pair", "label"}
    for split in ("dev", "test"):
        assert set(data.evaluation[split]) == set(card.languages)
        for rows in map(list, data.evaluation[split].values()):
            assert len(rows) == mirrors.size(split)
            assert {"text", "text_pair", "label", "item"} <= set(rows[0])
            assert all(0 <= each["label"] < len(card.labels) for each in rows)


@pytest.mark.parametrize(("item", "pairs"), [("id", [(3, 3), (1, 1)]), (None, [(3, 1), (1, 2)])])
def test_rows_of_two_languages_are_joined_by_their_id_or_else_by_their_place(item, pairs, write, encoder):
    write([row(number) for number in (1, 2, 3)])
    write([row(number, "de") for number in (3, 1)], "de")
    data = load_hub_task(mirrors.card(), TaskParts(test=(replace(PAIR, item_column=item),)))
    mixed = EncodedDataset(data, encoder, 32).load_language_pair("test", "de", "en").rows
    assert [(each["text"], each["text_pair"]) for each in mixed] == [(f"de one {i}", f"en two {j}") for i, j in pairs]


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        (LABELS, [0, 1, 1]),
        (("yes", "no"), [1, 0, 0]),  # its own order
        (None, [0, 1, 1]),  # numbers without names
        (None, ["no", "yes", "yes"]),
        (None, [False, True, True]),
    ],
)
def test_labels_are_matched_by_name(names, labels, write):
    write([row(number, label=label) for number, label in enumerate(labels)], names=names)
    assert [each["label"] for each in read()] == [0, 1, 1]


def test_rows_with_an_empty_text_are_dropped_in_training_alone_and_counted(write):
    write([row(1, one=""), row(2, two=" \n"), row(3, two=None), row(4)][::-1], names=None)
    notes = RowNotes()
    assert [each["text"] for each in read(notes=notes, train=True)] == ["en one 4"]
    assert {what: notes[what] for what in (ROWS_READ, EMPTY_TEXT)} == {ROWS_READ: 4, EMPTY_TEXT: 3}
    assert notes.first[EMPTY_TEXT] == 1
    notes.clear()
    assert [each["text_pair"] for each in read(notes=notes)] == ["en two 4", "", " \n", "en two 1"]
    assert notes[NULL_TEXT.format(column="two")] == 1
    assert notes.first[NULL_TEXT.format(column="two")] == 1


def test_answers_are_put_where_they_stand_or_dropped_and_counted(at_mirror):
    squad = load_task("xtreme_r", "xquad").train
    rows = list(squad)
    assert squad.notes == {ROWS_READ: 16, ANSWER_MOVED: 1, ANSWER_NOT_FOUND: 1}
    assert len(rows) == 15
    for each in rows:
        for text, start in zip(each["answers"]["text"], each["answers"]["answer_start"], strict=True):
            assert each["context"][start:].startswith(text)


def test_no_answer_is_dropped_where_it_is_scored(at_mirror):
    flawed = replace(get_task_catalogue("xtreme_r")["xquad"].parts.dev[0], split="train")
    notes = RowNotes()
    assert len(read(flawed, notes=notes)) == 16
    assert notes == {ROWS_READ: 16}


def test_questions_without_an_answer_stay_and_those_with_yes_or_no_go(at_mirror):
    unanswered = [each["answers"]["text"] == [] for each in load_task("xtreme", "squad_v2").train]
    assert unanswered.count(True) == 5
    hotpot = load_task("xtreme", "hotpotqa").train
    assert len(list(hotpot)) == 11
    assert hotpot.notes == {ROWS_READ: 16, ANSWER_YES_OR_NO: 4, ANSWER_NOT_FOUND: 1}


def test_tydiqa_is_split_by_language_and_its_first_training_questions_are_its_dev_set(at_mirror):
    data = load_task("xtreme_r", "tydiqa")
    asked = {code: [each["question"] for each in rows] for code, rows in data.evaluation["dev"].items()}
    assert {len(questions) for questions in asked.values()} == {TYDIQA_DEV_ROWS}
    assert len(set(chain.from_iterable(asked.values()))) == 9 * TYDIQA_DEV_ROWS
    trained = [each["question"] for each in data.train]
    assert len(trained) == 3
    assert not {*trained} & {*asked["en"]}
    assert {len(list(rows)) for rows in data.evaluation["test"].values()} == {mirrors.size("validation")}


def test_every_question_of_lareqa_has_one_answer_in_every_language(at_mirror):
    data = load_task("xtreme_r", "lareqa")
    candidates = list(data.candidates)
    answers = Counter(key for candidate in candidates for key in candidate["answers"])
    assert {each["answered_by"] for rows in data.evaluation["test"].values() for each in rows} == set(answers)
    assert set(answers.values()) == {len(data.evaluation["test"])}
    assert len({(each["candidate"], each["candidate_pair"]) for each in candidates}) == len(candidates)
    assert {each["language"] for each in candidates} == set(data.evaluation["test"])


def test_every_mention_of_mewsli_x_is_of_an_entity(at_mirror):
    data = load_task("xtreme_r", "mewslix")
    entities = {key for candidate in data.candidates for key in candidate["answers"]}
    mentions = [each for rows in data.evaluation["dev"].values() for each in rows]
    assert {each["answered_by"] for each in mentions} <= entities
    assert all(each["query"].count("{") == 1 for each in mentions)


def test_training_rows_in_several_languages_tell_theirs(at_mirror):
    several, one = (load_task("xtreme", task) for task in ("masakhaner", "mnli"))
    assert several.language == "mul"
    assert Counter(each["language"] for each in several.train) == dict.fromkeys(MASAKHANER_LANGUAGES, 16)
    assert not any("language" in each for each in one.train)


def test_a_model_with_language_embeddings_reads_each_training_row_in_its_language(at_mirror, tmp_path):
    xlm = load_encoder(tiny_encoders.xlm(tmp_path, ["en", "hi"]))
    found = EncodedDataset(load_task("xtreme", "indicxnli"), xlm, 32)
    for number, feature in zip(found.train.rows, found.train.features, strict=True):
        hindi = found.train_rows[int(number)]["language"] == "hi"
        assert set(feature["langs"]) == {int(hindi)}  # English's for one that it does not know


def test_rows_are_skipped_and_taken(write):
    write([row(number) for number in range(9)])
    assert [each["item"] for each in read(replace(PAIR, skip=2, take=3))] == ["2", "3", "4"]
    assert len(read(replace(PAIR, skip=7, take=3))) == 2


def test_a_mirror_whose_file_changed_is_read_anew(write, encoder, tables):
    def prepared() -> EncodedDataset:
        return EncodedDataset(load_hub_task(card := mirrors.card(), card.parts), encoder, 32)

    write([row(number) for number in range(3)])
    first, again = prepared(), prepared()
    assert len(first.train_rows) == 3
    assert again.data.train.source == first.data.train.source
    write([row(number) for number in range(4)])
    assert prepared().data.train.source != first.data.train.source
    assert len(prepared().train_rows) == 4
    assert prepared().fingerprint != first.fingerprint == again.fingerprint


def test_what_decides_the_rows_is_part_of_their_source(write):
    write([row(number) for number in range(3)])
    changes = [{}, {"item": None}, {"skip": 1}, {"take": 1}, {"languages": ("de",), "configuration": "en"}]
    changes += [
        {"shape": make_pair_format("two", "one", LABELS)},
        {"shape": make_pair_format("one", "two", LABELS[::-1])},
    ]
    cards = [mirrors.card(**change) for change in changes]
    assert len({load_hub_task(card, card.parts).train.source for card in cards}) == len(changes)


@pytest.mark.parametrize(
    ("part", "streamed"),
    [
        (get_task_catalogue("xtreme_r")["xnli"].parts.train[0], False),
        (get_task_catalogue("xtreme_r")["xnli"].parts.dev[0], True),
        (get_task_catalogue("xtreme_r")["mewslix"].parts.dev[0], False),
        (INTERMEDIATE_TASKS["mlm"].parts.train[0], True),  # of Wikipedia, and all of it would be downloaded
    ],
)
def test_of_the_hub_what_is_not_read_whole_is_streamed(part, streamed, monkeypatch):
    monkeypatch.delenv("XLT_DATA", raising=False)
    asked = []
    monkeypatch.setattr(source, "load_dataset", lambda *words, **choices: asked.append((*words, choices)) or [])
    open_split(part, "en")
    split, configuration = part.split_of("en"), part.configuration_of("en")
    assert asked == [(part.source.repository, configuration, {"split": split, "streaming": streamed})]


def test_what_xquad_has_of_squads_dev_set_is_not_in_its_own_dev_set(at_mirror):
    data = load_task("xtreme_r", "xquad")
    test, dev = ({row["context"] for row in data.evaluation[split]["en"]} for split in ("test", "dev"))
    assert len(test) > 1
    assert len(dev) > 1
    assert not dev & test


def test_the_answers_of_lareqa_are_sentences_whatever_their_offsets():
    row = {"id": "q", "context": "One is red. Two is blue.", "answers": {"text": ["Two"], "answer_start": [8]}}
    told = list(LAREQA_CANDIDATES_FORMAT.adapt(row, RowNotes()))
    assert [(each["candidate"], each["answers"]) for each in told] == [("One is red.", []), ("Two is blue.", ["q"])]
