"""What is made of columns that hold less than they should: read, left out and counted, or refused by their names."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest
from datasets import Features, List, Value

from trainables.benchmarks import BENCHMARKS, get_task_catalogue
from trainables.benchmarks._intermediate import INTERMEDIATE_TASKS
from trainables.benchmarks.hub import _own_task as opened
from trainables.benchmarks.hub import _tasks as hub
from trainables.benchmarks.xtreme._tags import UPOS_TAGS
from trainables.benchmarks.xtreme._texts import NLI_LABELS
from trainables.cards import ROWS_READ, DatasetPart, LabelMap, RowFormat, RowNotes, TaskCard, is_blank
from trainables.cards._question_formats import ANSWER_MOVED, ANSWER_WITHOUT_TEXT
from trainables.validation import DataError

CB = ("entailment", "contradiction", "neutral")
"""CommitmentBank's order on the hub, which is not that of other inference sets."""


class Given(list):
    """Rows as `load_dataset` gives them."""

    features: Features | None = None


@pytest.fixture
def given(monkeypatch) -> Callable[..., tuple[list[dict], RowNotes]]:
    """Reads rows as those of a part of a card, in place of the set's own; tells what was noted too."""

    def read(
        card: TaskCard,
        rows: Iterable[dict],
        split: str = "train",
        language: str = "en",
        features: Features | None = None,
    ) -> tuple[list[dict], RowNotes]:
        part: DatasetPart = getattr(card.parts, split)[0]
        told, notes = Given(rows), RowNotes()
        told.features = features
        monkeypatch.setattr(opened, "open_split", lambda part, language: told)
        bare = replace(part, skip=0, take=None, excluded_part=None)
        return list(hub.read_rows(bare, language, card.labels, notes, train=split == "train")), notes

    return read


def counts(notes: RowNotes) -> dict[str, int]:
    return {what: count for what, count in notes.items() if what != ROWS_READ}


def asked(context: str, **answers: list) -> dict:
    return {"id": "english-1", "context": context, "question": "Who?", "answers": answers}


SQUAD, XQUAD = INTERMEDIATE_TASKS["squad"], get_task_catalogue("xtreme_r")["xquad"]
PANX, XNLI = get_task_catalogue("xtreme_r")["panx"], get_task_catalogue("xtreme_r")["xnli"]


def nli(*labels: object) -> list[dict]:
    return [{"premise": f"p{n}", "hypothesis": f"h{n}", "label": label} for n, label in enumerate(labels)]


def test_numbers_without_names_mean_what_they_mean_on_the_hub(given):
    rows, notes = given(INTERMEDIATE_TASKS["cb"], nli(0, 1, 2))
    assert [NLI_LABELS[row["label"]] for row in rows] == ["entailment", "contradiction", "neutral"]
    told = "number without a name in column label, read in the hub's order: 0 entailment, 1 contradiction, 2 neutral"
    assert counts(notes) == {told: 3}
    rows, _ = given(INTERMEDIATE_TASKS["mnli"], nli(0, 1, 2))
    assert [NLI_LABELS[row["label"]] for row in rows] == ["entailment", "neutral", "contradiction"]


def test_labels_that_pandas_made_floats_because_one_is_missing_are_numbers(given):
    rows, notes = given(INTERMEDIATE_TASKS["cb"], nli(1.0, float("nan"), 2.0))
    assert [NLI_LABELS[row["label"]] for row in rows] == ["contradiction", "neutral"]
    assert counts(notes)["null in column label, row left out"] == 1


def test_names_in_other_cases_are_names(given):
    rows, notes = given(INTERMEDIATE_TASKS["cb"], nli("Contradiction", " neutral "))
    assert [NLI_LABELS[row["label"]] for row in rows] == ["contradiction", "neutral"]
    assert not counts(notes)


def test_numbers_of_a_set_whose_order_is_not_known_are_refused(given):
    wanted = "row 0: column label: 1 is a number without a name, and the order of the names is not known: expected entails, neutral, "
    with pytest.raises(DataError, match=wanted):
        given(INTERMEDIATE_TASKS["scitail"], nli(1, 0))


