"""A row of the table of components: what to try of an op, and what is peculiar to it.

Each family keeps its rows beside its own tests (``tests/ops/activations/rows.py``); an op without a
row is tried on its plain axes with its default options.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backproof.ops.domain import Domain

Arrays: TypeAlias = tuple[NDArray[Any] | None, ...]
Shape: TypeAlias = tuple[int, ...]

FLOATS = (np.float64, np.float32)


@dataclass(frozen=True)
class Row:
    """What to try besides an op's plain axes, and where it is not as PyTorch is.

    Attributes
    ----------
    shapes
        For a name, the shape of each argument; ``None`` leaves the argument out. ``None`` in place of
        the shapes leaves out a name that every op has, for a reason that stands beside it.
    options
        Sets of options, each tried on every shape that has the axis ``dim`` it names, if it does.
        A loss is tried with every reduction besides.
    ranks
        Whether every argument may have any common shape.
    more
        ``more(rng, dtype)`` gives further inputs, each with a name: what shapes alone do not say.
    twin
        PyTorch's function of the same arguments and options, for what is no module of ``torch.nn``
        of its name that takes the options alone.
    unlike
        For an argument and a value (``nan``, ``inf``, ``-inf``) put into it, why the result is not
        PyTorch's.
    defaults
        For an option, why its default is not PyTorch's.
    apart
        Whether the op compares values of its first argument with one another, so that they must be
        well apart where it is differentiated.
    fits
        ``fits(inputs, options)`` says whether inputs go with a set of options; all do if it is left out.
    stopped
        For an option, why with it a gradient is by definition not the derivative of the forward.
    """

    shapes: Mapping[str, tuple[Shape | None, ...] | None] = field(default_factory=dict)
    options: tuple[Mapping[str, Any], ...] = ({},)
    ranks: bool = False
    more: Callable[[np.random.Generator, Any], Iterator[tuple[str, Arrays]]] | None = None
    twin: Callable[..., Any] | None = None
    unlike: Mapping[tuple[str, str], str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    apart: bool = False
    fits: Callable[[Arrays, Mapping[str, Any]], bool] | None = None
    stopped: Mapping[str, str] = field(default_factory=dict)


ANY_RANK = Row(ranks=True)


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
        return frozen(np.asarray(rng.integers(0, 5, size=shape)))
    if domain == "mask":
        return frozen(np.asarray(rng.uniform(size=shape) < 0.6))
    if domain == "probability":
        values = rng.uniform(0.05, 0.95, size=shape)
    elif domain == "log probability":
        values = np.log(rng.uniform(0.05, 0.95, size=shape))
    elif domain == "binary":
        values = np.clip(rng.uniform(-0.3, 1.3, size=shape), 0, 1)
    elif domain == "sign":
        values = np.where(rng.uniform(size=shape) < 0.5, -1.0, 1.0)
    elif domain == "unit":
        values = rng.uniform(-0.95, 0.95, size=shape)
    elif domain == "positive":
        values = rng.uniform(0.1, 3, size=shape)
    else:
        values = rng.normal(size=shape) * (0.5 if domain == "small" else 2)
    return frozen(np.asarray(values, dtype=dtype))
