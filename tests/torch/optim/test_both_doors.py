"""An optimizer on NumPy and that of its name on PyTorch give the same numbers, whatever is asked of them."""

from __future__ import annotations

from typing import Any

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from backproof import optim
from backproof.torch import optim as torch_optim
from backproof.updates import CATALOGUE
from tests.optim.parameters import Parameter, tensors

STEPS = 5
SHAPE = (2, 3)


def between(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_subnormal=False)


def or_nothing(values: st.SearchStrategy[float]) -> st.SearchStrategy[float]:
    return st.just(0.0) | values


#: What each hyperparameter is drawn from.
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "lr": between(1e-4, 1.0),
    "momentum": or_nothing(between(0.1, 0.99)),
    "dampening": or_nothing(between(0.1, 1.0)),
    "weight_decay": or_nothing(between(1e-3, 0.5)),
    # PyTorch's lerp loses a decay rate just above 0.
    "betas": st.tuples(or_nothing(between(0.1, 0.99)), or_nothing(between(0.1, 0.999))),
    # Less would make a rounding of a gradient near 0 large.
    "eps": between(1e-4, 1e-1),
    "momentum_decay": or_nothing(between(1e-3, 0.5)),
    "lr_decay": or_nothing(between(1e-3, 1.0)),
    "initial_accumulator_value": or_nothing(between(1e-3, 1.0)),
    "rho": or_nothing(between(0.1, 0.999)),
    # Less leaves a variance that is the difference of almost equal numbers.
    "alpha": between(0.5, 0.99),
    "etas": st.tuples(between(0.1, 0.9), between(1.1, 3.0)),
    "step_sizes": st.tuples(between(1e-6, 1e-2), between(1e-1, 50.0)),
    "lambd": or_nothing(between(1e-4, 0.5)),
    "t0": between(0.0, 10.0),
}
NUMBERS = arrays.arrays(np.float64, SHAPE, elements=or_nothing(between(0.1, 3.0)) | between(-3.0, -0.1))


@st.composite
def options(draw: st.DrawFn, name: str) -> dict[str, Any]:
    hyperparameters = CATALOGUE[name].hyperparameters()
    chosen = {
        key: draw(st.booleans() if isinstance(default, bool) else VALUES[key])
        for key, default in hyperparameters.items()
    }
    if chosen.get("nesterov"):
        chosen.update(momentum=0.9, dampening=0.0)
    return chosen


@pytest.mark.parametrize("name", CATALOGUE)
@given(data=st.data())
@settings(max_examples=15)
def test_the_same_numbers(name: str, data: st.DataObject) -> None:
    hyperparameters = data.draw(options(name))
    ours = [Parameter(data.draw(NUMBERS))]
    theirs = tensors(ours)
    mine = getattr(optim, name)(ours, **hyperparameters)
    other = getattr(torch_optim, name)(theirs, **hyperparameters)
    for _ in range(STEPS):
        ours[0].grad = data.draw(NUMBERS)
        theirs[0].grad = torch.from_numpy(ours[0].grad.copy())
        for optimizer in (mine, other):
            optimizer.step()
    # A rounding of each operation, which a large step makes larger.
    scale = 1 + float(np.abs(ours[0].data).max())
    np.testing.assert_allclose(ours[0].data, theirs[0].detach().numpy(), rtol=1e-11, atol=1e-12 * scale)
    state = other.state[theirs[0]]
    assert mine.state.get(ours[0], {}).keys() == state.keys()
