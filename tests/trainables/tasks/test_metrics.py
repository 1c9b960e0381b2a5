"""Each score against another implementation of it, on random and on awkward cases."""

import string
import unicodedata
from collections import Counter
from fractions import Fraction
from functools import partial
from itertools import groupby, product
from random import Random

import pytest
import torch
from seqeval.metrics import f1_score as chunk_f1
from sklearn.metrics import accuracy_score, average_precision_score, f1_score
from torchmetrics.functional.retrieval import retrieval_average_precision, retrieval_normalized_dcg
from torchmetrics.functional.text import squad

from trainables.tasks._classification import compute_accuracy
from trainables.tasks._metrics import (
    compute_average_precision,
    compute_bitext_f1,
    compute_ndcg,
    find_best_threshold,
    normalise_mlqa_answer,
    normalise_squad_answer,
    score_answer,
    score_answer_officially,
)

CASES = 300
LANGUAGES = ("ar", "de", "en", "es", "hi", "vi", "zh", "th", "sw")
WORDS = (
    *("the", "The", "a", "AN", "an", "Red", "Sea", "red", "sea", "theatre", "U.S.", "ant-eater", "1976", "a_b", "3,5"),
    *("der", "Die", "DEM", "einer", "eines", "Straße", "STRASSE", "el", "Los", "unas", "¿Qué?", "niño", "nin\u0303o"),
    *("của", "Là", "cái", "những", "la\u0300", "Hà", "Nội", "कब", "का", "दिल्ली", "।", "İstanbul", "a\u0301"),
    *(
        "الكتاب",
        "ال",
        "بالله",
        "كتاب",
        "،",
        "؟",
        "\u200fمصر",
        "北京",
        "大学",
        "北京大学",
        "。",
        "《红楼梦》",
        "iPhone手机",
        "龥龦",
        "㐀",
    ),
    *("กรุงเทพ", "ไทย", "ฯ", "—", "«", "»", "’", "…", "!!", "$5", "+", "~", "²", "\u200b", "\u00a0", "\u3000", "\n"),
)
AWKWARD = (
    "",
    " ",
    "the",
    "a an the",
    "?!",
    "。，",
    "«»",
    "。the。",
    "ال",
    "ال ال",
    "\u200f",
    "\u00a0",
    "北",
    "不 不",
    "ไทย",
    "🙂",
)


def phrase(random: Random) -> str:
    words = random.choices(WORDS, k=random.randint(0, 6))
    return "".join(word + random.choice((" ", " ", "  ", "", "\t", ", ")) for word in words)


def phrases() -> list[str]:
    random = Random(0)
    return [*AWKWARD, *WORDS, *(phrase(random) for _ in range(CASES))]


def questions() -> list[tuple[str, list[str]]]:
    """What was said, and the right answers: one or several, some of them near what was said."""
    random = Random(1)
    cases = [(said, [gold]) for said, gold in product(AWKWARD, AWKWARD)]
    for _ in range(CASES):
        golds = [phrase(random) for _ in range(random.randint(1, 3))]
        near = random.choice(golds).split()
        random.shuffle(near)
        cases.append((random.choice((phrase(random), " ".join(near[:3]), " ".join(near).upper())), golds))
    return cases


def by_squad(said: str, golds: list[str]) -> tuple[float, float]:
    target = {"answers": {"answer_start": [0] * len(golds), "text": golds}, "id": "1"}
    found = squad({"prediction_text": said, "id": "1"}, target)
    return found["f1"].item() / 100, found["exact_match"].item() / 100


def mlqa_by_characters(answer: str, language: str) -> str:
    """MLQA's normalising without regular expressions."""
    articles = {
        "en": {"a", "an", "the"},
        "es": {"un", "una", "unos", "unas", "el", "la", "los", "las"},
        "vi": {"của", "là", "cái", "chiếc", "những"},
        "de": {"ein", "eine", "einen", "einem", "eines", "einer", "der", "die", "das", "den", "dem", "des"},
    }
    kept = [c for c in answer.lower() if unicodedata.category(c)[0] != "P" and c not in "$+<=>^`|~"]
    runs = ["".join(run) for _, run in groupby(kept, key=str.isalnum)]
    text = "".join(" " if run in articles.get(language, ()) else run for run in runs)
    if language == "ar":
        text = text.replace("ال", " ")
    if language == "zh":
        text = "".join(f" {c} " if 0x4E00 <= ord(c) <= 0x9FA5 else c for c in text)
    return " ".join(text.split())


def test_squads_normalising_is_mlqas_english_but_for_the_punctuation_of_other_scripts():
    differing = 0
    for text in phrases():
        ascii_only = "".join(c if c in string.punctuation or unicodedata.category(c)[0] != "P" else "" for c in text)
        assert normalise_squad_answer(ascii_only) == mlqa_by_characters(text, "en"), text
        differing += normalise_squad_answer(text) != mlqa_by_characters(text, "en")
    assert len(phrases()) > CASES
    assert differing > 50


