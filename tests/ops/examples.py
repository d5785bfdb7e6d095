"""The inputs that the tests of ops run on, made for every op of the catalogue.

What an argument may be is in the op (`backproof.ops.domain`), so an op that is added has examples
by being there. What the letters of its axes do not say stands in its row (`tests.ops.row`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.ops import CATALOGUE, Op
from tests.ops.activations.rows import ROWS as ACTIVATIONS
from tests.ops.elementary.rows import ROWS as ELEMENTARY
from tests.ops.layers.rows import ROWS as LAYERS
from tests.ops.losses.rows import ROWS as LOSSES
from tests.ops.row import FLOATS, Arrays, Row, Shape, draw, frozen, generator

__all__ = ["FLOATS", "ROWS", "Arrays", "Example", "Shape", "examples", "frozen", "generator", "of", "row_of"]

#: The size of each letter of an op's axes: distinct primes, so that no two can be mistaken. C is 5.
SIZES = {"N": 7, "D": 5, "C": 5, "I": 5, "O": 3, "J": 2, "L": 11, "H": 7, "W": 5, "K": 3}
ROWS: dict[str, Row] = {**ACTIVATIONS, **LOSSES, **LAYERS, **ELEMENTARY}


def row_of(op: Op) -> Row:
    """Give an op's row; what has none is as plain as can be."""
    return ROWS.get(op.name, Row())


@dataclass(frozen=True)
class Example:
    """One set of inputs for an op, with the options to call it with."""

    op: Op
    what: str
    inputs: Arrays
    options: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.op.name}-{self.what}"

    @property
    def dtype(self) -> np.dtype[Any]:
        return next(array.dtype for array in self.inputs if array is not None and array.dtype.kind == "f")

    @property
    def rng(self) -> np.random.Generator:
        return generator(str(self))

    def upstream(self, shape: Shape) -> NDArray[Any]:
        """Draw an upstream gradient: non-uniform, of both signs."""
        return next(iter(self.upstreams([shape])))

    def upstreams(self, shapes: Iterable[Shape]) -> list[NDArray[Any]]:
        """Draw an upstream gradient for each of several outputs."""
        rng = self.rng
        return [frozen(np.asarray(rng.normal(size=shape), dtype=self.dtype)) for shape in shapes]


def examples(dtype: Any = np.float64) -> list[Example]:
    """Give the examples of every op."""
    return [example for op in CATALOGUE.values() for example in of(op, dtype)]


def of(op: Op, dtype: Any = np.float64) -> Iterator[Example]:
    """Make the examples of an op: every shape with every set of options that fits it."""
    row = row_of(op)
    for what, inputs in _inputs(op, row, dtype):
        for options in _options(op, row):
            dim = options.get("dim", -1)
            if isinstance(dim, int) and dim >= max(_rank(inputs), 0):
                continue
            if row.fits and not row.fits(inputs, options):
                continue
            written = ",".join(f"{name}={value}" for name, value in options.items())
            yield Example(op, f"{what}-{written}" if written else what, inputs, options)


def _rank(inputs: Arrays) -> int:
    return 0 if inputs[0] is None else inputs[0].ndim


def _options(op: Op, row: Row) -> Iterator[dict[str, Any]]:
    for options in row.options:
        if op.reduction and "reduction" not in options:
            yield from ({**options, "reduction": how} for how in op.reduction.ways)
        else:
            yield dict(options)


def _inputs(op: Op, row: Row, dtype: Any) -> Iterator[tuple[str, Arrays]]:
    for what, shapes in _shapes(op, row).items():
        rng = generator(f"{op.name}-{what}")
        yield (
            what,
            tuple(
                None if shape is None else draw(argument.domain, shape, rng, dtype)
                for argument, shape in zip(op.arguments.values(), shapes, strict=True)
            ),
        )
    if row.more:
        yield from row.more(generator(op.name), dtype)


def _shapes(op: Op, row: Row) -> dict[str, tuple[Shape | None, ...]]:
    first = next((letter for argument in op.arguments.values() for letter in argument.letters), "N")
    sizes = {"plain": SIZES, "one row": {**SIZES, first: 1}, "no rows": {**SIZES, first: 0}}
    shapes: dict[str, tuple[Shape | None, ...]] = {
        what: tuple(None if a.optional else a.shape(chosen) for a in op.arguments.values())
        for what, chosen in sizes.items()
    }
    if row.ranks:
        for shape in ((), (5,), (2, 3, 5)):
            shapes[str(shape)] = tuple(None if a.optional else shape for a in op.arguments.values())
    return {what: chosen for what, chosen in {**shapes, **row.shapes}.items() if chosen is not None}
