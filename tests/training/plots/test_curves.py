"""Curves over the epochs show the numbers of the history."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from backproof.training import plots
from backproof.training.history import History
from backproof.training.plots.curves import thinned
from tests.training.plots.samples import INF, NAN, explained, history, xs, ys


def test_the_numbers_are_those_of_the_history() -> None:
    made = history([3.0, 1.0, 0.5], [3.5, 1.5, 1.6])
    (ax,) = plots.loss(made).axes
    training, validation = ax.lines
    assert xs(training).tolist() == xs(validation).tolist() == [1, 2, 3]
    assert ys(training).tolist() == made["loss"].tolist()
    assert ys(validation).tolist() == made["validation"].tolist()
    assert explained(ax) == [
        "training",
        "validation, least 1.5 at epoch 2",
    ]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "loss")


@pytest.mark.parametrize(
    ("losses", "scale"),
    [
        ([1.0, 0.5], "linear"),
        ([100.0, 1.0], "log"),
        ([100.0, NAN, 1.0, INF], "log"),
        ([100.0, 0.0], "linear"),
        ([100.0, -1.0], "linear"),
        ([NAN, INF], "linear"),
        ([0.0, 0.0], "linear"),
    ],
)
def test_the_scale_is_logarithmic_where_the_range_spans_decades(losses: list[float], scale: str) -> None:
    assert plots.loss(history(losses)).axes[0].get_yscale() == scale


def test_what_is_not_finite_is_a_gap_with_a_cross() -> None:
    (ax,) = plots.loss(history([3.0, NAN, INF, 0.5])).axes
    curve, crosses = ax.lines
    assert np.isnan(ys(curve)).tolist() == [False, True, True, False]
    assert xs(crosses).tolist() == [2, 3]
    assert crosses.get_marker() == "x"


@pytest.mark.parametrize("largest", [1e295, 1.7e308])
def test_what_is_too_large_for_a_picture_is_a_gap_with_a_cross(largest: float, tmp_path: Path) -> None:
    figure = plots.loss(history([3.0, 1e100, largest]), path=tmp_path / "loss.png")
    curve, crosses = figure.axes[0].lines
    assert np.isnan(ys(curve)).tolist() == [False, False, True]
    assert xs(crosses).tolist() == [3]
    assert explained(figure.axes[0]) == ["training", "loss above 1e+200"]


def test_a_single_point_is_marked() -> None:
    (ax,) = plots.loss(history([0.5])).axes
    assert ax.lines[0].get_marker() == "o"
    assert ax.get_xlim() == (0, 2)


def test_no_epoch_says_so() -> None:
    (ax,) = plots.loss(History()).axes
    assert [text.get_text() for text in ax.texts] == ["no epoch yet"]


def test_many_epochs_are_thinned_and_keep_their_extremes() -> None:
    values = np.random.default_rng(0).random(100_000)
    values[5_000], values[70_000] = 7.0, -7.0
    (ax,) = plots.loss(history(values)).axes
    x, y = xs(ax.lines[0]), ys(ax.lines[0])
    assert len(x) <= 2000
    assert (x[0], x[-1]) == (1, 100_000)
    np.testing.assert_array_equal(y, values[np.asarray(x) - 1])
    assert {7.0, -7.0} <= {*y}


@pytest.mark.parametrize("count", [0, 1, 2000, 2001, 12_345])
def test_thinned(count: int) -> None:
    kept = thinned(np.full(count, NAN))
    assert len(kept) <= 2000
    assert np.all(np.diff(kept) > 0)
    assert not count or (kept[0], kept[-1]) == (0, count - 1)


def test_a_stop_is_said() -> None:
    made = history([3.0, 1.0])
    made.stopped = "enough"
    assert plots.loss(made).axes[0].get_xlabel() == "epoch\nstopped: enough"
    assert plots.loss(history([3.0])).axes[0].get_xlabel() == "epoch"


def test_columns() -> None:
    made = history([2.0, 1.0], accuracy=[0.5, 0.75])
    (ax,) = plots.columns(made, ["accuracy"]).axes
    assert ys(ax.lines[0]).tolist() == [0.5, 0.75]
    assert ax.get_ylabel() == "accuracy"
    with pytest.raises(KeyError, match="the columns are"):
        plots.columns(made, ["f1"])
