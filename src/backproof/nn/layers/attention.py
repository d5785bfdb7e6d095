"""Multi-head attention."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from backproof.nn import init
from backproof.nn.arguments import parameters_dtype, probability, whole
from backproof.nn.component import REFUSALS, Component
from backproof.nn.init import Seed
from backproof.nn.layers.linear import Linear
from backproof.nn.parameter import Parameter
from backproof.nn.thin import THIN
from backproof.ops.layers.attention import merged_mask, multihead_attention, weights_shape
from backproof.ops.layers.dropout import dropout

__all__ = ["MultiheadAttention"]


class MultiheadAttention(Component):
    """Multi-head attention: softmax(Q Kᵀ/√d) V in each head, of projections of query, key and value.

    ``attention(query, key, value)`` gives the output and the weights, which are the mean over the heads
    (``average_attn_weights``), or ``None`` (``need_weights=False``). ``backward(grad_output)`` gives the
    gradients for query, key and value; the weights are there to look at and take no gradient.

    Shapes: query ``(L, N, embed_dim)``, key ``(S, N, kdim)``, value ``(S, N, vdim)``, or all without N;
    with ``batch_first`` N is the first axis. ``key_padding_mask`` is ``(N, S)``, ``attn_mask`` ``(L, S)``
    or ``(N · num_heads, L, S)``: true where a place must not count, or numbers that are added.

    Source: Vaswani et al., "Attention is all you need", 2017.

    Examples
    --------
    >>> from backproof import nn
    >>> attention = nn.MultiheadAttention(6, 2, batch_first=True, rng=0)
    >>> x = np.ones((7, 3, 6), np.float32)
    >>> output, weights = attention(x, x, x)
    >>> output.shape, weights.shape
    ((7, 3, 6), (7, 3, 3))
    >>> [gradient.shape for gradient in attention.backward(output)]
    [(7, 3, 6), (7, 3, 6), (7, 3, 6)]
    """

    op = multihead_attention
    held = (
        "in_proj_weight",
        "in_proj_bias",
        "out_proj_weight",
        "out_proj_bias",
        "q_proj_weight",
        "k_proj_weight",
        "v_proj_weight",
        "bias_k",
        "bias_v",
    )
    wrt = ("query", "key", "value")

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: str | None = None,
        dtype: DTypeLike | None = None,
        *,
        rng: Seed = None,
    ) -> None:
        whole(self, 1, embed_dim=embed_dim)
        whole(self, 0, num_heads=num_heads)
        probability(self, dropout=dropout)
        dtype = parameters_dtype(self, device, dtype)
        if num_heads < 1 or embed_dim % num_heads:
            raise ValueError(
                f"expected num_heads to divide embed_dim; got num_heads={num_heads}, embed_dim={embed_dim}"
            )
        self.rng = rng = np.random.default_rng(rng)
        self.embed_dim, self.num_heads, self.dropout = embed_dim, num_heads, dropout
        self.kdim, self.vdim = kdim or embed_dim, vdim or embed_dim
        self.add_zero_attn, self.batch_first = add_zero_attn, batch_first
        packed = self.kdim == self.vdim == embed_dim
        shapes = {
            "in_proj_weight": (3 * embed_dim, embed_dim) if packed else None,
            "q_proj_weight": None if packed else (embed_dim, embed_dim),
            "k_proj_weight": None if packed else (embed_dim, self.kdim),
            "v_proj_weight": None if packed else (embed_dim, self.vdim),
        }
        for name, shape in shapes.items():
            drawn = shape and Parameter(init.xavier_uniform_(np.empty(shape, dtype), rng=rng))
            self.register_parameter(name, drawn)
        zeros = Parameter(np.zeros(3 * embed_dim, dtype)) if bias else None
        self.register_parameter("in_proj_bias", zeros)
        self.out_proj = Linear(embed_dim, embed_dim, bias, dtype=dtype, rng=rng)
        if bias:
            self.out_proj.bias[...] = 0
        for name in ("bias_k", "bias_v"):
            place = init.xavier_normal_(np.empty((1, 1, embed_dim), dtype), rng=rng) if add_bias_kv else None
            self.register_parameter(name, None if place is None else Parameter(place))

    def extra_repr(self) -> str:
        """Give nothing, as PyTorch does."""
        return ""

    def _holder(self, name: str) -> Any:
        if name.startswith("out_proj_"):
            return self.out_proj._holder(name.removeprefix("out_proj_"))
        return super()._holder(name)

    def forward(
        self,
        query: Any,
        key: Any,
        value: Any,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[NDArray[Any], NDArray[Any] | None]:
        """Give the output and the weights, in training those that are left of them by dropout."""
        query, key, value = (self._turned(array) for array in self._converted([query, key, value]))
        if is_causal:
            if attn_mask is None:
                raise ValueError(f"{type(self).__name__} takes is_causal=True of an attn_mask; got none")
            if key_padding_mask is None and not need_weights:  # PyTorch then looks at no mask
                attn_mask = np.triu(np.ones((query.shape[-2], key.shape[-2]), bool), 1)
        masks = [self._mask(query.dtype, mask) for mask in (attn_mask, key_padding_mask)]
        try:
            self._require_masks(query.shape[:-1], key.shape[-2], *masks)
            mask = merged_mask(THIN, query, self.num_heads, *masks)
        except REFUSALS as error:
            self._refuse((query, key, value), error)
        kept = None
        if self.dropout and self.training:
            further = (self._parameters["bias_k"] is not None) + self.add_zero_attn
            kept = self.rng.random(weights_shape(query, key, self.num_heads, further)) >= self.dropout
        roles = (query, key, value, *[holder.data for holder in self._holders], mask, kept)
        output, weights = self._save(roles, self._value(roles))
        if not need_weights:
            return self._turned(output), None
        if kept is not None:
            weights = dropout.forward(THIN, weights, kept, p=self.dropout)
        return self._turned(output), weights.mean(axis=-3) if average_attn_weights else weights

    def backward(self, grad_output: Any) -> Any:
        """Add the parameters' gradients to them, and give those for query, key and value.

        The upstream gradient is that of the output, alone or with ``None`` for the weights.
        """
        gradients = super().backward(self._of_output(grad_output))
        return tuple(self._turned(gradient) for gradient in gradients)

    def accumulate(self, grad_output: Any) -> None:
        """Go backward for the parameters alone."""
        super().accumulate(self._of_output(grad_output))

    def _of_output(self, grad_output: Any) -> NDArray[Any]:
        if isinstance(grad_output, tuple):
            grad_output, *further = grad_output
            if any(gradient is not None for gradient in further):
                raise ValueError(
                    f"{type(self).__name__} takes no gradient for its weights, which are there to look at; "
                    "expected (grad_output, None)"
                )
        return self._turned(np.asarray(grad_output))

    def _turned(self, array: NDArray[Any]) -> NDArray[Any]:
        """Bring the batch to the front, or back."""
        return array if self.batch_first or array.ndim != 3 else array.swapaxes(0, 1)

    def _require_masks(
        self, places: tuple[int, ...], keys: int, attn: NDArray[Any] | None, padding: NDArray[Any] | None
    ) -> None:
        """Refuse masks of other shapes than the inputs'; ``places`` are the query's, the batch before."""
        *batch, queries = places
        every, each = (queries, keys), (math.prod(batch) * self.num_heads, queries, keys)
        if attn is not None and attn.shape not in (every, each):
            raise ValueError(f"expected attn_mask of shape {every} or {each}; got shape={attn.shape}")
        if padding is not None and padding.shape != (*batch, keys):
            raise ValueError(
                f"expected key_padding_mask of shape {(*batch, keys)}; got shape={padding.shape}"
            )

    def _mask(self, dtype: np.dtype[Any], mask: Any) -> NDArray[Any] | None:
        """Give a mask as an array of truth values, or of the inputs' dtype."""
        array = None if mask is None else np.asarray(mask)
        return array if array is None or array.dtype == bool else array.astype(dtype)
