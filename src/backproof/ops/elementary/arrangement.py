"""What only moves numbers: other shapes, other orders, parts, and repetition."""

from __future__ import annotations

from types import EllipsisType
from typing import TypeAlias

from backproof._typing import Array, Float, Namespace
from backproof.ops.backend import put
from backproof.ops.domain import REAL, Argument
from backproof.ops.op import op

__all__ = ["broadcast_to", "indexing", "reshape", "transpose"]

#: Any shape.
Some: TypeAlias = Float[Array, "..."]
#: What may stand for an axis between the brackets.
Part: TypeAlias = int | slice | EllipsisType

_ARGUMENTS = {"input": Argument(REAL, "N D")}


@op("reshape", kind="elementary", arguments=_ARGUMENTS)
def reshape(xp: Namespace, input: Some, *, shape: tuple[int, ...] = (-1,)) -> Some:
    """Numbers in their order, in another ``shape``.

    yₖ = xₖ, where k counts the elements in their order. Its derivative for xₖ is 1 for the element of
    the same number and 0 for the others: the upstream gradient takes the shape back.

    Shapes: any with as many elements; one size may be −1 and is then found from the others. PyTorch
    has no default; here it is one axis.

    Source: PyTorch, ``torch.reshape``.

    >>> import numpy as np
    >>> reshape.forward(np, np.array([[1.0, 2.0], [3.0, 4.0]])).tolist()
    [1.0, 2.0, 3.0, 4.0]
    """
    return xp.reshape(input, shape)


@reshape.rule("input")
def _(xp: Namespace, grad_output: Some, input: Some, output: Some, *, shape: tuple[int, ...]) -> Some:
    return xp.reshape(grad_output, input.shape)


@op("transpose", kind="elementary", arguments=_ARGUMENTS)
def transpose(xp: Namespace, input: Some, *, dim0: int = 0, dim1: int = 1) -> Some:
    """Array with the axes ``dim0`` and ``dim1`` exchanged.

    yⱼᵢ = xᵢⱼ. Its derivative for xᵢⱼ is 1 for yⱼᵢ and 0 for the others: the upstream gradient is
    transposed back, by exchanging the same axes again.

    Shapes: any that has the axes. PyTorch has no defaults; here they are the first two axes.

    Source: Magnus and Neudecker, "Matrix differential calculus", 1999, chapter 1; PyTorch,
    ``torch.transpose``.

    >>> import numpy as np
    >>> transpose.forward(np, np.array([[1.0, 2.0], [3.0, 4.0]])).tolist()
    [[1.0, 3.0], [2.0, 4.0]]
    """
    return _exchanged(xp, input, dim0, dim1)


def _exchanged(xp: Namespace, array: Some, dim0: int, dim1: int) -> Some:
    order = list(range(array.ndim))
    order[dim0], order[dim1] = order[dim1], order[dim0]
    return xp.permute_dims(array, tuple(order))


@transpose.rule("input")
def _(xp: Namespace, grad_output: Some, input: Some, output: Some, *, dim0: int, dim1: int) -> Some:
    return _exchanged(xp, grad_output, dim0, dim1)


@op("indexing", kind="elementary", arguments=_ARGUMENTS)
def indexing(xp: Namespace, input: Some, *, index: Part | tuple[Part, ...] = ...) -> Some:
    """Part of an array: ``input[index]``.

    The ``index`` holds whole numbers, slices and ``...``, as between brackets. yₖ = xᵢ₍ₖ₎, with a place
    i(k) of its own for every k. Its derivative for xᵢ is 1 if i = i(k) and 0 otherwise: the
    upstream gradient is put back to where the part came from, into zeros.

    Shapes: any; the output has the shape of the part, all of it by default.

    Source: PyTorch, indexing of ``torch.Tensor``.

    >>> import numpy as np
    >>> indexing.forward(np, np.array([[1.0, 2.0], [3.0, 4.0]]), index=(slice(None), 0)).tolist()
    [1.0, 3.0]
    """
    return input[_complete(index)]


def _complete(index: Part | tuple[Part, ...]) -> tuple[Part, ...]:
    """Name the axes that are left out at the end, as the array API standard demands."""
    parts = index if isinstance(index, tuple) else (index,)
    return parts if ... in parts else (*parts, ...)


@indexing.rule("input")
def _(xp: Namespace, grad_output: Some, input: Some, output: Some, *, index: Part | tuple[Part, ...]) -> Some:
    return put(xp, grad_output, _complete(index), input.shape)


@op("broadcast_to", kind="elementary", arguments=_ARGUMENTS)
def broadcast_to(xp: Namespace, input: Some, *, shape: tuple[int, ...] | None = None) -> Some:
    """Array repeated along axes, so that it has the ``shape``.

    y repeats x along the axes that x lacks or that have size 1. Its derivative for x is 1 for each of
    the copies: their upstream gradients are added, by the one place that does it for all ops.

    Shapes: any that broadcasts to the shape. PyTorch has no default; here it is the input's own.

    Source: PyTorch, ``torch.broadcast_to``.

    >>> import numpy as np
    >>> broadcast_to.forward(np, np.array([1.0, 2.0]), shape=(3, 2)).tolist()
    [[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]]
    """
    return xp.broadcast_to(input, input.shape if shape is None else shape)


@broadcast_to.rule("input")
def _(xp: Namespace, grad_output: Some, input: Some, output: Some, *, shape: tuple[int, ...] | None) -> Some:
    return grad_output
