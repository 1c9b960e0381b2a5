"""What a user should know of tasks of their own: rows by language, labels, lengths, unknown tokens, what is cut off or occurs twice."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from statistics import fmean
from typing import TYPE_CHECKING, Any

from search.config import Config
from trainables.own_tasks import OwnTask

if TYPE_CHECKING:
    from trainables.benchmarks.own import OwnTable
    from trainables.encoders import EncoderTokenizer

TOKENIZED_ROWS = 1000
"""Rows of a split in a language whose tokens are counted, at most."""
_SHOWN_NOTES = 3
_SPLITS = ("train", "dev", "test")
_WINDOWED = "question_answering"
"""The kind whose contexts are read in windows, so that nothing is cut."""


def describe_own_tasks(config: Config) -> dict[str, tuple[str, ...]]:
    """Notes about each task of one's own that the search uses, one line each.

    Raises:
        DataError: when files cannot be read, or the encoder cannot be loaded.
    """
    from trainables.benchmarks.hub import load_table
    from trainables.encoders import load_encoder

    tokenizer = load_encoder(config.encoder).tokenizer
    found = {}
    for own in _list_used_tasks(config):
        table, length = load_table(own), config.get_stage_settings(own.name).max_length
        notes = [
            *_count_rows(own),
            *_list_unscored(own, config),
            *_balance_labels(own, table),
            *_count_tokens(own, table, tokenizer, length),
        ]
        notes += [*table.notes, *_cite(own)]
        found[own.name] = tuple(f"{own.name}: {note}" for note in notes)
    return found


def summarise_own_tasks(config: Config) -> Iterator[str]:
    """What a launch says of them: rows and labels, and the first notes about what is cut off or occurs twice."""
    from trainables.benchmarks.hub import load_table

    for own in _list_used_tasks(config):
        notes = load_table(own).notes
        counts = ", ".join(
            f"{sum(own.count_rows(split, code) for code in own.languages(split)):,} {split} in {len(own.languages(split))}"
            for split in _SPLITS
            if own.languages(split)
        )
        labels = f"; labels {', '.join(own.labels)}" if own.labels else ""
        yield f"{own.name}: rows (and languages): {counts}{labels}"
        yield from (f"{own.name}: {note}" for note in notes[:_SHOWN_NOTES])
        if len(notes) > _SHOWN_NOTES:
            yield f"{own.name}: {len(notes) - _SHOWN_NOTES} more notes: xlt data check lists them"


def _list_used_tasks(config: Config) -> Iterator[OwnTask]:
    used = {*config.targets, *(name.partition("@")[0] for name in config.intermediate)}
    return (own for own in config.own_tasks if own.name in used)


def _count_rows(own: OwnTask) -> Iterator[str]:
    for split in _SPLITS:
        if languages := own.languages(split):
            counts = {code: own.count_rows(split, code) for code in languages}
            listed = ", ".join(f"{code} {count:,}" for code, count in counts.items())
            told = f"{split} has {sum(counts.values()):,} rows in {len(languages)} language{'s' * (len(languages) > 1)}: {listed}"
            used = [code for code in languages if code in own.source]
            zero_shot = own.is_target and split == "train" and len(used) < len(languages)
            yield f"{told}; of these the target is trained on {', '.join(used)}" if zero_shot else told


def _list_unscored(own: OwnTask, config: Config) -> Iterator[str]:
    """The languages of the config in which a target has no row to be scored on."""
    wanted = config.languages or ()
    missing = [code for code in wanted if code not in (*own.languages("dev"), *own.languages("test"))]
    if own.is_target and missing:
        yield f"dev and test have no rows in {len(missing)} of the {len(wanted)} languages of the config: {', '.join(missing)}"


def _balance_labels(own: OwnTask, table: "OwnTable") -> Iterator[str]:
    """The share of each label among the training rows, or among all where there are none."""
    column = own.find_column("labels") or own.find_column("tags") or own.find_column("label")
    if column is None or own.kind == "multiple_choice":
        return
    train = [part for part in table.parts if part[0] == "train"] or list(table.parts)
    values = [row[column] for part in train for row in table.iterate_rows(*part) if row[column] is not None]
    if own.kind == "regression":
        yield f"labels of {len(values):,} training rows are from {min(values):g} to {max(values):g}, {fmean(values):.3g} on average"
        return
    counts = Counter(each for value in values for each in (value if isinstance(value, list) else [value]))
    of = len(values) if own.kind == "multi_label" else max(sum(counts.values()), 1)
    shares = ", ".join(f"{label} {count / of:.1%}" for label, count in counts.most_common())
    yield f"labels of the training rows: {shares}"


def _count_tokens(own: OwnTask, table: "OwnTable", tokenizer: "EncoderTokenizer", length: int) -> Iterator[str]:
    """The share of rows that are cut, and of tokens that the encoder does not know, by language."""
    cut, unknown = dict[str, list[bool]](), dict[str, list[int]]()
    for split, code in table.parts:
        texts = [_join_texts(own, row) for row in islice(table.iterate_rows(split, code), TOKENIZED_ROWS)]
        tokens = tokenizer.count_unknown_tokens(texts, [code] * len(texts))
        cut.setdefault(code, []).extend(number > tokenizer.max_pair_tokens(length) for number, _ in tokens)
        totals = unknown.setdefault(code, [0, 0])
        totals[0] += sum(unknown_tokens for _, unknown_tokens in tokens)
        totals[1] += sum(number for number, _ in tokens)
    rows = [each for many in cut.values() for each in many]
    by_language = _list_shares({code: fmean(many) for code, many in cut.items() if many})
    what = "are read in several windows" if own.kind == _WINDOWED else "are cut"
    if any(rows):
        yield f"{fmean(rows):.1%} of {len(rows):,} rows are longer than {length} tokens and {what}{by_language}"
    else:
        yield f"none of {len(rows):,} rows is longer than {length} tokens"
    shares = _list_shares({code: some / total for code, (some, total) in unknown.items() if total})
    yield f"tokens that the encoder does not know: {shares.removeprefix(': ') or 'none'}"


def _list_shares(shares: Mapping[str, float]) -> str:
    listed = sorted(((share, code) for code, share in shares.items() if share), reverse=True)
    return f": {', '.join(f'{code} {share:.1%}' for share, code in listed)}" if listed else ""


def _join_texts(own: OwnTask, row: Mapping[str, Any]) -> str:
    """The texts of a row that the encoder reads together; of several choices, the longest."""
    names: Sequence[str] = ("text", "text_pair", "words", "context", "question", "source_sentence", "choices")
    parts = []
    for value in (row[column] for name in names if (column := own.find_column(name))):
        if isinstance(value, list):
            value = " ".join(map(str, value)) if own.kind == "tagging" else max(map(str, value), key=len, default="")
        parts.append(value or "")
    return " ".join(parts)


def _cite(own: OwnTask) -> Iterator[str]:
    yield f"licence: {own.licence or 'not stated: set tasks.' + own.name + '.licence'}"
    yield from (f"{name}: {text}" for name, text in (("about", own.about), ("citation", own.citation)) if text)
