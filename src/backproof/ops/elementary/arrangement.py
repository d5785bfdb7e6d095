"""What only moves numbers: other shapes, other orders, parts, and repetition."""

from __future__ import annotations

from types import EllipsisType
from typing import TypeAlias

from backproof._typing import Array, Float, Namespace, Shaped
from backproof.ops.backend import is_torch, put
from backproof.ops.catalogue import op
from backproof.ops.domain import REAL, Argument

__all__ = ["broadcast_to", "indexing", "reshape", "transpose"]

#: Any shape.
Some: TypeAlias = Float[Array, "..."]
#: What may stand between the brackets, alone or several of them.
Part: TypeAlias = int | slice | EllipsisType | Shaped[Array, "..."] | None
Index: TypeAlias = Part | tuple[Part, ...]

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


@reshape.rule("input", needs=("input",))
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


@transpose.rule("input", needs=())
def _(xp: Namespace, grad_output: Some, input: Some, output: Some, *, dim0: int, dim1: int) -> Some:
    return _exchanged(xp, grad_output, dim0, dim1)


@op("indexing", kind="elementary", arguments=_ARGUMENTS)
def indexing(xp: Namespace, input: Some, *, index: Index = ...) -> Some:
    """Part of an array: ``input[index]``.

    The ``index`` is what stands between brackets: whole numbers, slices, ``...`` and ``None``, arrays
    of whole numbers or of truth values, or a tuple of these. yₖ = xᵢ₍ₖ₎ with a place i(k) for every k.
    Its derivative for xᵢ is 1 if i = i(k) and 0 otherwise: ∂L/∂xᵢ = Σₖ [i(k) = i] gₖ, the upstream
    gradient g put back to where it came from. A place that an array of whole numbers names several
    times has the sum.

    Shapes: any; the output has the shape of the part, all of it by default.

    Raises
    ------
    IndexError
        If the input has no such place.
    ValueError
        If a slice of a tensor has a negative step: PyTorch has none.

    Source: NumPy, "Indexing on ndarrays"; PyTorch, indexing of ``torch.Tensor``.

    >>> import numpy as np
    >>> x = np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> indexing.forward(np, x, index=(slice(None), 0)).tolist()
    [1.0, 3.0]
    >>> indexing.forward(np, x, index=np.array([1, 1, 0])).tolist()
    [[3.0, 4.0], [3.0, 4.0], [1.0, 2.0]]
    """
    return input[_complete(xp, index)]


def _complete(xp: Namespace, index: Index) -> tuple[Part, ...]:
    """Name the axes that are left out at the end, as the array API standard demands without arrays."""
    parts = index if isinstance(index, tuple) else (index,)
    for part in parts:
        if is_torch(xp) and isinstance(part, slice) and part.step is not None and part.step < 0:
            raise ValueError(
                "a slice of a tensor has a positive step, as PyTorch has it; reverse the axis with "
                f"torch.flip; got index={index!r}"
            )
    plain = all(part is None or isinstance(part, int | slice) for part in parts)
    return (*parts, ...) if plain else parts


@indexing.rule("input", needs=("input",))
def _(xp: Namespace, grad_output: Some, input: Some, output: Some, *, index: Index) -> Some:
    return put(xp, grad_output, _complete(xp, index), input.shape)


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


@broadcast_to.rule("input", needs=())
def _(xp: Namespace, grad_output: Some, input: Some, output: Some, *, shape: tuple[int, ...] | None) -> Some:
    return grad_output
