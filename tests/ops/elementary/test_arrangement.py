"""What may stand between the brackets of an array, and what may not."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

from backproof.ops import CATALOGUE
from backproof.torch.nn.function import function
from tests.ops.row import generator

OP = CATALOGUE["indexing"]
SHAPE = (4, 3, 5)
MASK = np.arange(12).reshape(4, 3) % 3 == 1
INDICES: dict[str, Any] = {
    "one place twice": np.array([0, 0]),
    "from the end": np.array([[-1, 0], [1, 3]]),
    "a number as an array": np.array(2),
    "none": np.array([], dtype=int),
    "a place of several axes": (np.array([0, 3, 0]), np.array([1, 1, 1])),
    "arrays that broadcast": (np.array([[0], [3]]), slice(None), np.array([2, 2, 4])),
    "arrays beside a number": (np.array([1, 1]), 2, slice(None, None, 2)),
    "arrays behind slices": (..., np.array([4, 4, 0])),
    "new axes": (None, 1, slice(None), None),
    "arrays and new axes": (None, np.array([3, 3]), None),
    "truth values": MASK,
    "truth values of an axis": (slice(None), np.array([True, False, True])),
    "truth values of nothing": np.zeros(SHAPE, dtype=bool),
}
EACH = pytest.mark.parametrize("index", INDICES.values(), ids=INDICES)


def of_torch(index: Any, x: Any) -> tuple[Any, Any, Any]:
    """Give the part, an upstream gradient that was drawn, and the gradient, by PyTorch's autograd."""
    leaf = torch.tensor(x, requires_grad=True)
    output = leaf[index]
    upstream = np.asarray(generator("upstream").normal(size=output.shape))
    (gradient,) = torch.autograd.grad(output, leaf, torch.from_numpy(upstream))
    return output.detach().numpy(), upstream, gradient.numpy()


X = generator("indexing").normal(size=SHAPE)


@EACH
def test_numpy_is_as_torch(index: Any) -> None:
    output, upstream, gradient = of_torch(index, X)
    np.testing.assert_array_equal(OP.evaluate(np, (X,), index=index).output, output, strict=True)
    got = OP.gradients(np, upstream, (X,), index=index)["input"]
    np.testing.assert_allclose(got, gradient, rtol=1e-15, strict=True)


@EACH
def test_tensors_have_the_gradients_of_torch_twice(index: Any) -> None:
    output, upstream, gradient = of_torch(index, X)
    x, g = torch.tensor(X, requires_grad=True), torch.tensor(upstream, requires_grad=True)
    got = function(OP)(x, index=index)
    np.testing.assert_array_equal(got.detach().numpy(), output)
    (first,) = torch.autograd.grad(got, x, g, create_graph=True)
    np.testing.assert_allclose(first.detach().numpy(), gradient, rtol=1e-15)
    (second,) = torch.autograd.grad(first, g, x.detach())
    np.testing.assert_array_equal(second.numpy(), output)


@EACH
def test_jax_has_the_gradient_of_its_own(index: Any) -> None:
    with jax.enable_x64(True):
        x = jnp.asarray(X)
        output, pull = jax.vjp(lambda array: array[index], x)
        upstream = jnp.asarray(generator("upstream").normal(size=output.shape))
        (gradient,) = pull(upstream)
        np.testing.assert_array_equal(OP.evaluate(jnp, (x,), index=index).output, output)
        got = jax.jit(lambda x, g: OP.gradients(jnp, g, (x,), index=index)["input"])(x, upstream)
        np.testing.assert_allclose(got, gradient, rtol=1e-15)


def test_tensors_index_tensors() -> None:
    index = torch.tensor([2, 0, 2])
    x = torch.tensor(X, requires_grad=True)
    function(OP)(x, index=(slice(None), index)).sum().backward()
    assert x.grad is not None
    assert x.grad[0, :, 0].tolist() == [1.0, 0.0, 2.0]


def test_a_negative_step() -> None:
    index = (slice(None, None, -2), 0)
    assert OP.evaluate(np, (X,), index=index).output.tolist() == X[::-2, 0].tolist()
    upstream = np.arange(10.0).reshape(2, 5)
    gradient = OP.gradients(np, upstream, (X,), index=index)["input"]
    assert gradient[:, 0].tolist() == [[0.0] * 5, upstream[1].tolist(), [0.0] * 5, upstream[0].tolist()]
    with pytest.raises(ValueError, match=r"positive step.*torch\.flip; got index=\(slice"):
        function(OP)(torch.tensor(X), index=index)


@pytest.mark.parametrize("index", [4, np.array([0, -5]), (0, 0, 0, np.array([0]))], ids=str)
def test_no_such_place(index: Any) -> None:
    for call in (
        lambda: OP.evaluate(np, (X,), index=index),
        lambda: function(OP)(torch.tensor(X), index=index),
    ):
        with pytest.raises(IndexError):
            call()
