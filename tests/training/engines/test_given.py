"""What data and parameters may be: the planned engine refuses and computes what the modules do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import numpy as np
import pytest

from backproof import nn
from tests.training.engines.cases import (
    OPTIMIZERS,
    Array,
    agree,
    batches,
    both,
    classes,
    mlp,
    numbers,
    same,
    shares,
    tied,
)


def test_ignored_classes() -> None:
    """A batch with targets that are ignored goes another way than the one that was noted."""

    def some() -> Iterator[tuple[Array, Array]]:
        for number, (given, target) in enumerate(batches(classes, np.float32)):
            if number in (3, 5, 7):
                target[: number - 2] = -100
            yield given, target

    agree(*both(mlp(), nn.CrossEntropyLoss, OPTIMIZERS["SGD"]), some())


@pytest.mark.parametrize("steps", [1, 9])
@pytest.mark.parametrize("wrong", [3, -1, 1000, -101])
def test_wrong_classes(wrong: int, steps: int) -> None:
    """After one step the plan would be made with the batch that is wrong."""
    modules, planned = both(mlp(), nn.CrossEntropyLoss, OPTIMIZERS["SGD"])
    for given, target in islice(batches(classes, np.float32), steps):
        modules.step(given, target), planned.step(given, target)
    target[2] = wrong
    with pytest.raises(IndexError) as expected:
        modules.step(given, target)
    with pytest.raises(IndexError) as got:
        planned.step(given, target)
    assert str(got.value) == str(expected.value)
    planned.close()
    assert same(modules.parameters(), planned.parameters())


def test_probabilities_are_required() -> None:
    """What a loss refuses is refused in every batch, not only in the first."""
    _, planned = both(nn.Sequential(mlp(), nn.Sigmoid()), nn.BCELoss, OPTIMIZERS["SGD"])
    for given, target in batches(shares, np.float32):
        planned.step(given, target)
    assert all(planned._plans.values())
    with pytest.raises(ValueError, match="target is between 0 and 1; got 2"):
        planned.step(given, target + 2)


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")  # of the infinite gradient
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_loss_that_is_not_finite_moves_nothing(bad: float) -> None:
    _, planned = both(mlp(), nn.MSELoss, OPTIMIZERS["Adam"])
    for given, target in batches(numbers, np.float32):
        planned.step(given, target)
    before = {name: array.copy() for name, array in planned.parameters().items()}
    target[0, 0] = bad
    assert not np.isfinite(planned.step(given, target))
    assert same(before, planned.parameters())


GIVEN: dict[str, Callable[[Array, Array], tuple[Any, Any]]] = {
    "integers": lambda x, y: ((x * 3).astype(np.int32), y),
    "lists": lambda x, y: (x.tolist(), y.tolist()),
    "read-only": lambda x, y: (np.broadcast_to(x[:1], x.shape), y),
    "not contiguous": lambda x, y: (np.asfortranarray(x), y[::-1]),
    "other endian": lambda x, y: (x.astype(">f4"), y),
    "small classes": lambda x, y: (x, y.astype(np.uint8)),
    "half": lambda x, y: (x.astype(np.float16), y),
    "none": lambda x, y: (x[:0], y[:0]),
}


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning", "ignore:Mean of empty:RuntimeWarning")
@pytest.mark.parametrize("kind", GIVEN)
def test_kinds_of_data(kind: str) -> None:
    modules, planned = both(mlp(), nn.CrossEntropyLoss, OPTIMIZERS["SGD"])
    for batch in batches(classes, np.float32):
        given, target = GIVEN[kind](*batch)
        np.testing.assert_equal(modules.step(given, target), planned.step(given, target))
        assert same(modules.parameters(), planned.parameters())
    planned.close()
    assert same(modules.parameters(), planned.parameters())


@pytest.mark.parametrize("shapes", [((6, 4), (6,)), ((6, 5), (5,)), ((5,), (6,))])
def test_wrong_shapes(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    modules, planned = both(mlp(), nn.CrossEntropyLoss, OPTIMIZERS["SGD"])
    for given, target in batches(classes, np.float32):
        modules.step(given, target), planned.step(given, target)
    wrong = np.zeros(shapes[0], np.float32), np.zeros(shapes[1], int)
    with pytest.raises((ValueError, TypeError)) as expected:  # where shapes are enforced, a TypeError
        modules.step(*wrong)
    with pytest.raises(type(expected.value)) as got:
        planned.step(*wrong)
    assert str(got.value) == str(expected.value)


def overlapping(weight: nn.Parameter, bias: nn.Parameter) -> None:
    bias.data = weight.data[:, 0]


def strided(weight: nn.Parameter, bias: nn.Parameter) -> None:
    weight.data = np.asfortranarray(weight.data)


def read_only(weight: nn.Parameter, bias: nn.Parameter) -> None:
    weight.data.flags.writeable = False
    weight.requires_grad = bias.requires_grad = False


ARRAYS = {"overlapping": overlapping, "strided": strided, "read-only": read_only}


@pytest.mark.parametrize("arrange", ARRAYS.values(), ids=ARRAYS)
def test_arrays_of_parameters(arrange: Callable[[nn.Parameter, nn.Parameter], None]) -> None:
    """Those that are not contiguous, or share memory, are computed with as the modules do."""
    modules, planned = both(nn.Linear(5, 3, rng=1), nn.CrossEntropyLoss, OPTIMIZERS["Adam"])
    for engine in (modules, planned):
        arrange(*engine.model.parameters())
    for given, target in batches(classes, np.float32):
        assert modules.step(given, target) == planned.step(given, target)
        assert same(modules.parameters(), planned.parameters())


def of_dtypes(*dtypes: Any) -> nn.Module:
    sizes = zip((5, 7, 4), (7, 4, 3), dtypes, strict=True)
    first, second, third = [nn.Linear(given, out, dtype=dtype, rng=1) for given, out, dtype in sizes]
    return nn.Sequential(first, nn.Tanh(), second, nn.PReLU(dtype=dtypes[1]), third)


F4, F8 = np.float32, np.float64
#: Models, and the dtype of what they are given.
ROUNDED: dict[str, tuple[Callable[[], nn.Module], Any]] = {
    "used twice": (tied, F8),
    "the last in float64": (lambda: of_dtypes(F4, F4, F8), F4),
    "the middle in float64": (lambda: of_dtypes(F4, F8, F4), F4),
    "the first in float64": (lambda: of_dtypes(F8, F4, F4), F8),
}


@pytest.mark.parametrize(("model", "dtype"), ROUNDED.values(), ids=ROUNDED)
def test_what_the_modules_round(model: Callable[[], nn.Module], dtype: Any) -> None:
    """A gradient that is rounded on its way, or at each use of a parameter, is rounded as the modules do."""
    modules, planned = both(model(), nn.CrossEntropyLoss, OPTIMIZERS["SGD"])
    for given, target in batches(classes, dtype):
        assert modules.step(given, target) == planned.step(given, target)
        assert same(modules.gradients(), planned.gradients())
