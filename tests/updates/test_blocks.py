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
from backproof.updates.blocks import BLOCK, _blocks
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
            # The same operations; only a vectorised loop may round its remainder otherwise.
            np.testing.assert_allclose(got, expected, rtol=4 * float(np.finfo(np.float32).eps))


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
