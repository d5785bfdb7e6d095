"""The dtype that an op computes in: PyTorch's choice, under ``torch.autocast`` and without.

PyTorch keeps its choice in lists of functions, ``aten/src/ATen/autocast_mode.h`` (for every device
but the CPU) and ``autocast_mode.cpp`` (for the CPU). Here each op says what it is (`Op.autocast`), and a
table what that means:

- *lower*: in autocast's dtype, for matrix products;
- *float32*: in float32, for losses and what sums much;
- *widest*: in the widest dtype among the inputs;
- *state*: likewise, and the output is of the dtype of the state. PyTorch computes the
  gates of these cells in autocast's dtype on the CPU; here they are no less accurate;
- *inputs*: in the dtype of the inputs.

As there, only floating tensors are cast, and float64 never.

Normalizations take parameters of a wider dtype than their input also without autocast: they compute in
the wider, and the output is of the dtype of the input.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import torch

from backproof.ops import Op

__all__ = ["POLICIES", "disabled", "enabled", "run"]

Tensors: TypeAlias = Sequence[torch.Tensor | None]

#: By what an op says of itself, what it computes in: on the CPU, and on every other device.
POLICIES: Mapping[str, tuple[str, str]] = {
    "inputs": ("inputs", "inputs"),
    "product": ("lower", "lower"),
    "sum": ("inputs", "float32"),
    "loss": ("float32", "float32"),
    "probability": ("float32", "refused"),
    "widest": ("inputs", "widest"),
    "state": ("state", "lower"),
    "normalization": ("inputs", "float32"),
    "batch statistics": ("inputs", "inputs"),
}
#: What takes parameters of a wider dtype than its input.
_MIXED = ("normalization", "batch statistics")


def run(op: Op, inputs: Tensors, compute: Callable[[Tensors], Any]) -> Any:
    """Compute an op on its inputs, cast to the dtype that PyTorch would choose.

    Raises
    ------
    RuntimeError
        If autocast refuses the op on the device.
    """
    if op.autocast in _MIXED:
        compute = functools.partial(_mixed, compute, 0)
    device = next(tensor.device.type for tensor in inputs if tensor is not None)
    if not enabled(device):
        return compute(inputs)
    policy = POLICIES[op.autocast][device != "cpu"]
    if policy == "refused":
        raise RuntimeError(
            f"{op.name} is not safe in a narrow dtype, so autocast on {device!r} refuses it; "
            f"use BCEWithLogitsLoss, which takes logits, or leave autocast around it"
        )
    if policy == "state":
        latest = max(place for place, name in enumerate(op.arguments) if name in ("hx", "cx"))
        compute = functools.partial(_mixed, compute, latest)
    with disabled(device):
        return compute(_cast(inputs, policy, device))


def enabled(device: str) -> bool:
    """Say whether autocast is on for a device."""
    return torch.amp.is_autocast_available(device) and torch.is_autocast_enabled(device)


def disabled(device: str) -> torch.autocast:
    """Give the context without autocast on a device: a gradient rule computes in what it is given."""
    return torch.autocast(device, enabled=False)


def _cast(inputs: Tensors, policy: str, device: str) -> Tensors:
    dtypes = [tensor.dtype for tensor in inputs if tensor is not None and tensor.is_floating_point()]
    if policy in ("inputs", "state"):
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
