"""Multi-head attention takes the masks that PyTorch's takes, in all their forms, and gives its weights."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch

from backproof import nn
from tests.ops.examples import generator

RNG = generator("attention")
QUERY, KEY = RNG.standard_normal((2, 5, 6)), RNG.standard_normal((2, 3, 6))
PADDING = np.array([[False, False, True], [False, False, False]])
CAUSAL = np.triu(np.ones((5, 3), bool), 1)
PADDINGS: dict[str, Any] = {"none": None, "true": PADDING, "added": np.where(PADDING, -2.0, 0.5)}
MASKS: dict[str, Any] = {
    "none": None,
    "true": CAUSAL,
    "added": RNG.standard_normal((5, 3)),
    "each head": RNG.standard_normal((4, 5, 3)) > 1,
    "each head, added": RNG.standard_normal((4, 5, 3)),
}


@pytest.mark.filterwarnings("ignore:Support for mismatched key_padding_mask")  # PyTorch's, of two kinds
@pytest.mark.parametrize(("padding", "mask"), [*itertools.product(PADDINGS, MASKS)])
def test_masks(padding: str, mask: str) -> None:
    module = nn.MultiheadAttention(6, 2, batch_first=True, dtype=np.float64, rng=0)
    twin: Any = module.to_torch()
    masks = {"key_padding_mask": PADDINGS[padding], "attn_mask": MASKS[mask]}
    given = {name: None if array is None else torch.tensor(array) for name, array in masks.items()}
    leaves = [torch.tensor(array, requires_grad=True) for array in (QUERY, KEY, KEY)]
    output, weights = module(QUERY, KEY, KEY, **masks, average_attn_weights=False)
    expected, expected_weights = twin(*leaves, **given, average_attn_weights=False)
    assert weights is not None
    np.testing.assert_allclose(output, expected.detach(), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(weights, expected_weights.detach(), rtol=1e-10, atol=1e-12)
    expected.backward(torch.tensor(QUERY))
    for got, leaf in zip(module.backward((QUERY, None)), leaves, strict=True):
        np.testing.assert_allclose(got, np.asarray(leaf.grad), rtol=1e-9, atol=1e-12)


def test_the_weights_in_training_are_those_left_by_dropout() -> None:
    module = nn.MultiheadAttention(6, 2, 0.5, batch_first=True, dtype=np.float64, rng=0)
    output, weights = module(QUERY, KEY, KEY, average_attn_weights=False)
    _, whole = module.eval()(QUERY, KEY, KEY, average_attn_weights=False)
    assert 0 < (weights == 0).sum() < weights.size
    np.testing.assert_allclose(weights, np.where(weights == 0, 0, 2 * whole), rtol=1e-12)
    # They are what the output was computed with.
    value = KEY @ module.in_proj_weight[12:].T + module.in_proj_bias[12:]
    heads = weights @ value.reshape(2, 3, 2, 3).swapaxes(1, 2)
    joined = heads.swapaxes(1, 2).reshape(2, 5, 6)
    np.testing.assert_allclose(output, joined @ module.out_proj.weight.T + module.out_proj.bias, rtol=1e-10)


@pytest.mark.parametrize("need_weights", [True, False])
def test_the_causal_hint(need_weights: bool) -> None:
    module = nn.MultiheadAttention(6, 2, batch_first=True, dtype=np.float64, rng=0)
    other = np.tri(5, 5, 2) == 0  # PyTorch looks at the mask only where it must
    twin: Any = module.to_torch()
    options: dict[str, Any] = {"need_weights": need_weights, "is_causal": True}
    x = torch.tensor(QUERY)
    expected = twin(x, x, x, attn_mask=torch.tensor(other), **options)[0].detach()
    output, weights = module(QUERY, QUERY, QUERY, attn_mask=other, **options)
    np.testing.assert_allclose(output, expected, rtol=1e-10, atol=1e-12)
    assert (weights is not None) == need_weights
    with pytest.raises(ValueError, match="is_causal=True of an attn_mask; got none"):
        module(QUERY, QUERY, QUERY, **options)


def test_the_weights_take_no_gradient() -> None:
    module = nn.MultiheadAttention(6, 2, batch_first=True, dtype=np.float64, rng=0)
    output, weights = module(QUERY, KEY, KEY)
    with pytest.raises(ValueError, match=r"no gradient for its weights.*expected \(grad_output, None\)"):
        module.backward((output, weights))
    assert module.accumulate((output, None)) is None  # type: ignore[func-returns-value]  # that is the claim
