"""Curves in characters."""

from __future__ import annotations

import numpy as np
import pytest

from backproof.training.showing.characters import curves

NAN, INF = np.nan, np.inf


def dots(drawn: str) -> set[tuple[int, int]]:
    """Give where dots of Braille are, from the left and the top, by the published order of their bits."""
    places = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)]
    rows = [line.split("│", 1)[1] for line in drawn.splitlines() if "│" in line]
    return {
        (2 * x + right, 4 * y + down)
        for y, row in enumerate(rows)
        for x, cell in enumerate(row)
        if cell != " "
        for bit, (right, down) in enumerate(places)
        if ord(cell) - 0x2800 & 1 << bit
    }


def test_a_straight_line_is_straight() -> None:
    drawn = curves({"a": np.linspace(1, 0, 64)}, 36, 8)
    found = dots(drawn)
    wide = max(x for x, _ in found)
    assert {x for x, _ in found} == set(range(wide + 1))
    assert max(abs(y - x * 31 / wide) for x, y in found) <= 1
    assert [line.split("│")[0].strip() for line in drawn.splitlines()[:8]] == ["1", *[""] * 6, "0"]


def test_two_curves_are_on_one_scale() -> None:
    high, low = np.full(9, 2.0), np.full(9, 1.0)
    found = dots(curves({"high": high, "low": low}, 30, 4))
    assert {y for _, y in found} == {0, 15}


def test_decades_are_logarithmic() -> None:
    found = dots(curves({"a": np.geomspace(1000, 0.1, 50)}, 32, 6))
    wide = max(x for x, _ in found)
    assert max(abs(y - x * 23 / wide) for x, y in found) <= 1.5


def test_what_is_not_finite_is_a_gap() -> None:
    column = np.array([1.0, 1.0, NAN, INF, -INF, 0.0, 0.0])
    found = dots(curves({"a": column}, 40, 4))
    missing = set(range(2 * 36)) - {x for x, _ in found}
    assert missing
    assert missing == set(range(min(missing), max(missing) + 1))


@pytest.mark.parametrize("braille", [True, False])
@pytest.mark.parametrize("width", [0, 1, 20, 80, 300])
@pytest.mark.parametrize(
    "column",
    [
        [0.5],
        [0.5, 0.5],
        [0.0, 0.0],
        [NAN, 1.0],
        [1e-300, 1e300],
        [-5.0, 7e9],
        [1.0] * 1000,
        list(range(100_000)),
    ],
    ids=len,
)
def test_it_fits_the_width(column: list[float], width: int, braille: bool) -> None:
    drawn = curves({"a": np.array(column)}, width, 5, ends=("epoch 1", "1000"), braille=braille)
    lines = drawn.splitlines()
    assert len(lines) == 7
    assert max(map(len, lines)) <= max(width, 28)
    assert braille or drawn.isascii()


@pytest.mark.parametrize("column", [[], [NAN], [INF, -INF]])
def test_nothing_to_draw_is_nothing(column: list[float]) -> None:
    assert curves({"a": np.array(column)}) == ""
    assert curves({}) == ""


def test_ascii() -> None:
    drawn = curves({"a": np.array([1.0, 0.0])}, 20, 2, braille=False)
    assert drawn.splitlines() == ["1 |'''.....", "0 |        ''''''...", "  +-----------------"]
