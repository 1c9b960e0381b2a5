"""The text of the snippets in model cards; names in braces are put in by `search.exporter._snippets`."""

LOADING = """\
import torch
from transformers import AutoTokenizer, {auto}

MODEL = "{model}"  # where this card lies, or the model's id on the hub
tokenizer = AutoTokenizer.from_pretrained(MODEL)
model = {auto}.from_pretrained(MODEL).eval()
"""
UNSUPPORTED = "This loads the model. It does not predict with plain transformers: {note}. `xlt train best.yaml` trains and scores it."
RETRIEVAL_IN_SENTENCE_TRANSFORMERS = (
    "The same with sentence-transformers, which reads layer and pooling from `modules.json`:"
)

_SCORE_TEXTS = """

def score(*texts):
    inputs = tokenizer(*texts, padding=True, truncation=True, max_length={max_length}, return_tensors="pt")
    with torch.inference_mode():
        return model(**inputs).logits

"""
_ONE_TEXT = """
def predict(texts):
    {doc}
    return [{one} for row in score(texts)]


print(predict(["Nairobi is the capital of Kenya."]))
"""
_TWO_TEXTS = """
def predict(first, second):
    {doc}
    return [{one} for row in score(first, second)]


print(predict(["Nairobi is the capital of Kenya."], ["Kenya has a capital."]))
"""


def _make_head(template: str, doc: str, one: str) -> str:
    return _SCORE_TEXTS + template.replace("{doc}", f'"""{doc}"""').replace("{one}", one)


_LABEL = (
    "The label of each text and its probability.",
    "(model.config.id2label[int(row.argmax())], float(row.softmax(-1).max()))",
)
_LABELS = (
    "The labels of each text: those with a probability above one half.",
    "[model.config.id2label[number] for number in (row.sigmoid() > 0.5).nonzero()[:, 0].tolist()]",
)
_NUMBER = ("The number of each text.", "float(row[0])")

_GRADE = """

def predict(query, documents):
    \"""The documents with their expected grades, best first.\"""
    queries = [query] * len(documents)
    inputs = tokenizer(queries, documents, padding=True, truncation=True, max_length={max_length}, return_tensors="pt")
    with torch.inference_mode():
        likely = model(**inputs).logits.softmax(-1)
    grades = (likely * torch.arange(likely.shape[-1])).sum(-1).tolist()
    return sorted(zip(documents, grades), key=lambda found: -found[1])


print(predict("capital of Kenya", ["Nairobi is the capital of Kenya.", "Lagos is in Nigeria."]))
"""
_CHOICE = """

def predict(context, choices):
    \"""The number of the choice that fits the context best.\"""
    contexts = [context] * len(choices)
    inputs = tokenizer(contexts, choices, padding=True, truncation=True, max_length={max_length}, return_tensors="pt")
    with torch.inference_mode():
        logits = model(**{name: tensor.unsqueeze(0) for name, tensor in inputs.items()}).logits
    return int(logits.argmax())


print(predict("Nairobi", ["It is in Kenya.", "It is in Nigeria."]))
"""
_TAGS = """

def predict(words):
    \"""The tag of each word; a sentence that is too long is tagged in parts.\"""
    tags = []
    while len(tags) < len(words):
        rest = words[len(tags) :]
        inputs = tokenizer(rest, is_split_into_words=True, truncation=True, max_length={max_length}, return_tensors="pt")
        with torch.inference_mode():
            numbers = model(**inputs).logits[0].argmax(-1).tolist()
        first = {}  # a word's tag is that of its first token
        for word, number in zip(inputs.word_ids(), numbers):
            first.setdefault(word, number)
        last = max((word for word in first if word is not None), default=len(rest) - 1)
        tags += [model.config.id2label[first.get(word, 0)] for word in range(last + 1)]
    return tags


print(predict(["Nairobi", "is", "in", "Kenya", "."]))
"""
_SPAN = """

def predict(question, context):
    \"""The span of the context, of at most 30 tokens, that answers the question best, and its score.\"""
    asked = tokenizer(question, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    if len(asked) > {question}:
        asked = asked[:{question}]
        question = question[: asked[-1][1]]
    room = {max_length} - tokenizer.num_special_tokens_to_add(True) - len(asked)
    inputs = tokenizer(
        question,
        context,
        truncation="only_second",
        max_length={max_length},
        stride=max({overlap}, room - {stride}),
        return_overflowing_tokens=True,  # a long context becomes several windows
        return_offsets_mapping=True,
        padding=True,
        return_tensors="pt",
    )
    places = inputs.pop("offset_mapping").tolist()
    inputs.pop("overflow_to_sample_mapping")
    with torch.inference_mode():
        output = model(**inputs)
    best = (float("-inf"), "")
    for window, characters in enumerate(places):
        inside = torch.tensor([part == 1 for part in inputs.sequence_ids(window)])
        scores = output.start_logits[window].double()[:, None] + output.end_logits[window].double()[None, :]
        allowed = (inside[:, None] & inside[None, :]).triu().tril(29)
        scores = scores.masked_fill(~allowed, float("-inf"))
        first, last = divmod(int(scores.argmax()), len(inside))
        if scores[first, last] > best[0]:
            best = (float(scores[first, last]), context[characters[first][0] : characters[last][1]])
    return best[1], best[0]


print(predict("Where is Nairobi?", "Nairobi is the capital of Kenya, and Lagos is in Nigeria."))
"""
_VECTORS = """

def embed(texts):
    \"""Unit vectors, [texts, width]: layer {layer} of the hidden states, pooled.\"""
    inputs = tokenizer(texts, padding=True, truncation=True, max_length={max_length}, return_tensors="pt")
    with torch.inference_mode():
        states = model(**inputs, output_hidden_states=True).hidden_states[{layer}]
    mask = inputs["attention_mask"].unsqueeze(-1)
    return torch.nn.functional.normalize({pooled}, dim=-1)


vectors = embed(["Nairobi is in Kenya.", "Nairobi iko Kenya."])
print(vectors @ vectors.T)  # cosines
"""
_DENSE_VECTORS = """

def embed(texts, pairs=None):
    \"""Unit vectors, [texts, width]: the first token after the last layer. Candidates of two texts have the second in `pairs`.\"""
    inputs = tokenizer(texts, pairs, padding=True, truncation=True, max_length={max_length}, return_tensors="pt")
    with torch.inference_mode():
        return torch.nn.functional.normalize(model(**inputs).last_hidden_state[:, 0], dim=-1)


queries = embed(["capital of Kenya"])
candidates = embed(["Nairobi is the capital of Kenya.", "Lagos is in Nigeria."])
print(queries @ candidates.T)  # cosines
"""

HEADS = {
    "label": _make_head(_ONE_TEXT, *_LABEL),
    "label_of_pair": _make_head(_TWO_TEXTS, *_LABEL),
    "labels": _make_head(_ONE_TEXT, *_LABELS),
    "labels_of_pair": _make_head(_TWO_TEXTS, *_LABELS),
    "number": _make_head(_ONE_TEXT, *_NUMBER),
    "number_of_pair": _make_head(_TWO_TEXTS, *_NUMBER),
    "grade": _GRADE,
    "choice": _CHOICE,
    "tags": _TAGS,
    "span": _SPAN,
    "sentence_vectors": _VECTORS,
    "dense_vectors": _DENSE_VECTORS,
}
"""What follows the loading, by head."""
