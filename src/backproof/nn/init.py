"""How parameters start: by name, as in ``torch.nn.init``.

Each function fills an array in place and gives it. The numbers come from a `numpy.random.Generator`
(or a seed), so they are not PyTorch's; their distribution is.
"""

from __future__ import annotations

import math
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Seed",
    "calculate_gain",
    "constant_",
    "dirac_",
    "eye_",
    "kaiming_normal_",
    "kaiming_uniform_",
    "normal_",
    "ones_",
    "orthogonal_",
    "sparse_",
    "trunc_normal_",
    "uniform_",
    "xavier_normal_",
    "xavier_uniform_",
    "zeros_",
]

Array: TypeAlias = NDArray[Any]
#: A generator, a seed for one, or ``None`` for one that starts anywhere.
Seed: TypeAlias = np.random.Generator | int | None

_GAINS = {"tanh": 5 / 3, "relu": math.sqrt(2), "selu": 0.75}
_LINEAR = ("linear", "sigmoid", *(f"conv{t}{d}d" for t in ("", "_transpose") for d in (1, 2, 3)))


def uniform_(array: Array, a: float = 0.0, b: float = 1.0, *, rng: Seed = None) -> Array:
    """Fill with numbers drawn evenly from [a, b).

    Examples
    --------
    >>> uniform_(np.empty(3), -1, 1, rng=0).round(3).tolist()
    [0.274, -0.46, -0.918]
    """
    array[...] = np.random.default_rng(rng).uniform(a, b, array.shape)
    return array


def normal_(array: Array, mean: float = 0.0, std: float = 1.0, *, rng: Seed = None) -> Array:
    """Fill with numbers drawn from a normal distribution."""
    array[...] = np.random.default_rng(rng).normal(mean, std, array.shape)
    return array


def trunc_normal_(
    array: Array, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0, *, rng: Seed = None
) -> Array:
    """Fill with numbers drawn from a normal distribution, again where they fall outside of [a, b].

    Raises
    ------
    ValueError
        If [a, b] is empty, or lies more than ten standard deviations off the mean, where drawing again
        would not end.
    """
    if not a < b or not (a - 10 * std < mean < b + 10 * std):
        raise ValueError(f"expected a < b, not far from the mean; got a={a}, b={b}, mean={mean}, std={std}")
    rng = np.random.default_rng(rng)
    values = rng.normal(mean, std, array.shape)
    while (outside := (values < a) | (values > b)).any():
        values[outside] = rng.normal(mean, std, int(outside.sum()))
    array[...] = values
    return array


def constant_(array: Array, val: float) -> Array:
    """Fill with one number."""
    array[...] = val
    return array


def zeros_(array: Array) -> Array:
    """Fill with zeros."""
    return constant_(array, 0)


def ones_(array: Array) -> Array:
    """Fill with ones."""
    return constant_(array, 1)


def eye_(array: Array) -> Array:
    """Fill a matrix with the identity."""
    rows, columns = array.shape
    array[...] = np.eye(rows, columns)
    return array


