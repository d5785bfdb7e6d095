"""What is shaken changes by a unit in the last place, and what moves numbers alone is not shaken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

from backproof.training.comparing.rounding import FACTOR, Arrays, Shaking, differences, gaps, largest

COMPUTED: dict[str, Callable[[Any], Any]] = {
    "a function": torch.exp,
    "a sum": lambda x: x.sum(dim=0),
    "a product of matrices": lambda x: x @ x,
    "in its place": lambda x: x.clone().mul_(3),
    "softmax": lambda x: torch.softmax(x, dim=1),
    "several outputs": lambda x: torch.nn.functional.layer_norm(x, (5,)),
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("compute", COMPUTED.values(), ids=COMPUTED)
def test_each_number_that_is_computed_changes_a_little(compute: Any, dtype: Any) -> None:
    x = torch.linspace(0.5, 2, 25, dtype=dtype).reshape(5, 5)
    exact = compute(x)
    with Shaking(seed=0):
        shaken, other = compute(x), compute(x)
    eps = torch.finfo(dtype).eps
    apart = (shaken - exact).abs().max()
    assert 0 < apart < 100 * eps * exact.abs().max()
    assert not torch.equal(shaken, other)


MOVED: dict[str, Callable[[Any], Any]] = {
    "views": lambda x: x.T.reshape(25)[3:],
    "copies": lambda x: torch.cat([x.clone(), x[[0, 2]]]),
    "numbers that are set": lambda x: torch.where(x > 1, torch.zeros_like(x), torch.full_like(x, 0.3)),
    "whole numbers": lambda x: (x * 10 + 0.13).round().long(),
    "comparisons": lambda x: x > 1,
}


@pytest.mark.parametrize("move", MOVED.values(), ids=MOVED)
def test_what_is_moved_stays_as_it_is(move: Any) -> None:
    x = torch.linspace(0.5, 2, 25).reshape(5, 5)
    exact, kept = move(x), x.clone()
    with Shaking(seed=0):
        assert torch.equal(move(x), exact)
    assert torch.equal(x, kept)


def test_what_is_lost_within_an_operation_is_seen() -> None:
    """1 − y² of a tanh that is nearly 1 has no digit left; the operation as a whole shows nothing of it."""
    x = torch.full((50,), 17.0, dtype=torch.float64, requires_grad=True)

    def slopes() -> Any:
        return torch.autograd.grad(torch.tanh(x).sum(), x)[0]

    exact = slopes()
    with Shaking(seed=0):
        shaken = slopes()
    assert (shaken - exact).abs().max() > 0.02 * exact.abs().max()


def test_the_same_seed_shakes_alike() -> None:
    found = []
    for _ in range(2):
        with Shaking(seed=3):
            found.append(torch.exp(torch.ones(5)))
    assert torch.equal(*found)


# --- Differences ---------------------------------------------------------------------------------


def of(value: Any) -> Arrays:
    return {"w": np.asarray(value)}


ONE = of([1.0, 2.0])
EPS = float(np.finfo(float).eps)
#: Ours, PyTorch's shaken, and whether that explains the difference from [1, 2].
CASES: dict[str, tuple[Any, list[Any], bool]] = {
    "nothing": ([1.0, 2.0], [], True),
    "a few units in the last place of the largest": ([1 + 40 * EPS, 2.0], [], True),
    "more": ([1 + 80 * EPS, 2.0], [], False),
    "more, which is explained": ([1 + 1e-9, 2.0], [[1 - 1e-10, 2.0]], True),
    "more, which another explains": ([1 + 1e-9, 2.0], [[1.0, 2.0], [1.0, 2 + 1e-10]], True),
    "more, which is not": ([1 + 1e-9, 2.0], [[1 - 1e-12, 2.0]], False),
    "no number": ([np.nan, 2.0], [], False),
    "infinite": ([np.inf, 2.0], [], False),
    "what may be infinite": ([np.inf, 2.0], [[-np.inf, 2.0]], True),
}


@pytest.mark.parametrize(("ours", "shaken", "explained"), CASES.values(), ids=CASES)
def test_what_rounding_explains(ours: Any, shaken: list[Any], explained: bool) -> None:
    with np.errstate(invalid="ignore"):
        found = differences(of(ours), ONE, lambda: map(of, shaken), {"w": 2.0}, EPS)
    assert (not found.unexplained) is explained
    assert (found.share <= 1) is explained


def test_no_more_is_shaken_than_it_takes() -> None:
    asked = []

    def again() -> Iterator[Arrays]:
        for shift in (0.0, 1e-9, 1e-9):
            asked.append(shift)
            yield of([1.0, 2 + shift])

    differences(ONE, ONE, again, {"w": 2.0}, EPS)
    assert not asked
    differences(of([1 + 1e-9, 2.0]), ONE, again, {"w": 2.0}, EPS)
    assert asked == [0.0, 1e-9]


def test_the_bound_is_told() -> None:
    found = differences(of([2.0, 2.0]), ONE, tuple, {"w": 2.0}, EPS)
    assert found.unexplained == {"w": FACTOR * 2 * EPS}


def test_gaps_of_what_is_not_finite() -> None:
    one, other = np.array([np.nan, np.inf, np.inf, 1.0]), np.array([np.nan, np.inf, -np.inf, np.nan])
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(gaps(one, other), [0, 0, np.inf, np.inf])
    assert largest(np.zeros((0, 3))) == 0
