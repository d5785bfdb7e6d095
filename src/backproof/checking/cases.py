"""The cases: sets of inputs that tell things apart.

Sizes are distinct primes, so that a factor that is a count shows which one; two sets of sizes, so
that a factor that only happens to equal a count is told from one that follows it. The upstream
gradient is never ones. Values are well scaled, distinct, and away from kinks; kinks and extremes
are cases of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backproof.checking.candidate import Case
from backproof.ops import Op
from backproof.ops.domain import Argument, Domain

__all__ = ["EVEN", "SIZES", "SQUARE", "draw", "extreme_cases", "kink_case", "ordinary_cases", "upstream"]

#: The size of each axis letter in the ordinary cases; `ordinary_cases` takes them in turn. U is one element.
SIZES: tuple[dict[str, int], ...] = (
    {"N": 7, "D": 5, "C": 5, "I": 5, "O": 3, "J": 2, "L": 11, "H": 7, "W": 5, "K": 3, "U": 1},
    {"N": 3, "D": 7, "C": 7, "I": 2, "O": 5, "J": 3, "L": 7, "H": 5, "W": 11, "K": 2, "U": 1},
    {"N": 5, "D": 3, "C": 3, "I": 7, "O": 2, "J": 5, "L": 5, "H": 11, "W": 7, "K": 3, "U": 1},
)


def _with(sizes: Mapping[str, int], **others: int) -> dict[str, int]:
    return {**sizes, **others}


#: What some code asks for: sides that a pool divides, and maps from a space to itself.
EVEN = tuple(
    _with(s, H=h, W=w, L=n) for s, h, w, n in zip(SIZES, (6, 4, 8), (4, 6, 6), (8, 6, 10), strict=True)
)
SQUARE = tuple(
    _with(s, H=side, W=side, L=length, I=s["D"], O=s["D"], J=s["D"])
    for s, side, length in zip(SIZES, (6, 4, 8), (8, 6, 10), strict=True)
)
#: How far from a kink ordinary values stay.
_CLEAR = 0.1
#: One in so many values is put beyond a kink that all are on one side of.
_SHARE = 4
#: The largest magnitude of an ordinary value, case by case.
_REACH = (2.0, 3.0, 6.0)


def _signed(rng: np.random.Generator, shape: tuple[int, ...], low: float, high: float) -> NDArray[Any]:
    return rng.choice([-1.0, 1.0], shape) * rng.uniform(low, high, shape)


def upstream(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Draw an upstream gradient: both signs, no two alike, none near 0 or 1."""
    small = rng.integers(0, 2, shape, dtype=bool)
    magnitude = np.where(small, rng.uniform(0.2, 0.8, shape), rng.uniform(1.3, 2.0, shape))
    return np.asarray(rng.choice([-1.0, 1.0], shape) * magnitude)


def draw(
    rng: np.random.Generator,
    domain: Domain,
    shape: tuple[int, ...],
    sizes: Mapping[str, int],
    reach: float = 2.0,
) -> NDArray[Any]:
    """Draw ordinary values of a domain."""
    return np.asarray(_DRAW[domain](rng, shape, sizes, reach))


