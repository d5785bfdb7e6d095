"""The sweep of learning rates: what it suggests, and that it leaves no trace."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch

import backproof as bp
from backproof import nn, optim
from backproof.training.find_lr import RateSweep
from tests.training.watching.networks import LINE, PLANE, RINGS, deep

pytestmark = pytest.mark.usefixtures("not_enforced")


def curve(losses: Any, low: float = 1e-7, high: float = 10.0) -> RateSweep:
    values = np.asarray(losses, float)
    return RateSweep(np.geomspace(low, high, len(values)), values)


def test_the_suggestion_is_half_the_way_down() -> None:
    """A fall from 2 to 1 around 10⁻³, and a rise from 1 on."""
    x = np.linspace(-7, 1, 161)
    found = curve(1 + 1 / (1 + np.exp(8 * (x + 3))) + np.exp(6 * (x - 0.5)))
    assert found.lr == pytest.approx(1e-3, rel=0.1)
    assert found.why == "where half of the fall is made"


def test_but_at_most_a_tenth_of_the_least() -> None:
    x = np.linspace(-7, 1, 161)
    found = curve(1 + 1 / (1 + np.exp(8 * (x + 3))) + np.exp(40 * (x + 2.5)))
    least = found.rates[found.smoothed.argmin()]
    assert found.lr == pytest.approx(least / 10)
    assert found.why == "a tenth of the rate with the least loss"


@pytest.mark.parametrize(
    "losses",
    [
        np.ones(50),
        np.linspace(1, 2, 50),
        1 + 0.2 * np.random.default_rng(0).normal(size=100),
        -np.ones(50),
        [1.0],
        [1.0, 2.0],
    ],
)
def test_where_nothing_falls_nothing_is_suggested(losses: Any) -> None:
    found = curve(losses)
    assert np.isnan(found.lr)
    assert "falls nowhere" in str(found)


def test_noise_is_smoothed() -> None:
    x = np.linspace(-7, 1, 100)
    noise = 0.15 * np.random.default_rng(1).normal(size=100)
    found = curve(1 + 1 / (1 + np.exp(4 * (x + 2))) + np.exp(6 * (x - 0.5)) + noise)
    assert 1e-3 < found.lr < 1e-1
    np.testing.assert_allclose(found.smoothed[10], found.losses[7:14].mean())
    assert len(found.smoothed) == len(found.losses)


@pytest.mark.parametrize(("optimizer", "batch_size", "epochs"), [("sgd", None, 200), ("adam", 32, 60)])
def test_training_with_it_gets_far(optimizer: str, batch_size: int | None, epochs: int) -> None:
    model = deep(nn.Tanh, 2, 16, 2)
    how: dict[str, Any] = {"loss": "cross_entropy", "optimizer": optimizer, "batch_size": batch_size}
    found = bp.find_lr(model, PLANE, RINGS, **how)
    history = bp.fit(model, PLANE, RINGS, **how, lr=found.lr, epochs=epochs)
    assert history[-1].loss < 0.35
    assert history.troubles == []


def test_of_a_line_it_is_below_what_is_stable() -> None:
    """Gradient descent on a quadratic is stable below 2/L, with the largest curvature L."""
    found = bp.find_lr(nn.Linear(1, 1, rng=0), LINE, LINE, loss="mse", optimizer="sgd", batch_size=None)
    design = np.stack([LINE, np.ones_like(LINE)], axis=1)
    stable = 2 / (2 * np.linalg.eigvalsh(design.T @ design / len(LINE))[-1])
    assert stable / 100 < found.lr < stable


def test_it_leaves_no_trace() -> None:
    model = nn.Sequential(
        nn.Linear(2, 8, rng=0), nn.BatchNorm1d(8), nn.Dropout(0.2, rng=3), nn.Linear(8, 2, rng=1)
    )
    first, *others = model.parameters()
    groups: list[dict[str, Any]] = [{"params": [first], "lr": 0.02}, {"params": others}]
    optimizer = optim.Adam(groups, lr=0.01)
    bp.fit(model, PLANE, RINGS, loss="cross_entropy", optimizer=optimizer, epochs=1)
    arrays = [parameter.data for parameter in model.parameters()]
    twin, other = copy.deepcopy((model, optimizer))
    bp.find_lr(model, PLANE, RINGS, loss="cross_entropy", optimizer=optimizer)
    assert all(parameter.data is array for parameter, array in zip(model.parameters(), arrays, strict=True))
    assert [group["lr"] for group in optimizer.param_groups] == [0.02, 0.01]
    for each, moved in ((model, optimizer), (twin, other)):
        bp.fit(each, PLANE, RINGS, loss="cross_entropy", optimizer=moved, epochs=2)
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, twin.state_dict()[name])


def test_a_model_of_pytorch_stays_as_it_is_too() -> None:
    model = torch.nn.Linear(2, 2)
    before = copy.deepcopy(model.state_dict())
    found = bp.find_lr(model, PLANE, RINGS, loss="cross_entropy", optimizer="adam")
    assert len(found.losses) > 50
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_groups_keep_their_ratio() -> None:
    seen: list[list[float]] = []

    class Seeing(optim.SGD):  # type: ignore[misc,valid-type]  # which is made from its rule
        def step(self, closure: Any = None) -> Any:
            seen.append([group["lr"] for group in self.param_groups])
            return super().step(closure)

    model = nn.Linear(2, 1, rng=0)
    groups: Any = [
        {"params": [model.get_parameter("weight")], "lr": 0.3},
        {"params": [model.get_parameter("bias")]},
    ]
    bp.find_lr(
        model, PLANE, PLANE[:, 0], loss="mse", optimizer=Seeing(groups, lr=0.1), low=1e-3, high=1e-1, steps=20
    )
    assert np.allclose(seen, np.geomspace(1e-3, 1e-1, 20)[: len(seen), None] * [1, 1 / 3])
    assert len(seen) >= 10


def test_it_ends_when_the_loss_diverges() -> None:
    found = bp.find_lr(
        nn.Linear(1, 1, rng=0), LINE, LINE, loss="mse", optimizer="sgd", batch_size=None, high=1e6
    )
    assert found.rates[-1] < 1
    assert np.isfinite(found.losses).all()


@pytest.mark.parametrize(
    ("how", "error", "said"),
    [
        ({"low": 0.0}, ValueError, "find_lr expects low to be above 0; got low=0.0"),
        ({"low": 1.0, "high": 0.1}, ValueError, "low=1.0, high=0.1"),
        ({"high": np.inf}, ValueError, "high=inf"),
        ({"low": np.nan}, ValueError, "low=nan"),
        ({"low": "a"}, TypeError, r"find_lr expects low to be a number; got low='a' \(str\)"),
        ({"batch_size": 0}, ValueError, "find_lr expects batch_size to be at least 1; got batch_size=0"),
        ({"seed": "x"}, TypeError, r"find_lr expects seed to be a whole number; got seed='x' \(str\)"),
        ({"steps": 3}, ValueError, "steps to be at least 10; got steps=3"),
        ({"steps": 20.5}, TypeError, "steps=20.5"),
        ({"optimizer": "sdg"}, ValueError, "did you mean SGD"),
        ({"loss": "msee"}, ValueError, "did you mean MSELoss"),
        ({"X": PLANE * np.nan}, ValueError, "NaN"),
    ],
)
def test_refusals(how: dict[str, Any], error: type[Exception], said: str) -> None:
    how = {"X": PLANE, "loss": "mse", "optimizer": "sgd", **how}
    with pytest.raises(error, match=said):
        bp.find_lr(nn.Linear(2, 1, rng=0), y=PLANE[:, 0], **how)


def test_a_first_loss_that_is_not_finite_is_refused() -> None:
    model = nn.Linear(2, 1, rng=0)
    model.weight[...] = np.inf
    with np.errstate(all="ignore"), pytest.raises(ValueError, match="the first one is not"):
        bp.find_lr(model, PLANE, PLANE[:, 0], loss="mse", optimizer="sgd")


def test_the_curve_is_drawn() -> None:
    found = bp.find_lr(deep(nn.Tanh, 2, 16, 2), PLANE, RINGS, loss="cross_entropy", optimizer="adam")
    (ax,) = found.plot().axes
    assert ax.get_xscale() == "log"
    each, smoothed, at, suggested = ax.lines
    np.testing.assert_array_equal(each.get_ydata(), found.losses)
    np.testing.assert_array_equal(smoothed.get_ydata(), found.smoothed)
    assert set(np.asarray(at.get_xdata()).tolist()) == {found.lr}
    assert f"lr={found.lr:.2g}" in str(suggested.get_label())
    assert str(found).startswith(f"lr={found.lr:.2g}: ")


def test_a_curve_without_a_suggestion_is_drawn_too() -> None:
    (ax,) = curve(np.ones(20)).plot().axes
    assert len(ax.lines) == 2
