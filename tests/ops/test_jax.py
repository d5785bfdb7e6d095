"""Every op compiled by JAX: forward and gradients inside ``jax.jit`` are NumPy's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from backproof.ops import CATALOGUE, Op
from backproof.ops.backend import namespace
from tests.ops.examples import Example, of
from tests.ops.results import Result, assert_same, of_op


@pytest.fixture(autouse=True)
def _doubles() -> Iterator[None]:
    """JAX has float32 only, unless it is asked for more."""
    with jax.enable_x64(True):
        yield


def inside_jit(example: Example) -> Result:
    """Trace the forward and the gradients of an example as one function of its arrays."""
    op = example.op
    outputs = of_op(example).outputs
    upstreams = tuple(
        None if name in op.constant else jnp.asarray(given)
        for name, given in zip(op.outputs, example.upstreams(o.shape for o in outputs), strict=True)
    )

    def compute(inputs: Any, upstreams: Any) -> tuple[Any, dict[str, Any]]:
        output, values = op.evaluate(jnp, inputs, **example.options)
        grad_output = upstreams if len(op.outputs) > 1 else upstreams[0]
        return output, op.gradients(jnp, grad_output, inputs, values, **example.options)

    inputs = tuple(None if array is None else jnp.asarray(array) for array in example.inputs)
    output, gradients = jax.jit(compute)(inputs, upstreams)
    return Result(
        tuple(np.asarray(o) for o in (output if len(op.outputs) > 1 else (output,))),
        {name: np.asarray(gradient) for name, gradient in gradients.items()},
        op.kind == "layer",
    )


@pytest.mark.parametrize("op", CATALOGUE.values(), ids=CATALOGUE)
def test_agrees_with_numpy(op: Op) -> None:
    example = next(of(op))
    assert_same(inside_jit(example), of_op(example))


def test_namespace_of_a_jax_array() -> None:
    assert namespace(jnp.ones(3)) is jnp
