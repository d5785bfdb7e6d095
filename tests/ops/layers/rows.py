"""What to try of each layer, and what is peculiar to it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import torch
from torch.nn import functional

from tests.ops.layers.attention import ATTENTION, SCALED
from tests.ops.row import Arrays, Row

Tensor = torch.Tensor


def dropped(input: Tensor, mask: Tensor, *, p: float) -> Tensor:
    """PyTorch's formula for given random numbers."""
    return input * (mask.to(input.dtype).div_(1 - p) if p < 1 else 0.0)


def batch_normalized(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    *,
    eps: float,
) -> tuple[Tensor, ...]:
    axes = [0, *range(2, input.ndim)]
    if running_mean is None or running_var is None:
        output = functional.batch_norm(input, None, None, weight, bias, training=True, eps=eps)
        return output, input.mean(axes), input.var(axes, correction=0)
    # For PyTorch the statistics are no arguments that have a gradient.
    statistics = running_mean.detach(), running_var.detach()
    return functional.batch_norm(input, *statistics, weight, bias, eps=eps), *statistics


def layer_normalized(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, *, normalized_shape: Any, eps: float
) -> Tensor:
    sizes = normalized_shape or (input.shape[-1:] if weight is None else weight.shape)
    return functional.layer_norm(input, list(sizes), weight, bias, eps)


def rms_normalized(
    input: Tensor, weight: Tensor | None, *, normalized_shape: Any, eps: float | None
) -> Tensor:
    sizes = normalized_shape or (input.shape[-1:] if weight is None else weight.shape)
    return functional.rms_norm(input, list(sizes), weight, eps)


def group_normalized(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, *, num_groups: int, eps: float
) -> Tensor:
    return functional.group_norm(input, num_groups, weight, bias, eps)


def convolved(input: Tensor, weight: Tensor, bias: Tensor | None, **options: Any) -> Tensor:
    with warnings.catch_warnings():
        # PyTorch says that it copies where "same" is not the same on both sides.
        warnings.filterwarnings("ignore", "Using padding='same'")
        return (functional.conv1d if weight.ndim == 3 else functional.conv2d)(input, weight, bias, **options)


def channels_match(inputs: Arrays, options: Mapping[str, Any]) -> bool:
    """Whether the input has the channels that the weight of a convolution asks for."""
    given, weight, _ = inputs
    assert given is not None
    assert weight is not None
    return bool(given.shape[1 - weight.ndim] == weight.shape[1] * options.get("groups", 1))


def channels_part(inputs: Arrays, options: Mapping[str, Any]) -> bool:
    """Whether the channels can be parted into the groups."""
    assert inputs[0] is not None
    return bool(inputs[0].shape[1] % options.get("num_groups", 1) == 0)


def _rows(*given: Tensor) -> list[Tensor]:
    """Give rows of one sample, as PyTorch's functions want them."""
    return [x.reshape(-1, x.shape[-1]) for x in given]


def rnn_step(x: Tensor, h: Tensor, *parameters: Any, nonlinearity: str) -> Tensor:
    step = torch._VF.rnn_tanh_cell if nonlinearity == "tanh" else torch._VF.rnn_relu_cell
    output: Tensor = step(*_rows(x, h), *parameters)
    return output.reshape(h.shape)


def _gates(activations: str, x: Tensor, h: Tensor, *parameters: Tensor | None) -> list[Tensor]:
    """Give the gates from what PyTorch's linear maps give, one a letter: s a sigmoid, t a tanh."""
    weight_ih, weight_hh, bias_ih, bias_hh = parameters
    assert weight_ih is not None
    assert weight_hh is not None
    total = functional.linear(x, weight_ih, bias_ih) + functional.linear(h, weight_hh, bias_hh)
    parts = total.chunk(len(activations), dim=-1)
    return [
        torch.tanh(part) if a == "t" else torch.sigmoid(part)
        for a, part in zip(activations, parts, strict=True)
    ]


def lstm_step(x: Tensor, h: Tensor, c: Tensor, *parameters: Any) -> tuple[Tensor, ...]:
    rows, *states = _rows(x, h, c)
    output, cell = torch._VF.lstm_cell(rows, states, *parameters)
    return (
        output.reshape(h.shape),
        cell.reshape(h.shape),
        torch.cat(_gates("ssts", x, h, *parameters), dim=-1),
    )


