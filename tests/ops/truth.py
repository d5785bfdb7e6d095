"""How a true value at 80 digits is written, and how near to it an op should come.

Each family keeps its true values beside its rows (``tests/ops/activations/truths.py``).

The formulas are written as a textbook has them, without a thought of overflow, which mpmath does not
know; nothing is taken from the ops. A formula whose terms cancel has as many digits more as they use
up (`Truth.digits`). Arrays hold `mpmath.mpf` (NumPy's dtype ``object``), so formulas read as on
ordinary arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import mpmath
import numpy as np
from numpy.typing import NDArray

from tests.ops.row import generator

#: Arrays of mpf, for which NumPy has no type.
Numbers: TypeAlias = Any
DIGITS = 80
#: For a sum of any floats: float64's have 632 decades.
DIGITS_OF_SUMS = 700


def _erfc(x: mpmath.mpf) -> mpmath.mpf:
    """Give erfc x; mpmath's ends where the square of x is no float."""
    return mpmath.erfc(min(x, mpmath.mpf(10) ** 100))


exp, expm1, log, log1p, tanh, sech, erfc = (
    np.frompyfunc(function, 1, 1)
    for function in (
        mpmath.exp,
        mpmath.expm1,
        mpmath.log,
        mpmath.log1p,
        mpmath.tanh,
        mpmath.sech,
        _erfc,
    )
)
exact = np.frompyfunc(mpmath.mpf, 1, 1)
absolute = np.frompyfunc(abs, 1, 1)


@dataclass(frozen=True)
class Within:
    """How far from the truth a result may be.

    Attributes
    ----------
    units
        In ``measure``.
    measure
        ``ulp``: units in the last place of the true value, the strictest. ``eps``: units of the
        dtype's epsilon, times the largest of 1, the true value and the upstream gradient.
        ``terms``: units of epsilon, times the sum of the sizes of the terms that are added up.
    why
        Why not a few units in the last place.
    """

    units: float
    measure: Literal["ulp", "eps", "terms"] = "ulp"
    why: str = ""


@dataclass(frozen=True)
class Truth:
    """The true output and gradients of an op, its inputs, and how near it should come.

    ``gradients[argument](upstream, *inputs)``; ``inputs(dtype)`` gives one or several sets. Of an op
    with several outputs the first is meant. ``digits`` leave 50 right ones, whatever cancels.
    """

    inputs: Callable[[Any], list[tuple[NDArray[Any], ...]]]
    output: Callable[..., Numbers]
    gradients: Mapping[str, Callable[..., Numbers]]
    within: Mapping[str, Within]
    options: Mapping[str, Any] = field(default_factory=dict)
    digits: int = DIGITS


# --- Inputs: the whole range of the floats -----------------------------------------------------


def reals(dtype: Any, decades: int | None = None) -> NDArray[Any]:
    """Give all floats' sizes, or those from 1e-decades to 1e+decades, of both signs, and zero.

    Every decade near 1, every few beyond; the ends, the subnormals, and the edges of exp's range.
    """
    rng, limits = generator("reals"), np.finfo(dtype)
    exponents = np.concatenate([np.arange(-30, 31), [*range(-323, -30, 9), *range(38, 308, 9)]])
    sizes = 10.0 ** (exponents + rng.uniform(-0.05, 0.0, size=exponents.size))
    ordinary = np.concatenate([rng.uniform(0, 1, 10), rng.uniform(1, 40, 40)])
    edges = [16.6, 36.7, 87.3, 88.7, 88.8, 103.9, 104.1, 708.4, 709.7, 709.8, 745.1, 745.2]
    ends = [limits.smallest_subnormal, limits.tiny / 3, limits.tiny, np.sqrt(limits.tiny)]
    ends += [np.sqrt(limits.max), limits.max / 3, limits.max]
    positive = np.concatenate([sizes, ordinary, edges, ends])
    if decades is not None:
        positive = positive[(positive > 10.0**-decades) & (positive < 10.0**decades)]
    positive = positive[(positive >= limits.smallest_subnormal) & (positive <= limits.max)]
    return np.concatenate([positive, -positive, [0.0]]).astype(dtype)


def below_one_half(dtype: Any) -> NDArray[Any]:
    """Give the sizes that `reals` has there."""
    sizes = reals(dtype)
    small: NDArray[Any] = sizes[(sizes > 0) & (sizes < 0.5)]
    return small


def probabilities(dtype: Any) -> NDArray[Any]:
    """Give values in [0, 1], as near to 0 and 1 as the dtype has."""
    rng = generator("probabilities")
    small = below_one_half(dtype)
    below_one = 1 - np.finfo(dtype).eps * 2.0 ** np.arange(-1, 20)
    return np.concatenate([small, below_one, rng.uniform(size=40), [0.0, 0.5, 1.0]]).astype(dtype)


def targets(size: int, dtype: Any) -> NDArray[Any]:
    """Give probabilities that may be 0 or 1, or next to them."""
    rng = generator("targets")
    certain = np.array([0, 1, 1e-30, 1 - np.finfo(dtype).eps, 0.5])
    drawn = np.where(rng.uniform(size=size) < 0.6, rng.choice(certain, size), rng.uniform(size=size))
    return drawn.astype(dtype)


