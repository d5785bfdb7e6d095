"""A table of a model: its modules, the shapes that they give, and their parameters."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from backproof.nn.module import Module

__all__ = ["summarize"]

_Row = tuple[str, str, str]


def summarize(model: Module, input_shape: tuple[int, ...] | None = None) -> str:
    """Write a row for each module that holds no others, and the number of parameters.

    Examples
    --------
    >>> from backproof import nn
    >>> print(summarize(nn.Sequential(nn.Linear(3, 2), nn.ReLU()), (7, 3)))
    module     output  parameters
    0: Linear  (7, 2)           8
    1: ReLU    (7, 2)           0
    total                       8
    """
    shapes = {} if input_shape is None else _shapes(model, input_shape)
    rows: list[_Row] = [("module", "output", "parameters")]
    for name, module in model.named_modules():
        if not module._children:
            kind = type(module).__name__
            rows.append((f"{name}: {kind}" if name else kind, shapes.get(name, ""), _count(module)))
    rows.append(("total", "", _count(model)))
    if not shapes:
        rows = [(name, "", count) for name, _, count in rows]
    first, second, third = (max(len(row[column]) for row in rows) for column in range(3))
    middle = second + 2 if second else 0
    return "\n".join(
        f"{name:<{first}}{'  ' + shape if shape else '':<{middle}}  {count:>{third}}"
        for name, shape, count in rows
    )


def _count(module: Module) -> str:
    return f"{sum(parameter.data.size for parameter in module.parameters()):,}"


def _shapes(model: Module, input_shape: tuple[int, ...]) -> dict[str, str]:
    """Run a copy of the model on zeros, and give the shape that each module gave."""
    probe = copy.deepcopy(model).eval()
    shapes: dict[str, str] = {}

    def recorded(name: str, forward: Callable[..., Any]) -> Callable[..., Any]:
        def record(*inputs: Any, **keywords: Any) -> Any:
            output = forward(*inputs, **keywords)
            shapes[name] = str(output.shape if hasattr(output, "shape") else [part.shape for part in output])
            return output

        return record

    for name, module in probe.named_modules():
        vars(module)["forward"] = recorded(name, module.forward)
    dtypes = [parameter.data.dtype for parameter in probe.parameters()]
    probe(np.zeros(input_shape, dtypes[0] if dtypes else np.float64))
    return shapes
