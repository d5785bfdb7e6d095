"""Naming a number or an array by what it equals: an option, x, f(x), 1 − f(x)²: for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.candidate import Case
from backproof.ops import Op

__all__ = ["equals", "number", "quantities"]

#: A number with a denominator up to this is written as a fraction.
_SIMPLE = 16
#: What a whole number is told by, and the largest whose root is recognised.
_EXACT, _LARGEST = 1e-8, 1000
#: How near two arrays are that are the same quantity.
_SAME = 1e-7


def number(value: float) -> str:
    """Write a number as people do: as a fraction, where it is a simple one.

    Examples
    --------
    >>> number(2.0), number(0.5), number(0.017), number(5**-0.5)
    ('2', '1/2', '0.017', '1/√5')
    """
    fraction = Fraction(value).limit_denominator(_SIMPLE)
    if abs(float(fraction) - value) <= _EXACT * abs(value):
        return str(fraction)
    sign, square = "-" if value < 0 else "", value * value
    for text, radicand in (("√{}", square), ("1/√{}", 1 / square)):
        if 1 < radicand < _LARGEST and abs(round(radicand) - radicand) <= _EXACT * radicand:
            return sign + text.format(round(radicand))
    return f"{value:.6g}"


def quantities(op: Op, case: Case, options: Mapping[str, object]) -> Iterator[tuple[str, NDArray[Any]]]:
    """Give what a derivative is made of, each with its name: plain ones first."""
    first = case.inputs[op.first]
    named = {("x" if name == op.first else name): a for name, a in case.inputs.items() if a.dtype.kind == "f"}
    with np.errstate(all="ignore"):
        values = op.main.evaluate(np, op.roles(case.inputs), **options).values
        output = np.asarray(values[0] if isinstance(values, tuple) else values)
        if output.shape == first.shape:
            named["f(x)"] = output
        if "target" in named and named["target"].shape == first.shape:
            named["(x − target)"] = first - named["target"]
        yield from named.items()
        if first.dtype.kind == "f":
            yield "σ(x)", 1 / (1 + np.exp(-first))
            yield "exp(x)", np.exp(first)
            yield "exp(−x)", np.exp(-first)
        for name, value in named.items():
            yield f"sign({name})", np.sign(value)
            yield f"|{name}|", np.abs(value)
            yield f"{name}²", value * value
            yield f"(1 − {name})", 1 - value
            yield f"(1 − {name}²)", 1 - value * value
            yield f"{name} (1 − {name})", value * (1 - value)
            yield f"(1 − {name})²", (1 - value) ** 2
        for name, option in {**op.options, **options}.items():
            if isinstance(option, float) and np.isfinite(option):
                yield name, np.asarray(option)


def equals(value: Any, op: Op, case: Case, options: Mapping[str, object]) -> str:
    """Name a value by the quantity that it is, or is a number times, or one over; "" where by none."""
    array = np.asarray(value, dtype=float)
    if not array.size or not np.all(np.isfinite(array)):
        return ""
    if np.ptp(array) <= _SAME * np.abs(array).max():
        return number(float(array.flat[0]))
    known = [(name, q) for name, q in quantities(op, case, options) if q.size > 1]
    for name, quantity in known:
        factor = _factor(array, quantity)
        if factor:
            return name if factor == 1 else f"{'−' if factor == -1 else number(factor) + ' '}{name}"
    for name, quantity in known:
        with np.errstate(all="ignore"):
            factor = _factor(array, 1 / quantity)
        if factor:
            above = number(factor)
            return f"({above})/{name}" if "/" in above else f"{above}/{name}"
    return ""


def _factor(array: NDArray[Any], quantity: NDArray[Any]) -> float:
    """Give the number that the array is times the quantity; 0 where it is no multiple."""
    if quantity.shape != array.shape or not np.all(np.isfinite(quantity)) or not np.ptp(quantity):
        return 0.0
    factor = float(np.sum(array * quantity) / np.sum(quantity * quantity))
    near = np.abs(array - factor * quantity) <= _SAME * max(1e-300, float(np.abs(array).max()))
    rounded = round(factor, 6)
    return (rounded if abs(rounded - factor) <= _SAME * abs(factor) else factor) if near.all() else 0.0
