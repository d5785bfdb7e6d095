"""Second derivatives that are 0, and not missing.

A rule that only chooses between slopes, as a ReLU's, gives a gradient that autograd knows to be no function
of the input. PyTorch's own has a derivative there, of zeros. The difference is seen: an optimizer passes over
a parameter without a gradient, but lets one decay whose gradient is 0; and what is no function of any tensor
cannot be differentiated at all.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

__all__ = ["tied"]

Tensors = Sequence[torch.Tensor | None]


def tied(gradients: Tensors, seen: Sequence[Sequence[int]], saved: Tensors) -> Tensors:
    """Make each gradient a function of what its rule saw: for each the places among what was saved.

    That is done where the gradients may be differentiated; ``torch.func`` has zeros for what is missing.

    Examples
    --------
    >>> x = torch.tensor([1.0, -1.0], requires_grad=True)
    >>> (gradient,) = tied([torch.ones(2)], [[0]], [x])
    >>> gradient, torch.autograd.grad(gradient.sum(), x)[0]
    (tensor([1., 1.], grad_fn=<SubBackward0>), tensor([0., 0.]))
    """
    if not torch.is_grad_enabled() or torch.compiler.is_compiling():
        return gradients
    if torch._C._are_functorch_transforms_active():
        return gradients
    return [
        None if gradient is None else _tied(gradient, [saved[place] for place in places])
        for gradient, places in zip(gradients, seen, strict=True)
    ]


def _tied(gradient: torch.Tensor, looked_at: Tensors) -> torch.Tensor:
    for tensor in looked_at:
        if tensor is not None and tensor.requires_grad:
            # The sum of no element is 0, and no element of the tensor is reached by its gradient.
            nothing = (tensor if tensor.ndim else tensor.unsqueeze(0))[:0]
            gradient = gradient - nothing.sum(dtype=gradient.dtype)
    return gradient
