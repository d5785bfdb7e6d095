"""Measures how near every op comes to the true value: on NumPy, on PyTorch, and PyTorch's own.

The true values are those of the tests (`tests.ops.true_values`), at 80 digits. The inputs are the
tests' too, and many more between them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import mpmath
import numpy as np
from numpy.typing import NDArray

from backproof.ops import Op
from tests.ops.examples import FLOATS, Example, generator
from tests.ops.results import Result, of_op, of_torch
from tests.ops.true_values import TRUTHS, op_of
from tests.ops.truth import DIGITS, Numbers, Truth, absolute, exact, exactly, spacing

__all__ = ["LIBRARIES", "POINTS", "Row", "measure", "measure_all", "measure_elementary"]

#: Input values for each op and dtype, about.
POINTS = 4000
#: Domains whose every value times a number in (0, 1] is a value too: the ones that are made denser.
SCALABLE = {"real", "small", "positive", "unit", "probability", "log probability", "binary"}

Inputs: TypeAlias = tuple[NDArray[Any], ...]


@dataclass(frozen=True)
class Row:
    """The largest error of one result, output or a gradient, in one dtype.

    Attributes
    ----------
    op
        The name of the row of true values: the op's, with a word behind it for other options.
    result
        ``output``, or the argument whose gradient it is.
    errors
        For each of `LIBRARIES`, in units in the last place of the true value; ``None`` where the
        library has no such gradient.
    relative
        The same in the measure that the tests hold the op to, where that is another one.
    """

    op: str
    result: str
    dtype: str
    errors: Mapping[str, float | None]
    relative: Mapping[str, float | None] | None = None


def of_front_door(example: Example, upstream: NDArray[Any]) -> Result:
    """Run the op as `backproof.torch` does, its gradients by way of autograd."""
    import torch

    from backproof.torch.nn.function import functional

    leaves = [None if array is None else torch.from_numpy(array.copy()) for array in example.inputs]
    for name, leaf in zip(example.op.arguments, leaves, strict=False):
        if leaf is not None and leaf.is_floating_point() and name in example.op.rules:
            leaf.requires_grad_()
    outputs = functional(example.op, *leaves, **example.options)
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    outputs[0].backward(torch.from_numpy(upstream.copy()))
    gradients = {
        name: leaf.grad.numpy()
        for name, leaf in zip(example.op.arguments, leaves, strict=False)
        if leaf is not None and leaf.grad is not None
    }
    return Result(tuple(output.detach().numpy() for output in outputs), gradients)


#: Who is measured, by the names of the table's columns.
LIBRARIES: dict[str, Callable[[Example, NDArray[Any]], Result]] = {
    "numpy": of_op,
    "front door": of_front_door,
    "torch": of_torch,
}


def measure_all(points: int = POINTS) -> list[Row]:
    """Measure every op that has a row of true values, in float64 and float32."""
    return [row for name in TRUTHS for dtype in FLOATS for row in measure(name, dtype, points)]


def measure(name: str, dtype: Any, points: int = POINTS, op: Op | None = None) -> list[Row]:
    """Measure an op, or another in its place, against the true values of its name."""
    op, truth = op or op_of(name), TRUTHS[name]
    options = {**({"reduction": "none"} if op.reduction else {}), **truth.options}
    worst: dict[tuple[str, str, str], float] = {}
    with mpmath.workdps(DIGITS):
        for inputs in dense(op, truth, dtype, points):
            left_out = (None,) * (len(op.arguments) - len(inputs))
            example = Example(op, "accuracy", (*inputs, *left_out), options)
            for key, error in _errors(example, truth).items():
                worst[key] = max(worst.get(key, 0.0), error)
    return [_row(name, result, dtype, worst, truth) for result in ("output", *op.rules)]


def _row(
    name: str, result: str, dtype: Any, worst: Mapping[tuple[str, str, str], float], truth: Truth
) -> Row:
    def of(measure: str) -> dict[str, float | None]:
        return {library: worst.get((result, library, measure)) for library in LIBRARIES}

    measure = truth.within[result].measure
    return Row(name, result, np.dtype(dtype).name, of("ulp"), None if measure == "ulp" else of(measure))


def dense(op: Op, truth: Truth, dtype: Any, points: int) -> Iterator[Inputs]:
    """Give the tests' inputs, and copies of them with elements brought nearer to 0 by up to a decade.

    A third of the elements stays: the edges that the tests choose are met in company, too.
    """
    sets = truth.inputs(dtype)
    yield from sets
    rng = generator(f"dense {op.name}")
    size = sum(max(array.size for array in inputs) for inputs in sets)
    for _ in range(points // size):
        for inputs in sets:
            yield tuple(
                _scaled(array, rng) if argument.domain in SCALABLE else array
                for argument, array in zip(op.arguments.values(), inputs, strict=False)
            )


def _scaled(array: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
    if array.dtype.kind != "f":  # class indices in the place of probabilities
        return array
    factor = np.where(rng.uniform(size=array.shape) < 1 / 3, 1.0, 10 ** -rng.uniform(size=array.shape))
    return np.asarray(array * factor, dtype=array.dtype)


def _errors(example: Example, truth: Truth) -> dict[tuple[str, str, str], float]:
    """Give the largest errors on one set of inputs, by result, library and measure."""
    numbers = [exactly(array) for array in example.inputs if array is not None]
    with np.errstate(all="ignore"):
        values = of_op(example).output
    upstream = generator(example.op.name).normal(size=values.shape).astype(example.dtype)
    results = {library: run(example, upstream) for library, run in LIBRARIES.items()}
    errors: dict[tuple[str, str, str], float] = {}
    for result in ("output", *results["numpy"].gradients):
        true, units = _truth(truth, result, numbers, exactly(upstream), example.dtype)
        for library, found in results.items():
            got = found.output if result == "output" else found.gradients.get(result)
            for measure, unit in units.items():
                if got is None:  # the library has no such gradient
                    continue
                errors[result, library, measure] = _largest(got, true, unit)
    return errors


def _truth(
    truth: Truth, result: str, numbers: list[Numbers], upstream: Numbers, dtype: Any
) -> tuple[Numbers, dict[str, Numbers]]:
    """Give the true values of a result, and the unit of each measure at each of them."""
    formula = truth.output if result == "output" else truth.gradients[result]
    roles = numbers if result == "output" else [upstream, *numbers]
    true = np.atleast_1d(np.asarray(formula(*roles), dtype=object))
    units: dict[str, Numbers] = {"ulp": exact(spacing(true, dtype).astype(object))}
    measure, eps = truth.within[result].measure, mpmath.mpf(float(np.finfo(dtype).eps))
    if measure == "terms":
        units[measure] = np.asarray(formula(*map(absolute, roles)), dtype=object) * eps
    elif measure == "eps":
        scale = np.maximum(absolute(true), 1 if result == "output" else absolute(upstream).max())
        units[measure] = np.maximum(scale, 1) * eps
    return true, units


def _largest(got: NDArray[Any], true: Numbers, unit: Numbers) -> float:
    """Give the largest error where the truth is a normal float, in units."""
    got, true, unit = np.broadcast_arrays(got, true, unit)
    limits, sizes = np.finfo(got.dtype), absolute(true)
    normal = (sizes >= float(limits.tiny)) & (sizes <= float(limits.max))
    normal = np.asarray(normal, dtype=bool)
    if not normal.any():
        return 0.0
    if not np.isfinite(got[normal]).all():
        return float("inf")
    return float((absolute(exactly(got[normal]) - true[normal]) / unit[normal]).max())


# --- What the ops are built on -----------------------------------------------------------------


def measure_elementary(points: int = POINTS) -> dict[str, dict[str, float]]:
    """Measure NumPy's and SciPy's elementary functions: the largest error by name and dtype, in ulp."""
    from scipy import special

    functions = {
        "exp": (np.exp, mpmath.exp, 700.0),
        "expm1": (np.expm1, mpmath.expm1, 700.0),
        "log": (lambda x: np.log(np.abs(x)), lambda x: mpmath.log(abs(x)), 1e30),
        "log1p": (lambda x: np.log1p(np.abs(x)), lambda x: mpmath.log1p(abs(x)), 1e30),
        "tanh": (np.tanh, mpmath.tanh, 700.0),
        "erf": (special.erf, mpmath.erf, 10.0),
    }
    found: dict[str, dict[str, float]] = {name: {} for name in functions}
    for dtype in FLOATS:
        for name, (function, truth, largest) in functions.items():
            rng = generator(f"elementary {name}")
            sizes = 10 ** rng.uniform(-8, np.log10(largest), size=points)
            inputs = (sizes * rng.choice([-1, 1], points)).astype(dtype)
            with np.errstate(over="ignore", under="ignore"), mpmath.workdps(DIGITS):
                true = np.frompyfunc(truth, 1, 1)(exactly(inputs))
                unit = exact(spacing(true, dtype).astype(object))
                found[name][np.dtype(dtype).name] = _largest(function(inputs), true, unit)
    return found
