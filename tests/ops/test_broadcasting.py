"""The gradient of broadcasting, on shapes that Hypothesis thinks of."""

from __future__ import annotations

import hypothesis
import numpy as np
import pytest
import torch
from hypothesis.extra.numpy import broadcastable_shapes
from hypothesis.strategies import tuples

from backproof.ops.broadcasting import BROADCASTING
from tests.ops.examples import generator

# A shape that broadcasts to (2, 3, 5), size 0 included.
SHAPES = broadcastable_shapes((2, 3, 5), max_dims=3, max_side=5)


@hypothesis.given(shape=SHAPES)
def test_is_torchs(shape: tuple[int, ...]) -> None:
    argument = torch.zeros(shape, dtype=torch.float64, requires_grad=True)
    output = argument.expand(2, 3, 5)
    upstream = generator(str(shape)).integers(-9, 9, size=(2, 3, 5)).astype(float)
    output.backward(torch.from_numpy(upstream))  # type: ignore[no-untyped-call]  # torch's
    assert argument.grad is not None
    got = BROADCASTING.gradient(np, upstream, shape)
    assert got.shape == shape
    assert (got == argument.grad.numpy()).all()


@hypothesis.given(shapes=tuples(SHAPES, SHAPES))
def test_is_the_adjoint_of_broadcasting(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    """⟨g, broadcast(x)⟩ = ⟨gradient(g), x⟩, which defines it; in integers, so exactly."""
    shape, common = shapes[0], np.broadcast_shapes(*shapes)
    rng = generator(str(shapes))
    x, g = rng.integers(-9, 9, size=shape), rng.integers(-9, 9, size=common)
    assert (g * np.broadcast_to(x, common)).sum() == (BROADCASTING.gradient(np, g, shape) * x).sum()


@pytest.mark.parametrize("shape", [(0,), (3, 0), (1, 0)])
def test_nothing_sums_to_zero(shape: tuple[int, ...]) -> None:
    got = BROADCASTING.gradient(np, np.ones(shape), (1,) * len(shape))
    assert (got == 0).all()
