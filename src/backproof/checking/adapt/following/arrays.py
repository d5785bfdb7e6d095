"""NumPy arrays that carry a tangent through a forward, as `following.tangents` wants it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from backproof.checking.adapt.following.tangents import Follower, Node, Part, Untraceable, words

__all__ = ["Dual", "Duals"]

#: The derivative of a function of one array, by its argument and its value.
_SLOPES: dict[str, Callable[[Any, Any], Any]] = {
    "negative": lambda x, y: -np.ones_like(x),
    "positive": lambda x, y: np.ones_like(x),
    "exp": lambda x, y: y,
    "exp2": lambda x, y: y * np.log(2.0),
    "expm1": lambda x, y: y + 1,
    "log": lambda x, y: 1 / x,
    "log2": lambda x, y: 1 / (x * np.log(2.0)),
    "log10": lambda x, y: 1 / (x * np.log(10.0)),
    "log1p": lambda x, y: 1 / (1 + x),
    "sqrt": lambda x, y: 0.5 / y,
    "cbrt": lambda x, y: y / (3 * x),
    "square": lambda x, y: 2 * x,
    "reciprocal": lambda x, y: -y * y,
    "absolute": lambda x, y: np.sign(x),
    "fabs": lambda x, y: np.sign(x),
    "tanh": lambda x, y: 1 - y * y,
    "sinh": lambda x, y: np.cosh(x),
    "cosh": lambda x, y: np.sinh(x),
    "sin": lambda x, y: np.cos(x),
    "cos": lambda x, y: -np.sin(x),
    "tan": lambda x, y: 1 + y * y,
    "arctan": lambda x, y: 1 / (1 + x * x),
    "arcsinh": lambda x, y: 1 / np.sqrt(1 + x * x),
    "erf": lambda x, y: 2 / np.sqrt(np.pi) * np.exp(-x * x),
    "expit": lambda x, y: y * (1 - y),
}
#: The two derivatives of a function of two arrays, by its arguments and its value.
_PARTIALS: dict[str, Callable[[Any, Any, Any], tuple[Any, Any]]] = {
    "add": lambda a, b, y: (1.0, 1.0),
    "subtract": lambda a, b, y: (1.0, -1.0),
    "multiply": lambda a, b, y: (b, a),
    "divide": lambda a, b, y: (1 / b, -y / b),
    "power": lambda a, b, y: (b * a ** (b - 1.0), y * np.log(a)),
    "float_power": lambda a, b, y: (b * a ** (b - 1.0), y * np.log(a)),
    "maximum": lambda a, b, y: (a > b, b >= a),
    "minimum": lambda a, b, y: (a < b, b <= a),
    "logaddexp": lambda a, b, y: (np.exp(a - y), np.exp(b - y)),
    "hypot": lambda a, b, y: (a / y, b / y),
}
#: Functions that are linear in their first argument, which may be a list of arrays.
_LINEAR = words(
    "sum mean reshape transpose swapaxes moveaxis rollaxis ravel squeeze expand_dims broadcast_to split "
    "array_split hsplit vsplit dsplit concatenate stack hstack vstack dstack column_stack tile repeat flip "
    "flipud fliplr rot90 roll pad diag diagonal trace cumsum copy atleast_1d atleast_2d atleast_3d take "
    "delete tril triu permute_dims matrix_transpose nan_to_num take_along_axis sliding_window_view"
)
#: Functions that are linear in each of their arrays.
_PRODUCTS = words("dot matmul einsum inner outer tensordot vdot kron")
#: Functions whose result does not move with their argument.
_STILL = words(
    "argmax argmin argsort sign isnan isinf isfinite shape ndim size any all allclose array_equal nonzero "
    "count_nonzero round around floor ceil result_type iscomplexobj may_share_memory shares_memory unique"
)
_BLANK = frozenset(("zeros_like", "ones_like", "empty_like", "full_like"))
_METHODS = (
    *("sum", "mean", "var", "std", "max", "min", "argmax", "argmin", "dot", "transpose", "reshape", "ravel"),
    *("squeeze", "swapaxes", "repeat", "take", "cumsum", "clip", "diagonal", "trace", "copy", "argsort"),
    *("any", "all", "round"),
)


class Dual(np.ndarray[Any, Any]):
    """An array with a tangent; what is done with it is told to its follower."""

    follower: Follower
    node: Node

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **named: Any) -> Any:
        if method == "reduce" and ufunc in (np.add, np.maximum, np.minimum):
            function = {"add": np.sum, "maximum": np.max, "minimum": np.min}[ufunc.__name__]
            known = {name: named[name] for name in ("axis", "keepdims") if name in named}
            return _Doing(_follower(inputs)).function(function, (inputs[0],), {"axis": 0} | known)
        if method != "__call__":
            raise Untraceable(f"{ufunc.__name__}.{method}")
        result = _Doing(_follower(inputs)).ufunc(ufunc, inputs, named)
        target = out[0] if out else None
        if isinstance(target, Dual) and isinstance(result, Dual):
            target[...] = result
            target.node = result.node
            return target
        return result

    def __array_function__(self, function: Any, types: Any, args: Any, named: Any) -> Any:
        return _Doing(_follower((args, tuple(named.values())))).function(function, args, named)

    def __getitem__(self, key: Any) -> Any:
        return _Doing(self.follower).apply("getitem", lambda a: a[_plain(key)], self)

    def __setitem__(self, key: Any, value: Any) -> None:
        key = _plain(key)
        _plain(self)[key] = _plain(value)
        tangent = np.array(self.node.tangent)
        tangent[key] = value.node.tangent if isinstance(value, Dual) else 0.0
        self.node = Node(_plain(self), tangent, self.node.place)

    def astype(self, dtype: Any, *args: Any, **named: Any) -> Any:
        """Keep the tangent, unless it is made whole numbers."""
        if np.dtype(dtype).kind != "f":
            return _plain(self).astype(dtype)
        return _Doing(self.follower).apply("astype", lambda a: a.astype(dtype), self)

    def flatten(self, *args: Any) -> Any:
        """Lay all elements in a row."""
        return np.ravel(self)

    @property
    def T(self) -> Any:  # noqa: N802  # NumPy's name
        """The axes in the reverse order."""
        return np.transpose(self)

    @property
    def mT(self) -> Any:  # noqa: N802  # NumPy's name
        """The last two axes exchanged."""
        return np.swapaxes(self, -1, -2)


def _method(name: str) -> Callable[..., Any]:
    function = getattr(np, name)

    def method(self: Dual, *args: Any, **named: Any) -> Any:
        if name in ("reshape", "transpose") and len(args) > 1:
            args = (args,)
        return function(self, *args, **named)

    return method


for _name in _METHODS:
    setattr(Dual, _name, _method(_name))


def dual(follower: Follower, node: Node) -> Dual:
    """Make a dual of a node."""
    made = np.asarray(node.value).view(Dual)
    made.follower, made.node = follower, node
    return made


class _Doing:
    """Does operations on duals, and tells their follower."""

    def __init__(self, follower: Follower) -> None:
        self.follower = follower

    def ufunc(self, ufunc: Any, inputs: Sequence[Any], named: Mapping[str, Any]) -> Any:
        name, plain = ufunc.__name__, [_plain(i) for i in inputs]
        if name == "matmul":
            return self.function(np.matmul, inputs, named)
        value = ufunc(*plain, **named)
        if value.dtype.kind != "f" or name in _STILL:
            return value
        if name in _SLOPES:
            slopes: tuple[Any, ...] = (_SLOPES[name](plain[0], value),)
        elif name in _PARTIALS:
            slopes = _PARTIALS[name](plain[0], plain[1], value)
        else:
            raise Untraceable(name)
        parts = [
            Part(a.node, np.broadcast_to(slope * a.node.tangent, value.shape), position)
            for position, (a, slope) in enumerate(zip(inputs, slopes, strict=True))
            if isinstance(a, Dual)
        ]
        return self._made(name, value, parts, elementwise=True)

    def function(self, function: Any, args: Sequence[Any], named: Mapping[str, Any]) -> Any:
        name = function.__name__
        if name in _STILL:
            return function(*_plain(tuple(args)), **_plain(dict(named)))
        if name in _BLANK:
            value = function(*_plain(tuple(args)), **_plain(dict(named)))
            return dual(self.follower, Node(value, np.zeros_like(value)))
        if name in _COMPOSED:
            return _COMPOSED[name](*args, **named)
        if name in _LINEAR:
            return self.linear(name, function, args, named)
        if name in _PRODUCTS:
            return self.product(name, function, args, named)
        raise Untraceable(name)

    def apply(self, name: str, function: Callable[[Any], Any], array: Dual) -> Any:
        """Do what is linear in one array, to its value and to its tangent."""
        value, tangent = function(_plain(array)), function(array.node.tangent)
        return self._results(name, value, tangent, [array])

    def linear(self, name: str, function: Any, args: Sequence[Any], named: Mapping[str, Any]) -> Any:
        first = args[0]
        duals = [first] if isinstance(first, Dual) else [a for a in first if isinstance(a, Dual)]
        if not duals or any(isinstance(a, Dual) for a in (*args[1:], *named.values())):
            raise Untraceable(name)
        rest, known = _plain(tuple(args[1:])), dict(named)
        known.pop("out", None)
        value = function(_plain(first), *rest, **known)
        if isinstance(value, list | tuple) or len(duals) == 1:
            return self._results(name, value, function(_tangent(first), *rest, **known), duals)
        parts = []
        for position, chosen in enumerate(first):
            if isinstance(chosen, Dual):
                alone = [_tangent(a) if i == position else 0.0 * _plain(a) for i, a in enumerate(first)]
                parts.append(Part(chosen.node, function(alone, *rest, **known), position))
        return self._made(name, value, parts)

    def product(self, name: str, function: Any, args: Sequence[Any], named: Mapping[str, Any]) -> Any:
        plain, known = list(_plain(tuple(args))), dict(named)
        known.pop("out", None)
        parts = []
        for index, array in enumerate(args):
            if isinstance(array, Dual):
                varied = [array.node.tangent if i == index else a for i, a in enumerate(plain)]
                parts.append(Part(array.node, np.asarray(function(*varied, **known)), index))
        return self._made(name, np.asarray(function(*plain, **known)), parts)

    def _results(self, name: str, value: Any, tangent: Any, duals: Sequence[Dual]) -> Any:
        if isinstance(value, list | tuple):
            pairs = zip(value, tangent, strict=True)
            return type(value)([self._results(name, v, t, duals) for v, t in pairs])
        return self._made(name, np.asarray(value), [Part(duals[0].node, np.asarray(tangent), 0)])

    def _made(self, name: str, value: Any, parts: Sequence[Part], *, elementwise: bool = False) -> Dual:
        moved = [part for part in parts if np.any(part.tangent)]
        if not moved:
            return dual(self.follower, Node(value, np.zeros_like(value)))
        return dual(self.follower, self.follower.step(name, value, moved, elementwise=elementwise))


def _var(a: Any, axis: Any = None, *, ddof: float = 0, keepdims: bool = False, **_: Any) -> Any:
    centred = a - np.mean(a, axis=axis, keepdims=True)
    variance = np.mean(centred * centred, axis=axis, keepdims=keepdims)
    count = a.size / variance.size
    return variance * (count / (count - ddof)) if ddof else variance


def _extreme(of: Any) -> Callable[..., Any]:
    def extreme(a: Any, axis: Any = None, *, keepdims: bool = False, **_: Any) -> Any:
        plain = _plain(a)
        chosen = plain == of(plain, axis=axis, keepdims=True)
        return np.sum(a * (chosen / chosen.sum(axis=axis, keepdims=True)), axis=axis, keepdims=keepdims)

    return extreme


def _where(condition: Any, a: Any, b: Any) -> Any:
    chosen = _plain(condition)
    return np.add(_masked(a, chosen), _masked(b, np.logical_not(chosen)))


def _masked(array: Any, mask: Any) -> Any:
    return np.multiply(array, mask) if isinstance(array, Dual) else np.where(mask, array, 0.0)


def _norm(a: Any, ord: Any = None, axis: Any = None, *, keepdims: bool = False) -> Any:
    if ord not in (None, 2):
        raise Untraceable("norm")
    return np.sqrt(np.sum(a * a, axis=axis, keepdims=keepdims))


#: Functions that are made of others.
_COMPOSED: dict[str, Callable[..., Any]] = {
    "var": _var,
    "std": lambda *args, **named: np.sqrt(_var(*args, **named)),
    "max": _extreme(np.max),
    "amax": _extreme(np.max),
    "min": _extreme(np.min),
    "amin": _extreme(np.min),
    "clip": lambda a, low=None, high=None, **_: _clipped(a, low, high),
    "where": _where,
    "norm": _norm,
}


def _clipped(a: Any, low: Any, high: Any) -> Any:
    a = a if low is None else np.maximum(a, low)
    return a if high is None else np.minimum(a, high)


def _follower(values: Any) -> Follower:
    """Find the follower of the first dual among values, however deep it lies."""
    for value in values:
        if isinstance(value, Dual):
            return value.follower
        if isinstance(value, list | tuple):
            with contextlib.suppress(Untraceable):
                return _follower(value)
    raise Untraceable("no dual")


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(_plain(v) for v in value)
    if isinstance(value, dict):
        return {key: _plain(v) for key, v in value.items()}
    return value.view(np.ndarray) if isinstance(value, Dual) else value


def _tangent(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(_tangent(v) for v in value)
    return value.node.tangent if isinstance(value, Dual) else np.zeros_like(value)


class Duals(contextlib.ExitStack):
    """The context in which duals are made: of what is to carry a tangent, and of NumPy's new arrays.

    What is stored in a new array keeps its tangent so.
    """

    def __init__(self, follower: Follower) -> None:
        super().__init__()
        self.follower = follower

    def carry(self, array: NDArray[Any], tangent: NDArray[Any] | None) -> Dual:
        """Make an array that carries a tangent, one of zeros where there is none."""
        still = np.zeros_like(array) if tangent is None else tangent
        return dual(self.follower, Node(array.copy(), still, "" if tangent is None else "input"))

    def tangent(self, value: object) -> NDArray[Any] | None:
        """Give the tangent that an array carries."""
        return np.asarray(value.node.tangent) if isinstance(value, Dual) else None

    def __enter__(self) -> Self:
        for name in ("zeros", "empty", "ones", "full"):
            self.enter_context(patch.object(np, name, self._blank(getattr(np, name))))
        for name in ("array", "asarray", "ascontiguousarray"):
            self.enter_context(patch.object(np, name, _kept(getattr(np, name))))
        return self

    def _blank(self, make: Callable[..., Any]) -> Callable[..., Any]:
        def made(*args: Any, **named: Any) -> Any:
            value = make(*args, **named)
            return (
                dual(self.follower, Node(value, np.zeros_like(value))) if value.dtype.kind == "f" else value
            )

        return made


def _kept(make: Callable[..., Any]) -> Callable[..., Any]:
    def made(value: Any, *args: Any, **named: Any) -> Any:
        if isinstance(value, list | tuple) and any(isinstance(v, Dual) for v in value):
            return np.stack(value)
        return np.copy(value) if isinstance(value, Dual) else make(value, *args, **named)

    return made