def dirac_(array: Array, groups: int = 1) -> Array:
    """Fill the weight of a convolution so that each group of channels passes as it is, as far as it goes.

    Raises
    ------
    ValueError
        If it is no weight of a convolution, or the groups do not divide its output channels.

    Examples
    --------
    >>> dirac_(np.empty((2, 2, 3))).tolist()
    [[[0.0, 1.0, 0.0], [0.0, 0.0, 0.0]], [[0.0, 0.0, 0.0], [0.0, 1.0, 0.0]]]
    """
    if array.ndim not in (3, 4, 5) or groups < 1 or len(array) % groups:
        raise ValueError(
            "expected the weight of a convolution, with out_channels that groups divides; "
            f"got array of shape={array.shape}, groups={groups}"
        )
    outputs, inputs, *field = array.shape
    array[...] = 0
    middle = tuple(size // 2 for size in field)
    for output in range(outputs):
        if (channel := output % (outputs // groups)) < inputs:
            array[(output, channel, *middle)] = 1
    return array


def sparse_(array: Array, sparsity: float, std: float = 0.01, *, rng: Seed = None) -> Array:
    """Fill a matrix from a normal distribution, and a share ``sparsity`` of each column with zeros.

    Source: Martens, "Deep learning via Hessian-free optimization", 2010.

    Raises
    ------
    ValueError
        If it is no matrix.

    Examples
    --------
    >>> (sparse_(np.empty((4, 2)), 0.5, rng=0) == 0).sum(axis=0).tolist()
    [2, 2]
    """
    if array.ndim != 2:
        raise ValueError(f"expected a matrix; got array of shape={array.shape}")
    rng = np.random.default_rng(rng)
    normal_(array, 0.0, std, rng=rng)
    rows = len(array)
    for column in range(array.shape[1]):
        array[rng.permutation(rows)[: math.ceil(sparsity * rows)], column] = 0
    return array


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """Give the factor that keeps the variance through an activation.

    ``param`` is the slope of a leaky ReLU, 0.01 where it is not given.

    Raises
    ------
    ValueError
        If there is no such activation.

    Examples
    --------
    >>> round(calculate_gain("leaky_relu", 1.0), 3)
    1.0
    """
    if nonlinearity in _LINEAR:
        return 1.0
    if nonlinearity == "leaky_relu":
        return math.sqrt(2 / (1 + (0.01 if param is None else param) ** 2))
    if nonlinearity not in _GAINS:
        known = ", ".join([*_GAINS, "leaky_relu", *_LINEAR])
        raise ValueError(f"expected one of {known}; got nonlinearity={nonlinearity!r}")
    return _GAINS[nonlinearity]


def fans(array: Array) -> tuple[int, int]:
    """Give how many inputs an output has, and how many outputs an input, in a weight ``(out, in, …)``."""
    try:
        outputs, inputs, *field = array.shape
    except ValueError:
        raise ValueError(f"expected a weight (out, in, ...); got array of shape={array.shape}") from None
    return inputs * math.prod(field), outputs * math.prod(field)


def _xavier(array: Array, gain: float) -> float:
    return gain * math.sqrt(2.0 / max(sum(fans(array)), 1))


def xavier_uniform_(array: Array, gain: float = 1.0, *, rng: Seed = None) -> Array:
    """Fill evenly from [−b, b) with b = gain · √(6 / (fan_in + fan_out)).

    Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
    networks", 2010.
    """
    bound = math.sqrt(3.0) * _xavier(array, gain)
    return uniform_(array, -bound, bound, rng=rng)


def xavier_normal_(array: Array, gain: float = 1.0, *, rng: Seed = None) -> Array:
    """Fill from the normal distribution of deviation gain · √(2 / (fan_in + fan_out)).

    Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
    networks", 2010.
    """
    return normal_(array, 0.0, _xavier(array, gain), rng=rng)


def _kaiming(array: Array, a: float, mode: str, nonlinearity: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"expected mode 'fan_in' or 'fan_out'; got mode={mode!r}")
    fan = fans(array)[("fan_in", "fan_out").index(mode)]
    return calculate_gain(nonlinearity, a) / math.sqrt(max(fan, 1))


def kaiming_uniform_(
    array: Array,
    a: float = 0,
    mode: Literal["fan_in", "fan_out"] = "fan_in",
    nonlinearity: str = "leaky_relu",
    *,
    rng: Seed = None,
) -> Array:
    """Fill evenly from [−b, b) with b = gain · √(3 / fan); ``a`` is the slope of a leaky ReLU.

    Source: He, Zhang, Ren and Sun, "Delving deep into rectifiers", 2015.
    """
    bound = math.sqrt(3.0) * _kaiming(array, a, mode, nonlinearity)
    return uniform_(array, -bound, bound, rng=rng)


def kaiming_normal_(
    array: Array,
    a: float = 0,
    mode: Literal["fan_in", "fan_out"] = "fan_in",
    nonlinearity: str = "leaky_relu",
    *,
    rng: Seed = None,
) -> Array:
    """Fill from the normal distribution of deviation gain / √fan.

    Source: He, Zhang, Ren and Sun, "Delving deep into rectifiers", 2015.
    """
    return normal_(array, 0.0, _kaiming(array, a, mode, nonlinearity), rng=rng)


def orthogonal_(array: Array, gain: float = 1.0, *, rng: Seed = None) -> Array:
    """Fill with an orthogonal matrix times the gain; further axes count as columns.

    Source: Saxe, McClelland and Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep
    linear neural networks", 2014.
    """
    fans(array)  # refuses what is no matrix
    rows, columns = array.shape[0], math.prod(array.shape[1:])
    draws = np.random.default_rng(rng).normal(size=(max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(draws)
    q *= np.sign(np.diag(r))  # makes the distribution uniform
    array[...] = gain * (q if rows >= columns else q.T).reshape(array.shape)
    return array
