"""The configuration reference, from the pydantic schema of a search's config: types, defaults, ranges, docstrings of the fields."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from search.config import Config

Schema = Mapping[str, Any]

WITHOUT_DOCSTRING = {
    "name": "Name of the search: of its folder and of its MLflow experiment. Letters, digits, `-`, `_` and single dots.",
    "targets": "The tasks on which transfer is measured: trained in the source languages, scored in every language.",
    "intermediate": "The tasks that a curriculum may hold, by name. `task@n` is a sample of `n` training examples of a task.",
    "sampler": "What proposes the next trial: see [Search and samplers](samplers.md).",
    "objective": "What the search maximises: see [Statistics](statistics.md#objectives).",
    "seed": "Seed of every trial. Finalists get fresh seeds.",
    "trials": "Number of trials. Trial 0 is the baseline without intermediate stages. Raise it to extend a finished search.",
    "curriculum.temperature": "Temperature of `mixing: temperature`.",
    "training.*.batch_size": "Examples in a batch.",
    "training.*.weight_decay": "Weight decay of AdamW.",
    "space.*.low": "Lowest value.",
    "space.*.high": "Highest value.",
    "space.*.points": "Number of values.",
    "space.noise.methods.method": "The method's name: see [Robust training](robust-training.md).",
    "space.noise.methods.norm": "Norm of the perturbation of `adversarial` and `smart`.",
    "space.noise.methods.level": "Whether that norm is taken per token or per sentence.",
    "space.noise.methods.distribution": "Distribution of the noise of `random_perturbation` and `r3f`.",
    "resources.cpus_per_trial": "CPU cores of one trial.",
}
"""Descriptions of keys whose fields have no docstring, by path; a key with a docstring must not be here."""

ALIKE = {"training.target": "training.intermediate", "space.target.noise": "space.noise"}
"""Sections with the keys of an earlier one: told by a reference."""

HEAD = """\
# Configuration reference

<!-- Generated from the schema by `python -m docs._generate`: do not edit. -->

A config is a YAML file. `xlt plan CONFIG` checks it and lists every mistake at once, each with its path, its value and what is
allowed. Unknown keys are refused.

- `--set KEY=VALUE` overrides a key by its dotted path. The value is read as YAML: `--set space.target.learning_rate=2e-5`.
- A relative path in the file is relative to the folder of the file. A relative path in `--set` is relative to the working directory.
- A *grid* is a number, or `{low, high, points}`: `points` values at equal ratios from `low` to `high`, both included.
- `tracking.uri` and `store.url` may hold `${NAME}`: the environment's variable `NAME`.

[Own search, step by step](own-search.md) explains the keys in the order in which you need them.
"""


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the config."""

    path: str
    type: str
    allowed: str
    default: str
    description: str


def page() -> str:
    """The reference in Markdown."""
    parts = [HEAD]
    for section, about, keys in sections():
        title = f"`{section}`" if section else "Keys at the top"
        parts += [f"\n## {title}\n", *([f"\n{about}\n"] if about else []), *_table(section, keys)]
    return "".join(parts)


def _table(section: str, keys: list[Key]) -> Iterator[str]:
    if keys:
        yield "\n| key | value | meaning |\n| --- | --- | --- |\n"
    for key in keys:
        name = key.path.removeprefix(f"{section}.") if section else key.path
        value = "; ".join(filter(None, [f"{key.type} {key.allowed}".strip(), key.default]))
        yield f"| `{name}` | {value} | {key.description} |\n"


def sections() -> Iterator[tuple[str, str, list[Key]]]:
    """Each section with what it is about and its own keys, sections within it left to themselves; the keys at the top first."""
    schema = Config.model_json_schema()
    yield from _sections(schema, schema["$defs"], "")


def keys() -> list[Key]:
    """Every key that has no keys of its own."""
    return [key for _, _, keys in sections() for key in keys]


def _sections(schema: Schema, types: Mapping[str, Schema], path: str) -> Iterator[tuple[str, str, list[Key]]]:
    inner, own = [], []
    for name, field in schema["properties"].items():
        place = f"{path}.{name}" if path else name
        part = _section(field, types)
        if part is not None:
            inner.append((place, part))
        if part is None or ("$ref" not in field and "allOf" not in field):
            own.append(_key(place, field, types, name in schema.get("required", ())))
    if own:
        yield path, _words(schema.get("description", "")) if path else "", own
    for place, part in inner:
        if place in ALIKE:
            yield place, f"The same keys as [`{ALIKE[place]}`](#{ALIKE[place].replace('.', '')}).", []
        else:
            yield from _sections(part, types, place)


