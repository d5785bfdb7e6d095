"""Every op compiled by JAX: forward and gradients inside ``jax.jit`` are NumPy's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from backproof.ops import CATALOGUE
from backproof.ops.backend import namespace
from tests.ops.examples import Example, of
from tests.ops.results import Result, assert_same, of_op


@pytest.fixture(autouse=True)
def _doubles() -> Iterator[None]:
    """JAX has float32 only, unless it is asked for more."""
    with jax.enable_x64(True):
        yield


#: What runs once need not be fast.
QUICKLY = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}


def inside_jit(example: Example) -> Result:
    """Trace the forward and the gradients of an example as one function of its arrays."""
    op = example.op
    outputs = of_op(example).outputs
    upstreams = tuple(
        None if name in op.constant else jnp.asarray(given)
        for name, given in zip(op.outputs, example.upstreams(o.shape for o in outputs), strict=False)
    )

    def compute(inputs: Any, upstreams: Any) -> tuple[Any, dict[str, Any]]:
        output, values = op.evaluate(jnp, inputs, **example.options)
        grad_output = upstreams if isinstance(output, tuple) else upstreams[0]
        return output, op.gradients(jnp, grad_output, inputs, values, **example.options)

    inputs = tuple(None if array is None else jnp.asarray(array) for array in example.inputs)
    output, gradients = jax.jit(compute, compiler_options=QUICKLY)(inputs, upstreams)
    return Result(
        tuple(np.asarray(o) for o in (output if isinstance(output, tuple) else (output,))),
        {name: np.asarray(gradient) for name, gradient in gradients.items()},
        op.kind == "layer",
    )


def of_all_options() -> Iterator[Example]:
    """Give an example of every set of options that an op is tried with.

    A loss has every reduction, but with its default options only.
    """
    for op in CATALOGUE.values():
        seen = []
        for example in of(op):
            options = {name: value for name, value in example.options.items() if name != "reduction"}
            wanted = options or example.options
            if wanted not in seen:
                seen.append(wanted)
                yield example


@pytest.mark.parametrize("example", [*of_all_options()], ids=str)
def test_agrees_with_numpy(example: Example) -> None:
    assert_same(inside_jit(example), of_op(example))


def test_namespace_of_a_jax_array() -> None:
    assert namespace(jnp.ones(3)) is jnp
