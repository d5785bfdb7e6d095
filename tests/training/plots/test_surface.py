"""The loss around the way of the parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.contour import ContourSet
from numpy.typing import NDArray
from sklearn.decomposition import TruncatedSVD

from backproof import nn, optim
from backproof.training import plots
from backproof.training.engines.modules import ModulesEngine
from backproof.training.plots.landscape import loss_of, plane_of
from tests.training.plots.samples import INF, NAN, explained, trained

LONG = np.cumsum(np.random.default_rng(0).normal(size=(30, 40)), axis=0)
SHAPES = {"weight": (4, 9), "bias": (4,)}


def test_two_parameters_are_their_own_plane() -> None:
    made, model, x, y = trained()
    ax, bar = made.plot("surface").axes
    assert (ax.get_xlabel(), ax.get_ylabel(), bar.get_ylabel()) == ("weight", "bias", "loss")
    assert made.path is not None
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), made.path.points)
    end = [array.item() for array in model.state_dict().values()]
    np.testing.assert_array_equal(made.path.points[-1], end)
    filled = next(each for each in ax.collections if isinstance(each, ContourSet))
    across, up = (np.linspace(*limits, 31) for limits in (ax.get_xlim(), ax.get_ylim()))
    squares = [(np.mean((a * x + b - y) ** 2)) for a in across for b in up]
    levels = np.asarray(filled.levels)
    assert levels[0] == pytest.approx(min(squares))
    assert levels[-1] == pytest.approx(max(squares))


def test_more_go_along_the_principal_directions_through_the_end() -> None:
    plane = plane_of(LONG, SHAPES)
    np.testing.assert_array_equal(plane.origin, LONG[-1])
    np.testing.assert_allclose(plane.directions @ plane.directions.T, np.eye(2), atol=1e-12)
    peer = TruncatedSVD(2, algorithm="arpack", random_state=0).fit(LONG - LONG[-1])
    np.testing.assert_allclose(abs(np.sum(peer.components_ * plane.directions, axis=1)), 1, atol=1e-6)
    np.testing.assert_allclose(plane.way, (LONG - LONG[-1]) @ plane.directions.T, atol=1e-12)
    assert all(name.endswith("%)") for name in plane.names)


@pytest.mark.parametrize("points", [LONG[:1], LONG[:2], np.outer(np.arange(5), LONG[0])])
def test_a_straight_way_has_a_plane(points: NDArray[Any]) -> None:
    plane = plane_of(points, SHAPES)
    np.testing.assert_allclose(plane.directions @ plane.directions.T, np.eye(2), atol=1e-12)
    reached = np.array([plane.at(a, b) for a, b in plane.way])
    np.testing.assert_allclose(reached, points, atol=1e-6)


def test_points_that_are_not_finite_are_left_out() -> None:
    broken = np.vstack([LONG, np.full(40, NAN), np.full(40, INF)])
    np.testing.assert_array_equal(plane_of(broken, SHAPES).way, plane_of(LONG, SHAPES).way)


@pytest.mark.parametrize(
    ("points", "said"),
    [
        (np.zeros((3, 1)), r"at least two parameters; got points of shape \(3, 1\)"),
        (np.zeros(0), r"got points of shape \(0,\)"),
        (np.full((2, 3), NAN), "points that are finite; got none"),
    ],
)
def test_what_has_no_plane(points: NDArray[Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        plane_of(points, {"weight": (1,)})


@pytest.mark.parametrize(
    ("shapes", "names"),
    [
        ({"weight": (1, 1), "bias": (1,)}, ("weight", "bias")),
        ({"weight": (1, 2)}, ("weight[0, 0]", "weight[0, 1]")),
    ],
)
def test_two_parameters_are_named(shapes: dict[str, tuple[int, ...]], names: tuple[str, str]) -> None:
    assert plane_of(np.zeros((1, 2)), shapes).names == names


def test_the_loss_at_a_point_is_that_of_the_model_there_which_stays_as_it_is() -> None:
    rng = np.random.default_rng(0)
    model = nn.Sequential(nn.Linear(3, 4, rng=0), nn.Tanh(), nn.Linear(4, 1, rng=1))
    X, y = rng.normal(size=(6, 3)).astype("f"), rng.normal(size=(6, 1)).astype("f")
    before = model.state_dict()
    shapes = {name: array.shape for name, array in before.items()}
    flat = np.concatenate([array.ravel() for array in before.values()])
    points = flat + rng.normal(size=(5, flat.size))
    plane = plane_of(points, shapes)
    loss = nn.MSELoss()
    engine = ModulesEngine(model, loss, optim.SGD(model.parameters(), lr=1.0))
    at = loss_of(engine, plane, shapes, X, y)
    got = at(*plane.way[-1])
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, before[name])
    ends = np.split(points[-1], np.cumsum([array.size for array in before.values()])[:-1])
    model.load_state_dict({name: end.reshape(shapes[name]) for name, end in zip(shapes, ends, strict=True)})
    assert got == pytest.approx(float(np.mean((model(X) - y) ** 2)), rel=1e-5)


def test_ways_begin_at_a_mark_and_end_at_a_star() -> None:
    ways = {"one": [[0, 0], [1, 2], [2, 2]], "other": [[0, 0], [0, -1]]}
    ax = plots.loss_surface(lambda x, y: x + y, ways, points=4, around=((-1, 3), (-2, 4))).axes[0]
    stars = [line for line in ax.lines if line.get_marker() == "*"]
    assert [line.get_xydata().tolist() for line in stars] == [[[2, 2]], [[0, -1]]]  # type: ignore[union-attr]
    assert (ax.get_xlim(), ax.get_ylim()) == ((-1, 3), (-2, 4))
    assert explained(ax) == ["one", "other"]


def test_the_frame_has_room_for_the_ways() -> None:
    ax = plots.loss_surface(lambda x, y: x, {"a": [[0, 0], [10, 0]]}, points=3).axes[0]
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    assert left < 0
    assert right > 10
    assert high - low == pytest.approx((right - left) / 3)


def test_a_way_is_rows_of_two() -> None:
    with pytest.raises(ValueError, match=r"rows of two; got 'a' of shape \(3,\)"):
        plots.loss_surface(lambda x, y: x, {"a": [1, 2, 3]})
