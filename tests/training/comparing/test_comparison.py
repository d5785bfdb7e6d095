"""A comparison is told in a table and drawn, with a verdict."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backproof.training.comparing.comparison import Comparison
from backproof.training.comparing.judging import Parting
from backproof.training.comparing.side_by_side import Row, Run, Thinned

PARTING = Parting(4, "gradient", ("0.weight", "0.bias"), (2,), 0.0, 0.125, 3e-16, "float64")


def rows(count: int) -> list[Row]:
    return [Row(step, 1 / step, 1 / step, step * 1e-9, 0.25) for step in range(1, count + 1)]


def comparison(count: int = 6, parting: Parting | None = None, telling: int = 1, **how: Any) -> Comparison:
    first = Run("float32", count, telling, rows(count), None, **how)
    return Comparison([first, Run("float64", count, telling, rows(count), parting)])


def test_the_table() -> None:
    assert str(comparison(3)).splitlines() == [
        "step  loss, ours  loss, PyTorch    apart  of rounding",
        "   1           1              1  1.0e-09         0.25",
        "   2         0.5            0.5  2.0e-09         0.25",
        "   3  0.33333333     0.33333333  3.0e-09         0.25",
        "",
        comparison(3).summary,
    ]
    assert comparison(3).summary == (
        "ours and PyTorch agree: 3 steps in float32, 3 steps in float64, and none differs by more than "
        "rounding explains"
    )


def test_of_many_rows_some_are_shown() -> None:
    shown = [int(line.split()[0]) for line in str(comparison(1000)).splitlines()[1:-2]]
    assert len(shown) == 9
    assert shown[:3] == [1, 2, 3]
    assert shown[-2:] == [999, 1000]
    assert set(np.diff(shown[3:-2])) <= {199, 200}


def test_where_they_part_is_said_and_shown() -> None:
    parted = comparison(1000, PARTING)
    assert not parted
    assert parted.verdict == "part"
    assert parted.summary == (
        "ours and PyTorch part at step 4, in float64: the gradient of 0.bias[2] differs (so do 0.weight): "
        "ours 0, PyTorch 0.125; rounding explains 3e-16. The loss agrees: look at a backward."
    )
    assert "   4 " in str(parted)


def test_a_page() -> None:
    page = comparison(2, PARTING)._repr_html_()
    assert page.count("<tr>") == 3
    assert "<td>0.25</td>" in page
    assert "part at step 4" in page


def test_as_data() -> None:
    told = comparison(3, PARTING).to_dict()
    assert {name: told[name] for name in ("verdict", "agree", "steps")} == {
        "verdict": "part",
        "agree": False,
        "steps": 3,
    }
    assert told["parting"]["names"] == ("0.weight", "0.bias")
    assert told["rows"]["step"] == [1, 2, 3]


def test_nothing_to_tell() -> None:
    unsure = comparison(telling=0)
    assert not unsure
    assert unsure.verdict == "unsure"
    assert "no parameter has moved" in unsure.summary


def test_columns() -> None:
    found = comparison(3)
    np.testing.assert_array_equal(found["step"], [1, 2, 3])
    np.testing.assert_array_equal(found["share"], [0.25] * 3)
    with pytest.raises(KeyError, match="the columns are step, ours, torch, difference, share; got 'loss'"):
        found["loss"]


def test_rows_are_thinned_out_evenly() -> None:
    kept = Thinned(most=10)
    for row in rows(100):
        kept.add(row, parts=row.step == 38)
    steps = [row.step for row in kept.rows]
    assert len(steps) < 14
    assert {1, 38, 100} <= set(steps)
    assert len(set(np.diff([step for step in steps if step not in (38, 100)]))) == 1


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
@pytest.mark.parametrize(
    "made",
    [comparison(200), comparison(200, PARTING), comparison(1), comparison(3, telling=0)],
    ids=["many", "parted", "one", "unsure"],
)
def test_the_picture_has_two_panels(made: Comparison, ending: str, tmp_path: Path) -> None:
    if ending != "svg" and made.steps != 200:
        return
    path = tmp_path / f"picture.{ending}"
    figure = made.plot(path=path)
    assert path.stat().st_size > 1000
    above, below = figure.axes
    assert [line.get_label() for line in above.lines[:2]] == ["ours", "PyTorch"]
    np.testing.assert_array_equal(above.lines[0].get_ydata(), made["ours"])
    np.testing.assert_array_equal(below.lines[0].get_ydata(), made["difference"])
    assert below.get_xlabel() == ("step; they part at 4" if made.parting else "step")


def test_a_picture_of_what_is_not_finite() -> None:
    lost = [*rows(3), Row(4, math.nan, math.inf, math.inf, 0.0), Row(5, 1.0, 1.0, 0.0, 0.0)]
    figure = Comparison([Run("float64", 5, 5, lost, None)]).plot(background="white")
    assert np.isnan(figure.axes[0].lines[0].get_ydata()).tolist() == [False, False, False, True, False]
    figure.canvas.draw()
