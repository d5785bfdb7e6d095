"""The graph as JSON, by a published schema."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from importlib import resources
from typing import Any

import numpy as np

from backproof.graphs.drawing.view import SeenEdge, SeenNode, View
from backproof.graphs.drawing.writing import clean

__all__ = ["SCHEMA", "as_json", "schema", "to_json"]

#: The version of the schema. It changes when a field changes its meaning or goes away.
SCHEMA = 1
#: Local gradients with more numbers than this are left out.
_LARGEST = 10_000


def schema() -> dict[str, Any]:
    """Give the JSON Schema (draft 2020-12) that every graph follows.

    Examples
    --------
    >>> schema()["title"]
    'A graph of backproof'
    """
    text = resources.files(__package__).joinpath("schema.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def as_json(view: View) -> str:
    """Write a graph as JSON."""
    return json.dumps(to_json(view), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def to_json(view: View) -> dict[str, Any]:
    """Give a graph as JSON values, strictly: NaN and the infinities are strings.

    Examples
    --------
    >>> from backproof.graphs.drawing.view import seen
    >>> from backproof.graphs.graph import graph
    >>> found = to_json(seen(graph("f = 2*x", x=3.0)))
    >>> [(node["name"], node["value"], node["grad"]) for node in found["nodes"]]
    [('2', 2.0, 0.0), ('x', 3.0, 2.0), ('f', 6.0, 1.0)]
    >>> found["edges"][1]["local"]
    2.0
    """
    return {
        "schema": SCHEMA,
        "output": view.output.index,
        "nodes": [_node(node) for node in view.nodes],
        "edges": [_edge(edge) for edge in view.edges],
    }


def _node(node: SeenNode) -> dict[str, Any]:
    return {
        "id": node.index,
        "name": node.name,
        "kind": node.kind,
        "op": None if node.op is None else node.op.name,
        "options": _options(node.options),
        "formula": node.formula,
        "shape": list(np.shape(node.value)),
        "value": _numbers(node.value),
        "grad": _numbers(node.grad),
    }


def _edge(edge: SeenEdge) -> dict[str, Any]:
    small = math.prod(edge.shape) <= _LARGEST
    return {
        "child": edge.child.index,
        "parent": edge.parent.index,
        "argument": edge.argument,
        "elementwise": edge.elementwise,
        "shape": list(edge.shape),
        "local": _numbers(edge.local) if edge.flows and small else None,
        "contribution": _numbers(edge.contribution) if edge.flows else None,
    }


def _options(options: Mapping[str, object]) -> dict[str, Any]:
    return {clean(name): _option(value) for name, value in options.items()}


def _option(value: object) -> Any:
    """Give an option as what JSON has for it; anything else as Python writes it."""
    if value is None or isinstance(value, bool | str | int):
        return value
    if isinstance(value, float | np.ndarray | np.generic):
        return _numbers(value)
    if isinstance(value, tuple | list):
        return [_option(one) for one in value]
    return clean(repr(value))


def _numbers(value: Any) -> Any:
    """Give a number, or the numbers of an array row by row."""
    array = np.asarray(value)
    if array.dtype.kind == "b":
        return array.tolist()
    if array.ndim:
        return [_numbers(row) for row in array]
    number = float(array)
    if math.isfinite(number):
        return number
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"
