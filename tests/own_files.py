"""Files and a mirror for tasks of one's own: names from Unicode CLDR in the forms that docs/own-data.md shows."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from babel import Locale

from trainables.languages import LANGUAGES

LANGUAGES_OF_FILES = (
    *(
        "en",
        "de",
        "fr",
        "ru",
        "tr",
        "sw",
        "fi",
        "hi",
        "ar",
        "zh",
        "ja",
        "th",
        "vi",
        "id",
        "eu",
        "ta",
        "te",
        "ka",
        "hu",
        "ko",
    ),
    *("is", "cy", "zu"),
)
"""Twenty of XTREME-R's, and Icelandic, Welsh and Zulu, which are none of them."""
SOURCES = {
    "country": lambda locale: locale.territories,
    "language": lambda locale: locale.languages,
    "currency": lambda locale: locale.currencies,
}
"""What a name is the name of, and where CLDR has it."""


def list_names(language: str) -> Iterator[tuple[str, str, str]]:
    """Code, name and category; a code that CLDR has in English too, in the order of codes by category in turn."""
    locale, english = Locale.parse(LANGUAGES[language].locale), Locale.parse("en")
    tables = {category: source(locale) for category, source in SOURCES.items()}
    wanted = {
        category: sorted(code for code in source(english) if len(code) <= 3 and code.isalpha())
        for category, source in SOURCES.items()
    }
    for number in range(120):
        for category, codes in wanted.items():
            if (code := codes[number]) in tables[category]:
                yield f"{category} {code}", tables[category][code], category


def list_rows(language: str, source: str = "en") -> Iterator[dict[str, str]]:
    """Rows by split, parallel in all languages; training rows in the source language alone."""
    for number, (item, name, category) in enumerate(list_names(language)):
        split = "dev" if hash_item(item) == 0 else "test" if hash_item(item) == 1 else "train"
        if split != "train" or language == source:
            yield {
                "text": name,
                "label": category,
                "language": language,
                "split": split,
                "id": item,
                "number": str(number),
            }


def hash_item(item: str) -> int:
    """One of five sides, the same in every language."""
    return sum(item.encode()) % 5


def write_files(folder: Path, languages: tuple[str, ...] = LANGUAGES_OF_FILES) -> None:
    """``data/sentiment.jsonl``, ``data/{split}.{language}.csv``, ``conll/{language}/{split}.conll``."""
    (folder / "data").mkdir(parents=True)
    with (folder / "data/sentiment.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(row, ensure_ascii=False)}\n" for code in languages for row in list_rows(code))
    for code in languages:
        rows = list(list_rows(code))
        (folder / "conll" / code).mkdir(parents=True)
        for split in dict.fromkeys(row["split"] for row in rows):
            chosen = [row for row in rows if row["split"] == split]
            with (folder / f"data/{split}.{code}.csv").open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([["utterance", "intent"], *([row["text"], row["label"]] for row in chosen)])
            (folder / "conll" / code / f"{split}.conll").write_text(
                "\n".join("".join(tag_words(each)) for each in zip(chosen[::2], chosen[1::2], strict=False)),
                encoding="utf-8",
            )


def tag_words(rows: tuple[dict[str, str], ...]) -> Iterator[str]:
    """Two names with a comma between, tagged by category."""
    for number, row in enumerate(rows):
        yield ",\tO\n" if number else ""
        for place, word in enumerate(row["text"].split()):
            yield f"{word}\t{'BI'[place > 0]}-{row['label'][:4].upper()}\n"


def write_mirror(root: Path, languages: tuple[str, ...] = LANGUAGES_OF_FILES) -> Path:
    """``Davlan/sib200`` in its schema: a configuration for each language by FLORES-200's code, with all three splits."""
    folder, card = root / "Davlan/sib200", []
    for code in languages:
        configuration = LANGUAGES[code].flores
        card.append(f"- config_name: {configuration}\n  data_files:\n")
        rows = list(list_rows(code, source=code))
        for split, theirs in (("train", "train"), ("dev", "validation"), ("test", "test")):
            chosen = [
                {"index_id": number, "category": row["label"], "text": row["text"]}
                for number, row in enumerate(rows)
                if row["split"] == split
            ]
            file = folder / configuration / f"{theirs}-00000-of-00001.parquet"
            file.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(pa.Table.from_pylist(chosen), file)
            card.append(f"  - split: {theirs}\n    path: {configuration}/{theirs}-*.parquet\n")
    (folder / "README.md").write_text(f"---\nconfigs:\n{''.join(card)}---\n", encoding="utf-8")
    return folder