HUB_ORDERS = {
    ("xnli", "facebook/xnli"): NLI_LABELS,
    ("pawsx", "google-research-datasets/paws-x"): ("0", "1"),
    ("udpos", "google/xtreme"): UPOS_TAGS,
    ("udpos", "izhx/xtreme-r-udpos"): (),
    ("panx", "unimelb-nlp/wikiann"): ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"),
    ("panx", "google/xtreme"): ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"),
    ("xcopa", "cambridgeltl/xcopa"): ("choice1", "choice2"),
    ("xcopa", "aps/super_glue"): ("choice1", "choice2"),
    ("copa", "aps/super_glue"): ("choice1", "choice2"),
    ("anli", "facebook/anli"): NLI_LABELS,
    ("mnli", "nyu-mll/glue"): NLI_LABELS,
    ("qqp", "nyu-mll/glue"): ("not_duplicate", "duplicate"),
    ("rte", "nyu-mll/glue"): ("entailment", "not_entailment"),
    ("mrpc", "nyu-mll/glue"): ("not_equivalent", "equivalent"),
    ("cb", "aps/super_glue"): CB,
    ("boolq", "aps/super_glue"): ("False", "True"),
    ("scitail", "allenai/scitail"): (),
    ("americasnli", "nala-cub/americas_nli"): NLI_LABELS,
    ("indicxnli", "Divyanshu/indicxnli"): NLI_LABELS,
    ("masakhaner", "masakhane/masakhaner2"): (
        *("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"),
        *("B-DATE", "I-DATE"),
    ),
    ("ccg", "local/ccg"): (),
    ("ner", "hgissbkh/xglue"): (
        *("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC"),
        *("B-MISC", "I-MISC"),
    ),
    ("pos", "hgissbkh/xglue"): UPOS_TAGS,
    ("nc", "hgissbkh/xglue"): (
        *("foodanddrink", "sports", "travel", "finance", "lifestyle", "news"),
        *("entertainment", "health", "video", "autos"),
    ),
    ("xnli", "hgissbkh/xglue"): NLI_LABELS,
    ("pawsx", "hgissbkh/xglue"): ("different", "same"),
    ("qadsm", "hgissbkh/xglue"): ("Bad", "Good"),
    ("wpr", "hgissbkh/xglue"): ("Bad", "Fair", "Good", "Excellent", "Perfect"),
    ("qam", "hgissbkh/xglue"): ("False", "True"),
    ("sib200", "Davlan/sib200"): (),
    ("massive_intent", "mteb/amazon_massive_intent"): (),
    ("massive_scenario", "mteb/amazon_massive_scenario"): (),
    ("massive_slots", "AmazonScience/massive"): (),
    ("masakhanews", "masakhane/masakhanews"): (),
    ("afrisenti", "mteb/AfriSentiClassification"): ("positive", "neutral", "negative"),
    ("nusax", "mteb/NusaX-senti"): ("negative", "neutral", "positive"),
    ("masakhapos", "google/xtreme"): UPOS_TAGS,
    ("masakhapos", "masakhane/masakhapos"): (
        *("NOUN", "PUNCT", "ADP", "NUM", "SYM", "SCONJ", "ADJ", "PART", "DET"),
        *("CCONJ", "PROPN", "PRON", "X", "_", "ADV", "INTJ", "VERB", "AUX"),
    ),
    **{
        (task, repository): NLI_LABELS
        for task, own in {
            "afrixnli": "masakhane/afrixnli",
            "xnli_americas": "nala-cub/americas_nli",
            "xnli_indic": "Divyanshu/indicxnli",
        }.items()
        for repository in ("facebook/xnli", own)
    },
}
"""By task and set, the ClassLabel of the hub; empty where it has text or where its order is not known."""


def test_every_card_states_what_numbers_mean():
    found = {}
    for benchmark in set(BENCHMARKS) - {"miniature"}:
        for task, card in BENCHMARKS[benchmark].items():
            for part in (*card.parts.train, *card.parts.dev, *card.parts.test):
                if part.row_format.labels or "tags" in part.row_format.columns:
                    found[task, part.source.repository] = part.row_format.hub_order
    assert found == HUB_ORDERS


@pytest.mark.parametrize("hidden", [-1, "-1", -1.0, "", " "])
def test_a_row_whose_label_is_hidden_is_left_out_and_counted(hidden, given):
    rows, notes = given(
        INTERMEDIATE_TASKS["rte"], [{"sentence1": "a", "sentence2": "b", "label": n} for n in (0, hidden, 1)]
    )
    assert [row["label"] for row in rows] == [0, 1]
    assert counts(notes)["hidden label in column label, row left out"] == 1
    assert notes.first["hidden label in column label, row left out"] == 1


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_null_in_the_first_row_is_no_other_than_one_in_a_later_row(split, given):
    rows = [
        {"premise": "p", "hypothesis": "h", "label": 0},
        {"premise": None, "hypothesis": "h", "label": 0},
        {"premise": "p", "hypothesis": "h", "label": None},
    ]
    one, other = (given(XNLI, told, split) for told in (rows, rows[::-1]))
    assert counts(one[1]) == counts(other[1])
    assert len(one[0]) == len(other[0]) == (1 if split == "train" else 2)


def test_a_column_of_nulls_alone_is_as_good_as_missing(given):
    with pytest.raises(DataError, match="no column hypothesis, or nothing in it; it has premise, hypothesis, label"):
        given(XNLI, [row | {"hypothesis": None} for row in nli(0, 1)], "test")