def upstream(name: str, values: NDArray[Any]) -> NDArray[Any]:
    """Give an upstream gradient of both signs, at least 1 in size: a slope that is no float stays none."""
    rng = generator(name)
    sizes = 1 + rng.uniform(size=values.shape)
    drawn: NDArray[Any] = (sizes * rng.choice([-1, 1], size=values.shape)).astype(values.dtype)
    return drawn


def alone(dtype: Any) -> list[tuple[NDArray[Any], ...]]:
    return [(reals(dtype),)]


def rows(dtype: Any) -> list[tuple[NDArray[Any], ...]]:
    """Give rows of five: of any size together, and of ordinary size so that all of them count."""
    rng = generator("rows")
    ordinary = rng.uniform(-1, 1, size=(60, 5)) * 10.0 ** rng.uniform(-8, 2.9, size=(60, 1))
    return [(rng.choice(reals(dtype), size=(120, 5)),), (ordinary.astype(dtype),)]


def pairs(dtype: Any) -> list[tuple[NDArray[Any], ...]]:
    """Give an input and a target of any size, and a target equal or next to the input."""
    rng, values = generator("pairs"), reals(dtype)
    near = np.nextafter(values, dtype(0), dtype=dtype)
    return [(values, rng.permutation(values)), (values, near), (values, values)]


def certainties(dtype: Any) -> list[tuple[NDArray[Any], ...]]:
    values = probabilities(dtype)
    return [(values, targets(values.size, dtype)), (values, values)]


def logits(dtype: Any) -> list[tuple[NDArray[Any], ...]]:
    values = reals(dtype)
    chosen = (np.zeros_like(values), np.ones_like(values), targets(values.size, dtype))
    return [(values, target) for target in chosen]


def classes(dtype: Any) -> list[tuple[NDArray[Any], ...]]:
    rng = generator("classes")
    sets: list[tuple[NDArray[Any], ...]] = []
    for (scores,) in rows(dtype):
        index = rng.integers(0, 5, size=len(scores))
        raw = rng.uniform(size=scores.shape) * (rng.uniform(size=scores.shape) < 0.7)
        raw[:, 0] += 0.1
        probability = (raw / raw.sum(axis=1, keepdims=True)).astype(dtype)
        sets += [(scores, index), (scores, np.eye(5, dtype=dtype)[index]), (scores, probability)]
    return sets


def layers(dtype: Any) -> list[tuple[NDArray[Any], ...]]:
    """Give sizes whose products are floats: half of the exponents."""
    rng, values = generator("layers"), reals(dtype, decades=150 if dtype is np.float64 else 18)
    return [tuple(rng.choice(values, size=shape) for shape in ((3, 5), (2, 5), (2,))) for _ in range(20)]


def by_differences(output: Callable[..., Numbers], place: int) -> Callable[..., Numbers]:
    """Make the gradient for an argument: central differences of the true output, of 50 right digits."""
    step = mpmath.mpf(10) ** -25

    def gradient(upstream: Numbers, *inputs: Numbers) -> Numbers:
        found = np.zeros(inputs[place].shape, dtype=object)
        for index in np.ndindex(found.shape):
            ends = []
            for moved_by in (step, -step):
                moved = inputs[place].copy()
                moved[index] += moved_by
                ends.append(output(*inputs[:place], moved, *inputs[place + 1 :]))
            found[index] = (upstream * (ends[0] - ends[1])).sum() / (2 * step)
        return found

    return gradient


# --- Measuring ---------------------------------------------------------------------------------


def exactly(array: NDArray[Any]) -> Numbers:
    """Give floats as exact numbers; integers stay what they are."""
    return np.asarray(exact(array.astype(object)), dtype=object) if array.dtype.kind == "f" else array


def spacing(true: Numbers, dtype: Any) -> NDArray[Any]:
    """Give the distance of neighbouring floats at the true values."""
    limits = np.finfo(dtype)
    # The largest float has no next one; its spacing is that of the one before.
    largest = np.nextafter(limits.max, limits.tiny)
    nearest = np.clip(absolute(true).astype(np.float64), limits.tiny, largest).astype(dtype)
    distance: NDArray[Any] = np.spacing(nearest)
    return distance


# --- Formulas ----------------------------------------------------------------------------------


def sigma(x: Numbers) -> Numbers:
    return 1 / (1 + exp(-x))


def softmax(x: Numbers) -> Numbers:
    return exp(x) / exp(x).sum(axis=-1, keepdims=True)


def log_softmax(x: Numbers) -> Numbers:
    below = x - x.max(axis=-1, keepdims=True)
    return below - log(exp(below).sum(axis=-1, keepdims=True))


def sign(x: Numbers) -> Numbers:
    return np.where(x > 0, 1, np.where(x < 0, -1, 0))


FEW = Within(4)
ONE_MINUS_SQUARE = Within(2, "eps", "the rule subtracts from 1 what is nearly 1, as PyTorch's does")
SUBTRACTED = Within(8, "eps", "the terms cancel where the gradient is small, whatever their order")
DOT = Within(8, "terms", "a sum of products is as accurate as its largest term")
