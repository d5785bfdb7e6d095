"""The forward of multi-head attention: what PyTorch's arguments mean for the op."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional

from backproof.ops import CATALOGUE
from backproof.ops.layers.attention import merged_mask, weights_shape
from backproof.torch.nn.function import function
from backproof.torch.nn.namespace import xp

__all__ = ["multihead_attention"]

_attention, _dropout = function(CATALOGUE["MultiheadAttention"]), function(CATALOGUE["Dropout"])

#: A mask as the numbers that are added, with PyTorch's checks and warnings.
_canonical: Callable[..., torch.Tensor | None] = vars(functional)["_canonical_mask"]


def multihead_attention(
    self: torch.nn.MultiheadAttention,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    key_padding_mask: torch.Tensor | None = None,
    need_weights: bool = True,
    attn_mask: torch.Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Attend: the batch comes first for the op, and the masks are one.

    PyTorch itself draws what is dropped, as in `backproof.torch.nn.forwards.dropout`.
    """
    if is_causal and key_padding_mask is None and not need_weights:
        # PyTorch then takes the hint at its word, whatever the mask says.
        attn_mask = query.new_ones(_places(self, query, key), dtype=torch.bool).triu(1)
    swapped = query.ndim == 3 and not self.batch_first
    if swapped:
        query, key, value = (tensor.transpose(0, 1) for tensor in (query, key, value))
    mask = _merged(self, query, attn_mask, key_padding_mask)
    kept = _kept(self, query, key)
    p = self.dropout if kept is not None else 0.0
    output, weights = _attention(
        query, key, value, *_parameters(self), mask, kept,
        num_heads=self.num_heads, add_zero_attn=self.add_zero_attn, dropout=p,
    )  # fmt: skip
    if swapped:
        output = output.transpose(0, 1).contiguous()  # as PyTorch's, which may be viewed
    if not need_weights:
        return output, None
    if kept is not None:
        weights = _dropout(weights, kept, p=p)
    return output, weights.mean(dim=-3) if average_attn_weights else weights


def _parameters(module: Any) -> tuple[torch.Tensor | None, ...]:
    projection = module.out_proj
    return (
        module.in_proj_weight,
        module.in_proj_bias,
        projection.weight,
        projection.bias,
        module.q_proj_weight,
        module.k_proj_weight,
        module.v_proj_weight,
        module.bias_k,
        module.bias_v,
    )


def _places(module: Any, query: torch.Tensor, key: torch.Tensor) -> tuple[int, int]:
    """Give how many places ask, and how many are asked."""
    axis = 0 if query.ndim == 3 and not module.batch_first else -2
    return query.shape[axis], key.shape[axis]


def _merged(
    module: Any, query: torch.Tensor, mask: torch.Tensor | None, padding: torch.Tensor | None
) -> torch.Tensor | None:
    """Give the sum of both masks, with PyTorch's checks."""
    dtype, other = query.dtype, None if mask is None else mask.dtype
    padding = _canonical(padding, "key_padding_mask", other, "attn_mask", dtype)
    mask = _canonical(mask, "attn_mask", None, "", dtype, False)
    merged: torch.Tensor | None = merged_mask(xp, query, module.num_heads, mask, padding)
    return merged


def _kept(module: Any, query: torch.Tensor, key: torch.Tensor) -> torch.Tensor | None:
    """Draw which weights are kept, in the order in which PyTorch draws."""
    if not module.training or not module.dropout:
        return None
    further = (module.bias_k is not None) + module.add_zero_attn
    shape = weights_shape(query, key, module.num_heads, further)
    return functional.dropout(query.new_ones(shape), module.dropout) != 0
