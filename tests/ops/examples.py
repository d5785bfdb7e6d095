"""The inputs that the tests of ops run on, made for every op of the catalogue.

What an argument may be is in the op (`backproof.ops.domain`), so an op that is added has examples
by being there. What the letters of its axes do not say stands in a row of `FURTHER`.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backproof.ops import CATALOGUE, Op
from backproof.ops.domain import Domain
from backproof.ops.reduction import REDUCTIONS

Arrays: TypeAlias = tuple[NDArray[Any] | None, ...]
Shape: TypeAlias = tuple[int, ...]

FLOATS = (np.float64, np.float32)
#: Sizes are distinct primes, so that axes cannot be mistaken for one another.
SIZES = (7, 5, 3, 2)


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
        return next(array.dtype for array in self.inputs if array is not None)

    @property
    def rng(self) -> np.random.Generator:
        return generator(str(self))

    def upstream(self, shape: Shape) -> NDArray[Any]:
        """Draw an upstream gradient: non-uniform, of both signs."""
        return frozen(self.rng.normal(size=shape).astype(self.dtype))


@dataclass(frozen=True)
class Row:
    """What to try besides an op's plain axes.

    Attributes
    ----------
    shapes
        For a name, the shape of each argument; ``None`` leaves the argument out.
    options
        Sets of options, each tried on every shape that has the axis ``dim`` it names, if it does.
        A loss is tried with every reduction besides.
    ranks
        Whether every argument may have any common shape.
    """

    shapes: Mapping[str, tuple[Shape | None, ...]] = field(default_factory=dict)
    options: tuple[Mapping[str, Any], ...] = ({},)
    ranks: bool = False


ANY_RANK = Row(ranks=True)
AXES = Row(
    shapes={"(5)": ((5,),), "(2, 3, 5)": ((2, 3, 5),), "(0, 5)": ((0, 5),), "(5, 1)": ((5, 1),)},
    options=({}, {"dim": 0}, {"dim": 1}, {"dim": -1}, {"dim": 2}),
)
#: An op without a row is tried on its plain axes with its default options.
FURTHER: dict[str, Row] = {
    "ReLU": ANY_RANK,
    "LeakyReLU": Row(ranks=True, options=({}, {"negative_slope": 0.2}, {"negative_slope": 0.0})),
    "Sigmoid": ANY_RANK,
    "Tanh": ANY_RANK,
    "Softmax": AXES,
    "LogSoftmax": AXES,
    "L1Loss": ANY_RANK,
    "MSELoss": ANY_RANK,
    "BCELoss": ANY_RANK,
    "BCEWithLogitsLoss": ANY_RANK,
    "CrossEntropyLoss": Row(
        shapes={
            "one sample": ((5,), ()),
            "(N, C, d)": ((7, 5, 3), (7, 3)),
            "(N, C, d, e)": ((7, 5, 3, 2), (7, 3, 2)),
        }
    ),
    "Linear": Row(
        shapes={
            "no bias": ((7, 5), (3, 5), None),
            "one sample": ((5,), (3, 5), (3,)),
            "two axes of batch": ((2, 7, 5), (3, 5), (3,)),
        }
    ),
}


def generator(seed: str) -> np.random.Generator:
    """Give a generator that depends on a text only: every test draws its own, always the same."""
    return np.random.default_rng(zlib.crc32(seed.encode()))


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """Make an array that raises if it is written to: every op leaves its inputs as they are."""
    array.setflags(write=False)
    return array


def draw(domain: Domain, shape: Shape, rng: np.random.Generator, dtype: Any) -> NDArray[Any]:
    """Draw the value of an argument. A class index is below 5, which is the size of C."""
    if domain == "class":
        return frozen(rng.integers(0, 5, size=shape))
    if domain == "probability":
        values = rng.uniform(0.05, 0.95, size=shape)
    elif domain == "binary":
        values = np.clip(rng.uniform(-0.3, 1.3, size=shape), 0, 1)
    else:
        values = rng.normal(size=shape) * (0.5 if domain == "small" else 2)
    return frozen(np.asarray(values, dtype=dtype))


def examples(dtype: Any = np.float64) -> list[Example]:
    """Give the examples of every op."""
    return [example for op in CATALOGUE.values() for example in of(op, dtype)]


def of(op: Op, dtype: Any = np.float64) -> Iterator[Example]:
    """Make the examples of an op: every shape with every set of options that fits it."""
    row = FURTHER.get(op.name, Row())
    for what, shapes in _shapes(op, row).items():
        for options in _options(op, row):
            if options.get("dim", -1) >= len(shapes[0] or ()):
                continue
            written = ",".join(f"{name}={value}" for name, value in options.items())
            name = f"{what}-{written}" if written else what
            rng = generator(f"{op.name}-{what}")
            for target, inputs in _targets(op, shapes, rng, dtype):
                yield Example(op, f"{name}{target}", inputs, options)


def _options(op: Op, row: Row) -> Iterator[dict[str, Any]]:
    for options in row.options:
        if op.kind == "loss":
            yield from ({**options, "reduction": how} for how in REDUCTIONS)
        else:
            yield dict(options)


def _shapes(op: Op, row: Row) -> dict[str, tuple[Shape | None, ...]]:
    letters = list(dict.fromkeys(axis for a in op.arguments.values() for axis in a.axes.split()))
    plain = dict(zip(letters, SIZES, strict=False))
    sizes = {"plain": plain, "one row": {**plain, letters[0]: 1}, "no rows": {**plain, letters[0]: 0}}
    shapes: dict[str, tuple[Shape | None, ...]] = {
        what: tuple(argument.shape(chosen) for argument in op.arguments.values())
        for what, chosen in sizes.items()
    }
    if row.ranks:
        for shape in ((), (5,), (2, 3, 5)):
            shapes[str(shape)] = (shape,) * len(op.arguments)
    return {**shapes, **row.shapes}


def _targets(
    op: Op, shapes: tuple[Shape | None, ...], rng: np.random.Generator, dtype: Any
) -> Iterator[tuple[str, Arrays]]:
    """Draw the inputs; a target of class indices also as one-hot vectors, probabilities, weights."""
    arguments = list(op.arguments.values())
    inputs = tuple(
        None if shape is None else draw(argument.domain, shape, rng, dtype)
        for argument, shape in zip(arguments, shapes, strict=True)
    )
    yield "", inputs
    if [argument.domain for argument in arguments][1:] == ["class"]:
        scores, classes = inputs
        assert scores is not None
        assert classes is not None
        axis = min(1, scores.ndim - 1)
        one_hot = np.moveaxis(np.eye(scores.shape[axis], dtype=dtype)[classes], -1, axis)
        yield "-one-hot", (scores, frozen(one_hot))
        raw = rng.uniform(0.1, 1, size=scores.shape)
        yield "-probabilities", (scores, frozen((raw / raw.sum(axis=axis, keepdims=True)).astype(dtype)))
        yield "-weights", (scores, frozen(raw.astype(dtype)))  # that do not add up to 1
