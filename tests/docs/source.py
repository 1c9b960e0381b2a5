"""What the code says."""

import ast

from tests.docs.pages import ROOT


def source_strings() -> str:
    """Every string in the code, with a gap where something is put in."""
    found = []
    for package in ("search", "trainables"):
        for file in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.JoinedStr):
                    found.append(
                        "".join(str(part.value) if isinstance(part, ast.Constant) else "\0" for part in node.values)
                    )
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.append(node.value)
    return "\n".join(found)