@pytest.mark.parametrize("language", LANGUAGES)
def test_mlqas_normalising_is_that_of_a_loop_over_characters(language):
    for text in phrases():
        assert normalise_mlqa_answer(text, language) == mlqa_by_characters(text, language), text


@pytest.mark.parametrize(
    ("language", "answer", "normal"),
    [
        ("en", "  The  U.S. — and «an»  Ant-Eater…", "us and anteater"),
        ("es", "¿El Niño o la niña?", "niño o niña"),
        ("vi", "Thủ đô của Việt Nam là Hà Nội.", "thủ đô việt nam hà nội"),
        ("de", "Der Turm einer Stadt, die STRASSE", "turm stadt strasse"),
        ("ar", "الكتاب، بالله؟", "كتاب ب له"),
        ("hi", "दिल्ली का a।", "दिल्ली का a"),
        ("zh", "《红楼梦》 in 1791年a", "红 楼 梦 in 1791 年 a"),
        ("zh", "the 㐀龥龦", "the 㐀 龥 龦"),
        ("th", "the กรุงเทพ", "the กรุงเทพ"),
    ],
)
def test_each_language_loses_its_own_articles(language, answer, normal):
    assert normalise_mlqa_answer(answer, language) == normal


def test_answers_score_as_torchmetrics_says():
    compared = 0
    for said, golds in questions():
        empty = [not normalise_squad_answer(gold) for gold in golds]
        if all(empty) or not any(empty):
            assert score_answer(said, golds, normalise_squad_answer) == pytest.approx(by_squad(said, golds)), (
                said,
                golds,
            )
            compared += 1
    assert compared > 400


def test_a_right_answer_that_normalises_to_nothing_is_left_out_where_torchmetrics_keeps_it():
    assert score_answer("", ["the", "Red Sea"], normalise_squad_answer) == (0.0, 0.0)
    assert by_squad("", ["the", "Red Sea"]) == (1.0, 1.0)


def test_without_an_answer_it_is_right_to_say_nothing():
    for said in phrases():
        nothing = float(not normalise_squad_answer(said))
        assert score_answer(said, [], normalise_squad_answer) == (nothing, nothing)
        assert by_squad(said, [""]) == (nothing, nothing)


@pytest.mark.parametrize("language", LANGUAGES)
def test_answers_in_a_language_score_as_counted_word_by_word(language):
    """The official F1 is 0 where both sides are empty, and ours 1; answers that are empty are left out of ours: that aside they agree."""
    compared = 0
    for said, golds in questions():
        words = mlqa_by_characters(said, language).split()
        right = [mlqa_by_characters(gold, language).split() for gold in golds]
        best = Fraction(0)
        for gold in right:
            shared = (Counter(words) & Counter(gold)).total()
            if shared:
                precision, recall = Fraction(shared, len(words)), Fraction(shared, len(gold))
                best = max(best, 2 * precision * recall / (precision + recall))
        expected = (float(best), float(any(words == gold for gold in right)))
        rule = partial(normalise_mlqa_answer, language=language)
        assert score_answer_officially(said, golds, rule) == pytest.approx(expected)
        if all(right):
            assert score_answer(said, golds, rule) == pytest.approx(expected)
            compared += 1
    assert 200 < compared < len(questions())


def test_the_official_scores_of_an_answer_that_is_empty_are_one_and_nothing():
    assert score_answer_officially("the", ["a", "Red Sea"], normalise_squad_answer) == (0.0, 1.0)
    assert score_answer("the", ["a", "Red Sea"], normalise_squad_answer) == (0.0, 0.0)
    assert score_answer_officially("", [], normalise_squad_answer) == (0.0, 1.0)


def rankings() -> list[tuple[list[bool], int, int]]:
    """Hits by rank, how many documents are relevant, and where the ranking is cut."""
    random = Random(2)
    cases = [([], 1, 1), ([False] * 5, 3, 5), ([True] * 5, 5, 5), ([True] * 5, 9, 20), ([False, True], 1, 1)]
    for _ in range(3 * CASES):
        hits = [random.random() < random.choice((0.1, 0.5, 0.9)) for _ in range(random.randint(1, 30))]
        cases.append((hits, max(1, sum(hits) + random.choice((0, 0, 1, 5))), random.randint(1, 35)))
    return cases


def falling(hits: list[bool]) -> torch.Tensor:
    return torch.arange(len(hits), 0, -1, dtype=torch.float32)


def test_average_precision_is_the_mean_of_precisions_at_the_hits():
    for hits, relevant, k in rankings():
        precisions = [Fraction(sum(hits[: i + 1]), i + 1) * hits[i] for i in range(min(k, len(hits)))]
        assert compute_average_precision(hits, relevant, k) == pytest.approx(float(sum(precisions) / min(relevant, k)))
    assert len(rankings()) > 3 * CASES


