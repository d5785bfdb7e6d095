"""A table of a model: its modules, the shapes that they give, and their parameters."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from backproof.nn.component import Component
from backproof.nn.module import Module

__all__ = ["summarize"]

_Row = tuple[str, str, str]


def summarize(model: Module, *input_shapes: tuple[int, ...]) -> str:
    """Write a row for each module that computes something of its own, and the number of parameters.

    Examples
    --------
    >>> from backproof import nn
    >>> print(summarize(nn.Sequential(nn.Linear(3, 2), nn.ReLU()), (7, 3)))
    module     output  parameters
    0: Linear  (7, 2)           8
    1: ReLU    (7, 2)           0
    total                       8
    """
    shapes = _shapes(model, input_shapes) if input_shapes else {}
    rows: list[_Row] = [("module", "output", "parameters")]
    for name, module in _computing(model, ""):
        kind = type(module).__name__
        count = _count(module, recurse=isinstance(module, Component))
        rows.append((f"{name}: {kind}" if name else kind, shapes.get(name, ""), count))
    rows.append(("total", "", _count(model)))
    if not shapes:
        rows = [(name, "", count) for name, _, count in rows]
    first, second, third = (max(len(row[column]) for row in rows) for column in range(3))
    middle = second + 2 if second else 0
    return "\n".join(
        f"{name:<{first}}{'  ' + shape if shape else '':<{middle}}  {count:>{third}}"
        for name, shape, count in rows
    )


def _computing(model: Module, path: str) -> Iterator[tuple[str, Module]]:
    """Give the modules that hold no others or have parameters themselves; one that is an op has its parts."""
    parts: set[str] = set()
    for name, module in model.named_modules(path):
        if name in parts:
            continue
        if isinstance(module, Component):
            parts.update(inner for inner, _ in module.named_modules(name))
        if isinstance(module, Component) or not module._children or any(module.parameters(recurse=False)):
            yield name, module


def _count(module: Module, recurse: bool = True) -> str:
    return f"{sum(parameter.data.size for parameter in module.parameters(recurse)):,}"


def _shapes(model: Module, input_shapes: tuple[tuple[int, ...], ...]) -> dict[str, str]:
    """Run a copy of the model on zeros, and give the shape that each module gave."""
    probe = copy.deepcopy(model).eval()
    shapes: dict[str, str] = {}

    def recorded(name: str, module: Module) -> Callable[..., Any]:
        forward = module.forward

        def record(*inputs: Any, **keywords: Any) -> Any:
            if isinstance(module, Component) and next(iter(module.op.arguments.values())).domain == "class":
                inputs = tuple(array.astype(int) for array in inputs)  # a zero is an index, too
            output = forward(*inputs, **keywords)
            shapes[name] = _shape(output)
            return output

        return record

    for name, module in probe.named_modules():
        vars(module)["forward"] = recorded(name, module)
    dtypes = [parameter.data.dtype for parameter in probe.parameters()]
    probe(*[np.zeros(shape, dtypes[0] if dtypes else np.float64) for shape in input_shapes])
    return shapes


def _shape(output: Any) -> str:
    if hasattr(output, "shape"):
        return str(output.shape)
    return f"[{', '.join(_shape(part) for part in output if part is not None)}]"
