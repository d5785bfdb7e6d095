"""Dual numbers: the gradient rules of every op, differentiated once more."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from array_api_compat import array_namespace

from backproof.graphs.deriving.duals import DUALS, Dual, NoTangent
from backproof.graphs.plan import Steps
from backproof.graphs.tape import Tape
from backproof.ops import CATALOGUE
from tests.ops.examples import Example, of

#: Of each op the first example; of those that draw, PyTorch would draw other numbers.
EXAMPLES = [next(iter(of(op))) for op in CATALOGUE.values()]


def _sum(example: Example) -> tuple[Tape, int, dict[int, Any]]:
    """Put an op on a tape, and the sum of its output times fixed numbers."""
    tape = Tape()
    op, given = example.op.main if example.op.kind != "loss" else example.op, {}
    places = []
    for number, (argument, value) in enumerate(zip(op.arguments, example.inputs, strict=False)):
        if value is None:
            break
        moves = argument in op.rules and value.dtype.kind == "f"
        places.append(tape.variable(f"x{number}") if moves else tape.constant(value))
        given[places[-1]] = np.array(value)
    shape = np.shape(op.evaluate(np, [given[place] for place in places], **example.options).output)
    output = tape.apply(op, tuple(places), example.options)
    weight = tape.constant(example.rng.normal(size=shape))
    given[weight] = tape.given[weight]
    return tape, tape.apply(CATALOGUE["sum"], (tape.apply(CATALOGUE["multiply"], (output, weight)),)), given


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_second_derivatives_of_every_op_are_those_of_pytorch(example: Example) -> None:
    tape, output, given = _sum(example)
    inputs = [place for place in given if tape.is_input(place)]
    directions = {place: example.rng.normal(size=given[place].shape) for place in inputs}

    plan = Steps(tape, DUALS)
    duals = {
        place: Dual(value, directions.get(place)) if value.dtype.kind == "f" else value
        for place, value in given.items()
    }
    gradients = plan.backward(plan.forward(duals), {output: Dual(np.ones(()))})

    tensors = {place: torch.tensor(value) for place, value in given.items()}
    for place in inputs:
        tensors[place].requires_grad_(True)
    values = Steps(tape, array_namespace(*tensors.values())).forward(tensors)
    firsts = torch.autograd.grad(values[output], [tensors[p] for p in inputs], create_graph=True)
    along = torch.zeros((), dtype=torch.float64)
    for place, first in zip(inputs, firsts, strict=True):
        along = along + (first * torch.tensor(directions[place])).sum()
    seconds: Any = [None] * len(inputs)
    if along.requires_grad:
        seconds = torch.autograd.grad(along, [tensors[p] for p in inputs], allow_unused=True)
    for place, second in zip(inputs, seconds, strict=True):
        ours = gradients[place]
        tangent = ours.tangent if isinstance(ours, Dual) else np.zeros(given[place].shape)
        expected = np.zeros(given[place].shape) if second is None else second.numpy(force=True)
        # Both compute it by another way; what they round is as large as what they add up.
        np.testing.assert_allclose(tangent, expected, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize(
    "function",
    [np.cumprod, np.linalg.inv, np.add.reduce, np.cbrt],
    ids=["cumprod", "inv", "reduce", "cbrt"],
)
def test_what_is_not_known_is_said(function: Any) -> None:
    with pytest.raises(NoTangent, match="tangent"):
        function(Dual(np.eye(2)))
