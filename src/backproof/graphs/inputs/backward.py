"""The nodes of PyTorch's backward: which op of the catalogue each is the backward of, and what it kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from backproof._typing import Array, Namespace
from backproof.ops import CATALOGUE
from backproof.ops.domain import REAL, Argument
from backproof.ops.op import Op

__all__ = ["Known", "known", "title"]

#: Numbers below 0 are kept without their sign.
_HALF, _WHOLE = 2**63, 2**64
_REDUCTIONS = ("none", "mean", "sum")
#: The power of a number: its node has the exponent where others have the base.
_UNLIKE = ("PowBackward2",)
_Options = Callable[[Any, tuple[int, ...]], Mapping[str, object] | None]


class Known(NamedTuple):
    """An op of the catalogue with its options, and where a node keeps the value of each argument."""

    op: Op
    options: Mapping[str, object]
    saved: tuple[str, ...]


def _kept(**names: str) -> _Options:
    """Take options from what the node kept, by the names that it has there."""
    return lambda node, shape: {
        option: _plain(getattr(node, f"_saved_{kept}")) for option, kept in names.items()
    }


def _reduced(node: Any, shape: tuple[int, ...]) -> Mapping[str, object]:
    return {"reduction": _REDUCTIONS[node._saved_reduction]}


def _over(node: Any, shape: tuple[int, ...]) -> Mapping[str, object]:
    """Give the axes of a sum or a mean: all, or those that were kept."""
    if not hasattr(node, "_saved_dim"):
        return {}
    return {"dim": tuple(map(_plain, node._saved_dim)) or None, "keepdim": node._saved_keepdim}


def _alone(node: Any, shape: tuple[int, ...]) -> Mapping[str, object] | None:
    """Refuse a sum of which PyTorch multiplies a part by a factor: our op does not."""
    return {} if node._saved_alpha == getattr(node, "_saved_beta", 1) == 1 else None


def _selected(node: Any, shape: tuple[int, ...]) -> Mapping[str, object]:
    before = (slice(None),) * _plain(node._saved_dim)
    return {"index": (*before, _plain(node._saved_index))}


def _sliced(node: Any, shape: tuple[int, ...]) -> Mapping[str, object]:
    part = slice(_plain(node._saved_start), _plain(node._saved_end), node._saved_step)
    return {"index": (*(slice(None),) * _plain(node._saved_dim), part)}


def _reshaped(node: Any, shape: tuple[int, ...]) -> Mapping[str, object]:
    return {"shape": shape}


def _none(node: Any, shape: tuple[int, ...]) -> Mapping[str, object]:
    return {}


def _same(*names: str) -> dict[str, tuple[str, tuple[str, ...], _Options]]:
    """Ops of one argument whose names are those of the catalogue but for capitals."""
    return {name: (name.lower() if name.lower() in CATALOGUE else name, ("self",), _none) for name in names}


def _addmm() -> Op:
    """Put the op together that a linear layer of PyTorch is: a sum and a product of matrices in one node."""
    add, matmul = CATALOGUE["add"], CATALOGUE["matmul"]

    def forward(xp: Namespace, input: Array, mat1: Array, mat2: Array) -> Array:
        return add.forward(xp, input, matmul.forward(xp, mat1, mat2))

    def shift(xp: Namespace, grad_output: Array, input: Array, *roles: Array) -> Array:
        return add.rules["input"](xp, grad_output, input, roles[-1], roles[-1])

    def part(argument: str) -> Callable[..., Array]:
        def rule(xp: Namespace, grad_output: Array, *roles: Array) -> Array:
            _, mat1, mat2, output = roles
            return matmul.rules[argument](xp, grad_output, mat1, mat2, output)

        return rule

    arguments = {"input": Argument(REAL, "O"), "mat1": Argument(REAL, "N I"), "mat2": Argument(REAL, "I O")}
    rules = {"input": shift, "mat1": part("input"), "mat2": part("other")}
    return Op("addmm", "elementary", forward, arguments, {}, rules)


_TOGETHER = {"addmm": _addmm()}
#: For each node, by its name: the op, where it keeps the arguments, and the options.
_NODES: dict[str, tuple[str, tuple[str, ...], _Options]] = {
    **_same("Exp", "Expm1", "Log", "Log1P", "Sqrt", "Sin", "Cos", "Tan", "Asin", "Acos", "Atan"),
    **_same("Sinh", "Cosh", "Tanh", "Abs", "Sigmoid", "Mish"),
    "Neg": ("negative", ("",), _none),
    "Add": ("add", ("", ""), _alone),
    "Sub": ("subtract", ("", ""), _alone),
    "Mul": ("multiply", ("self", "other"), _none),
    "Div": ("divide", ("self", "other"), _none),
    "Pow": ("power", ("self", "exponent"), _none),
    "Maximum": ("maximum", ("self", "other"), _none),
    "Minimum": ("minimum", ("self", "other"), _none),
    "Mm": ("matmul", ("self", "mat2"), _none),
    "Addmm": ("addmm", ("", "mat1", "mat2"), _alone),
    "Bmm": ("matmul", ("self", "mat2"), _none),
    "Mv": ("matmul", ("self", "vec"), _none),
    "Dot": ("matmul", ("self", "tensor"), _none),
    "Sum": ("sum", ("",), _over),
    "Mean": ("mean", ("",), _over),
    "T": ("transpose", ("",), _none),
    "Transpose": ("transpose", ("",), _kept(dim0="dim0", dim1="dim1")),
    "View": ("reshape", ("",), _reshaped),
    "UnsafeView": ("reshape", ("",), _reshaped),
    "Unsqueeze": ("reshape", ("",), _reshaped),
    "Squeeze": ("reshape", ("",), _reshaped),
    "Expand": ("broadcast_to", ("",), _reshaped),
    "Select": ("indexing", ("",), _selected),
    "Slice": ("indexing", ("",), _sliced),
    "Relu": ("ReLU", ("self",), _none),
    "Silu": ("SiLU", ("self",), _none),
    "Gelu": ("GELU", ("self",), _kept(approximate="approximate")),
    "LeakyRelu": ("LeakyReLU", ("self",), _kept(negative_slope="negative_slope")),
    "Softplus": ("Softplus", ("self",), _kept(beta="beta", threshold="threshold")),
    "LogSigmoid": ("LogSigmoid", ("self",), _none),
    "Softmax": ("Softmax", ("",), _kept(dim="dim")),
    "LogSoftmax": ("LogSoftmax", ("",), _kept(dim="dim")),
    "MseLoss": ("MSELoss", ("self", "target"), _reduced),
    "BinaryCrossEntropy": ("BCELoss", ("self", "target", "weight"), _reduced),
    "BinaryCrossEntropyWithLogits": (
        "BCEWithLogitsLoss",
        ("self", "target", "weight", "pos_weight"),
        _reduced,
    ),
    "NllLoss": (
        "NLLLoss",
        ("self", "target", "weight"),
        lambda node, shape: {**_reduced(node, shape), "ignore_index": _plain(node._saved_ignore_index)},
    ),
}


def _bare(node: Any) -> str:
    return re.sub(r"Backward\d*$", "", type(node).__name__)


def title(node: Any) -> str:
    """Give the name of a node as that of a function: ``index_select`` for ``IndexSelectBackward0``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", _bare(node)).lower()


def known(node: Any, shape: tuple[int, ...]) -> Known | None:
    """Say which op a node with an output of a shape is the backward of; ``None`` if there is none.

    Examples
    --------
    >>> import torch
    >>> y = torch.ones(2, 3, requires_grad=True).sum(dim=1)
    >>> found = known(y.grad_fn, (2,))
    >>> found.op.name, found.options
    ('sum', {'dim': (1,)})
    """
    # The nodes of Functions that are written in Python end in no number, whatever they are called.
    if type(node).__name__ in _UNLIKE or not type(node).__name__[-1].isdigit() or _bare(node) not in _NODES:
        return None
    name, saved, options = _NODES[_bare(node)]
    op = _TOGETHER.get(name) or CATALOGUE[name]
    chosen = options(node, shape)
    if chosen is None:
        return None
    differing = {option: value for option, value in chosen.items() if value != op.options[option]}
    return Known(op, differing, saved)


def _plain(value: Any) -> Any:
    """Give a number with its sign."""
    return value - _WHOLE if isinstance(value, int) and value >= _HALF else value
