"""What a file was to define and did not, because its code failed there."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

from backproof.checking.candidate import Description
from backproof.checking.reading.source import Unit
from backproof.checking.references import guess

__all__ = ["undone"]


def undone(units: Sequence[Unit], failures: Mapping[str, str]) -> Iterator[tuple[Description, str]]:
    """Give the classes that look like candidates and could not be defined, each with the reason.

    ``failures`` says for names that are not there what failed in their definition.
    """
    for unit in units:
        for node in unit.tree.body:
            if isinstance(node, ast.ClassDef) and node.name in failures and _is_like_a_candidate(node):
                reference = guess(node.name)
                style = "torch-module" if _stands_on_torch(node) else "numpy-class"
                lines = {"definition": node.lineno}
                kind = reference.kind if reference else "function"
                description = Description(
                    node.name,
                    "function" if kind == "elementary" else kind,
                    style,
                    unit.file,
                    unit.cell,
                    lines,
                )
                yield description, f"it could not be defined: {failures[node.name]}"


def _is_like_a_candidate(node: ast.ClassDef) -> bool:
    methods = {each.name for each in node.body if isinstance(each, ast.FunctionDef)}
    if "step" in methods:
        return "zero_grad" in methods or any("Optimizer" in ast.unparse(base) for base in node.bases)
    return bool(methods & {"forward", "backward"}) or {"__call__", "grad"} <= methods


def _stands_on_torch(node: ast.ClassDef) -> bool:
    bases = " ".join(ast.unparse(base) for base in node.bases)
    return any(word in bases for word in ("torch", "nn.", "Module", "Function"))
