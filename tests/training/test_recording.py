"""What is recorded while training runs."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from backproof import nn, optim
from backproof.training.history import History
from backproof.training.recording import Path, SizesEvery, flat
from backproof.training.trained import Trained

RNG = np.random.default_rng(0)


class Pretended:
    """Stands in for a training that makes steps and epochs."""

    def __init__(self, step: int = 0, epochs: int = 0, size: int = 6) -> None:
        self.step, self.epoch, self.epochs = step, 0, epochs
        self.history = History()
        self.arrays = {"weight": RNG.normal(size=(2, 3)), "bias": RNG.normal(size=size)}
        self.engine = SimpleNamespace(
            parameters=lambda: self.arrays, gradients=lambda: {**self.arrays, "bias": None}
        )

    def run(self, each: Any, steps: int) -> list[int]:
        """Make steps, and give those that are recorded."""
        each.on_start(self)
        for _ in range(steps):
            self.step += 1
            each.on_step(self, 1.0)
        return [sizes.step for sizes in self.history.sizes]


@pytest.mark.parametrize(
    ("steps", "recorded"),
    [(0, []), (1, [1]), (19, [1]), (20, [1, 20]), (70, [1, 20, 40, 60])],
)
def test_sizes_are_recorded_every_so_many_steps(steps: int, recorded: list[int]) -> None:
    assert Pretended().run(SizesEvery(), steps) == recorded


def test_sizes_are_root_mean_squares() -> None:
    training = Pretended()
    training.run(SizesEvery(), 1)
    (sizes,) = training.history.sizes
    assert sizes.parameters == {n: pytest.approx(np.sqrt(np.mean(a**2))) for n, a in training.arrays.items()}
    assert set(sizes.gradients) == {"weight"}


@pytest.mark.parametrize(
    ("array", "size"),
    [
        (np.array(3.0), 3.0),
        (np.zeros(0), 0.0),
        (np.array([3.0, -4.0], "f")[::-1], np.sqrt(12.5)),
        (np.arange(6.0).reshape(2, 3).T, np.sqrt(55 / 6)),
        (np.array([1e30, 1e30], "f"), 1e30),
        (np.array([1e-30, 1e-30], "f"), 1e-30),
        (np.array([np.inf, 1.0], "f"), np.inf),
        (np.array([300.0, 300.0], np.float16), 300.0),
        (np.array([1.0, np.inf]), np.inf),
        (np.array([1.0, np.nan]), np.nan),
    ],
)
def test_sizes_of_odd_arrays(array: Any, size: float) -> None:
    training = Pretended()
    training.arrays = {"weight": array}
    training.run(SizesEvery(), 1)
    np.testing.assert_allclose(training.history.sizes[0].parameters["weight"], size, rtol=1e-6)


def test_sizes_of_a_long_training_are_thinned() -> None:
    training = Pretended()
    recorded = training.run(SizesEvery(every=2, most=10), 1000)
    assert recorded == [1, *range(128, 1000, 128)]
    assert max(Pretended().run(SizesEvery(every=3, most=4), n)[-1] <= n for n in range(1, 60))
    assert all(len(Pretended().run(SizesEvery(every=1, most=4), n)) <= 5 for n in range(60))


@pytest.mark.parametrize("at", [1, 19, 20, 37, 64, 99, 128, 200])
def test_a_resumed_training_has_the_same_sizes(at: int) -> None:
    whole = Pretended()
    expected = whole.run(SizesEvery(every=2, most=10), 300)
    first = Pretended()
    first.run(SizesEvery(every=2, most=10), at)
    second = Pretended(step=at)
    second.history.sizes += first.history.sizes
    assert second.run(SizesEvery(every=2, most=10), 300 - at) == expected


def test_fit_records_sizes_and_the_gradients_of_that_step() -> None:
    model = nn.Linear(3, 2, dtype=np.float64, rng=0)
    X, y = RNG.normal(size=(5, 3)), RNG.normal(size=(5, 2))
    loss = nn.MSELoss()
    loss(model(X), y)
    model.accumulate(loss.backward())
    expected = {
        name: float(np.sqrt(np.mean(grad**2))) for name, grad in model.grads.items() if grad is not None
    }
    model.zero_grad()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    history = model.fit(X, y, loss=loss, optimizer=optimizer, epochs=45, batch_size=None)
    assert [sizes.step for sizes in history.sizes] == [1, 20, 40]
    assert history.sizes[0].gradients == pytest.approx(expected)


@pytest.mark.parametrize("make", [lambda: SizesEvery(0), lambda: SizesEvery(20, 1), lambda: Path(2)])
def test_too_few_to_record(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match="expected"):
        make()


def walk(path: Path, epochs: int, total: int | None = None, size: int = 6) -> list[NDArray[Any]]:
    """Go epoch by epoch, somewhere else each time."""
    training: Any = Pretended(epochs=total or epochs, size=size)
    path.on_start(training)
    went = [flat(training.arrays)]
    for epoch in range(1, epochs + 1):
        training.epoch = epoch
        training.arrays = {name: array + 1 for name, array in training.arrays.items()}
        went.append(flat(training.arrays))
        path.on_epoch(training)
    path.on_end(training)
    assert training.history.path is path
    return went


def test_the_way_is_recorded_from_the_start_to_the_end() -> None:
    path = Path()
    went = walk(path, 5)
    np.testing.assert_array_equal(path.points, went)
    assert path.epochs == [0, 1, 2, 3, 4, 5]
    assert path.names == {"weight": (2, 3), "bias": (6,)}


@pytest.mark.parametrize("epochs", [3, 4, 5, 6, 7, 8, 17, 100, 1003])
def test_a_long_way_is_thinned_and_has_both_ends(epochs: int) -> None:
    path = Path(most=6)
    went = walk(path, epochs)
    assert len(path.epochs) <= 6
    assert (path.epochs[0], path.epochs[-1]) == (0, epochs)
    np.testing.assert_array_equal(path.points, [went[epoch] for epoch in path.epochs])


def test_a_way_of_many_parameters_is_bounded_in_memory() -> None:
    path = Path(megabytes=1.0)
    walk(path, 40, size=20_000)
    assert path.points.nbytes <= 1e6
    assert len(path.epochs) >= 3
    walk(path, 9, size=1_000_000)
    assert len(path.epochs) == 3


def test_what_was_trained_is_known_and_data_that_is_large_as_long_as_it_is_there() -> None:
    data, loss, model = np.empty(2**24 + 1, np.int8), nn.MSELoss(), nn.Linear(1, 1)
    trained = Trained(loss=loss, X=data, y=[1, 2], model=model)
    assert trained.get("X") is data
    assert trained.get("loss") is loss
    assert trained.get("other") is None
    del data, model
    assert trained.get("X") is None
    assert trained.get("y") == [1, 2]
    assert isinstance(trained.get("model"), nn.Linear)
