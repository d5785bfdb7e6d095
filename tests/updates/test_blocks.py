"""Update rules in place, block by block: the same numbers as the rule itself, and no large temporaries."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import array_api_compat.torch
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from backproof.updates import CATALOGUE, apply
from backproof.updates.blocks import BLOCK, InPlace, _blocks
from backproof.updates.sgd import SGD
from tests.ops.examples import Shape, generator
from tests.ops.results import NUMPY, Library
from tests.updates.test_against_torch import FURTHER

TORCH = Library(array_api_compat.torch, torch.from_numpy, lambda tensor: tensor.numpy())
SHAPES: tuple[Shape, ...] = ((), (0,), (65,), (3, 5), (1, 40), (40, 1), (2, 0, 3), (3, 2, 20))
CASES = [(name, hyperparameters) for name in CATALOGUE for hyperparameters in ({}, *FURTHER[name])]
LAYOUTS: dict[str, Callable[[Any], Any]] = {
    "C's": lambda array: np.array(array, order="C"),
    "Fortran's": lambda array: np.array(array, order="F"),
    "every other": lambda array: np.repeat(array, 2, axis=-1)[..., ::2] if array.ndim else array,
    "backwards": lambda array: np.flip(np.flip(array).copy()) if array.ndim else array,
}


def step(
    library: Library, name: str, hyperparameters: dict[str, Any], arrays: list[NDArray[Any]], block: int
) -> tuple[list[Any], list[Any]]:
    """Make three steps by the rule itself, and three in place; give parameter and state of both."""
    rule, xp = CATALOGUE[name](**hyperparameters), library.xp
    expected, *gradients = (library.to(array.copy()) for array in arrays)
    parameter = library.to(arrays[0])
    whole, state = rule.start(xp, expected), rule.start(xp, parameter)
    for gradient in gradients:
        expected, whole = rule.update(xp, expected, gradient, whole)
        state = apply(xp, rule, parameter, gradient, state, block)
    assert state.keys() == whole.keys()
    return [parameter, *state.values()], [expected, *(whole[key] for key in state)]


@pytest.mark.parametrize("library", [NUMPY, TORCH], ids=["numpy", "torch"])
@pytest.mark.parametrize(("name", "hyperparameters"), CASES, ids=[f"{n}-{h}" for n, h in CASES])
def test_blocks_give_what_the_rule_gives(
    library: Library, name: str, hyperparameters: dict[str, Any]
) -> None:
    rng = generator(name)
    for shape in SHAPES:
        arrays = [np.asarray(rng.normal(size=shape), dtype=np.float32) for _ in range(4)]
        for got, expected in zip(*step(library, name, hyperparameters, arrays, 8), strict=True):
            assert np.shape(got) == np.shape(expected)
            # The same operations in NumPy; PyTorch's own functions round less often.
            units = 0 if library is NUMPY else 4
            np.testing.assert_allclose(got, expected, rtol=units * float(np.finfo(np.float32).eps))


def poisoned(given_up: NDArray[Any], result: NDArray[Any]) -> NDArray[Any]:
    """Make what was given up useless, as it is after a step in place."""
    given_up.fill(np.nan)
    return result


POISON = InPlace(
    np,
    running_average=lambda mean, value, decay: poisoned(mean, decay * mean + (1 - decay) * value),
    plain_step=lambda parameter, rate, direction: poisoned(parameter, parameter - rate * direction),
    scaled_step=lambda parameter, rate, direction, scale: poisoned(
        parameter, parameter - rate * (direction / scale)
    ),
)


@pytest.mark.parametrize(("name", "hyperparameters"), CASES, ids=[f"{n}-{h}" for n, h in CASES])
def test_what_a_rule_gives_up_it_does_not_read_again(name: str, hyperparameters: dict[str, Any]) -> None:
    rng, rule = generator(name), CATALOGUE[name](**hyperparameters)
    expected = rng.normal(size=5)
    got = expected.copy()
    whole, state = rule.start(np, expected), rule.start(np, got)
    # Enough for RAdam to be rectified, where it has another step.
    for gradient in rng.normal(size=(8, 5)):
        expected, whole = rule.update(np, expected, gradient, whole)
        # A gradient is never given up: it is read-only.
        gradient.flags.writeable = False
        got, state = rule.update(POISON, got, gradient, state)
        assert np.array_equal(got, expected)
        for key, value in whole.items():
            assert np.array_equal(state[key], value), key


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_a_parameter_of_any_layout_is_written_to(name: str, layout: str) -> None:
    rng = generator(layout)
    for shape in SHAPES:
        arrays = [np.asarray(rng.normal(size=shape)) for _ in range(4)]
        arrays[0] = LAYOUTS[layout](arrays[0])
        got, expected = step(NUMPY, name, {}, arrays, 8)
        assert got[0] is arrays[0]
        np.testing.assert_allclose(got[0], expected[0], rtol=1e-15)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("block", [1, 8, 64])
def test_blocks_cover_every_element_once_and_are_not_large(shape: Shape, block: int) -> None:
    if not shape or 0 in shape:
        return  # taken whole
    seen = np.zeros(shape, dtype=int)
    for index in _blocks(shape, block):
        view = seen[index]
        assert view.base is seen
        assert view.size <= 2 * block
        view += 1
    assert (seen == 1).all()


def test_the_gradient_is_not_kept() -> None:
    """SGD's first velocity is the gradient itself: the state must not be that array, which is cleared."""
    parameter, gradient = np.ones(3), np.ones(3)
    state = apply(np, SGD(momentum=0.9), parameter, gradient, {})
    gradient[:] = 0
    assert state["momentum_buffer"].tolist() == [1, 1, 1]


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_step_allocates_nothing_of_the_parameters_size(name: str) -> None:
    parameter = np.ones((20, BLOCK), dtype=np.float32)
    gradient, rule = np.ones_like(parameter), CATALOGUE[name]()
    state = rule.start(np, parameter)
    tracemalloc.start()
    try:
        apply(np, rule, parameter, gradient, state)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # Eight temporaries of a block are the most a formula has at a time.
    assert peak < parameter.nbytes / 2