def _section(field: Schema, types: Mapping[str, Schema]) -> Schema | None:
    """The keys within a key: of a section, or of each element of a list or mapping of sections; grids are values."""
    for candidate in (field, field.get("items", {}), field.get("additionalProperties"), *field.get("anyOf", ())):
        if isinstance(candidate, dict) and "$ref" in candidate:
            name = candidate["$ref"].rpartition("/")[2]
            if "properties" in types[name] and name != "Grid":
                return types[name]
    return None


def _key(path: str, field: Schema, types: Mapping[str, Schema], needed: bool) -> Key:
    kind, allowed = _type(field, types)
    default = "**required**" if needed else _default(field.get("default"))
    told = _words(field.get("description", "")) or WITHOUT_DOCSTRING.get(_pattern(path), "")
    return Key(path, kind, allowed, default, told.replace("|", "\\|"))


def _pattern(path: str) -> str:
    """The path as `WITHOUT_DOCSTRING` names it."""
    path = re.sub(r"^training\.(intermediate|target|tasks)\.", "training.*.", path)
    return re.sub(r"^space\..*\.(low|high|points)$", r"space.*.\1", path)


def _type(field: Schema, types: Mapping[str, Schema]) -> tuple[str, str]:
    """What a value is, and its range or choices."""
    if "anyOf" in field:
        several = [_type(each, types) for each in field["anyOf"] if each.get("type") != "null"]
        several = [
            ("one of", kind) if kind.startswith("`") and several[0][0] == "one of" else (kind, its)
            for kind, its in several
        ]
        kinds = dict.fromkeys(kind for kind, _ in several)
        if len(kinds) == 1:
            return next(iter(kinds)), ", ".join(filter(None, dict.fromkeys(allowed for _, allowed in several)))
        return " or ".join(f"{kind} {allowed}".strip() for kind, allowed in several), ""
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return ("grid", "above 0") if name == "Grid" else _type({**types[name], "properties": None}, types)
    if "const" in field:
        return f"`{field['const']}`", ""
    if "enum" in field:
        choices = field["enum"]
        return "one of", ", ".join(f"`{choice}`" for choice in choices)
    match field.get("type"):
        case "array":
            kind, allowed = _type(field.get("items", {}), types)
            return ("list of" if kind == "one of" else f"list of {kind}s"), allowed
        case "object" if field.get("additionalProperties", False) is not False:
            return "mapping", ""
    names = {
        "string": "text",
        "integer": "whole number",
        "number": "number",
        "boolean": "true or false",
        "object": "section",
    }
    return names.get(field.get("type", ""), ""), _range(field)


def _range(field: Schema) -> str:
    told = []
    for name, words in (
        ("exclusiveMinimum", "above"),
        ("minimum", "at least"),
        ("exclusiveMaximum", "below"),
        ("maximum", "at most"),
    ):
        if name in field and not (name == "minimum" and "exclusiveMinimum" in field):
            told.append(f"{words} {field[name]:,}" if isinstance(field[name], int) else f"{words} {field[name]:g}")
    return ", ".join(told)


def _default(value: Any) -> str:
    """The default in words; none where leaving the key out means something of its own, which its description says."""
    if value is None or value in ("", []):
        return "optional"
    if isinstance(value, dict) and value.keys() == {"low", "high", "points"}:
        low, high, points = value["low"], value["high"], value["points"]
        return f"default `{low:g}`" if points == 1 else f"default `{{low: {low:g}, high: {high:g}, points: {points}}}`"
    if isinstance(value, list):
        return f"default `[{', '.join(str(each['method'] if isinstance(each, dict) else each) for each in value)}]`"
    return f"default `{value if isinstance(value, str) else json.dumps(value)}`"


def _words(docstring: str) -> str:
    """A docstring as one line of Markdown, without references to the code."""
    text = " ".join(docstring.split())
    text = re.sub(r"\s*\(`(?:search|trainables)\.[\w.]+`\)", "", text)
    return text.replace("``", "`")
