"""Multi-head attention: projections, scaled dot-product attention, and a projection of what it gives."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from backproof._typing import Array, Float, Namespace, Shaped
from backproof.ops.backend import zeros
from backproof.ops.batches import require_same_batch
from backproof.ops.catalogue import op
from backproof.ops.domain import MASK, REAL, SMALL, Argument
from backproof.ops.layers.linear import linear
from backproof.ops.layers.scaled_attention import (
    attended,
    attention_gradients,
    scaled_dot_product_attention,
)
from backproof.ops.products import products

__all__ = ["merged_mask", "multihead_attention", "weights_shape"]

#: What is asked, what it is compared with, and what is then averaged; L places ask S places.
Query: TypeAlias = Float[Array, "*batch L embed"]
Key: TypeAlias = Float[Array, "*batch S kdim"]
Value: TypeAlias = Float[Array, "*batch S vdim"]
#: The rows of W_q, W_k and W_v, one after the other.
Packed: TypeAlias = Float[Array, "rows embed"] | None
PackedBias: TypeAlias = Float[Array, "rows"] | None
Weight: TypeAlias = Float[Array, "embed _"] | None
Bias: TypeAlias = Float[Array, "embed"] | None
#: A further place, the same for all; PyTorch's parameter has two axes of size 1 before it.
Place: TypeAlias = Float[Array, "... embed"] | None
#: For every head the values of its part of the embedding.
Heads: TypeAlias = Float[Array, "*batch heads _ part"]
#: For every head how much each of the places, the S and further ones, counts for each of the L.
Weights: TypeAlias = Float[Array, "*batch heads L places"]
Mask: TypeAlias = Shaped[Array, "..."] | None
Outputs: TypeAlias = tuple[Query, Weights]


def weights_shape(query: Query, key: Key, heads: int, further: int) -> tuple[int, ...]:
    """Give the shape of the weights: further places are those besides the key's.

    Examples
    --------
    >>> import numpy as np
    >>> weights_shape(np.ones((2, 5, 6)), np.ones((2, 3, 6)), 3, 1)
    (2, 3, 5, 4)
    """
    return (*query.shape[:-2], heads, query.shape[-2], key.shape[-2] + further)


def merged_mask(xp: Namespace, query: Query, heads: int, attn_mask: Mask, key_padding_mask: Mask) -> Mask:
    """Make one mask of two, in a shape that broadcasts to ``(*batch, heads, L, S)``.

    Each is true where a place must not count, or numbers that are added. ``attn_mask`` is ``(L, S)``,
    the same for every head, or ``(batch · heads, L, S)``; ``key_padding_mask`` is ``(*batch, S)``.

    Examples
    --------
    >>> import numpy as np
    >>> padding, attention = np.array([[False, True]]), np.array([[0.5, 0.25]])
    >>> merged_mask(np, np.ones((1, 1, 6)), 1, attention, padding).tolist()
    [[[[0.5, -inf]]]]
    """
    if attn_mask is not None and attn_mask.ndim > 2:
        attn_mask = xp.reshape(attn_mask, (*query.shape[:-2], heads, *attn_mask.shape[-2:]))
    if key_padding_mask is None:
        return attn_mask
    padding = key_padding_mask[..., None, None, :]
    if attn_mask is None:
        return padding
    true = [xp.isdtype(mask.dtype, "bool") for mask in (attn_mask, padding)]
    if all(true):
        return attn_mask | padding
    if any(true):
        hidden, added = (attn_mask, padding) if true[0] else (padding, attn_mask)
        return xp.where(hidden, -float("inf"), added)
    return attn_mask + padding


class _Projections(NamedTuple):
    """W_q, W_k and W_v with their shifts."""

    weights: tuple[Array, ...]
    biases: tuple[Array | None, ...]


@op(
    "MultiheadAttention",
    kind="layer",
    arguments={
        # Small, so that the softmax of their products is not the choice of one.
        "query": Argument(SMALL, "N L D"),
        "key": Argument(SMALL, "N J D"),
        "value": Argument(SMALL, "N J D"),
        "in_proj_weight": Argument(SMALL, "3D D"),
        "in_proj_bias": Argument(SMALL, "3D"),
        "out_proj_weight": Argument(SMALL, "D D"),
        "out_proj_bias": Argument(SMALL, "D"),
        "q_proj_weight": Argument(SMALL, "D D", optional=True),
        "k_proj_weight": Argument(SMALL, "D D", optional=True),
        "v_proj_weight": Argument(SMALL, "D D", optional=True),
        "bias_k": Argument(SMALL, "D", optional=True),
        "bias_v": Argument(SMALL, "D", optional=True),
        "attn_mask": Argument(REAL, "L J", optional=True),
        "dropout_mask": Argument(MASK, "L J", optional=True),
    },
    aliases={"multi head attention": {}, "self attention": {}, "mha": {}},
    outputs=("output", "weights"),
    autocast="product",
)
def multihead_attention(
    xp: Namespace,
    query: Query,
    key: Key,
    value: Value,
    in_proj_weight: Packed,
    in_proj_bias: PackedBias,
    out_proj_weight: Weight,
    out_proj_bias: Bias = None,
    q_proj_weight: Weight = None,
    k_proj_weight: Weight = None,
    v_proj_weight: Weight = None,
    bias_k: Place = None,
    bias_v: Place = None,
    attn_mask: Mask = None,
    dropout_mask: Mask = None,
    *,
    num_heads: int = 1,
    add_zero_attn: bool = False,
    dropout: float = 0.0,
) -> Outputs:
    """Multi-head attention.

    Q = X W_qᵀ + b_q of the query X, K = Y W_kᵀ + b_k of the key Y, V = Z W_vᵀ + b_v of the value Z.
    The embedding is parted among ``num_heads`` heads of d values; each computes

    S = Q Kᵀ/√d + M, A = softmax(S) along its rows, C = A V,

    and the output is O = C W_oᵀ + b_o of what the heads gave, side by side again. M is the mask. With the
    upstream gradients G for O and H for A, from the output to the input:

    - ∂L/∂C = G W_o, ∂L/∂W_o = Gᵀ C, ∂L/∂b_o = Σ G, as in a linear layer;
    - ∂L/∂V = Aᵀ ∂L/∂C and ∂L/∂A = ∂L/∂C Vᵀ + H, as C is linear in A and in V;
    - ∂L/∂S = A (∂L/∂A − Σ ∂L/∂A A), element by element and with the sum over each row: the derivative
      of softmax; it is the gradient for M too, which broadcasting's gradient sums to its shape;
    - ∂L/∂Q = ∂L/∂S K/√d and ∂L/∂K = (∂L/∂S)ᵀ Q/√d;
    - ∂L/∂X = ∂L/∂Q W_q, ∂L/∂W_q = (∂L/∂Q)ᵀ X, ∂L/∂b_q = Σ ∂L/∂Q, and likewise for the key and the value.

    W_q, W_k and W_v are the rows of ``in_proj_weight``, or, where that is ``None``, three weights of their
    own; their shifts are the parts of ``in_proj_bias``. ``bias_k`` and ``bias_v`` are a further place of K
    and V, the same for all; with ``add_zero_attn`` there is a place of zeros besides. ``attn_mask`` is M, or
    true where a place must not count; the further places always count. A row in which no place counts
    has A = 0. ``dropout_mask``, true where a weight is kept, drops weights with the probability
    ``dropout``: C is then of A m/(1 − ``dropout``).

    Shapes: query ``(*batch, L, embed)``, key ``(*batch, S, kdim)``, value ``(*batch, S, vdim)``,
    in_proj_weight ``(3 embed, embed)``, in_proj_bias ``(3 embed)`` or ``None``, out_proj_weight
    ``(embed, embed)``, out_proj_bias ``(embed)`` or ``None``, q_proj_weight ``(embed, embed)``,
    k_proj_weight ``(embed, kdim)``, v_proj_weight ``(embed, vdim)``, bias_k and bias_v ``(embed)`` or
    ``(1, 1, embed)``, attn_mask to be broadcast to ``(*batch, heads, L, S)``, dropout_mask to that with
    the further places.
    The outputs are O ``(*batch, L, embed)`` and A ``(*batch, heads, L, S)``, as it is before dropout.

    Raises
    ------
    ValueError
        If the embedding cannot be parted among the heads, there is no weight for the query, or query,
        key and value are not of one batch, or key and value not of as many places.

    Source: Vaswani et al., "Attention is all you need", 2017, section 3.2; the further places: PyTorch,
    ``torch.nn.MultiheadAttention``.

    >>> import numpy as np
    >>> x, eye = np.array([[1.0], [1.0]]), np.ones((1, 1))
    >>> output, weights = multihead_attention.forward(np, x, x, 3 * x, np.ones((3, 1)), None, eye)
    >>> output.tolist(), weights.tolist()
    ([[3.0], [3.0]], [[[0.5, 0.5], [0.5, 0.5]]])
    """
    require_same_batch(2, query=query, key=key)
    require_same_batch(1, key=key, value=value)
    projections = _projections(
        in_proj_weight, in_proj_bias, (q_proj_weight, k_proj_weight, v_proj_weight), num_heads
    )
    q, k, v = _projected(
        xp, (query, key, value), projections, (None, bias_k, bias_v), num_heads, add_zero_attn
    )
    mask = _counting(xp, attn_mask, k.shape[-2])
    context, weights = scaled_dot_product_attention.forward(
        xp, q, k, v, mask, dropout_mask, dropout_p=dropout
    )
    return linear.forward(xp, _merged(xp, context), out_proj_weight, out_proj_bias), weights


def _projections(
    packed: Packed, bias: PackedBias, own: tuple[Weight, Weight, Weight], heads: int
) -> _Projections:
    weights: tuple[Array, ...] = own if packed is None else _thirds(packed)
    if any(weight is None for weight in weights):
        raise ValueError(
            "the projections are in_proj_weight, or q_proj_weight, k_proj_weight and v_proj_weight together; "
            "got neither"
        )
    embed: int = weights[0].shape[0]
    if heads < 1 or embed % heads:
        raise ValueError(
            f"num_heads divides the size of the embedding; got num_heads={heads!r} for a size of {embed}"
        )
    return _Projections(weights, (None, None, None) if bias is None else _thirds(bias))


def _thirds(packed: Array) -> tuple[Array, Array, Array]:
    size = packed.shape[0] // 3
    return packed[:size, ...], packed[size : 2 * size, ...], packed[2 * size :, ...]


def _projected(
    xp: Namespace,
    inputs: tuple[Query, Key, Value],
    projections: _Projections,
    places: tuple[Place, ...],
    heads: int,
    zero: bool,
) -> list[Heads]:
    """Give Q, K and V for every head, with the further places."""
    found: list[Heads] = []
    for each, weight, bias, place in zip(inputs, *projections, places, strict=True):
        rows = linear.forward(xp, each, weight, bias)
        shape = (*rows.shape[:-2], 1, rows.shape[-1])
        further = [] if place is None else [xp.broadcast_to(xp.reshape(place, shape[-2:]), shape)]
        if zero and found:  # the query has no further place
            further.append(zeros(xp, shape, rows))
        found.append(_parted(xp, xp.concat([rows, *further], axis=-2) if further else rows, heads))
    return found


def _parted(xp: Namespace, rows: Float[Array, "*batch places embed"], heads: int) -> Heads:
    *batch, places, embed = rows.shape
    return _exchanged(xp, xp.reshape(rows, (*batch, places, heads, embed // heads)))


def _merged(xp: Namespace, parts: Heads) -> Float[Array, "*batch places embed"]:
    *batch, heads, places, size = parts.shape
    return xp.reshape(_exchanged(xp, parts), (*batch, places, heads * size))


def _exchanged(xp: Namespace, parts: Array) -> Array:
    """Exchange the axes of the heads and of the places; ``moveaxis`` of PyTorch knows no ``vmap``."""
    rank = parts.ndim
    return xp.permute_dims(parts, (*range(rank - 3), rank - 2, rank - 3, rank - 1))


def _counting(xp: Namespace, mask: Mask, places: int) -> Mask:
    """Turn the mask into that of the heads: true where a place counts, as the further ones always do."""
    if mask is None:
        return None
    further = places - mask.shape[-1]
    if further:
        mask = xp.concat([mask, zeros(xp, (*mask.shape[:-1], further), mask)], axis=-1)
    return xp.logical_not(mask) if xp.isdtype(mask.dtype, "bool") else mask


@multihead_attention.rule(
    "query",
    "key",
    "value",
    "in_proj_weight",
    "in_proj_bias",
    "out_proj_weight",
    "out_proj_bias",
    "q_proj_weight",
    "k_proj_weight",
    "v_proj_weight",
    "bias_k",
    "bias_v",
    "attn_mask",
    needs=(
        *("query", "key", "value", "in_proj_weight", "in_proj_bias", "out_proj_weight"),
        *("q_proj_weight", "k_proj_weight", "v_proj_weight", "bias_k", "bias_v"),
        *("attn_mask", "dropout_mask", "weights"),
    ),
)
def _(
    xp: Namespace,
    grad_output: Outputs,
    query: Query,
    key: Key,
    value: Value,
    in_proj_weight: Packed,
    in_proj_bias: PackedBias,
    out_proj_weight: Weight,
    out_proj_bias: Bias,
    q_proj_weight: Weight,
    k_proj_weight: Weight,
    v_proj_weight: Weight,
    bias_k: Place,
    bias_v: Place,
    attn_mask: Mask,
    dropout_mask: Mask,
    output: Outputs,
    *,
    num_heads: int,
    add_zero_attn: bool,
    dropout: float,
) -> tuple[Array | None, ...]:
    (grad, grad_weights), (_, weights) = grad_output, output
    given = (query, key, value)
    projections = _projections(
        in_proj_weight, in_proj_bias, (q_proj_weight, k_proj_weight, v_proj_weight), num_heads
    )
    heads = _projected(xp, given, projections, (None, bias_k, bias_v), num_heads, add_zero_attn)
    context = attended(xp, weights, heads[2], dropout_mask, dropout)
    grad_out_weight = products(xp, grad, _merged(xp, context))
    *of_heads, grad_scores = attention_gradients(
        xp,
        (_parted(xp, grad @ out_proj_weight, num_heads), grad_weights),
        *heads,
        None,
        dropout_mask,
        (context, weights),
        dropout_p=dropout,
        is_causal=False,
        scale=None,
    )
    grads = [_merged(xp, found) for found in of_heads]

    rows = [found[..., : each.shape[-2], :] for found, each in zip(grads, given, strict=True)]
    grad_inputs = [found @ weight for found, weight in zip(rows, projections.weights, strict=True)]
    own = [products(xp, found, each) for found, each in zip(rows, given, strict=True)]
    packed = None if in_proj_weight is None else xp.concat(own, axis=0)
    bias = None if in_proj_bias is None else xp.concat([_sum_rows(xp, found) for found in rows], axis=0)
    places = key.shape[-2]
    further = [
        None if place is None else xp.reshape(_sum_rows(xp, found[..., places : places + 1, :]), place.shape)
        for place, found in ((bias_k, grads[1]), (bias_v, grads[2]))
    ]
    grad_mask = None if attn_mask is None else grad_scores[..., :places]
    return *grad_inputs, packed, bias, grad_out_weight, grad, *own, *further, grad_mask


def _sum_rows(xp: Namespace, rows: Float[Array, "*batch embed"]) -> Float[Array, "embed"]:
    return xp.sum(xp.reshape(rows, (-1, rows.shape[-1])), axis=0)