def test_torchmetrics_divides_by_the_hits_it_sees_not_by_those_there_are():
    same = 0
    for hits, relevant, k in rankings():
        if hits:
            theirs = retrieval_average_precision(falling(hits), torch.tensor(hits), top_k=k).item()
            seen, possible = sum(hits[:k]), min(relevant, k)
            assert compute_average_precision(hits, relevant, k) == pytest.approx(theirs * seen / possible)
            same += seen == possible
    assert same > 200


def test_uncut_average_precision_is_sklearns():
    compared = 0
    for hits, _, _ in rankings():
        if any(hits):
            expected = average_precision_score(hits, falling(hits).numpy())
            assert compute_average_precision(hits, sum(hits), len(hits)) == pytest.approx(expected)
            compared += 1
    assert compared > 200


def test_with_one_relevant_document_average_precision_is_the_reciprocal_rank():
    for rank, k in product(range(1, 21), range(1, 21)):
        hits = [i == rank for i in range(1, 31)]
        assert compute_average_precision(hits, 1, k) == (1 / rank if rank <= k else 0.0)


@pytest.mark.parametrize(("relevant", "k"), [(0, 5), (3, 0)])
def test_average_precision_refuses_a_query_without_anything_to_find(relevant, k):
    with pytest.raises(ValueError, match=f"relevant={relevant} and k={k}"):
        compute_average_precision([False], relevant, k)


def test_ndcg_is_torchmetrics_mean_over_the_queries_with_two_documents_or_more():
    random = Random(3)
    for _ in range(CASES):
        documents = [
            (f"q{query}", random.randint(0, 4) * random.randint(0, 1), random.choice((random.gauss(0, 3), 0.5, -1.0)))
            for query in range(random.randint(1, 6))
            for _ in range(random.choice((1, 2, 3, 10)))
        ] + [("q0", 2, 0.5), ("q0", 0, 0.5)]
        random.shuffle(documents)
        theirs = []
        for _, of in groupby(sorted(documents), key=lambda document: document[0]):
            _, grades, scores = zip(*of, strict=True)
            if len(grades) > 1:
                theirs.append(retrieval_normalized_dcg(torch.tensor(scores), torch.tensor(grades)).item())
        queries, grades, scores = zip(*documents, strict=True)
        assert compute_ndcg(queries, grades, scores) == pytest.approx(sum(theirs) / len(theirs), abs=1e-5)


def test_a_query_with_one_document_or_without_a_gain_counts_nothing_and_zero():
    assert compute_ndcg(["a", "a", "b"], [1, 0, 0], [2.0, 1.0, 5.0]) == 1.0
    assert compute_ndcg(["a", "a", "b", "b"], [1, 0, 0, 0], [2.0, 1.0, 5.0, 4.0]) == 0.5


def test_ndcg_refuses_queries_of_one_document():
    with pytest.raises(ValueError, match="none among 2 queries"):
        compute_ndcg(["a", "b"], [1, 0], [0.1, 0.2])


def minings() -> list[tuple[dict[tuple[int, int], float], set[tuple[int, int]]]]:
    """Scored pairs, those of every third case with many equal scores, and the right ones."""
    random = Random(4)
    cases = [({}, {(0, 0)}), ({(0, 0): 1.0}, {(0, 0)}), ({(0, 1): 1.0, (1, 0): 0.5}, {(2, 2)}), ({(0, 0): 1.0}, set())]
    for number in range(CASES):
        pairs = [(i, random.randint(0, 3)) for i in range(random.randint(1, 25))]
        scored = {pair: random.randint(0, 4) / 4 if number % 3 == 0 else random.gauss(1, 0.1) for pair in pairs}
        gold = {pair for pair in pairs if random.random() < scored[pair] / 2} | {(99, n) for n in range(number % 4)}
        cases.append((scored, gold))
    return cases


def let_in(scored: dict[tuple[int, int], float], threshold: float) -> list[tuple[int, int]]:
    return [pair for pair, score in scored.items() if score >= threshold]


def test_bitext_f1_is_sklearns_over_every_pair():
    for (scored, gold), cut in product(minings(), (0.75, 1.0)):
        universe = [(i, j) for i in (*range(25), 99) for j in range(4)]
        mined = let_in(scored, cut)
        expected = f1_score([p in gold for p in universe], [p in mined for p in universe], zero_division=0)
        assert compute_bitext_f1(mined, gold) == pytest.approx(expected)
    assert len(minings()) > CASES


def test_no_threshold_is_better_than_the_best():
    for scored, gold in minings():
        cuts = [compute_bitext_f1(let_in(scored, score), gold) for score in scored.values()]
        assert compute_bitext_f1(let_in(scored, find_best_threshold(scored, gold)), gold) == max(cuts, default=0.0)


