"""Numbers, shapes and formulas as short texts, and how wide these are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from backproof.graphs.functions import COMPARISONS, function, words
from backproof.ops.op import Op

__all__ = ["FEW", "bracketed", "clean", "cut", "formula", "number", "shape", "short", "width"]

#: Arrays with more numbers than this are shown by their shape.
FEW = 3
_DIGITS = 4
_SIGNS = {"add": " + ", "subtract": " - ", "multiply": "*", "divide": "/", "matmul": " @ ", "power": "**"}
_SIGNS |= {op.name: f" {sign} " for sign, op in COMPARISONS.items()}
#: How wide characters are in ems; in DejaVu Sans, and in what is mostly at hand they are narrower.
_WIDTHS = {
    char: wide
    for wide, chars in {
        0.3: "'IJijl",
        0.35: " ,./:;\\|·",
        0.4: "()-[]ft",
        0.5: '!r²"*_`',
        0.55: "?csz∂ε",
        0.6: "FLkvxyλγ",
        0.65: "$0123456789EPSTYabdeghnopqu{}σπθμβδ",
        0.8: "ABCKRVXZNUΣ&DGHOQ",
    }.items()
    for char in chars
}
_WIDE, _WIDEST = 1.0, 0x1100


def width(text: str, size: float) -> float:
    """Give how wide a text is at most, in letters of a size.

    Examples
    --------
    >>> round(width("1.25", 10), 1)
    23.0
    """
    return size * sum(
        _WIDTHS.get(char, _WIDE if char in "@WmM%…" or ord(char) >= _WIDEST else 0.87) for char in text
    )


def number(value: float, digits: int = _DIGITS) -> str:
    """Write a number with few digits.

    Examples
    --------
    >>> number(2.0), number(1 / 3), number(-0.0), number(123456789.0), number(float("nan"))
    ('2', '0.3333', '0', '1.235e+08', 'nan')
    """
    return f"{value + 0.0:.{digits}g}"


def short(value: Any, digits: int = _DIGITS) -> str:
    """Write a value: a number, the numbers of a short row, or how many there are.

    Examples
    --------
    >>> short(0.25), short(np.array([1.0, 2.5])), short(np.ones((2, 3)))
    ('0.25', '[1, 2.5]', '2×3 numbers')
    """
    array = np.asarray(value)
    if array.ndim == 0:
        return number(float(array), digits)
    if array.ndim == 1 and array.size <= FEW:
        return f"[{', '.join(number(float(one), digits) for one in array)}]"
    return shape(array.shape) if array.ndim == 1 else f"{shape(array.shape)} numbers"


def shape(sizes: Sequence[int]) -> str:
    """Write a shape, so that it is none of the numbers.

    Examples
    --------
    >>> shape((2, 3)), shape((5,))
    ('2×3', '5 numbers')
    """
    return f"{sizes[0]} numbers" if len(sizes) == 1 else "×".join(map(str, sizes))


def clean(text: str) -> str:
    """Give a text in which everything can be shown.

    Examples
    --------
    >>> clean("w" + chr(0))
    'w\ufffd'
    """
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


def cut(text: str, most: int) -> str:
    """Give a text, or the beginning of a long one.

    Examples
    --------
    >>> cut("a long one", 7)
    'a long…'
    """
    return text if len(text) <= most else text[: most - 1] + "…"


def formula(op: Op, arguments: Sequence[str], named: Mapping[str, str], options: Mapping[str, object]) -> str:
    """Write an op that is applied to something as one writes it in an expression.

    ``named`` are the arguments behind one that is left out, by their names.

    Examples
    --------
    >>> from backproof.ops import CATALOGUE
    >>> formula(CATALOGUE["add"], ["1", "d"], {}, {})
    '1 + d'
    >>> formula(CATALOGUE["CrossEntropyLoss"], ["z", "t"], {}, {"reduction": "sum"})
    "cross_entropy(z, t, reduction='sum')"
    """
    if op.name == "negative":
        return f"-{bracketed(arguments[0])}"
    if op.name in _SIGNS and not options:
        first, *others = arguments
        first = bracketed(first) if op.name == "power" else first
        return _SIGNS[op.name].join([first, *map(bracketed, others)])
    if op.name == "indexing" and "index" in options:
        return f"{bracketed(arguments[0])}[{_index(options['index'])}]"
    behind = {**named, **{name: _option(value) for name, value in options.items()}}
    given = [*arguments, *(f"{name}={value}" for name, value in behind.items())]
    return f"{_called(op)}({', '.join(given)})"


def bracketed(argument: str) -> str:
    """Put what begins with a sign into brackets.

    Examples
    --------
    >>> bracketed("-2"), bracketed("2")
    ('(-2)', '2')
    """
    return f"({argument})" if argument.startswith("-") else argument


def _called(op: Op) -> str:
    """Give the name of an op in an expression: that of PyTorch's function, where it is understood."""
    whole = words(op.name)
    return next((name for name in (whole.removesuffix("_loss"), whole) if function(name) is op), op.name)


def _option(value: object) -> str:
    return short(value) if isinstance(value, np.ndarray | np.generic) else clean(repr(value))


def _index(index: object) -> str:
    if isinstance(index, tuple):
        return ", ".join(map(_index, index))
    if isinstance(index, slice):
        ends = ["" if end is None else str(end) for end in (index.start, index.stop, index.step)]
        return ":".join(ends if index.step is not None else ends[:2])
    return "…" if index is Ellipsis else _option(index)
