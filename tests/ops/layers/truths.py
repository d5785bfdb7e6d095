"""The true values of the layers: formulas from textbooks, and the accuracy to expect."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import mpmath
import numpy as np
from numpy.typing import NDArray

from tests.ops.row import draw, generator
from tests.ops.truth import DOT, Numbers, Truth, Within, by_differences, layers, sigma, softmax, tanh

Shapes = Sequence[tuple[int, ...]]

root = np.frompyfunc(mpmath.sqrt, 1, 1)


def modest(*shapes: tuple[int, ...], sets: int = 5) -> Callable[[Any], list[tuple[NDArray[Any], ...]]]:
    """Make sets of inputs of ordinary size: the sums of many such terms cancel, whatever their order."""
    rng = generator(f"modest {shapes}")
    drawn = [[draw("real", shape, rng, np.float64) for shape in shapes] for _ in range(sets)]
    return lambda dtype: [tuple(array.astype(dtype) for array in arrays) for arrays in drawn]


def mean_of(x: Numbers, axes: tuple[int, ...]) -> Numbers:
    return x.sum(axis=axes, keepdims=True) / int(np.prod([x.shape[axis] for axis in axes]))


def standardized(x: Numbers, axes: tuple[int, ...], eps: float) -> Numbers:
    centred = x - mean_of(x, axes)
    return centred / root(mean_of(centred**2, axes) + mpmath.mpf(eps))


def batch_normalized(x: Numbers, w: Numbers, b: Numbers) -> Numbers:
    return standardized(x, (0,), 1e-5) * w + b


def layer_normalized(x: Numbers, w: Numbers, b: Numbers) -> Numbers:
    return standardized(x, (1,), 1e-5) * w + b


def group_normalized(x: Numbers, w: Numbers, b: Numbers) -> Numbers:
    groups = standardized(x.reshape(3, 2, 6), (2,), 1e-5).reshape(x.shape)
    return groups * w[:, None] + b[:, None]


def rms_normalized(x: Numbers, w: Numbers) -> Numbers:
    return x / root(mean_of(x**2, (1,)) + mpmath.mpf(1e-5)) * w


def rnn(x: Numbers, h: Numbers, *parameters: Numbers) -> Numbers:
    w, u, b, c = parameters
    return tanh(x @ w.T + b + h @ u.T + c)


def lstm(x: Numbers, h: Numbers, cell: Numbers, *parameters: Numbers) -> Numbers:
    w, u, b, c = parameters
    i, f, g, o = np.split(x @ w.T + b + h @ u.T + c, 4, axis=1)
    return sigma(o) * tanh(sigma(f) * cell + sigma(i) * tanh(g))


def gru(x: Numbers, h: Numbers, *parameters: Numbers) -> Numbers:
    w, u, b, c = parameters
    of_input, of_hidden = np.split(x @ w.T + b, 3, axis=1), np.split(h @ u.T + c, 3, axis=1)
    r, z = sigma(of_input[0] + of_hidden[0]), sigma(of_input[1] + of_hidden[1])
    return (1 - z) * tanh(of_input[2] + r * of_hidden[2]) + z * h


def attended(q: Numbers, k: Numbers, v: Numbers, mask: Numbers) -> Numbers:
    return softmax(q @ k.T / mpmath.sqrt(q.shape[1]) + mask) @ v


def differentiated(
    output: Callable[..., Numbers], shapes: Shapes, names: str, units: float, **options: Any
) -> Truth:
    """Make a row whose gradients are differences of the true output."""
    arguments = names.split()
    within = Within(
        units, "eps", "the sums of several products cancel, and the next step divides or saturates"
    )
    return Truth(
        modest(*shapes),
        output,
        {name: by_differences(output, place) for place, name in enumerate(arguments)},
        dict.fromkeys(["output", *arguments], within),
        options,
    )


def cell(gates: int, states: int) -> Shapes:
    hidden = gates * 2
    return [(3, 3), *[(3, 2)] * states, (hidden, 3), (hidden, 2), (hidden,), (hidden,)]


PARAMETERS = "weight_ih weight_hh bias_ih bias_hh"

TRUTHS: dict[str, Truth] = {
    "Linear": Truth(
        layers,
        lambda x, w, b: x @ w.T + b,
        {
            "input": lambda g, x, w, b: g @ w,
            "weight": lambda g, x, w, b: g.T @ x,
            "bias": lambda g, x, w, b: g.sum(axis=0),
        },
        {"output": DOT, "input": DOT, "weight": DOT, "bias": DOT},
    ),
    "BatchNorm1d": differentiated(batch_normalized, [(4, 3), (3,), (3,)], "input weight bias", 16),
    "LayerNorm": differentiated(layer_normalized, [(3, 5), (5,), (5,)], "input weight bias", 16),
    "GroupNorm": differentiated(
        group_normalized, [(3, 4, 3), (4,), (4,)], "input weight bias", 16, num_groups=2
    ),
    "RMSNorm": differentiated(rms_normalized, [(3, 5), (5,)], "input weight", 16, eps=1e-5),
    "RNNCell": differentiated(rnn, cell(1, 1), f"input hx {PARAMETERS}", 32),
    "LSTMCell": differentiated(lstm, cell(4, 2), f"input hx cx {PARAMETERS}", 32),
    "GRUCell": differentiated(gru, cell(3, 1), f"input hx {PARAMETERS}", 32),
    "scaled_dot_product_attention": differentiated(
        attended, [(3, 2), (4, 2), (4, 3), (3, 4)], "query key value attn_mask", 32
    ),
}

SUMS = "sums of products of what it is given, compared with PyTorch in float64"
#: Ops that have no row, and why.
WITHOUT: dict[str, str] = {
    "AvgPool2d": SUMS,
    "BatchNorm2d": "the definition of BatchNorm1d",
    "Bilinear": SUMS,
    "Conv1d": SUMS,
    "Conv2d": SUMS,
    "Dropout": "a product with 0 or a constant",
    "Embedding": "values are moved, and added for the gradient",
    "Flatten": "values are moved",
    "MaxPool2d": "values are chosen, and added for the gradient",
    "MultiheadAttention": "linear layers and scaled dot-product attention, which have rows of their own",
}
