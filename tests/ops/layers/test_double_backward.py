"""Second derivatives of every layer against PyTorch's: the rules, differentiated as the code they are.

A rule that took something from the side, or left out the upstream gradient of an output that was
declared to save work, would be wrong here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch

from backproof.ops import CATALOGUE
from backproof.torch.nn.function import functional
from tests.ops.examples import Example, generator, of, row_of

Tensors = list[torch.Tensor]
LAYERS = [op for op in CATALOGUE.values() if op.kind == "layer"]
EXAMPLES = [
    example for op in LAYERS for example in of(op) if all(a is None or a.size for a in example.inputs)
]


def second(call: Callable[..., Any], example: Example, inputs: Sequence[torch.Tensor | None]) -> Tensors:
    """Give the derivatives of ⟨v, ∂⟨u, outputs⟩/∂inputs⟩ for the inputs and u; v and u are drawn."""
    rng = generator(f"{example} second")
    outputs = call(*inputs)
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    upstreams = [torch.tensor(rng.normal(size=output.shape), requires_grad=True) for output in outputs]
    leaves = [x for x in inputs if x is not None and x.requires_grad]
    # PyTorch's outputs that are statistics it was given need no gradient.
    pairs = [pair for pair in zip(outputs, upstreams, strict=True) if pair[0].requires_grad]
    first = torch.autograd.grad([o for o, _ in pairs], leaves, [u for _, u in pairs], create_graph=True)
    directions = [torch.from_numpy(np.asarray(rng.normal(size=gradient.shape))) for gradient in first]
    products = [(gradient * v).sum() for gradient, v in zip(first, directions, strict=True)]
    found = torch.autograd.grad(
        torch.stack(products).sum(), [*leaves, upstreams[0]], materialize_grads=True, allow_unused=True
    )
    return list(found)


def leaves_of(example: Example) -> list[torch.Tensor | None]:
    """Give tensors that need a gradient where the op has a rule for them."""
    leaves = []
    for name, array in zip(example.op.arguments, example.inputs, strict=True):
        leaf = None if array is None else torch.from_numpy(array.copy())
        if leaf is not None and leaf.is_floating_point() and name in example.op.rules:
            leaf.requires_grad_()
        leaves.append(leaf)
    return leaves


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_second_derivatives(example: Example) -> None:
    op, options = example.op, {**example.op.options, **example.options}
    twin = row_of(op).twin
    ours = second(lambda *inputs: functional(op, *inputs, **options), example, leaves_of(example))
    theirs = second(
        lambda *inputs: twin(*inputs, **options) if twin else getattr(torch.nn, op.name)(**options)(*inputs),
        example,
        leaves_of(example),
    )
    for got, expected in zip(ours, theirs, strict=True):
        torch.testing.assert_close(got, expected, rtol=1e-9, atol=1e-9)
