"""The README at the top of an exported folder: what lies there, and how it is used."""

from collections.abc import Mapping
from pathlib import Path

from search.exporter._exported_trial import ExportedTrial
from search.exporter._few_shot_models import FEW_SHOT_FOLDER
from search.exporter._snippets import Usage

_FILES = {
    "best.yaml": "the trial with every value resolved: `xlt train best.yaml` trains it again",
    "results.json": "all trials of the search, with their scores",
    "synonyms.json": "the synonyms of augmentation, to which `best.yaml` refers",
    "models": "one model a target, each with its card, for transformers",
    "few_shot": "the models that went on training on labelled rows of other languages, by number of rows of a language, then by target",
    "merged": "the means of several seeds' weights that are better on dev than the best of them, one folder a target",
}


def build_folder_readme(best: ExportedTrial, folder: Path, usages: Mapping[str, Usage]) -> str:
    """The README of an exported folder.

    Args:
        best: the exported trial.
        folder: with all other files.
        usages: how each target's model is used.
    """
    files = "\n".join(f"| `{name}` | {what} |" for name, what in _FILES.items() if (folder / name).exists())
    models = "\n".join(
        f"| [`{place}`]({place}/README.md) | {_describe_folder(folder / place, usages[place.name])} |"
        for group in ("models", *_list_few_shot_folders(folder), "merged")
        for place in (Path(group) / name for name in usages)
        if (folder / place).is_dir()
    )
    first = next(iter(usages), "TASK")
    return f"""# Trial {best.number} of search {best.name}

{best.trial}

| file | what it is |
| --- | --- |
{files}

| model | what it is |
| --- | --- |
{models}

The card of each model, its `README.md`, has code that predicts, the scores by family and language, and the licences of what it was
trained on. Each folder is complete: copy it anywhere, or put it on the hub as it is:

```bash
hf upload YOUR_NAME/YOUR_MODEL models/{first}
```

`xlt train best.yaml` needs the package xlt-search; the models need transformers alone.
"""


def _list_few_shot_folders(folder: Path) -> list[str]:
    found = (folder / FEW_SHOT_FOLDER).glob("*")
    return [f"{FEW_SHOT_FOLDER}/{place.name}" for place in sorted(found, key=lambda place: int(place.name))]


def _describe_folder(folder: Path, usage: Usage) -> str:
    what = f"`{usage.architecture}`"
    if usage.is_sentence_encoder:
        what += f", sentence vectors of layer {usage.layer}, also for sentence-transformers"
    return what + (", with an ONNX copy in `onnx/`" if (folder / "onnx").is_dir() else "")