def gru_step(x: Tensor, h: Tensor, *parameters: Any) -> tuple[Tensor, ...]:
    output = torch._VF.gru_cell(*_rows(x, h), *parameters).reshape(h.shape)
    weight_ih, weight_hh, bias_ih, bias_hh = parameters
    r, z, _ = _gates("sst", x, h, *parameters)
    m = functional.linear(h, weight_hh, bias_hh).chunk(3, dim=-1)[2]
    n = torch.tanh(functional.linear(x, weight_ih, bias_ih).chunk(3, dim=-1)[2] + r * m)
    return output, torch.cat([r, z, n, m], dim=-1)


def without_bias(gates: int, states: int) -> tuple[tuple[int, ...] | None, ...]:
    return ((2, 3), *[(2, 5)] * states, (gates * 5, 3), (gates * 5, 5), None, None)


#: Without a module to hold it, the op takes the shape from the weight.
SHAPE_OF_WEIGHT = {"normalized_shape": "the weight has the shape"}
#: PyTorch refuses a batch of less than two values a channel.
REFUSED = {"one row": None, "no rows": None}
BATCH_SHAPES = {
    **REFUSED,
    "no parameters": ((7, 5), None, None, None, None),
    "no bias": ((7, 5), (5,), None, None, None),
    "running": ((7, 5), (5,), (5,), (5,), (5,)),
    "running, no parameters": ((7, 5), None, None, (5,), (5,)),
}
BATCH_UNLIKE = {
    ("weight", value): "PyTorch adds b − w μ r to w r x, which is ∞ − ∞" for value in ("inf", "-inf")
}
ORDER = {("weight", value): "a difference of infinities, met in another order" for value in ("inf", "-inf")}
CONV_OPTIONS: tuple[dict[str, Any], ...] = (
    {},
    {"stride": 2, "padding": 1},
    {"padding": "same", "dilation": 3},
    {"padding": "valid", "dilation": 2},
)
BATCH_OPTIONS: tuple[dict[str, Any], ...] = ({}, {"eps": 0.1})

