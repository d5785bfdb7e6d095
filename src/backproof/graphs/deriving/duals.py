"""Dual numbers: arrays that carry, beside each value, how it changes along a direction.

A gradient rule that is run on them gives the gradient and, exactly, how the gradient changes: the second
derivative. What becomes of a tangent in an op is said by the op's own rules, which of ops that go element
by element are the forward-mode derivative as well.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from backproof.graphs.functions import function
from backproof.graphs.inputs.composed import COMPOSED
from backproof.ops.op import Op

__all__ = ["DUALS", "Dual", "NoTangent", "elementwise"]

#: What does not change where it is differentiable at all.
_CONSTANT = {
    *("less", "less_equal", "greater", "greater_equal", "equal", "not_equal", "isnan", "isinf", "isfinite"),
    *("floor", "ceil", "sign", "signbit", "zeros_like", "ones_like", "full_like", "shape"),
}


class NoTangent(TypeError):
    """A function through which it is not known how tangents go."""


class Dual(np.lib.mixins.NDArrayOperatorsMixin):
    """An array and its derivative along a direction.

    Examples
    --------
    >>> x = Dual(np.array([1.0, 3.0]), np.array([1.0, 0.0]))
    >>> (x * x).tangent.tolist(), np.sum(np.log(x)).tangent.tolist()
    ([2.0, 0.0], 1.0)
    """

    __slots__ = ("tangent", "value")

    def __init__(self, value: Any, tangent: Any = None) -> None:
        self.value = np.asarray(value)
        given = np.zeros_like(self.value) if tangent is None else np.asarray(tangent)
        self.tangent = np.broadcast_to(given, self.value.shape)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method != "__call__":
            raise NoTangent(f"a tangent does not go through np.{ufunc.__name__}.{method}")
        if ufunc.__name__ in _CONSTANT:
            return ufunc(*map(_value, inputs), **kwargs)
        if ufunc.__name__ in _THROUGH:
            return _THROUGH[ufunc.__name__](ufunc, *inputs, **kwargs)
        return _called(ufunc.__name__, inputs)

    def __array_function__(self, func: Callable[..., Any], types: object, args: Any, kwargs: Any) -> Any:
        if func.__name__ in _CONSTANT:
            return func(_value(args[0]), *args[1:], **kwargs)
        if func.__name__ not in _THROUGH:
            raise NoTangent(f"it is not known how a tangent goes through np.{func.__name__}")
        return _THROUGH[func.__name__](func, *args, **kwargs)

    def __getitem__(self, index: Any) -> Dual:
        return Dual(self.value[index], self.tangent[index])

    def __setitem__(self, index: Any, part: Any) -> None:
        if not self.tangent.flags.writeable:
            self.tangent = self.tangent.copy()
        self.value[index], self.tangent[index] = _value(part), _tangent(part)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __float__(self) -> float:
        return float(self.value)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the value."""
        return self.value.shape

    @property
    def ndim(self) -> int:
        """How many axes it has."""
        return self.value.ndim

    @property
    def size(self) -> int:
        """How many elements it has."""
        return self.value.size

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the value."""
        return self.value.dtype

    @property
    def T(self) -> Dual:  # noqa: N802 - NumPy's name
        """The array transposed."""
        return Dual(self.value.T, self.tangent.T)


def _value(given: Any) -> Any:
    return given.value if isinstance(given, Dual) else given


def _tangent(given: Any) -> Any:
    return given.tangent if isinstance(given, Dual) else np.zeros_like(given, dtype=float)


def _called(name: str, inputs: Sequence[Any]) -> Any:
    op = function(name)
    if op is None or not op.elementwise or op.reduction is not None:
        raise NoTangent(f"it is not known how a tangent goes through np.{name}")
    return elementwise(op, inputs, op.options)


def elementwise(op: Op, inputs: Sequence[Any], options: Mapping[str, object]) -> Any:
    """Apply an op that goes element by element: its rules, fed tangents, give the tangent."""
    known = {**op.options, **options}
    if not any(isinstance(given, Dual) for given in inputs):
        return op.forward(np, *inputs, **known)
    dtype = np.result_type(*(given.dtype for given in inputs if isinstance(given, Dual)))
    values = [np.asarray(_value(given)) for given in inputs]
    values = [value if value.dtype.kind == "f" else value.astype(dtype) for value in values]
    output = np.asarray(op.forward(np, *values, **known))
    if output.dtype.kind != "f":
        return output[()]
    tangent = np.zeros_like(output)
    for argument, given in zip(op.arguments, inputs, strict=True):
        if isinstance(given, Dual) and given.tangent.any() and argument in op.rules:
            along = np.broadcast_to(given.tangent, output.shape)
            tangent = tangent + op.rules[argument](np, along, *values, output, **known)
    return Dual(output, tangent)


def _linear(func: Callable[..., Any], x: Dual, *args: Any, **kwargs: Any) -> Dual:
    return Dual(func(x.value, *args, **kwargs), func(x.tangent, *args, **kwargs))


def _bilinear(func: Callable[..., Any], one: Any, other: Any, *args: Any, **kwargs: Any) -> Dual:
    first, second = _value(one), _value(other)
    tangent = func(_tangent(one), second, *args, **kwargs) + func(first, _tangent(other), *args, **kwargs)
    return Dual(func(first, second, *args, **kwargs), tangent)


def _joined(func: Callable[..., Any], parts: Sequence[Any], *args: Any, **kwargs: Any) -> Dual:
    values, tangents = [*map(_value, parts)], [*map(_tangent, parts)]
    return Dual(func(values, *args, **kwargs), func(tangents, *args, **kwargs))


def _chosen(func: Callable[..., Any], condition: Any, one: Any, other: Any) -> Dual:
    chosen = _value(condition)
    return Dual(func(chosen, _value(one), _value(other)), func(chosen, _tangent(one), _tangent(other)))


def _largest(func: Callable[..., Any], x: Dual, axis: Any = None, keepdims: bool = False) -> Dual:
    """Give the largest; of several that are, the mean of how they change."""
    value = func(x.value, axis=axis, keepdims=True)
    are = x.value == value
    tangent = np.sum(x.tangent * are, axis=axis, keepdims=True) / np.sum(are, axis=axis, keepdims=True)
    shape = func(x.value, axis=axis, keepdims=keepdims).shape
    return Dual(value.reshape(shape), tangent.reshape(shape))


def _composed(func: Callable[..., Any], *given: Any, **how: Any) -> Any:
    return COMPOSED[func.__name__](_numpy, *given, **how)


def _numpy(name: str, *given: Any) -> Any:
    return getattr(np, name)(*given)


#: What is a part or a sum of the elements: a tangent goes through it as a value does.
_LINEAR = (
    *("sum", "mean", "reshape", "ravel", "transpose", "matrix_transpose", "moveaxis", "swapaxes", "squeeze"),
    *("expand_dims", "broadcast_to", "take", "take_along_axis", "roll", "flip", "tril", "triu", "cumsum"),
)
#: How a tangent goes through what is no op element by element.
_THROUGH: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(_LINEAR, _linear),
    **dict.fromkeys(("matmul", "tensordot"), _bilinear),
    **dict.fromkeys(("concatenate", "stack"), _joined),
    **dict.fromkeys(("max", "amax"), _largest),
    "where": _chosen,
    "clip": _composed,
}


class _Special:
    """What the array API lacks: the complementary error function."""

    def erfc(self, x: Dual) -> Dual:
        from scipy.special import erfc

        slope = -2 / math.sqrt(math.pi) * np.exp(-(x.value**2))
        return Dual(erfc(x.value), slope * x.tangent)


class _Space:
    """NumPy's namespace, for dual numbers: its functions find their way to `Dual` by themselves."""

    __name__ = "duals"
    special = _Special()

    def __getattr__(self, name: str) -> Any:
        if name in ("hypot", "log2"):
            return functools.partial(COMPOSED[name], _numpy)
        return getattr(np, name)

    def zeros(self, shape: Any, dtype: Any = None, device: Any = None) -> Dual:
        return Dual(np.zeros(shape, dtype))

    def astype(self, x: Any, dtype: Any, *, copy: bool = True) -> Any:
        if isinstance(x, Dual) and np.isdtype(dtype, "real floating"):
            return Dual(x.value.astype(dtype, copy=copy), x.tangent.astype(dtype, copy=copy))
        return _value(x).astype(dtype, copy=copy)

    def asarray(self, x: Any, **how: Any) -> Any:
        return x if isinstance(x, Dual) else np.asarray(x, **how)


#: The namespace that a rule is run with, to be differentiated once more.
DUALS = _Space()
