"""Sizes through the layers over time."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from backproof.training import plots
from backproof.training.history import History, Sizes
from tests.training.plots.samples import NAN, with_sizes, xs, ys


def test_a_few_layers_are_lines() -> None:
    made = with_sizes(2, records=4)
    left, right = plots.layer_sizes(made).axes
    for ax, what in ((left, "parameters"), (right, "gradients")):
        assert ax.get_yscale() == "log"
        for line, name in zip(ax.lines, ("0.weight", "1.weight"), strict=True):
            assert line.get_label() == name
            assert xs(line).tolist() == [20, 40, 60, 80]
            assert ys(line).tolist() == [getattr(each, what)[name] for each in made.sizes]
        assert ax.get_ylabel() == f"size of {what} (root mean square)"


def _cells(ax: Axes) -> np.ma.MaskedArray:
    return ax.collections[0].get_array()  # type: ignore[return-value]


def test_many_layers_are_a_map_with_the_first_on_top() -> None:
    made = with_sizes(9, records=4)
    ax, bar = plots.gradients(made).axes
    assert _cells(ax).shape == (9, 4)
    np.testing.assert_array_equal(_cells(ax)[3], [each.gradients["3.weight"] for each in made.sizes])
    assert ax.yaxis_inverted()
    assert [text.get_text() for text in ax.get_yticklabels()] == [f"{index}.weight" for index in range(9)]
    assert bar.get_ylabel() == "size of gradients (root mean square)"


def test_what_is_zero_or_not_finite_is_left_out() -> None:
    made = History()
    made.sizes += [
        Sizes(1, {"dead": 0.0, "wild": NAN, "fine": 0.5}, {"new": 1.0}),
        Sizes(20, {"fine": 0.25}, {}),
    ]
    (ax,) = plots.weights(made).axes
    kept = {line.get_label(): ys(line).tolist() for line in ax.lines}
    assert kept["fine"] == [0.5, 0.25]
    assert np.isnan(kept["dead"]).all()
    assert np.isnan(kept["wild"]).all()
    (ax,) = plots.gradients(made).axes
    assert np.isnan(ys(ax.lines[0])).tolist() == [False, True]


def test_all_of_one_size_is_a_map_too() -> None:
    made = History()
    made.sizes.append(Sizes(1, {str(index): 0.5 for index in range(8)}, {}))
    assert (_cells(plots.weights(made).axes[0]) == 0.5).all()
    assert [text.get_text() for text in plots.gradients(made).axes[0].texts] == ["none recorded"]
