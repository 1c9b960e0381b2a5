"""How rows of published data sets become rows of the task kinds."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from trainables.benchmarks.cards import Notes, Row, Shape

READ = "rows read"
REANCHORED = "answers found elsewhere than their offset says"
NOWHERE = "answers that are not in their text, dropped"
NO_SPAN = "answers yes or no, dropped"
EMPTY = "rows with an empty text, dropped"
OUTSIDE = "questions whose answer is in no sentence, dropped"


def pair(text: str, text_pair: str, labels: Sequence[str], label: str = "label") -> Shape:
    """Classification of two texts."""
    columns = {"text": text, "text_pair": text_pair, "label": label}
    return Shape(columns=columns, labels=tuple(labels))


def tags(words: str, tags: str, labels: Sequence[str]) -> Shape:
    """Tagging."""
    return Shape(columns={"words": words, "tags": tags}, labels=tuple(labels))


def choices(context: Sequence[str], options: Sequence[str], label: str = "label", first: int = 0) -> Shape:
    """Multiple choice whose options are columns of their own.

    Args:
        context: columns that are joined by a space.
        options: columns.
        label: the column of the right one's number.
        first: the number of the first option.
    """

    def adapt(row: Row, notes: Notes) -> Iterator[Row]:
        yield {
            "context": " ".join(row[name] for name in context),
            "choices": [row[name] for name in options],
            "label": int(row["label"]) - first,
        }

    return Shape(columns={name: name for name in (*context, *options)} | {"label": label}, adapt=adapt)


ASKED = {"cause": "What was the cause of this?", "effect": "What happened as a result?"}
"""COPA's two questions, in the words of its paper (Roemmele et al., AAAI Spring Symposium 2011); English in every language."""


def _copa(row: Row, notes: Notes) -> Iterator[Row]:
    context = f"{row['premise']} {ASKED[row['question']]}"
    yield {"context": context, "choices": [row["choice1"], row["choice2"]], "label": row["label"]}


COPA = Shape(columns={name: name for name in ("premise", "question", "choice1", "choice2", "label")}, adapt=_copa)


def _commonsense(row: Row, notes: Notes) -> Iterator[Row]:
    label = row["choices"]["label"].index(row["answerKey"])
    yield {"context": row["question"], "choices": row["choices"]["text"], "label": label}


COMMONSENSE = Shape(columns={name: name for name in ("question", "choices", "answerKey")}, adapt=_commonsense)


def _hellaswag(row: Row, notes: Notes) -> Iterator[Row]:
    yield {"context": row["ctx"], "choices": row["endings"], "label": int(row["label"])}


HELLASWAG = Shape(columns={name: name for name in ("ctx", "endings", "label")}, adapt=_hellaswag)


def anchored(context: str, answers: Row, notes: Notes) -> Row | None:
    """The answers with offsets at which they stand, the nearest to what was told; those nowhere are left out.

    Several published conversions stripped white space without moving the offsets. None if no answer is left of those there were.
    """
    kept: Row = {"text": [], "answer_start": []}
    for text, start in zip(answers["text"], answers["answer_start"], strict=True):
        found = [match.start() for match in re.finditer(re.escape(text), context)] if text else []
        if not found:
            notes[NOWHERE] += 1
            continue
        place = min(found, key=lambda at: abs(at - start))
        if place != start:
            notes[REANCHORED] += 1
        kept["text"].append(text)
        kept["answer_start"].append(place)
    return kept if kept["text"] or not answers["text"] else None


def _answers(row: Row, notes: Notes) -> Iterator[Row]:
    answers = anchored(row["context"], row["answers"], notes)
    if answers is not None:
        yield row | {"answers": answers}


_ASKED_OF = {name: name for name in ("context", "question", "answers")}
QUESTIONS = Shape(columns=_ASKED_OF, adapt=_answers)
"""SQuAD's, for training: every answer where its offset says."""


def _as_told(row: Row, notes: Notes) -> Iterator[Row]:
    yield row


QUESTIONS_SCORED = Shape(columns=_ASKED_OF, adapt=_as_told)
"""The same for scoring, which looks at the answers' texts alone: nothing is dropped."""


def _hotpot(row: Row, notes: Notes) -> Iterator[Row]:
    """The paragraphs that hold the supporting facts; an answer wherever it stands first."""
    told = dict(zip(row["paragraphs"]["title"], row["paragraphs"]["sentences"], strict=True))
    titles = dict.fromkeys(title for title in row["supporting_facts"]["title"] if title in told)
    context = " ".join("".join(told[title]).strip() for title in titles)
    if row["answer"] in ("yes", "no"):
        notes[NO_SPAN] += 1
    elif (start := context.find(row["answer"])) < 0:
        notes[NOWHERE] += 1
    else:
        answers = {"text": [row["answer"]], "answer_start": [start]}
        yield {"context": context, "question": row["question"], "answers": answers}


HOTPOT = Shape(
    columns={
        "question": "question",
        "answer": "answer",
        "supporting_facts": "supporting_facts",
        "paragraphs": "context",
    },
    adapt=_hotpot,
)

_ENDS = re.compile(r"[.!?。！？।؟]+[\"')\]”’»]*\s+|[。！？]")


def sentences(text: str) -> list[tuple[int, int]]:
    """Where a text's sentences begin and end, by their punctuation; Thai, which has none, is one."""
    cuts = [0, *(match.end() for match in _ENDS.finditer(text)), len(text)]
    return [(start, stop) for start, stop in pairwise(cuts) if text[start:stop].strip()]


