"""What to try of each activation, and what is peculiar to it."""

from __future__ import annotations

import torch

from tests.ops.row import ANY_RANK, Row

_GUESSED = "PyTorch has none: it guesses an axis, and warns. Ours is the last axis"
_AXES = Row(
    shapes={"(5)": ((5,),), "(2, 3, 5)": ((2, 3, 5),), "(0, 5)": ((0, 5),), "(5, 1)": ((5, 1),), "()": ((),)},
    options=({}, {"dim": 0}, {"dim": 1}, {"dim": -1}, {"dim": 2}),
    defaults={"dim": _GUESSED},
)
_REQUIRED = "PyTorch requires it; ours makes a ReLU"
_LIMIT = "the gradient is that of the asymptote; PyTorch multiplies infinity by 0"
_AT_INFINITY = {("input", "inf"): _LIMIT, ("input", "-inf"): _LIMIT}
_UNSURE = "PyTorch's gradient at NaN is another one in the remainder of a vector"
_NAN = {("input", "nan"): _UNSURE}


def _celu(input: torch.Tensor, alpha: float = 1.0) -> torch.Tensor:
    """Of doubles too, PyTorch's own takes 1/α in the gradient in float32."""
    return torch.where(input > 0, input, alpha * torch.expm1(input.clamp(max=0) / alpha))


def _hardsigmoid(input: torch.Tensor) -> torch.Tensor:
    """Of doubles too, PyTorch's own takes 1/6 in the gradient in float32."""
    return torch.nn.functional.relu6(input + 3) / 6


ROWS: dict[str, Row] = {
    "ReLU": ANY_RANK,
    "ReLU6": Row(ranks=True, unlike=_NAN),
    "LeakyReLU": Row(ranks=True, options=({}, {"negative_slope": 0.2}, {"negative_slope": 0.0})),
    "PReLU": Row(
        shapes={
            "one slope": ((7, 5), (1,)),
            "no axes": ((), (1,)),
            "a slope without axes": ((7, 5), ()),
            "one axis": ((5,), (1,)),
            "(N, C, d)": ((2, 5, 3), (5,)),
            "(N, C, d, e)": ((2, 5, 3, 2), (5,)),
            "(N, C, d), one slope": ((2, 5, 3), (1,)),
        },
        twin=torch.nn.functional.prelu,
    ),
    "ELU": Row(ranks=True, options=({}, {"alpha": 0.3}, {"alpha": 2.0}), unlike=_NAN),
    "SELU": Row(ranks=True, unlike=_NAN),
    "CELU": Row(ranks=True, options=({}, {"alpha": 0.3}, {"alpha": 2.0}), twin=_celu, unlike=_NAN),
    "GELU": Row(ranks=True, options=({}, {"approximate": "tanh"}), unlike=_AT_INFINITY),
    "SiLU": ANY_RANK,
    "Mish": ANY_RANK,
    "GLU": Row(
        shapes={"(10)": ((10,),), "(2, 6, 4)": ((2, 6, 4),), "(0, 6)": ((0, 6),), "(6, 0)": ((6, 0),)},
        options=({}, {"dim": 0}, {"dim": 1}, {"dim": -1}, {"dim": 2}),
    ),
    "Softplus": Row(ranks=True, options=({}, {"beta": 3.0}, {"beta": 0.5, "threshold": 1.0})),
    "Softsign": Row(ranks=True, unlike=_AT_INFINITY),
    "Sigmoid": ANY_RANK,
    "LogSigmoid": ANY_RANK,
    "Hardsigmoid": Row(ranks=True, twin=_hardsigmoid, unlike=_NAN),
    "Hardswish": Row(ranks=True, unlike=_NAN),
    "Hardtanh": Row(ranks=True, options=({}, {"min_val": -2.0, "max_val": 0.5}), unlike=_NAN),
    "Tanh": ANY_RANK,
    "Tanhshrink": ANY_RANK,
    "Softshrink": Row(ranks=True, options=({}, {"lambd": 1.5}, {"lambd": 0.0}), unlike=_NAN),
    "Hardshrink": Row(ranks=True, options=({}, {"lambd": 1.5}, {"lambd": 0.0}), unlike=_NAN),
    "Threshold": Row(
        ranks=True,
        options=({}, {"threshold": 0.5, "value": -2.0}, {"threshold": -1.0, "value": -1.0}),
        defaults={"threshold": _REQUIRED, "value": _REQUIRED},
    ),
    "Softmax": _AXES,
    "Softmin": _AXES,
    "LogSoftmax": _AXES,
}
