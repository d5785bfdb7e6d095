"""Losses of numbers: what is refused, and what happens at the ends of the range."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import torch

from backproof.ops import CATALOGUE

ONES = np.ones((2, 3))

REFUSED: dict[str, tuple[str, tuple[Any, ...], dict[str, Any]]] = {
    "beta of SmoothL1Loss is 0 or more; got beta=-1.0": ("SmoothL1Loss", (ONES, ONES), {"beta": -1.0}),
    "delta of HuberLoss is positive; got delta=0": ("HuberLoss", (ONES, ONES), {"delta": 0}),
    "p of TripletMarginLoss is 0 or more; got p=-2": ("TripletMarginLoss", (ONES, ONES, ONES), {"p": -2}),
    "var is nowhere negative; got -1.0 in it": ("GaussianNLLLoss", (ONES, ONES, -ONES), {}),
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_is_out_of_its_range_is_refused(message: str) -> None:
    name, inputs, options = REFUSED[message]
    with pytest.raises(ValueError, match=re.escape(message)):
        CATALOGUE[name].evaluate(np, inputs, **options)


@pytest.mark.filterwarnings("ignore:Using a target size:UserWarning")
@pytest.mark.parametrize("shape", [(1, 3), (4, 3), (3,), ()], ids=str)
def test_the_samples_of_a_batch_are_the_inputs(shape: tuple[int, ...]) -> None:
    """However many the target has."""
    x, target = np.random.default_rng(0).normal(size=shape), np.full((4, 3), 1 / 3)
    leaf = torch.tensor(x, requires_grad=True)
    expected = torch.nn.KLDivLoss(reduction="batchmean")(leaf, torch.tensor(target))
    (gradient,) = torch.autograd.grad(expected, leaf)
    op = CATALOGUE["KLDivLoss"]
    assert op.evaluate(np, (x, target), reduction="batchmean").output == pytest.approx(expected.item())
    got = op.gradients(np, np.array(1.0), (x, target), wrt=["input"], reduction="batchmean")
    np.testing.assert_allclose(got["input"], gradient.numpy())


def test_a_variance_below_eps_passes_its_gradient_on() -> None:
    """PyTorch's clamp is hidden from its autograd, so the held variance has a gradient."""
    arrays = np.array([1.0, 2.0]), np.array([1.5, 2.0]), np.array([1e-9, 0.5])
    leaves = [torch.tensor(array, requires_grad=True) for array in arrays]
    loss = torch.nn.GaussianNLLLoss(eps=1e-3, reduction="sum")(*leaves)
    loss.backward()
    op = CATALOGUE["GaussianNLLLoss"]
    output, values = op.evaluate(np, arrays, eps=1e-3, reduction="sum")
    assert float(output) == pytest.approx(loss.item())
    gradients = op.gradients(np, np.array(1.0), arrays, values, eps=1e-3, reduction="sum")
    for name, leaf in zip(op.arguments, leaves, strict=True):
        assert leaf.grad is not None
        np.testing.assert_allclose(gradients[name], leaf.grad.numpy(), rtol=1e-14)


def test_a_divergence_from_certainty() -> None:
    """A target of 0 has no divergence, even where the input's logarithm is far below."""
    op = CATALOGUE["KLDivLoss"]
    assert op.evaluate(np, (np.array([0.0, -1e300]), np.array([1.0, 0.0]))).output == 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_vectors_at_the_ends_of_the_range(dtype: Any) -> None:
    """No square overflows or vanishes: an angle does not depend on lengths."""
    limits = np.finfo(dtype)
    op, target = CATALOGUE["CosineEmbeddingLoss"], np.ones((), dtype)
    small, large = np.array([[0.75e-5, 1e-5], [0.75, 1]], dtype) * np.array([[1], [limits.max / 2]], dtype)
    output, values = op.evaluate(np, (large, large[::-1].copy(), target))
    assert output == pytest.approx(0.04, rel=1e-5)
    gradients = op.gradients(np, np.ones((), dtype), (large, large[::-1].copy(), target), values)
    assert all(np.isfinite(gradient).all() for gradient in gradients.values())
    assert op.evaluate(np, (small, large, target)).output == pytest.approx(0, abs=1e-2)


@pytest.mark.parametrize("shape", [(), (4, 1)], ids=str)
def test_a_sign_that_would_broadcast_is_refused(shape: tuple[int, ...]) -> None:
    vectors = np.ones((4, 3))
    with pytest.raises(ValueError, match=re.escape(f"got target of shape={shape}")):
        CATALOGUE["CosineEmbeddingLoss"].evaluate(np, (vectors, vectors, np.ones(shape)))


def test_a_vector_of_zeros_has_the_cosine_0() -> None:
    op, zeros = CATALOGUE["CosineEmbeddingLoss"], np.zeros((1, 3))
    inputs = (zeros, np.array([[3.0, 0.0, 4.0]]), np.array([1.0]))
    output, values = op.evaluate(np, inputs)
    assert output == 1
    gradients = op.gradients(np, np.array(1.0), inputs, values)
    np.testing.assert_allclose(gradients["input1"], [[-0.6e6, 0, -0.8e6]], rtol=1e-12)
    assert not gradients["input2"].any()


def test_equal_distances_share_the_gradient_of_a_swap() -> None:
    """As in PyTorch's minimum: each has half."""
    anchor, negative = np.array([[0.0, 0.0]]), np.array([[1.0, 1.0]])
    positive = np.array([[2.0, 0.0]])  # as far from the negative as the anchor is
    options: dict[str, Any] = {"swap": True, "eps": 0.0, "margin": 5.0}
    leaves = [torch.tensor(array, requires_grad=True) for array in (anchor, positive, negative)]
    torch.nn.TripletMarginLoss(**options)(*leaves).backward()
    op = CATALOGUE["TripletMarginLoss"]
    gradients = op.gradients(np, np.array(1.0), (anchor, positive, negative), **options)
    for gradient, leaf in zip(gradients.values(), leaves, strict=True):
        assert leaf.grad is not None
        np.testing.assert_allclose(gradient, leaf.grad.numpy(), rtol=1e-14)