def test_the_threshold_is_xtremes_where_no_two_scores_are_equal():
    compared = 0
    for scored, gold in minings():
        ranked = sorted(((score, pair) for pair, score in scored.items()), reverse=True)
        scores = [score for score, _ in ranked]
        if len(set(scores)) < len(scores) or not gold:
            continue
        f1 = []
        for n in range(1, len(ranked) + 1):
            correct = sum(pair in gold for _, pair in ranked[:n])
            precision, recall = Fraction(correct, n), Fraction(correct, len(gold))
            f1.append(2 * precision * recall / (precision + recall) if correct else Fraction(0))
        best = f1.index(max(f1)) if any(f1) else None
        expected = 0.0 if best is None else sum(scores[best : best + 2]) / len(scores[best : best + 2])
        assert find_best_threshold(scored, gold) == pytest.approx(expected)
        compared += 1
    assert compared > 150


def test_pairs_of_equal_score_are_let_in_together():
    scored = {(0, 0): 0.9, (1, 1): 0.8, (2, 0): 0.8, (3, 0): 0.8, (4, 4): 0.2}
    assert find_best_threshold(scored, {(0, 0), (1, 1)}) == pytest.approx(0.85)
    assert find_best_threshold(scored, {(0, 0), (1, 1), (2, 0)}) == pytest.approx(0.5)


def test_accuracy_is_sklearns():
    random = Random(5)
    for _ in range(CASES):
        truth = [random.randint(0, 3) for _ in range(random.randint(1, 20))]
        said = [random.choice((label, random.randint(0, 3))) for label in truth]
        found = compute_accuracy([{"label": label} for label in truth], said)
        assert found == {"accuracy": pytest.approx(accuracy_score(truth, said))}


def chunks(sentences: list[list[str]]) -> set[tuple[int, int, int, str]]:
    """Sentence, first word, last word and kind of each name; an I- after another kind or after O begins one."""
    found = []
    for s, tags in enumerate(sentences):
        for i, tag in enumerate(tags):
            begins = i == 0 or tag[0] == "B" or tags[i - 1] == "O" or tags[i - 1][2:] != tag[2:]
            if tag != "O" and begins:
                found.append([s, i, i, tag[2:]])
            elif tag != "O":
                found[-1][2] = i
    return {tuple(chunk) for chunk in found}


def f1_of_sets(truth: set, said: set) -> float:
    return 2 * len(truth & said) / (len(truth) + len(said)) if truth & said else 0.0


def tagged(random: Random, tags: tuple[str, ...]) -> tuple[list[list[str]], list[list[str]]]:
    """Sentences, some without words or names, and a tagger that is right in half of the words."""
    truth = [random.choices(tags, k=random.randint(0, 8)) for _ in range(random.randint(1, 4))]
    return truth, [[random.choice((tag, random.choice(tags))) for tag in sentence] for sentence in truth]


def test_seqevals_f1_is_that_of_chunks():
    random = Random(6)
    tags = ("O", "O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG-X", "I-ORG-X")
    for _ in range(CASES):
        truth, said = tagged(random, tags)
        expected = f1_of_sets(chunks(truth), chunks(said))
        assert chunk_f1(truth, said, zero_division=0) == pytest.approx(expected), (truth, said)


def runs(sentences: list[list[str]]) -> set[tuple]:
    """Sentence, positions and tag of each run of equal tags."""
    return {
        (s, tag, *(i for i, _ in run))
        for s, tags in enumerate(sentences)
        for tag, run in groupby(enumerate(tags), key=lambda word: word[1])
    }


@pytest.mark.filterwarnings("ignore:.* seems not to be NE tag:UserWarning")
def test_seqeval_takes_equal_neighbours_without_a_prefix_for_one_chunk():
    random = Random(7)
    for _ in range(CASES):
        truth, said = tagged(random, ("NOUN", "VERB", "ADJ", "PROPN", "PUNCT", "INTJ", "DET"))
        assert chunk_f1(truth, said, zero_division=0) == pytest.approx(f1_of_sets(runs(truth), runs(said)))
    assert chunk_f1([["NOUN", "NOUN", "VERB"]], [["NOUN", "VERB", "VERB"]], zero_division=0) == 0.0


@pytest.mark.filterwarnings("ignore:.* seems not to be NE tag:UserWarning")
def test_seqeval_drops_the_first_letter_of_a_tag_without_a_prefix():
    assert chunk_f1([["CCONJ", "NOUN"]], [["SCONJ", "NOUN"]]) == 1.0
    assert chunk_f1([["NOUN", "X"]], [["NOUN", "VERB"]]) == pytest.approx(2 / 3), "X at the end is no chunk at all"
