"""Scaled dot-product attention: every place asks all others, and averages what they hold."""

from __future__ import annotations

import math
from typing import TypeAlias

from backproof._typing import Array, Float, Namespace, Shaped
from backproof.ops.activations.softmax import softmax
from backproof.ops.batches import require_same_batch
from backproof.ops.catalogue import op
from backproof.ops.domain import MASK, REAL, SMALL, Argument
from backproof.ops.layers.dropout import dropout as drop

__all__ = ["attended", "attention_gradients", "scaled_dot_product_attention"]

#: What is asked, what it is compared with, and what is then averaged; L places ask S places.
Query: TypeAlias = Float[Array, "*batch L E"]
Key: TypeAlias = Float[Array, "*batch S E"]
Value: TypeAlias = Float[Array, "*batch S Ev"]
Context: TypeAlias = Float[Array, "*batch L Ev"]
#: How much each of the S places counts for each of the L.
Weights: TypeAlias = Float[Array, "*batch L S"]
Mask: TypeAlias = Shaped[Array, "..."] | None
Outputs: TypeAlias = tuple[Context, Weights]


@op(
    "scaled_dot_product_attention",
    kind="layer",
    arguments={
        # Small, so that the softmax of their products is not the choice of one.
        "query": Argument(SMALL, "N L D"),
        "key": Argument(SMALL, "N J D"),
        "value": Argument(SMALL, "N J O"),
        "attn_mask": Argument(REAL, "L J", optional=True),
        "dropout_mask": Argument(MASK, "L J", optional=True),
    },
    aliases={
        "scaled dot attention": {},
        "dot product attention": {},
        "sdpa": {},
        "attention": {},
        "causal attention": {"is_causal": True},
    },
    outputs=("output", "weights"),
    autocast="product",
)
def scaled_dot_product_attention(
    xp: Namespace,
    query: Query,
    key: Key,
    value: Value,
    attn_mask: Mask = None,
    dropout_mask: Mask = None,
    *,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
) -> Outputs:
    """Scaled dot-product attention.

    S = s Q Kᵀ + M of the query Q, the key K and the mask M, with s = 1/√E or ``scale``; then
    A = softmax(S) along its rows, and the output is C = A V of the value V: for each place of the query
    an average of the value's rows. With the upstream gradients G for C and H for A:

    - ∂L/∂V = Aᵀ G and ∂L/∂A = G Vᵀ + H, as C is linear in A and in V;
    - ∂L/∂S = A (∂L/∂A − Σ ∂L/∂A A), element by element and with the sum over each row: the derivative
      of softmax; it is the gradient for M too, which broadcasting's gradient sums to its shape;
    - ∂L/∂Q = s ∂L/∂S K and ∂L/∂K = s (∂L/∂S)ᵀ Q.

    ``attn_mask`` is M, or true where a place counts; with ``is_causal`` none counts that comes after the
    one that asks. A row in which no place counts has A = 0. ``dropout_mask``, true where a weight is kept,
    drops weights with the probability ``dropout_p``: C is then of A m/(1 − ``dropout_p``), and so are
    its derivatives.

    Shapes: query ``(*batch, L, E)``, key ``(*batch, S, E)``, value ``(*batch, S, Ev)``, attn_mask and
    dropout_mask to be broadcast to ``(*batch, L, S)``. The outputs are C ``(*batch, L, Ev)`` and A
    ``(*batch, L, S)``, as it is before dropout.

    Raises
    ------
    ValueError
        If query, key and value are not of one batch, or key and value not of as many places; or if
        there is a mask with ``is_causal``.

    Source: Vaswani et al., "Attention is all you need", 2017, section 3.2.1.

    >>> import numpy as np
    >>> query, key, value = np.zeros((1, 4)), np.ones((2, 4)), np.array([[1.0], [3.0]])
    >>> output, weights = scaled_dot_product_attention.forward(np, query, key, value)
    >>> output.tolist(), weights.tolist()
    ([[2.0]], [[0.5, 0.5]])
    """
    require_same_batch(2, query=query, key=key)
    require_same_batch(1, key=key, value=value)
    scores = query @ xp.matrix_transpose(key) * _scale(query, scale)
    if is_causal:
        if attn_mask is not None:
            raise ValueError("attn_mask or is_causal=True says which places count; got both")
        attn_mask = xp.tril(xp.ones_like(scores)) == 1
    weights = _softmax(xp, _masked(xp, scores, attn_mask), attn_mask)
    return attended(xp, weights, value, dropout_mask, dropout_p), weights


def attended(xp: Namespace, weights: Weights, value: Value, dropout_mask: Mask, p: float) -> Context:
    """Give the averages that the weights make of the value, those that dropout leaves of them.

    Examples
    --------
    >>> import numpy as np
    >>> weights, value, kept = np.array([[0.5, 0.5]]), np.array([[1.0], [3.0]]), np.array([[True, False]])
    >>> attended(np, weights, value, kept, 0.5).tolist()
    [[1.0]]
    """
    return _dropped(xp, weights, dropout_mask, p) @ value


def _scale(query: Query, scale: float | None) -> float:
    return 1 / math.sqrt(query.shape[-1]) if scale is None else scale


def _masked(xp: Namespace, scores: Weights, mask: Mask) -> Weights:
    if mask is None:
        return scores
    return xp.where(mask, scores, -float("inf")) if xp.isdtype(mask.dtype, "bool") else scores + mask


def _softmax(xp: Namespace, scores: Weights, mask: Mask) -> Weights:
    if mask is None:
        return softmax.forward(xp, scores)
    hidden = xp.max(scores, axis=-1, keepdims=True) == -float("inf")
    return xp.where(hidden, 0, softmax.forward(xp, xp.where(hidden, 0, scores)))


def _dropped(xp: Namespace, weights: Weights, mask: Mask, p: float) -> Weights:
    return weights if mask is None else drop.forward(xp, weights, mask, p=p)


@scaled_dot_product_attention.rule(
    "query",
    "key",
    "value",
    "attn_mask",
    needs=("query", "key", "value", "dropout_mask", "weights"),
)
def attention_gradients(
    xp: Namespace,
    grad_output: Outputs,
    query: Query,
    key: Key,
    value: Value,
    attn_mask: Mask,
    dropout_mask: Mask,
    output: tuple[Context | None, Weights],
    *,
    dropout_p: float,
    is_causal: bool,
    scale: float | None,
) -> tuple[Query, Key, Value, Weights]:
    """Give the gradients for query, key, value and mask; multi-head attention has them of its heads."""
    (grad, grad_weights), (_, weights) = grad_output, output
    through = _dropped(xp, grad @ xp.matrix_transpose(value), dropout_mask, dropout_p)
    # The rule of softmax looks at the output alone.
    grad_scores = softmax.rules["input"](xp, grad_weights + through, weights, weights, dim=-1)
    factor = _scale(query, scale)
    grad_query = grad_scores @ key * factor
    grad_key = xp.matrix_transpose(grad_scores) @ query * factor
    kept = _dropped(xp, weights, dropout_mask, dropout_p)
    return grad_query, grad_key, xp.matrix_transpose(kept) @ grad, grad_scores
