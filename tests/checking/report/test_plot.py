"""The picture of a gradient: what is drawn where."""

from __future__ import annotations

import math
import re
from xml.etree import ElementTree as ET

import pytest

from backproof.checking.findings import Curve
from backproof.checking.report.plot import picture

X = tuple(i / 4 for i in range(-8, 9))
SPACE = "{http://www.w3.org/2000/svg}"


def lines(expected: tuple[float, ...], got: tuple[float, ...], x: tuple[float, ...] = X) -> list[str]:
    svg = ET.fromstring(picture(Curve("input", "backward", 2.0, x, expected, got)))  # noqa: S314 - it is our own
    return [str(path.get("d")) for path in svg.iter(f"{SPACE}path")]


def heights(path: str) -> list[float]:
    return [float(y) for y in re.findall(r"[ML][\d.]+ ([\d.]+)", path)]


def test_equal_gradients_lie_on_one_another() -> None:
    right = tuple(1 - math.tanh(x) ** 2 for x in X)
    expected, got = lines(right, right)
    assert expected == got
    assert expected.count("L") == len(X) - 1
    assert min(heights(got)) == heights(got)[len(X) // 2]  # the top is in the middle


def test_a_line_is_parted_where_a_value_is_not_finite() -> None:
    _, got = lines(X, tuple(math.nan if x == 0 else math.inf if x == 2 else x for x in X))
    assert got.count("M") == 2
    assert len(heights(got)) == len(X) - 2


def test_what_is_far_off_does_not_flatten_what_is_right() -> None:
    expected, _ = lines(X, tuple(1e9 * x for x in X))
    assert max(heights(expected)) - min(heights(expected)) > 50


@pytest.mark.parametrize("value", [0.0, 1.0, math.nan, 1e300])
def test_a_constant_can_be_drawn(value: float) -> None:
    constant = (value,) * len(X)
    expected, got = lines(constant, constant)
    assert expected == got
    assert "nan" not in picture(Curve("input", "backward", 2.0, (1.0,) * 3, constant[:3], constant[:3]))
