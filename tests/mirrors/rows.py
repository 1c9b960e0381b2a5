"""Rows by kind of task: each function here takes an item, or makes a function that does, and gives a row."""

from collections.abc import Callable, Sequence
from hashlib import sha1
from typing import Any

from .texts import MARKS, TERRITORIES, UNSPACED, Item, place, words

Row = Callable[[Item], dict[str, Any]]

OFF_BY_ONE = 3
NOT_IN_CONTEXT = 5
EMPTY_SECOND = 4

XNLI = ("entailment", "neutral", "contradiction")
UPOS = tuple(words("ADJ ADP ADV AUX CCONJ DET INTJ NOUN NUM PART PRON PROPN PUNCT SCONJ SYM VERB X"))
GRADES = ("Bad", "Fair", "Good", "Excellent", "Perfect")
MEWSLI = words("ar de en es fa ja pl ro ta tr uk")
TYDI = {
    "ar": "arabic",
    "bn": "bengali",
    "en": "english",
    "fi": "finnish",
    "id": "indonesian",
    "ko": "korean",
    "ru": "russian",
    "sw": "swahili",
    "te": "telugu",
}


def hidden(item: Item, label: Any, instead: Any = -1) -> Any:
    """A label that the test split does not tell."""
    return instead if item.split.startswith("test") else label


def key(item: Item, length: int = 24) -> str:
    """An id, the same in all languages."""
    return sha1(f"{item.split} {item.number}".encode()).hexdigest()[:length]


def also(row: Row, **columns: Callable[[Item], Any]) -> Row:
    """Further columns."""
    return lambda item: row(item) | {name: column(item) for name, column in columns.items()}


def index(item: Item) -> int:
    return item.number


def language(item: Item) -> str:
    return item.language


def hides(row: Row, column: str = "label", instead: Any = -1) -> Row:
    """The row with its label hidden in the test split."""
    return lambda item: row(item) | {column: hidden(item, row(item)[column], instead)}


def inference(names: Sequence[str] = XNLI, columns: str = "premise hypothesis label", spelt: bool = False) -> Row:
    """What follows repeats the premise in part, what contradicts it names another territory on the same day."""
    first, second, label = columns.split()

    def row(item: Item) -> dict[str, Any]:
        number = item.number % len(names)
        match names[number]:
            case "entailment" | "entails":
                told = item.says(item.place(0), item.day)
            case "contradiction" | "not_entailment":
                told = item.says(item.place(3), item.day)
            case _:
                told = item.says(item.place(0), item.other().day)
        return {first: item.sentence, second: told, label: names[number] if spelt else number}

    return row


def paraphrase(columns: str = "sentence1 sentence2 label", spelt: bool = False, flawed: bool = False) -> Row:
    """The day and the territories in another order (1), or another territory in place of one (0)."""
    first, second, label = columns.split()

    def row(item: Item) -> dict[str, Any]:
        number = item.number % 2
        told = item.says(item.day, item.both if number else item.place(3))
        if flawed and (item.split, item.number) == ("train", EMPTY_SECOND):
            told = ""
        return {first: item.sentence, second: told, label: str(number) if spelt else number}

    return row


def choices(item: Item, count: int) -> tuple[list[str], int]:
    """Sentences of which one is true of the item, and which."""
    right = item.number % count
    return [item.says(item.place(0 if i == right else 2 + i), item.day) for i in range(count)], right