def _sentence_of(row: Row) -> str | None:
    """The sentence that the first answer begins in."""
    context, at = row["context"], row["answers"]["answer_start"][0]
    for start, stop in row.get("sentence_breaks") or sentences(context):
        if start <= at < stop:
            return str(context[start:stop]).strip()
    return None


def _question_and_sentence(row: Row, notes: Notes) -> Iterator[Row]:
    for told in _answers(row, notes):
        if (sentence := _sentence_of(told)) is None:
            notes[OUTSIDE] += 1
        else:
            yield {"query": told["question"], "candidate": sentence, "candidate_pair": told["context"]}


QUESTION_AND_SENTENCE = Shape(columns=_ASKED_OF, adapt=_question_and_sentence)
"""LAReQA's training pairs out of SQuAD (Roy et al., EMNLP 2020): a question, and the sentence with its answer in its context."""


def _lareqa_query(row: Row, notes: Notes) -> Iterator[Row]:
    yield {"query": row["question"], "answered_by": row["id"]}


LAREQA_QUERY = Shape(columns={"id": "id", "question": "question"}, adapt=_lareqa_query)


def _lareqa_candidates(row: Row, notes: Notes) -> Iterator[Row]:
    """Every sentence of the context; those that repeat with the next question of the context are joined by `merged`."""
    answers = anchored(row["context"], row["answers"], notes)
    answer = _sentence_of(row | {"answers": answers}) if answers else None
    if answer is None:
        notes[OUTSIDE] += 1
    for start, stop in row.get("sentence_breaks") or sentences(row["context"]):
        sentence = row["context"][start:stop].strip()
        right = [row["id"]] if sentence == answer else []
        yield {"candidate": sentence, "candidate_pair": row["context"], "answers": right}


LAREQA_CANDIDATES = Shape(columns=_ASKED_OF | {"id": "id"}, adapt=_lareqa_candidates)


def merged(rows: Sequence[Row]) -> Iterator[Row]:
    """Candidates that read alike in the same context as one, which answers what each of them does."""
    found: dict[tuple[str, str | None], Row] = {}
    for row in rows:
        known = found.setdefault((row["candidate"], row["candidate_pair"]), row | {"answers": []})
        known["answers"] = [*known["answers"], *row["answers"]]
    yield from found.values()


def mention(told: Row) -> str:
    """A mention in its sentence, marked by braces and put first, as Mewsli-X's own baseline has it."""
    context, span = told["context"], told["mention"]["mention_span"]
    inside = [s for s in context["sentence_spans"] if s["start"] <= span["start"] and span["end"] <= s["end"]]
    start, stop = (inside[0]["start"], inside[0]["end"]) if inside else (0, len(context["text"]))
    left, right = context["text"][start : span["start"]], context["text"][span["end"] : stop]
    left, right = (re.sub(r"\{(.*?)\}", r"(\1)", side) for side in (left, right))
    return " ".join(f"{span['text']}: {left} {{ {span['text']} }} {right}".split())


def description(entity: Row) -> str:
    """What describes an entity, without the line breaks."""
    return " ".join(entity["description"].split())


def _mewsli_pair(row: Row, notes: Notes) -> Iterator[Row]:
    yield {"query": mention(row["mention"]), "candidate": description(row["entity"]), "candidate_pair": None}


MEWSLI_PAIR = Shape(columns={"mention": "contextual_mention", "entity": "entity"}, adapt=_mewsli_pair)


def _mewsli_query(row: Row, notes: Notes) -> Iterator[Row]:
    yield {"query": mention(row), "answered_by": row["mention"]["entity_id"]}


MEWSLI_QUERY = Shape(columns={"context": "context", "mention": "mention"}, adapt=_mewsli_query)


def _mewsli_candidates(row: Row, notes: Notes) -> Iterator[Row]:
    yield {"candidate": description(row), "candidate_pair": None, "answers": [row["entity_id"]]}


MEWSLI_CANDIDATES = Shape(columns={name: name for name in ("entity_id", "description")}, adapt=_mewsli_candidates)

TRANSLATIONS = Shape(columns={name: name for name in ("source_sentence", "target_sentence")})
TRANSLATIONS_MTEB = Shape(columns={"source_sentence": "sentence1", "target_sentence": "sentence2"})
PLAIN_TEXT = Shape(columns={"text": "text"})


def graded(labels: Sequence[str]) -> Shape:
    """XGLUE's web pages: the query, title and snippet, and how well they fit."""

    def adapt(row: Row, notes: Notes) -> Iterator[Row]:
        page = f"{row['title']} {row['snippet']}".strip()
        yield {"text": row["query"], "text_pair": page, "label": row["label"]}

    columns = {"query": "query", "title": "web_page_title", "snippet": "web_page_snippet", "label": "relavance_label"}
    return Shape(columns=columns, labels=tuple(labels), adapt=adapt)


def news(labels: Sequence[str]) -> Shape:
    """XGLUE's news: title and body."""
    return pair("news_title", "news_body", labels, "news_category")


def advertisement(labels: Sequence[str]) -> Shape:
    """XGLUE's query and advertisement, whose title and description are one text."""

    def adapt(row: Row, notes: Notes) -> Iterator[Row]:
        text = f"{row['title']} {row['description']}".strip()
        yield {"text": row["query"], "text_pair": text, "label": row["label"]}

    columns = {"query": "query", "title": "ad_title", "description": "ad_description", "label": "relevance_label"}
    return Shape(columns=columns, labels=tuple(labels), adapt=adapt)
