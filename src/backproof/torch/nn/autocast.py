"""The dtype that an op computes in: PyTorch's choice, under ``torch.autocast`` and without.

PyTorch keeps its choice in lists of functions, ``aten/src/ATen/autocast_mode.h`` (for every device
but the CPU) and ``autocast_mode.cpp`` (for the CPU). Here they are lists of ops:

- *lower*: in autocast's dtype, for matrix products;
- *float32*: in float32, for losses and what sums much;
- *widest*: in the widest dtype among the inputs;
- *state*: likewise, and the output is of the dtype of the state. PyTorch computes the
  gates of these cells in autocast's dtype on the CPU; here they are no less accurate.

As there, only floating tensors are cast, and float64 never.

Normalizations take parameters of a wider dtype than their input also without autocast: they compute in
the wider, and the output is of the dtype of the input.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import torch

__all__ = ["ACCELERATOR", "CPU", "disabled", "enabled", "run"]

Tensors: TypeAlias = Sequence[torch.Tensor | None]

_LOSSES = (
    "L1Loss",
    "MSELoss",
    "SmoothL1Loss",
    "HuberLoss",
    "BCEWithLogitsLoss",
    "CrossEntropyLoss",
    "NLLLoss",
    "KLDivLoss",
    "PoissonNLLLoss",
    "HingeEmbeddingLoss",
    "SoftMarginLoss",
    "MultiMarginLoss",
    "MarginRankingLoss",
    "CosineEmbeddingLoss",
    "TripletMarginLoss",
)
_PRODUCTS = ("Linear", "Conv1d", "Conv2d", "PReLU", "MultiheadAttention", "RNNCell")
#: Which input is the state that decides.
_STATE = {"GRUCell": 1, "LSTMCell": 2}

#: What an op computes in on the CPU; an op that is not here computes in the dtype of its inputs.
CPU: Mapping[str, str] = {
    **dict.fromkeys(_PRODUCTS, "lower"),
    **dict.fromkeys((*_LOSSES, "BCELoss"), "float32"),
    **dict.fromkeys(_STATE, "state"),
}
#: The same on every other device.
ACCELERATOR: Mapping[str, str] = {
    **dict.fromkeys((*_PRODUCTS, *_STATE), "lower"),
    **dict.fromkeys((*_LOSSES, "GaussianNLLLoss"), "float32"),
    **dict.fromkeys(("Softplus", "Softmax", "Softmin", "LogSoftmax"), "float32"),
    **dict.fromkeys(("LayerNorm", "RMSNorm", "GroupNorm"), "float32"),
    "Bilinear": "widest",
    "BCELoss": "refused",
}

_NORMALIZATIONS = ("BatchNorm1d", "BatchNorm2d", "LayerNorm", "GroupNorm", "RMSNorm")


def run(name: str, inputs: Tensors, compute: Callable[[Tensors], Any]) -> Any:
    """Compute an op on its inputs, cast to the dtype that PyTorch would choose.

    Raises
    ------
    RuntimeError
        If autocast refuses the op on the device.
    """
    if name in _NORMALIZATIONS:
        compute = functools.partial(_mixed, compute, 0)
    device = next(tensor.device.type for tensor in inputs if tensor is not None)
    if not enabled(device):
        return compute(inputs)
    policy = (CPU if device == "cpu" else ACCELERATOR).get(name)
    if policy == "refused":
        raise RuntimeError(
            f"{name} is not safe in a narrow dtype, so autocast on {device!r} refuses it; "
            f"use BCEWithLogitsLoss, which takes logits, or leave autocast around it"
        )
    if policy == "state":
        compute = functools.partial(_mixed, compute, _STATE[name])
    with disabled(device):
        return compute(_cast(inputs, policy, device))


def enabled(device: str) -> bool:
    """Say whether autocast is on for a device."""
    return torch.amp.is_autocast_available(device) and torch.is_autocast_enabled(device)


def disabled(device: str) -> torch.autocast:
    """Give the context without autocast on a device: a gradient rule computes in what it is given."""
    return torch.autocast(device, enabled=False)


def _cast(inputs: Tensors, policy: str | None, device: str) -> Tensors:
    dtypes = [tensor.dtype for tensor in inputs if tensor is not None and tensor.is_floating_point()]
    if policy in (None, "state"):
        return inputs
    if policy == "widest":
        to = functools.reduce(torch.promote_types, dtypes)
    else:
        to = torch.get_autocast_dtype(device) if policy == "lower" else torch.float32
    return [tensor.to(to) if _eligible(tensor) else tensor for tensor in inputs]  # type: ignore[union-attr]


def _eligible(tensor: torch.Tensor | None) -> bool:
    return tensor is not None and tensor.is_floating_point() and tensor.dtype != torch.float64


def _mixed(compute: Callable[[Tensors], Any], deciding: int, inputs: Tensors) -> Any:
    """Compute in the widest of the inputs' dtypes, and give the dtype of the deciding one."""
    dtypes = {tensor.dtype for tensor in inputs if tensor is not None and tensor.is_floating_point()}
    decides = inputs[deciding]
    if len(dtypes) == 1 or decides is None:
        return compute(inputs)
    widest = functools.reduce(torch.promote_types, dtypes)
    output = compute([None if t is None or not t.is_floating_point() else t.to(widest) for t in inputs])
    if isinstance(output, tuple):
        return tuple(part.to(decides.dtype) for part in output)
    return output.to(decides.dtype)
