"""The shape annotations of ops and update rules are enforced while the tests run."""

from __future__ import annotations

import jaxtyping
import numpy as np
import pytest
from numpy.typing import NDArray

from backproof.ops import CATALOGUE
from backproof.updates import CATALOGUE as UPDATES


def array(*shape: int) -> NDArray[np.float64]:
    return np.ones(shape)


# Each of these NumPy would compute without complaint, by broadcasting or by converting.
WRONG_FORWARDS = {
    "a bias of one for two outputs": ("Linear", (array(3, 5), array(2, 5), array(1))),
    "integers": ("Tanh", (np.array([1, 2]),)),
    "a target of integers": ("MSELoss", (array(2), np.array([1, 2]))),
}
WRONG_RULES = {
    "an upstream gradient of another shape": ("Tanh", (array(1), array(3), array(3))),
    "an output of another shape": ("Sigmoid", (array(3), array(3), array(1))),
}


@pytest.mark.parametrize(("name", "inputs"), WRONG_FORWARDS.values(), ids=WRONG_FORWARDS)
def test_forward_refuses(name: str, inputs: tuple[NDArray[np.float64], ...]) -> None:
    with pytest.raises(jaxtyping.TypeCheckError):
        CATALOGUE[name].forward(np, *inputs)


@pytest.mark.parametrize(("name", "roles"), WRONG_RULES.values(), ids=WRONG_RULES)
def test_rule_refuses(name: str, roles: tuple[NDArray[np.float64], ...]) -> None:
    with pytest.raises(jaxtyping.TypeCheckError):
        CATALOGUE[name].rules["input"](np, *roles)


def test_update_refuses_a_gradient_of_another_shape() -> None:
    rule = UPDATES["SGD"](lr=0.1)
    with pytest.raises(jaxtyping.TypeCheckError):
        rule.update(np, array(3), array(1), rule.start(np, array(3)))