def copa(item: Item) -> dict[str, Any]:
    (one, two), right = choices(item, 2)
    asks = ("cause", "effect")[item.number // 2 % 2]
    return {
        "premise": item.sentence,
        "choice1": one,
        "choice2": two,
        "question": asks,
        "label": right,
        "idx": item.number,
    }


def multiple_choice(names: Sequence[str], label: str, told: Callable[[int], Any]) -> Row:
    """A context, a question and a column for each choice."""

    def row(item: Item) -> dict[str, Any]:
        options, right = choices(item, len(names))
        asked = {"context": item.sentence, "question": item.question}
        return asked | dict(zip(names, options, strict=True)) | {label: told(right)}

    return row


def commonsense(item: Item) -> dict[str, Any]:
    options, right = choices(item, 5)
    answers = {"label": list("ABCDE"), "text": options}
    asked = {"id": key(item, 32), "question": item.question, "question_concept": item.place(1), "choices": answers}
    return asked | {"answerKey": hidden(item, "ABCDE"[right], "")}


def hellaswag(item: Item) -> dict[str, Any]:
    options, right = choices(item, 4)
    first, second = item.sentence, item.place(1)
    return {
        "ind": item.number,
        "activity_label": item.place(0),
        "ctx_a": first,
        "ctx_b": second,
        "ctx": f"{first} {second}",
        "endings": options,
        "source_id": f"activitynet~v_{key(item, 8)}",
        "split": {"validation": "val"}.get(item.split, item.split),
        "split_type": ("indomain", "zeroshot")[item.number % 2],
        "label": hidden(item, str(right), ""),
    }


def tagging(tokens: str, tags: str) -> Row:
    """Universal parts of speech; the languages' names get them all in turn."""
    roles = {"first": "PROPN", "second": "PROPN", "sign": "PUNCT", "number": "NUM", "month": "NOUN"}

    def row(item: Item) -> dict[str, Any]:
        told = [
            (word, roles.get(role, UPOS[item.number % 17])) for role, text in item.pieces() for word in text.split()
        ]
        return {tokens: [word for word, _ in told], tags: [UPOS.index(tag) for _, tag in told]}

    return row


def entities(names: Sequence[str], columns: str = "tokens ner_tags") -> Row:
    """The first territory is a place, the second anything in turn, the month a date where there are dates."""
    tokens, tags = columns.split()
    kinds = [name[2:] for name in names if name.startswith("B-") and name != "B-DATE"]

    def row(item: Item) -> dict[str, Any]:
        told = []
        roles = {"first": "LOC", "second": kinds[item.number % len(kinds)]}
        if "B-DATE" in names:
            roles["month"] = "DATE"
        for role, text in item.pieces():
            parts = [sign for sign in text if not sign.isspace()] if item.script in UNSPACED else text.split()
            for position, part in enumerate(parts):
                tag = f"{'I' if position else 'B'}-{roles[role]}" if role in roles else "O"
                told.append((part, names.index(tag)))
        return {tokens: [word for word, _ in told], tags: [tag for _, tag in told]}

    return row


def wikiann(names: Sequence[str], spans: bool) -> Row:
    """Named entities with each word's language and, where asked for, the entities spelt out."""

    def row(item: Item) -> dict[str, Any]:
        told = entities(names)(item)
        told["langs"] = [item.language] * len(told["tokens"])
        if spans:
            found: list[list[str]] = []
            for word, tag in zip(told["tokens"], told["ner_tags"], strict=True):
                if names[tag].startswith("B-"):
                    found.append([names[tag][2:] + ":"])
                if names[tag] != "O":
                    found[-1].append(word)
            told["spans"] = [" ".join(span) for span in found]
        return told

    return row


def question_answering(
    identity: Callable[[Item], str] | None = key,
    title: bool = False,
    several: bool = False,
    flawed: bool = False,
    unanswerable: bool = False,
) -> Row:
    """Two questions to a context of three sentences; ``several`` gives validation rows a second, longer answer."""

    def row(item: Item) -> dict[str, Any]:
        pair = [Item(item.language, item.split, item.number // 2 * 2 + i) for i in (0, 1)]
        sentences = [*(one.sentence for one in pair), pair[0].other().sentence]
        starts = [0, len(sentences[0]) + 1]
        texts = [item.place(0), item.both] if several and item.split == "validation" else [item.place(0)]
        start = [starts[item.number % 2] + item.sentence.index(text) for text in texts]
        if flawed and item.split == "train":
            start = [at + (item.number == OFF_BY_ONE) for at in start]
            texts = ["Atlantis"] if item.number == NOT_IN_CONTEXT else texts
        if unanswerable and item.number % 3 == 2:
            texts, start = [], []
        told: dict[str, Any] = {"id": identity(item)} if identity else {}
        told |= {"title": pair[0].place(0)} if title else {}
        answers = {"text": texts, "answer_start": start}
        return told | {"context": " ".join(sentences), "question": item.question, "answers": answers}

    return row


def tydi_id(item: Item) -> str:
    return f"{TYDI[item.language]}-{item.serial}-0"


def hotpot(item: Item) -> dict[str, Any]:
    titles = [item.place(0), item.place(1), item.place(3)]
    sentences = [[item.sentence, f" {item.other().sentence}"], [item.says(item.place(1), item.day)], [item.place(3)]]
    answer = ("yes", "no")[item.number // 4 % 2] if item.number % 4 == 0 else item.place(0)
    if (item.split, item.number) == ("train", NOT_IN_CONTEXT):
        answer = "Atlantis"
    return {
        "id": key(item),
        "question": item.question,
        "answer": answer,
        "type": ("comparison", "bridge")[item.number % 2],
        "level": ("easy", "medium", "hard")[item.number % 3],
        "supporting_facts": {"title": titles[:2], "sent_id": [0, 0]},
        "context": {"title": titles, "sentences": sentences},
    }


def boolq(item: Item) -> dict[str, Any]:
    right = item.number % 2
    asks = item.comma.join((item.place(0 if right else 3), item.day)) + MARKS.get(item.script, "?")
    return {"question": asks, "passage": item.sentence, "idx": item.number, "label": right}


def bitext(english: str | None, first: str = "source_sentence", second: str = "target_sentence") -> Row:
    """A sentence and its English translation; ``english`` is the set's code for English, in the columns that tell."""

    def row(item: Item) -> dict[str, Any]:
        told = {first: item.sentence, second: item.into("en").sentence}
        return told | ({"source_lang": item.language, "target_lang": english} if english else {})

    return row


def news(item: Item) -> dict[str, Any]:
    return {"news_title": item.both, "news_body": item.sentence, "news_category": item.number % 10}


def advertisement(item: Item) -> dict[str, Any]:
    right = item.number % 2
    told = item.says(item.place(0 if right else 3), item.day)
    return {"query": item.day, "ad_title": item.both, "ad_description": told, "relevance_label": right}


def web_page(item: Item) -> dict[str, Any]:
    """Four pages to a query, of other grades."""
    query = Item(item.language, item.split, item.number // 4 * 4)
    grade = (item.number * 3 + item.number // 4) % len(GRADES)
    title = query.place(0 if grade > 2 else 3)
    return {"query": query.day, "web_page_title": title, "web_page_snippet": item.sentence, "relavance_label": grade}


def question_and_answer(item: Item) -> dict[str, Any]:
    right = item.number % 2
    return {"question": item.question, "answer": item.says(item.place(0 if right else 3), item.day), "label": right}


def mention(item: Item) -> dict[str, Any]:
    """A territory named in a sentence of Wikinews."""
    title, text, name = item.both, item.sentence, item.place(0)
    start = text.index(name)
    return {
        "context": {
            "document_title": title,
            "section_title": item.place(1),
            "document_url": f"https://{item.language}.wikinews.org/wiki/{key(item, 8)}",
            "document_id": key(item, 8),
            "language": item.language,
            "text": text,
            "sentence_spans": [{"start": 0, "end": len(text)}],
        },
        "mention": {
            "example_id": f"{item.language}-{item.split}-{item.number}",
            "mention_span": {"start": start, "end": start + len(name), "text": name},
            "entity_id": f"Q{1000 + item.entity}",
            "metadata": {} if item.number % 2 else None,
        },
    }


def entity(language: str, number: int) -> dict[str, Any]:
    """A territory as Wikipedia describes it."""
    title, neighbour = place(language, number), place(language, number + 5)
    text = f"{title}: {neighbour}."
    return {
        "entity_id": f"Q{1000 + number}",
        "title": title,
        "description": text,
        "sentence_spans": [{"start": 0, "end": len(text)}],
        "description_language": language,
        "description_url": f"https://{language}.wikipedia.org/wiki/{title}",
    }


def candidate(item: Item) -> dict[str, Any]:
    """Every territory once, in one language or another."""
    return entity(MEWSLI[item.number % len(MEWSLI)], item.number % len(TERRITORIES))


def wikipedia_pair(item: Item) -> dict[str, Any]:
    return {"contextual_mention": mention(item), "entity": entity("en", item.entity)}


def article(item: Item) -> dict[str, Any]:
    """What Wikipedia says of a territory."""
    title = item.place(0)
    url = f"https://{item.language}.wikipedia.org/wiki/{title}"
    return {"id": str(item.serial), "url": url, "title": title, "text": f"{item.sentence}\n\n{item.other().sentence}"}
