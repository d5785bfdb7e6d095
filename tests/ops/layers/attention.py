"""What to try of attention, scaled dot-product and multi-head, beside PyTorch's functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from tests.ops.row import Arrays, Row, Shape, draw

Tensor = torch.Tensor


def scaled(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None,
    kept: Tensor | None,
    *,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
) -> tuple[Tensor, Tensor]:
    """Call PyTorch's function; the weights are what it makes of the identity."""

    def attend(values: Tensor) -> Tensor:
        return functional.scaled_dot_product_attention(
            query, key, values, mask, is_causal=is_causal, scale=scale
        )

    weights = attend(torch.eye(key.shape[-2], dtype=key.dtype).expand(*key.shape[:-1], -1))
    return attend(value) if kept is None else weights * kept / (1 - dropout_p) @ value, weights


def attended(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    *rest: Tensor | None,
    num_heads: int,
    add_zero_attn: bool,
    dropout: float,
) -> tuple[Tensor, Tensor]:
    """Call PyTorch's function, whose batch is the second axis; with a dropout mask, its formula."""
    q_weight, k_weight, v_weight, bias_k, bias_v, mask, kept = rest
    if kept is not None:
        return _with_dropout(
            (query, key, value), in_proj_weight, out_proj_weight, out_proj_bias, kept, num_heads, dropout
        )
    turned = [x.transpose(0, 1) if x.ndim == 3 else x for x in (query, key, value)]
    if mask is not None and mask.ndim == 4:
        mask = mask.expand(-1, num_heads, -1, -1).flatten(0, 1)
    q, k, v = turned
    output, weights = functional.multi_head_attention_forward(
        q,
        k,
        v,
        query.shape[-1],
        num_heads,
        in_proj_weight,
        in_proj_bias,
        bias_k,
        bias_v,
        add_zero_attn,
        0.0,
        out_proj_weight,
        out_proj_bias,
        attn_mask=mask,
        use_separate_proj_weight=q_weight is not None,
        q_proj_weight=q_weight,
        k_proj_weight=k_weight,
        v_proj_weight=v_weight,
        average_attn_weights=False,
    )
    assert weights is not None
    return output.transpose(0, 1) if query.ndim == 3 else output, weights


def _with_dropout(
    inputs: tuple[Tensor, Tensor, Tensor],
    in_weight: Tensor | None,
    out_weight: Tensor,
    out_bias: Tensor | None,
    kept: Tensor,
    heads: int,
    p: float,
) -> tuple[Tensor, Tensor]:
    assert in_weight is not None
    q, k, v = (
        functional.linear(x, w).reshape(*x.shape[:-1], heads, -1).transpose(-2, -3)
        for x, w in zip(inputs, in_weight.chunk(3), strict=True)
    )
    weights = torch.softmax(q @ k.mT / q.shape[-1] ** 0.5, dim=-1)
    context = (weights * kept / (1 - p)) @ v
    return functional.linear(context.transpose(-2, -3).flatten(-2), out_weight, out_bias), weights


#: L = 3 places ask S = 4, of a batch of 2 and an embedding of 6.
ASKING: tuple[Shape, ...] = ((2, 3, 6), (2, 4, 6), (2, 4, 6))
PACKED: tuple[Shape | None, ...] = ((18, 6), (18,), (6, 6), (6,))
NONE = (None, None, None)
OWN: tuple[Shape, ...] = ((6, 6), (6, 5), (6, 7))


def with_masks(rng: np.random.Generator, dtype: Any) -> Iterator[tuple[str, Arrays]]:
    """Give a mask of places that do not count, and one of weights that are kept."""
    given = [None if shape is None else draw("small", shape, rng, dtype) for shape in (*ASKING, *PACKED)]
    weight, _, *out = given[3:]
    hidden = np.zeros((2, 1, 3, 4), dtype=bool)
    hidden[:, :, :, 2:] = hidden[0, 0, 0, 0] = True
    yield "places hidden", (*given, *NONE, None, None, hidden, None)
    kept = draw("mask", (2, 2, 3, 4), rng, dtype)
    yield "weights dropped", (*given[:3], weight, None, *out, *NONE, None, None, None, kept)


def fits(inputs: Arrays, options: Mapping[str, Any]) -> bool:
    """Whether the heads divide the embedding, and a dropout mask goes with a probability."""
    query, kept = inputs[0], inputs[-1]
    assert query is not None
    if kept is not None:
        return "dropout" in options
    return "dropout" not in options and query.shape[-1] % options.get("num_heads", 1) == 0


def with_a_mask(rng: np.random.Generator, dtype: Any) -> Iterator[tuple[str, Arrays]]:
    """Give a mask of places that count, in one row none."""
    given = [draw("small", shape, rng, dtype) for shape in ASKING]
    counts = np.ones((2, 3, 4), dtype=bool)
    counts[:, :, 2:] = counts[0, 0] = False
    yield "places hidden", (*given, counts, None)


_INFINITE = "where all scores are −∞ PyTorch gives 0 without a mask too; its module gives NaN, as ours does"
SCALED = Row(
    shapes={
        "one sample": ((3, 6), (4, 6), (4, 5), None, None),
        "heads": ((2, 5, 3, 6), (2, 5, 4, 6), (2, 5, 4, 7), (3, 4), None),
        "a mask for each": (*ASKING, (2, 3, 4), None),
        "weights dropped": (*ASKING, None, (2, 3, 4)),
    },
    more=with_a_mask,
    options=({}, {"scale": 0.3}, {"is_causal": True}, {"dropout_p": 0.3}),
    fits=lambda inputs, options: (
        ("dropout_p" in options) == (inputs[4] is not None)
        and not ("is_causal" in options and inputs[3] is not None)
    ),
    twin=scaled,
    unlike={(name, value): _INFINITE for name in ("query", "key") for value in ("inf", "-inf")},
)
ATTENTION = Row(
    shapes={
        "no bias": (*ASKING, (18, 6), None, (6, 6), None, *NONE, None, None, None, None),
        "one sample": ((3, 6), (4, 6), (4, 6), *PACKED, *NONE, None, None, None, None),
        "weights of their own": (
            *((2, 3, 6), (2, 4, 5), (2, 4, 7)),
            *(None, (18,), (6, 6), (6,)),
            *OWN,
            *((1, 1, 6), (1, 1, 6), None, None),
        ),
        "mask": (*ASKING, *PACKED, *NONE, None, None, (3, 4), None),
        "mask and further places": (*ASKING, *PACKED, *NONE, (1, 1, 6), (1, 1, 6), (3, 4), None),
    },
    more=with_masks,
    options=({}, {"num_heads": 2}, {"num_heads": 3, "add_zero_attn": True}, {"num_heads": 2, "dropout": 0.3}),
    fits=fits,
    twin=attended,
    defaults={"num_heads": "a case of the op alone must have one"},
)
