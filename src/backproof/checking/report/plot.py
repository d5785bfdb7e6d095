"""A curve as a small picture in SVG, on its own ground: it stands in a page of any colour."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from backproof.checking.findings import Curve
from backproof.checking.report.arrays import number

__all__ = ["picture"]

_WIDTH, _HEIGHT = 360, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 10, 26, 24
#: Digits of the numbers at the axes.
_DIGITS = 3
#: What leaves the stretch by more than this many times the expected curve's height is cut off.
_OVER = 3.0
#: What is left free above and below, as a part of the height.
_MARGIN = 0.06


def picture(curve: Curve) -> str:
    """Draw the expected gradient, wide and pale, and above it what came, narrow and red.

    Where they agree the one covers the other's middle. Points that are not finite part a line.
    """
    x = _Axis.over(curve.x, _LEFT, _WIDTH - _RIGHT)
    low, high = _heights(curve)
    margin = _MARGIN * ((high - low) or 1.0)
    y = _Axis((low - margin, high + margin), _HEIGHT - _BOTTOM, _TOP)
    title = (
        f"The gradient for {curve.argument} along it, with an upstream gradient of {number(curve.upstream)}: "
        "expected and got"
    )
    size = f'viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}"'
    parts = [
        f'<svg class="backproof-plot" {size} role="img" xmlns="http://www.w3.org/2000/svg">',
        f"<title>{escape(title)}</title>",
        *_axes(x, y, sorted({low, 0.0, high})),
        _path(curve.x, curve.expected, x, y, 'stroke="#3b82c4" stroke-width="6" stroke-opacity="0.45"'),
        _path(curve.x, curve.got, x, y, 'stroke="#e5484d" stroke-width="1.8"'),
        _legend(curve),
        "</svg>",
    ]
    return "".join(parts)


class _Axis:
    """Takes numbers to places on the picture."""

    def __init__(self, ends: tuple[float, float], start: float, end: float) -> None:
        self.low, self.high = ends
        self._start, self._scale = start, (end - start) / (self.high - self.low)

    @classmethod
    def over(cls, values: Sequence[float], start: float, end: float) -> _Axis:
        low, high = min(values), max(values)
        return cls((low, high) if high > low else (low - 1, high + 1), start, end)

    def __call__(self, value: float) -> float:
        return self._start + (min(max(value, self.low), self.high) - self.low) * self._scale


def _heights(curve: Curve) -> tuple[float, float]:
    """Give the stretch of gradients to show: all that are expected, and of the others what is near."""
    right = [value for value in curve.expected if math.isfinite(value)] or [0.0]
    low, high = min(*right, 0.0), max(*right, 0.0)
    room = _OVER * ((high - low) or 1.0)
    near = [v for v in curve.got if math.isfinite(v) and low - room <= v <= high + room]
    return min([low, *near]), max([high, *near])


def _axes(x: _Axis, y: _Axis, heights: Sequence[float]) -> list[str]:
    quiet = 'stroke="currentColor" stroke-opacity="0.35" stroke-width="1"'
    text = 'fill="currentColor" font-size="11" font-family="system-ui, sans-serif"'
    parts = [f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y(0):.1f}" y2="{y(0):.1f}" {quiet}/>']
    if x.low < 0 < x.high:
        parts.append(f'<line x1="{x(0):.1f}" x2="{x(0):.1f}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}" {quiet}/>')
    for value, anchor in ((x.low, "start"), (x.high, "end")):
        place = f'x="{x(value):.1f}" y="{_HEIGHT - 8}" text-anchor="{anchor}"'
        parts.append(f"<text {place} {text}>{number(value, _DIGITS)}</text>")
    for value in heights:
        place = f'x="{_LEFT - 4}" y="{y(value) + 4:.1f}" text-anchor="end"'
        parts.append(f"<text {place} {text}>{number(value, _DIGITS)}</text>")
    return parts


def _path(xs: Sequence[float], ys: Sequence[float], x: _Axis, y: _Axis, style: str) -> str:
    commands, drawing = [], False
    for one, other in zip(xs, ys, strict=True):
        if math.isfinite(other):
            commands.append(f"{'L' if drawing else 'M'}{x(one):.1f} {y(other):.1f}")
        drawing = math.isfinite(other)
    return f'<path d="{" ".join(commands)}" fill="none" stroke-linejoin="round" {style}/>'


def _legend(curve: Curve) -> str:
    text = 'fill="currentColor" font-size="11" font-family="system-ui, sans-serif"'
    return (
        f'<text x="{_LEFT}" y="15" {text}><tspan fill="#3b82c4" font-weight="bold">▬</tspan> expected  '
        f'<tspan fill="#e5484d" font-weight="bold">▬</tspan> got: gradient for {escape(curve.argument)}, '
        f"upstream {number(curve.upstream)}</text>"
    )