@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize("word", ["", " ", "\u200b", None])
def test_a_blank_word_leaves_its_sentence_where_it_is(word, split, given):
    rows, notes = given(PANX, [{"tokens": ["Who", word, "Kenya"], "ner_tags": [0, 0, 5]}], split)
    assert [row["words"] for row in rows] == [["Who", word or "", "Kenya"]]
    assert rows[0]["tags"] == [0, 0, 5]
    assert ("null in column tokens, read as an empty text" in notes) == (word is None)


def test_a_sentence_of_blank_words_alone_teaches_nothing_and_is_scored(given):
    told = [{"tokens": tokens, "ner_tags": [0] * len(tokens)} for tokens in (["Who"], ["", "\u200b"], [])]
    trained, notes = given(PANX, told)
    assert [row["words"] for row in trained] == [["Who"]]
    assert notes["empty text, row left out"] == notes["sentence without words, row left out"] == 1
    assert [row["words"] for row in given(PANX, told, "test")[0]] == [["Who"], ["", "\u200b"]]


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_language_of_sentences_without_words_is_refused_by_name(split, given):
    told = f"language-less, configuration de, split {'train' if split == 'train' else 'test'}"
    part = getattr(PANX.parts, split)[0]
    lacking = replace(part, source=replace(part.source, repository="language-less"), languages=("de",))
    card = replace(PANX, parts=replace(PANX.parts, **{split: (lacking,)}))
    empty = [{"tokens": [], "ner_tags": []}] * 3
    with pytest.raises(DataError) as refused:
        given(card, empty, split, "de")
    assert str(refused.value) == (f"{told}: none of its 3 rows can be used: sentence without words, row left out (3)")


def test_an_answer_that_stands_where_its_offset_says_is_not_moved(given):
    (row,), notes = given(SQUAD, [asked("aaaa", text=["aa"], answer_start=[1])])
    assert row["answers"] == {"text": ["aa"], "answer_start": [1]}
    assert not counts(notes)


@pytest.mark.parametrize(
    ("context", "text", "start", "place"),
    [
        ("baaa", "aa", 0, 1),
        ("aabaaa", "aa", 6, 4),  # occurrences overlap
        ("one two", "one", -3, 0),
        ("one two", "two", 99, 4),
        ("one two", "two", None, 4),
    ],
)
def test_an_answer_that_stands_elsewhere_is_moved_to_the_nearest_place(context, text, start, place, given):
    (row,), notes = given(SQUAD, [asked(context, text=[text], answer_start=[start])])
    assert row["answers"]["answer_start"] == [place]
    assert counts(notes) == {ANSWER_MOVED: 1}


WRONG_ANSWERS = {
    "null in column answers, row left out": None,
    "no answer with a text, row left out": {"text": [None], "answer_start": [0]},
    "answers and offsets of different numbers, row left out": {"text": ["Kenya"], "answer_start": []},
    "null in column answers.text, row left out": {"text": None, "answer_start": [0]},
    "null in column answers.answer_start, row left out": {"text": ["Kenya"], "answer_start": None},
}


@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize("what", WRONG_ANSWERS)
def test_a_question_whose_answers_are_not_told_is_left_out_and_counted(what, split, given):
    right = asked("Kenya", text=["Kenya"], answer_start=[0])
    rows, notes = given(XQUAD, [right | {"answers": WRONG_ANSWERS[what]}, right], split)
    assert [row["answers"] for row in rows] == [right["answers"]]
    assert what in notes
    assert notes.first[what] == 0


@pytest.mark.parametrize("split", ["train", "test"])
def test_of_several_answers_those_without_a_text_are_left_out(split, given):
    (row,), notes = given(XQUAD, [asked("Kenya", text=[None, "Kenya"], answer_start=[0, 0])], split)
    assert row["answers"] == {"text": ["Kenya"], "answer_start": [0]}
    assert counts(notes) == {ANSWER_WITHOUT_TEXT: 1}


def test_a_question_without_an_answer_stays(given):
    for split in ("train", "test"):
        (row,), notes = given(XQUAD, [asked("Kenya", text=[], answer_start=[])], split)
        assert row["answers"] == {"text": [], "answer_start": []}
        assert not counts(notes)


def copa(**changes: object) -> dict:
    return {"premise": "p", "question": "cause", "choice1": "a", "choice2": "b", "label": 1} | changes


def test_copas_questions_are_read_in_any_case(given):
    card = get_task_catalogue("xtreme_r")["xcopa"]
    plain, other = (given(card, [copa(question=question)], "test", "et") for question in ("cause", " Cause"))
    assert plain[0] == other[0]
    assert not counts(plain[1]) | counts(other[1])
    (named,), _ = given(card, [copa(label="choice2")], "test", "et")
    assert named == plain[0][0]
    with pytest.raises(DataError, match="row 1: column question: 'why' is none of cause, effect"):
        given(card, [copa(), copa(question="why")], "test", "et")


