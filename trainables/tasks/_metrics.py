"""Metrics of answers, rankings and mined pairs, in 0..1, by the rules of the benchmarks' own scripts.

Where a script has a quirk that we do not follow, its number is kept as another metric, with `trainables.transfer.OFFICIAL_PREFIX` before
the name.
"""

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from itertools import accumulate, pairwise

from sklearn.metrics import ndcg_score

ENGLISH_ARTICLES = r"\b(a|an|the)\b"
MLQA_ARTICLES = {
    "ar": r"\sال^|ال",  # as published; its first half never matches, so that ال goes within words too
    "de": r"\b(ein|eine|einen|einem|eines|einer|der|die|das|den|dem|des)\b",
    "en": ENGLISH_ARTICLES,
    "es": r"\b(un|una|unos|unas|el|la|los|las)\b",
    "vi": r"\b(của|là|cái|chiếc|những)\b",
}
"""The articles that MLQA removes from an answer, by language; Hindi and Chinese have none."""
CHINESE_CHARACTER = r"([\u4e00-\u9fa5])"
"""A character that MLQA treats as a word in Chinese."""


def normalise_squad_answer(answer: str) -> str:
    """Lower case without ASCII punctuation, English articles and extra white space (Rajpurkar et al., EMNLP 2016)."""
    plain = "".join(c for c in answer.lower() if c not in string.punctuation)
    return _collapse_spaces(re.sub(ENGLISH_ARTICLES, " ", plain))


def normalise_mlqa_answer(answer: str, language: str) -> str:
    """Lower case without punctuation, the language's articles and extra white space (Lewis et al., ACL 2020).

    Punctuation is ASCII's and Unicode's (category P). Chinese comes out with a space around each character from
    U+4E00 to U+9FA5. A language that MLQA does not have is treated as Hindi is: it has no articles.
    """
    plain = "".join(c for c in answer.lower() if not _is_punctuation(c))
    if language in MLQA_ARTICLES:
        plain = re.sub(MLQA_ARTICLES[language], " ", plain)
    if language == "zh":
        plain = re.sub(CHINESE_CHARACTER, r" \1 ", plain)
    return _collapse_spaces(plain)


def score_answer(answer: str, golds: Sequence[str], normalise: Callable[[str], str]) -> tuple[float, float]:
    """F1 over words and exact match, each the maximum over the gold answers.

    Empty answers follow SQuAD 2.0 (Rajpurkar et al., ACL 2018): gold answers that normalise to nothing are left out; if none is left,
    the gold answer is the empty one; F1 with an empty side is 1 if both are empty, else 0. `score_answer_officially` has the rule of
    SQuAD 1.1 and MLQA.
    """
    words = normalise(answer).split()
    right = [gold for gold in (normalise(gold).split() for gold in golds) if gold] or [[]]
    return max(_compute_word_f1(words, gold) for gold in right), float(words in right)


def score_answer_officially(answer: str, golds: Sequence[str], normalise: Callable[[str], str]) -> tuple[float, float]:
    """F1 and exact match by the scripts of SQuAD 1.1 (XTREME's ``evaluate_squad.py``) and MLQA (``mlqa_evaluation_v1.py``).

    Gold answers that normalise to nothing are kept; if both sides are empty, F1 is 0 and exact match 1. A question without gold answers,
    for which those scripts have no rule, is scored as one with an empty gold answer.
    """
    words = normalise(answer).split()
    right = [normalise(gold).split() for gold in golds] or [[]]
    return max(_compute_word_f1(words, gold) if gold else 0.0 for gold in right), float(words in right)


def compute_average_precision(hits: Sequence[bool], relevant: int, k: int) -> float:
    """AP@k of one query: the sum of the precision at each hit, divided by min(`relevant`, k).

    With one relevant document this is the reciprocal of its rank, or 0 beyond rank k.

    Args:
        hits: whether the document at each rank is relevant, best rank first.
        relevant: number of relevant documents, ranked or not.
        k: ranks that count.

    Raises:
        ValueError: when `relevant` or `k` is below 1.
    """
    if min(relevant, k) < 1:
        raise ValueError(f"average precision needs a relevant document and a rank, got relevant={relevant} and k={k}")
    found = [rank for rank, hit in enumerate(hits[:k], start=1) if hit]
    return sum(number / rank for number, rank in enumerate(found, start=1)) / min(relevant, k)