def _halves(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[Any]:
    """Draw 0 and 1, as many of each."""
    return rng.permutation(np.arange(int(np.prod(shape, dtype=int))) % 2).reshape(shape)


#: For each domain, how its ordinary values are drawn.
_DRAW: Mapping[Domain, Callable[..., NDArray[Any]]] = {
    "real": lambda rng, shape, sizes, reach: _signed(rng, shape, _CLEAR, reach),
    "small": lambda rng, shape, sizes, reach: _signed(rng, shape, _CLEAR, 1.0),
    "unit": lambda rng, shape, sizes, reach: _signed(rng, shape, _CLEAR, 0.9),
    "positive": lambda rng, shape, sizes, reach: rng.uniform(_CLEAR, reach, shape),
    "probability": lambda rng, shape, sizes, reach: rng.uniform(0.05, 0.95, shape),
    "log probability": lambda rng, shape, sizes, reach: np.log(rng.uniform(0.05, 0.95, shape)),
    "binary": lambda rng, shape, sizes, reach: _halves(rng, shape).astype(float),
    "sign": lambda rng, shape, sizes, reach: 2.0 * _halves(rng, shape) - 1,
    "mask": lambda rng, shape, sizes, reach: _halves(rng, shape) == 1,
    "class": lambda rng, shape, sizes, reach: rng.integers(0, sizes["C"], shape),
}


def ordinary_cases(
    op: Op,
    seed: int,
    options: Mapping[str, object],
    every: Sequence[Mapping[str, int]] = SIZES,
) -> Iterator[Case]:
    """Give the cases of the ordinary range, in float64; ``every`` gives the sizes of each."""
    for index, (chosen, reach) in enumerate(zip(every, _REACH, strict=True)):
        sizes = _divisible(chosen, options)
        rng = np.random.default_rng([seed, index])
        inputs = {
            name: draw(rng, argument.domain, argument.shape(sizes), sizes, reach)
            for name, argument in op.arguments.items()
            if not argument.optional
        }
        _beyond_kinks(np.random.default_rng([seed, index, 29]), op, inputs, options)
        _clear_of_kinks(op, inputs, options)
        yield Case(inputs, upstream(rng, _output_shape(op, inputs, options)))


#: What has to be divided by the number that an option gives.
_DIVIDED = {"num_groups": "D", "num_heads": "D", "groups": "IO"}


def _divisible(sizes: Mapping[str, int], options: Mapping[str, object]) -> dict[str, int]:
    """Give sizes that groups and heads divide."""
    found = dict(sizes)
    for option, letters in _DIVIDED.items():
        given = options.get(option, 1)
        count = given if isinstance(given, int) else 1
        for letter in letters:
            found[letter] *= count if found[letter] % count else 1
    return found


def _output_shape(
    op: Op, inputs: Mapping[str, NDArray[Any]], options: Mapping[str, object]
) -> tuple[int, ...]:
    with np.errstate(all="ignore"):
        return np.shape(op.main.evaluate(np, op.roles(inputs), **options).output)


def _beyond_kinks(
    rng: np.random.Generator, op: Op, inputs: dict[str, NDArray[Any]], options: Mapping[str, object]
) -> None:
    """Put a share of the values on each side of each kink, where all are on one: ReLU6 bends at 6."""
    for name, values in op.kinks.items():
        for value in values if op.arguments[name].domain == "real" else ():
            given = inputs[name]
            place = np.broadcast_to(op.place(value, inputs, options), given.shape)
            for side in (-1, 1):
                if np.any(side * (given - place) > 0):
                    continue
                moved = rng.permutation(given.size)[: 1 + given.size // _SHARE].reshape(-1)
                beyond = place.ravel()[moved] + side * rng.uniform(2 * _CLEAR, 1 + 2 * _CLEAR, moved.shape)
                given = given.copy()
                given.ravel()[moved] = beyond
            inputs[name] = given


def _clear_of_kinks(op: Op, inputs: dict[str, NDArray[Any]], options: Mapping[str, object]) -> None:
    for name, values in op.kinks.items():
        for value in values:
            place = op.place(value, inputs, options)
            near = np.abs(inputs[name] - place) < _CLEAR
            inputs[name] = np.where(near, inputs[name] + 2.5 * _CLEAR, inputs[name])


def kink_case(
    op: Op, name: str, value: float | str, case: Case, options: Mapping[str, object]
) -> tuple[Case, NDArray[np.bool_]]:
    """Put every second element of an argument exactly on a kink; say which."""
    argument = case.inputs[name]
    at_kink = (np.arange(argument.size) % 2 == 0).reshape(argument.shape)
    place = op.place(value, case.inputs, options)
    inputs = {**case.inputs, name: np.where(at_kink, place, argument)}
    return Case(inputs, case.grad_output, "kink"), at_kink


#: Where exponentials, squares and cubes of float32 and float64 overflow or vanish, and the ends.
_MAGNITUDES = {
    "float32": (10.0, 18.0, 30.0, 60.0, 89.5, 110.0, 1e3, 1e6, 1e12, 1e18, 1e20, 1e30, 1e38),
    "float64": (10.0, 18.0, 38.0, 100.0, 350.0, 715.0, 760.0, 1e4, 1e10, 1e20, 1e100, 1e155, 1e300),
}
_CLOSENESS = {
    "float32": (1e-3, 1e-5, 3e-7, 1e-8, 1e-12, 1e-20, 1e-30, 0.0),
    "float64": (1e-3, 1e-5, 1e-8, 1e-12, 1e-16, 1e-30, 1e-100, 1e-300, 0.0),
}


def extreme_cases(op: Op, dtype: str) -> Sequence[tuple[float, Case]]:
    """Give cases that go to the ends of the range, each with its magnitude, growing.

    For a real argument the magnitude is that of the values; for a probability it is how near they
    come to 0 and 1. Targets are on the wrong side: that is where a loss is large.
    """
    if op.kind not in ("activation", "loss"):
        return ()
    probability = op.arguments[op.first].domain == "probability"
    levels = (_CLOSENESS if probability else _MAGNITUDES)[dtype]
    return [(level, extreme_case(op, level, dtype)) for level in levels]


def extreme_case(
    op: Op, level: float, dtype: str, pattern: Sequence[float] = (1, -1, 0.5, -0.5, 0.1)
) -> Case:
    """Give the extreme case at one level; ``pattern`` is one row of a real input over the level."""
    first = op.arguments[op.first]
    if first.domain == "probability":
        row = np.array([level, 1 - level, level, 1 - level], dtype=dtype)
    else:
        row = np.asarray(pattern, dtype=dtype) * np.asarray(level, dtype=dtype)
        if first.domain in ("positive", "log probability"):
            row = np.abs(row) if first.domain == "positive" else -np.abs(row)
    # Where a row is one distribution, another row far below it must not be measured by its maximum.
    lower = row - 2 * row.max() if "C" in first.letters and first.domain == "real" else row
    value = np.stack([row, lower]) if len(first.letters) > 1 else row
    sizes = dict(zip(first.letters, value.shape, strict=True))
    inputs = {op.first: np.tile(value, first.shape(dict.fromkeys(first.letters, 1)))}
    for name, argument in op.arguments.items():
        if name not in inputs and not argument.optional:
            inputs[name] = _beside_extremes(argument, value, argument.shape(sizes), dtype)
    return Case(inputs, name="extreme")


def _beside_extremes(
    argument: Argument, value: NDArray[Any], shape: tuple[int, ...], dtype: str
) -> NDArray[Any]:
    """Give what goes with an extreme input: a target on the wrong side, zeros, or ones."""
    if argument.domain == "class":
        return np.full(shape, int(np.argmin(np.atleast_2d(value)[0])))
    if argument.domain in ("binary", "sign"):
        low = 0 if argument.domain == "binary" else -1
        wrong = np.where(value < (0.5 if value[0].min() >= 0 else 0.0), 1, low)
        return (wrong if wrong.shape == shape else np.ones(shape)).astype(dtype)
    ordinary = {"positive": 1.0, "probability": 0.5, "mask": True}
    return np.full(
        shape, ordinary.get(argument.domain, 0.0), dtype=bool if argument.domain == "mask" else dtype
    )