def test_choices_by_letters_are_read_in_any_case(given):
    choices = {"label": list("ABCDE"), "text": [f"c{number}" for number in range(5)]}
    rows = [{"question": "q", "choices": choices, "answerKey": answer} for answer in ("c", "C", "")]
    told, notes = given(INTERMEDIATE_TASKS["commonsenseqa"], rows)
    assert [row["label"] for row in told] == [2, 2]
    assert counts(notes) == {"hidden label in column answerKey, row left out": 1}


def test_a_row_with_fewer_choices_than_others_is_left_out(given):
    rows = [{"ctx": "c", "endings": ["a", "b", "c", "d"][:count], "label": "0"} for count in (3, 4)]
    told, notes = given(INTERMEDIATE_TASKS["hellaswag"], rows)
    assert [len(row["choices"]) for row in told] == [4]
    assert counts(notes) == {"other than 4 choices, row left out": 1}


def test_a_row_that_tells_no_language_is_in_none(given):
    told = [asked("Kenya", text=["Kenya"], answer_start=[0]) | {"id": identity} for identity in ("English-1", None)]
    rows, notes = given(get_task_catalogue("xtreme_r")["tydiqa"], told, "test")
    assert len(rows) == 1
    assert counts(notes) == {"no language of its own in column id, row left out": 1}
    with pytest.raises(DataError, match="language en: it has no rows in en: no language of its own"):
        given(get_task_catalogue("xtreme_r")["tydiqa"], told[1:], "test")


def test_pages_of_which_no_two_answer_one_query_cannot_be_ranked(given):
    page = {"web_page_title": "t", "web_page_snippet": "s", "relavance_label": "Good"}
    card = get_task_catalogue("xglue")["wpr"]
    with pytest.raises(DataError, match=r"split test\.en: no two rows have the same query"):
        given(card, [page | {"query": query} for query in "abc"], "test")
    assert len(given(card, [page | {"query": query} for query in "aab"], "test")[0]) == 3
    assert len(given(card, [page | {"query": query} for query in "aba"], "test")[0]) == 3
    assert len(given(card, [page | {"query": query} for query in "abc"])[0]) == 3


def test_labels_that_differ_in_case_alone_are_two():
    shape = RowFormat(columns={"words": "tokens"}, labels=("B-PER", "B-per", "O"))
    labels, notes = LabelMap.from_format(shape, (), None), RowNotes()
    assert [labels.to_number(name, "tags", notes) for name in ("B-PER", "B-per", "O", "o")] == [0, 1, 2, 2]
    with pytest.raises(ValueError, match="'b-PER'"):
        labels.to_number("b-PER", "tags", notes)


def test_a_column_of_another_type_is_refused_by_its_name(given):
    with pytest.raises(
        DataError, match="facebook/xnli, configuration en, split train, row 0: column premise: 5 is no text"
    ):
        given(XNLI, [{"premise": 5, "hypothesis": "h", "label": 0}])
    with pytest.raises(DataError, match="row 0: column tokens: 'Who am I' is no list"):
        given(PANX, [{"tokens": "Who am I", "ner_tags": [0]}])
    with pytest.raises(DataError, match=r"row 0: column answers: .* is no record of text, answer_start"):
        given(SQUAD, [asked("Kenya") | {"answers": [{"text": "Kenya", "answer_start": 0}]}])
    with pytest.raises(DataError, match=r"row 0: column answers\.answer_start: 'x' is no whole number"):
        given(SQUAD, [asked("Kenya", text=["Kenya"], answer_start=["x"])])


def test_rows_without_an_id_are_joined_with_none(given):
    pawsx = get_task_catalogue("xtreme")["pawsx"]
    rows = [{"id": number, "sentence1": "a", "sentence2": "b", "label": 0} for number in (None, 7)]
    english, german = (given(pawsx, rows, "test", language)[0] for language in ("en", "de"))
    assert {row["item"] for row in english} & {row["item"] for row in german} == {"7"}


@pytest.mark.parametrize(
    ("text", "seen"), [("", 0), (" \n", 0), ("\u200b\u200f", 0), ("\x00", 0), ("a\u200b", 1), ("\u0301", 1)]
)
def test_what_cannot_be_seen_is_blank(text, seen):
    assert is_blank(text) == (not seen)


def test_types_of_the_file_are_not_asked_for_where_values_tell(given):
    features = Features({"tokens": List(Value("string")), "ner_tags": List(Value("int64"))})
    rows, _ = given(PANX, [{"tokens": ["a"], "ner_tags": [3]}], features=features)
    assert rows[0]["tags"] == [3]