def compute_ndcg(queries: Sequence[Hashable], grades: Sequence[int], scores: Sequence[float]) -> float:
    """Mean nDCG over queries (scikit-learn's), as XGLUE scores web page ranking (Liang et al., EMNLP 2020).

    Queries with one document are left out; a query without any gain counts as 0.

    Args:
        queries: the query of each document.
        grades: the grade of each document, at least 0, which is its gain.
        scores: the score of each document; documents with equal scores share their ranks.

    Raises:
        ValueError: when no query has two documents.
    """
    rankings = group_by_query(queries, grades, scores)
    return sum(float(ndcg_score([gains], [predicted])) for gains, predicted in rankings) / len(rankings)


def group_by_query(
    queries: Sequence[Hashable], grades: Sequence[int], scores: Sequence[float]
) -> list[tuple[tuple[int, ...], tuple[float, ...]]]:
    """Grades and scores of the documents of each query with two documents or more.

    Raises:
        ValueError: when no query has two documents.
    """
    documents: dict[Hashable, list[tuple[int, float]]] = {}
    for query, grade, score in zip(queries, grades, scores, strict=True):
        documents.setdefault(query, []).append((grade, score))
    rankings = [_split_documents(found) for found in documents.values() if len(found) > 1]
    if not rankings:
        raise ValueError(f"a ranking needs a query with two documents or more, got none among {len(documents)} queries")
    return rankings


def _split_documents(found: Sequence[tuple[int, float]]) -> tuple[tuple[int, ...], tuple[float, ...]]:
    grades, scores = zip(*found, strict=True)
    return grades, scores


def number_query_runs(queries: Sequence[str]) -> list[int]:
    """For each row the number of its run of consecutive rows with the same query: XGLUE's script takes such a run for a query.

    A query that occurs again after another one starts a new run; rows after an empty query belong to the run of that.
    """
    changes = [one != other and one != "" for one, other in pairwise(queries)]
    return list(accumulate(changes, initial=0))[: len(queries)]


def compute_bitext_f1(pairs: Collection[tuple[int, int]], gold: Collection[tuple[int, int]]) -> float:
    """F1 of mined pairs, given as pairs of sentence numbers (BUCC; Zweigenbaum et al., 2018); 0 if none is right."""
    mined, right = set(pairs), set(gold)
    return 2 * len(mined & right) / max(1, len(mined) + len(right))


def find_best_threshold(scored: Mapping[tuple[int, int], float], gold: Collection[tuple[int, int]]) -> float:
    """The highest threshold at which the pairs that score at least as much have the best `compute_bitext_f1`.

    As in LASER and XTREME it is halfway between the lowest accepted score and the next one, or the lowest score if all are accepted, and
    0 if no pair is right. Unlike theirs it never separates two pairs of equal score.
    """
    right = set(gold)
    ranked = sorted(scored, key=lambda pair: -scored[pair])
    best = threshold = 0.0
    correct = 0
    for number, pair in enumerate(ranked, start=1):
        correct += pair in right
        following = scored[ranked[number]] if number < len(ranked) else None
        f1 = 2 * correct / (number + len(right))
        if f1 > best and following != scored[pair]:
            best, threshold = f1, scored[pair] if following is None else (scored[pair] + following) / 2
    return threshold


def _is_punctuation(character: str) -> bool:
    return character in string.punctuation or unicodedata.category(character).startswith("P")


def _collapse_spaces(text: str) -> str:
    return " ".join(text.split())


def _compute_word_f1(answer: Sequence[str], gold: Sequence[str]) -> float:
    """Harmonic mean of precision and recall over words; see `score_answer` for empty answers."""
    if not answer or not gold:
        return float(answer == gold)
    shared = sum((Counter(answer) & Counter(gold)).values())
    return 2 * shared / (len(answer) + len(gold))