ROWS: dict[str, Row] = {
    "Linear": Row(
        shapes={
            "no bias": ((7, 5), (3, 5), None),
            "one sample": ((5,), (3, 5), (3,)),
            "two axes of batch": ((2, 7, 5), (3, 5), (3,)),
        },
        twin=functional.linear,
    ),
    "Bilinear": Row(
        shapes={
            "no bias": ((7, 5), (7, 2), (3, 5, 2), None),
            "one sample": ((5,), (2,), (3, 5, 2), (3,)),
            "two axes of batch": ((2, 7, 5), (2, 7, 2), (3, 5, 2), (3,)),
        },
        twin=functional.bilinear,
    ),
    "Embedding": Row(
        shapes={"one index": ((), (5, 3)), "two axes of batch": ((2, 11), (5, 3))},
        options=({}, {"padding_idx": 1}, {"padding_idx": -1}),
        stopped={"padding_idx": "the row stands for nothing and is not trained"},
        twin=functional.embedding,
    ),
    "Dropout": Row(
        shapes={"number": ((), ()), "three axes": ((2, 3, 5), (2, 3, 5))},
        options=({}, {"p": 0.0}, {"p": 0.1}, {"p": 1.0}),
        twin=dropped,
    ),
    "BatchNorm1d": Row(
        shapes={**BATCH_SHAPES, "three axes": ((7, 5, 3), (5,), (5,), None, None)},
        options=BATCH_OPTIONS,
        twin=batch_normalized,
        unlike=BATCH_UNLIKE,
    ),
    "BatchNorm2d": Row(
        shapes={"no rows": None, "running": ((7, 5, 3, 2), (5,), (5,), (5,), (5,))},
        options=BATCH_OPTIONS,
        twin=batch_normalized,
        unlike=BATCH_UNLIKE,
    ),
    "LayerNorm": Row(
        shapes={
            "no parameters": ((7, 5), None, None),
            "no bias": ((7, 5), (5,), None),
            "one sample": ((5,), (5,), (5,)),
            "two axes of batch": ((2, 7, 5), (5,), (5,)),
            "two axes normalized": ((2, 7, 5), (7, 5), (7, 5)),
        },
        options=({}, {"eps": 0.1}),
        defaults=SHAPE_OF_WEIGHT,
        unlike=ORDER,
        twin=layer_normalized,
    ),
    "RMSNorm": Row(
        shapes={
            "no parameters": ((7, 5), None),
            "one sample": ((5,), (5,)),
            "two axes normalized": ((2, 7, 5), (7, 5)),
        },
        options=({}, {"eps": 0.1}),
        defaults=SHAPE_OF_WEIGHT,
        twin=rms_normalized,
    ),
    "GroupNorm": Row(
        shapes={
            "no parameters": ((7, 6, 3), None, None),
            "no bias": ((7, 6, 3), (6,), None),
            "no further axes": ((7, 6), (6,), (6,)),
        },
        unlike=ORDER,
        defaults={"num_groups": "there is no group of channels that every number of them has but all"},
        twin=group_normalized,
    ),
    "Flatten": Row(
        shapes={"four axes": ((2, 3, 5, 7),)},
        options=({}, {"start_dim": 0}, {"start_dim": -2}, {"start_dim": 0, "end_dim": 1}),
    ),
    "MaxPool2d": Row(
        shapes={"no batch": ((5, 7, 7),)},
        options=(
            {},
            {"kernel_size": 3, "stride": 2, "padding": 1},
            {"kernel_size": (3, 2), "stride": 1, "dilation": (1, 2)},
            {"kernel_size": 2, "ceil_mode": True},
            {"kernel_size": (2, 3), "stride": (3, 2), "padding": (1, 1), "ceil_mode": True},
        ),
        apart=True,
        twin=functional.max_pool2d,
        defaults={"kernel_size": "a case of the op alone must have one"},
        unlike={("input", "nan"): "of several NaN in a window the first has the gradient, not the last"},
    ),
    "AvgPool2d": Row(
        shapes={"no batch": ((5, 7, 7),)},
        options=(
            {},
            {"kernel_size": 3, "stride": 2, "padding": 1},
            {"kernel_size": (3, 2), "stride": 1, "padding": (1, 0), "count_include_pad": False},
            {"kernel_size": (2, 3), "ceil_mode": True},
            {"kernel_size": (2, 3), "stride": (3, 2), "padding": (1, 1), "ceil_mode": True},
            {"kernel_size": 2, "stride": 1, "divisor_override": 3},
        ),
        twin=functional.avg_pool2d,
        defaults={"kernel_size": "a case of the op alone must have one"},
    ),
    "Conv1d": Row(
        shapes={
            "no bias": ((2, 4, 11), (6, 4, 3), None),
            "one sample": ((4, 11), (6, 4, 3), (6,)),
            "depthwise": ((2, 4, 11), (8, 1, 3), (8,)),
        },
        options=(*CONV_OPTIONS, {"groups": 4, "stride": 2}),
        fits=channels_match,
        twin=convolved,
    ),
    "Conv2d": Row(
        shapes={
            "no bias": ((2, 4, 7, 8), (6, 4, 3, 2), None),
            "one sample": ((4, 7, 8), (6, 4, 3, 2), (6,)),
            "groups": ((2, 4, 7, 8), (6, 2, 3, 2), (6,)),
        },
        fits=channels_match,
        options=(
            *CONV_OPTIONS,
            {"stride": (1, 2), "padding": (2, 0), "dilation": (2, 1)},
            {"groups": 2, "padding": 1},
        ),
        twin=convolved,
    ),
    "RNNCell": Row(
        shapes={"one sample": ((5,), (7,), (7, 5), (7, 7), (7,), (7,)), "no bias": without_bias(1, 1)},
        options=({}, {"nonlinearity": "relu"}),
        # Where the rows are few, no value happens to be next to the kink.
        fits=lambda inputs, options: not options or inputs[0] is None or len(inputs[0]) < 3,
        twin=rnn_step,
    ),
    "LSTMCell": Row(
        shapes={
            "one sample": ((5,), (7,), (7,), (28, 5), (28, 7), (28,), (28,)),
            "no bias": without_bias(4, 2),
        },
        twin=lstm_step,
    ),
    "GRUCell": Row(
        shapes={"one sample": ((5,), (7,), (21, 5), (21, 7), (21,), (21,)), "no bias": without_bias(3, 1)},
        twin=gru_step,
    ),
    "MultiheadAttention": ATTENTION,
    "scaled_dot_product_attention": SCALED,
}
