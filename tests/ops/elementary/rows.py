"""What to try of each elementary op, and what is peculiar to it.

PyTorch's elementary functions are no modules, so every row has its twin.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch

from tests.ops.row import Arrays, Row, frozen

_NAN = "PyTorch's sign of NaN is 0; here a NaN is not hidden by a gradient of 0"
_REQUIRED = "PyTorch requires it; ours is the plainest that fits a matrix"
#: Two arguments of these shapes.
_PAIRS = {
    "()": ((), ()),
    "(5)": ((5,), (5,)),
    "(7, 5) and (5)": ((7, 5), (5,)),
    "(5) and (7, 5)": ((5,), (7, 5)),
    "(7, 1) and (1, 5)": ((7, 1), (1, 5)),
    "() and (2, 3, 5)": ((), (2, 3, 5)),
    "(2, 3, 5) and ()": ((2, 3, 5), ()),
}


def _two(twin: Any, **more: Any) -> Row:
    return Row(shapes=_PAIRS, twin=twin, **more)


def _one(twin: Any, **more: Any) -> Row:
    return Row(ranks=True, twin=twin, **more)


def _negative_divisors(rng: np.random.Generator, dtype: Any) -> Iterator[tuple[str, Arrays]]:
    values = rng.uniform(-3, -0.1, size=(2, 7, 5))
    yield "negative", (frozen(values[0].astype(dtype)), frozen(values[1].astype(dtype)))


def _beyond_a_pole(rng: np.random.Generator, dtype: Any) -> Iterator[tuple[str, Arrays]]:
    yield "beyond a pole", (frozen((np.pi + rng.uniform(-1, 1, size=(7, 5))).astype(dtype)),)


def _axes_fit(inputs: Arrays, options: Mapping[str, Any]) -> bool:
    """A number alone has no axes for NumPy; PyTorch lets it have one."""
    dim, array = options.get("dim"), inputs[0]
    assert array is not None
    return dim is None or array.ndim >= (len(dim) if isinstance(dim, tuple) else 1)


def _sum(
    input: torch.Tensor, dim: int | tuple[int, ...] | None = None, keepdim: bool = False
) -> torch.Tensor:
    return torch.sum(input, dim, keepdim)


def _mean(
    input: torch.Tensor, dim: int | tuple[int, ...] | None = None, keepdim: bool = False
) -> torch.Tensor:
    return torch.mean(input, dim, keepdim)


def _reshape(input: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
    return torch.reshape(input, shape)


def _transpose(input: torch.Tensor, dim0: int, dim1: int) -> torch.Tensor:
    return torch.transpose(input, dim0, dim1)


def _indexing(input: torch.Tensor, index: Any) -> torch.Tensor:
    return input[index]


def _broadcast_to(input: torch.Tensor, shape: tuple[int, ...] | None) -> torch.Tensor:
    return torch.broadcast_to(input, input.shape if shape is None else shape)


_OVER_AXES = {
    "shapes": {"(2, 3, 5)": ((2, 3, 5),), "(5)": ((5,),), "()": ((),), "(0, 3)": ((0, 3),)},
    "options": (
        {},
        {"dim": 0},
        {"dim": 1},
        {"dim": -1, "keepdim": True},
        {"keepdim": True},
        {"dim": (0, -1)},
        {"dim": (-1, 0), "keepdim": True},
    ),
    "fits": _axes_fit,
}

ROWS: dict[str, Row] = {
    "add": _two(torch.add),
    "subtract": _two(torch.subtract),
    "multiply": _two(torch.multiply),
    "divide": _two(torch.divide, more=_negative_divisors),
    "power": _two(torch.pow),
    "negative": _one(torch.negative),
    "exp": _one(torch.exp),
    "expm1": _one(torch.expm1),
    "log": _one(torch.log),
    "log1p": _one(torch.log1p),
    "sqrt": _one(torch.sqrt),
    "abs": _one(torch.abs, unlike={("input", "nan"): _NAN}),
    "sin": _one(torch.sin),
    "cos": _one(torch.cos),
    "tan": _one(torch.tan, more=_beyond_a_pole),
    "asin": _one(torch.asin),
    "acos": _one(torch.acos),
    "atan": _one(torch.atan),
    "sinh": _one(torch.sinh),
    "cosh": _one(torch.cosh),
    "tanh": _one(torch.tanh),
    "maximum": _two(torch.maximum),
    "minimum": _two(torch.minimum),
    "where": Row(
        shapes={
            "()": ((), (), ()),
            "condition (7, 1)": ((7, 1), (7, 5), (5,)),
            "input (1, 5)": ((7, 5), (1, 5), (7, 1)),
            "other ()": ((2, 3, 5), (3, 5), ()),
        },
        twin=torch.where,
    ),
    "sum": Row(twin=_sum, **_OVER_AXES),  # type: ignore[arg-type]  # a dictionary of several types
    "mean": Row(twin=_mean, **_OVER_AXES),  # type: ignore[arg-type]  # a dictionary of several types
    "matmul": Row(
        shapes={
            "(5) and (5)": ((5,), (5,)),
            "(5) and (5, 3)": ((5,), (5, 3)),
            "(7, 5) and (5)": ((7, 5), (5,)),
            "(5) and (2, 5, 3)": ((5,), (2, 5, 3)),
            "(2, 7, 5) and (5)": ((2, 7, 5), (5,)),
            "(2, 7, 5) and (5, 3)": ((2, 7, 5), (5, 3)),
            "(7, 5) and (2, 5, 3)": ((7, 5), (2, 5, 3)),
            "(2, 1, 7, 5) and (3, 5, 2)": ((2, 1, 7, 5), (3, 5, 2)),
            "(2, 0, 5) and (5, 3)": ((2, 0, 5), (5, 3)),
            "(7, 0) and (0, 3)": ((7, 0), (0, 3)),
        },
        twin=torch.matmul,
    ),
    "reshape": Row(
        shapes={"(2, 3, 5)": ((2, 3, 5),), "()": ((),), "(6, 5)": ((6, 5),)},
        options=({}, {"shape": (5, -1)}, {"shape": (2, 5, 3)}, {"shape": ()}),
        fits=lambda inputs, options: (
            inputs[0] is not None
            and {"()": inputs[0].size == 1, "(2, 5, 3)": inputs[0].size == 30}.get(
                str(options.get("shape")), inputs[0].size > 1 or not options
            )
        ),
        twin=_reshape,
        defaults={"shape": _REQUIRED},
    ),
    "transpose": Row(
        shapes={"(2, 3, 5)": ((2, 3, 5),)},
        options=({}, {"dim0": -1, "dim1": 0}, {"dim0": 1, "dim1": 1}),
        twin=_transpose,
        defaults={"dim0": _REQUIRED, "dim1": _REQUIRED},
    ),
    "indexing": Row(
        shapes={"(2, 3, 5)": ((2, 3, 5),), "one row": None, "no rows": None},  # which an index may not be in
        options=(
            {},
            {"index": 1},
            {"index": (1, -1)},
            {"index": (slice(None), slice(1, None, 2))},
            {"index": (..., 0)},
            {"index": (slice(0, 1), ...)},
        ),
        twin=_indexing,
        defaults={"index": _REQUIRED},
    ),
    "broadcast_to": Row(
        shapes={"(5)": ((5,),), "(7, 1)": ((7, 1),), "()": ((),), "no rows": None},
        options=({}, {"shape": (7, 5)}, {"shape": (2, 7, 5)}),
        twin=_broadcast_to,
        defaults={"shape": _REQUIRED},
    ),
}
