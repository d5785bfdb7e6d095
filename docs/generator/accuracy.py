"""Measures how near every op comes to the true value: on NumPy, on PyTorch, and PyTorch's own.

The true values are those of the tests (`tests.ops.true_values`), 50 digits of them. The inputs are the
tests' too, and many more between them.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import mpmath
import numpy as np
from numpy.typing import NDArray

from backproof.ops import Op
from tests.ops.examples import FLOATS, Example, generator
from tests.ops.results import Result, of_op, of_torch
from tests.ops.true_values import TRUTHS, op_of
from tests.ops.truth import DIGITS, Numbers, Truth, absolute, exact, exactly, spacing, upstream

__all__ = ["LIBRARIES", "POINTS", "Row", "measure", "measure_all", "measure_elementary"]

#: Input values for each op and dtype, about.
POINTS = 4000
#: Domains whose every value times a number in (0, 1] is a value too: the ones that are made denser.
SCALABLE = {"real", "small", "positive", "unit", "probability", "log probability", "binary"}

Inputs: TypeAlias = tuple[NDArray[Any], ...]
#: Of a result, in a library, in a measure.
Key: TypeAlias = tuple[str, str, str]


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
    typical
        In that measure, the root mean square of all errors, which is hardly one of chance.
    again
        The largest errors at other points, where PyTorch's is smaller and it may be chance.
    """

    op: str
    result: str
    dtype: str
    errors: Mapping[str, float | None]
    relative: Mapping[str, float | None] | None = None
    typical: Mapping[str, float | None] | None = None
    again: Mapping[str, float | None] | None = None

    @property
    def held(self) -> Mapping[str, float | None]:
        """The largest errors in the measure that the tests hold the op to."""
        return self.relative or self.errors


@dataclass
class Errors:
    """The errors of one result that were met: the largest, and what makes their root mean square."""

    largest: float = 0.0
    squares: float = 0.0
    count: int = 0

    def add(self, errors: NDArray[Any]) -> None:
        """Add some errors."""
        self.largest = max(self.largest, float(errors.max(initial=0.0)))
        self.squares += float((errors**2).sum())
        self.count += errors.size

    @property
    def typical(self) -> float:
        """The root mean square."""
        return math.sqrt(self.squares / max(self.count, 1))


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


def measure_all(names: Iterable[str] = TRUTHS) -> list[Row]:
    """Measure rows of true values, in float64 and float32."""
    return [row for name in names for dtype in FLOATS for row in measure(name, dtype)]


def measure(
    name: str, dtype: Any, points: int = POINTS, op: Op | None = None, seed: str = "dense"
) -> list[Row]:
    """Measure an op, or another in its place, against the true values of its name."""
    op, truth = op or op_of(name), TRUTHS[name]
    options = {**({"reduction": "none"} if op.reduction else {}), **truth.options}
    met: defaultdict[Key, Errors] = defaultdict(Errors)
    with mpmath.workdps(truth.digits):
        for inputs in dense(op, truth, dtype, points, seed):
            left_out = (None,) * (len(op.arguments) - len(inputs))
            example = Example(op, "accuracy", (*inputs, *left_out), options)
            for key, error in _errors(example, truth).items():
                met[key].add(error)
    return [_row(name, result, dtype, met, truth) for result in ("output", *op.rules)]


def _row(name: str, result: str, dtype: Any, met: Mapping[Key, Errors], truth: Truth) -> Row:
    def of(measure: str, what: str) -> dict[str, float | None]:
        return {library: getattr(met.get((result, library, measure)), what, None) for library in LIBRARIES}

    row = Row(name, result, np.dtype(dtype).name, of("ulp", "largest"))
    measure = truth.within[result].measure
    if measure == "ulp":
        return row
    return replace(row, relative=of(measure, "largest"), typical=of(measure, "typical"))


def dense(op: Op, truth: Truth, dtype: Any, points: int, seed: str = "dense") -> Iterator[Inputs]:
    """Give the tests' inputs, and copies of them with elements brought nearer to 0 by up to a decade.

    A third of the elements stays: the edges that the tests choose are met in company, too.
    """
    sets = truth.inputs(dtype)
    yield from sets
    rng = generator(f"{seed} {op.name}")
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
    nearer = np.asarray(array * factor, dtype=array.dtype)
    return np.where(nearer == 0, array, nearer)  # what is positive stays so


def _errors(example: Example, truth: Truth) -> dict[Key, NDArray[Any]]:
    """Give the errors on one set of inputs."""
    numbers = [exactly(array) for array in example.inputs if array is not None]
    with np.errstate(all="ignore"):
        values = of_op(example).output
    given = upstream(example.op.name, values)
    results = {library: run(example, given) for library, run in LIBRARIES.items()}
    errors: dict[Key, NDArray[Any]] = {}
    for result in ("output", *results["numpy"].gradients):
        true, units = _truth(truth, result, numbers, exactly(given), example.dtype)
        for library, found in results.items():
            got = found.output if result == "output" else found.gradients.get(result)
            for measure, unit in units.items():
                if got is None:  # the library has no such gradient
                    continue
                errors[result, library, measure] = _sizes(got, true, unit)
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


def _sizes(got: NDArray[Any], true: Numbers, unit: Numbers) -> NDArray[Any]:
    """Give the errors where the truth is a normal float, in units; infinite of what is not finite."""
    got, true, unit = np.broadcast_arrays(got, true, unit)
    limits, sizes = np.finfo(got.dtype), absolute(true)
    normal = (sizes >= float(limits.tiny)) & (sizes <= float(limits.max))
    normal = np.asarray(normal, dtype=bool)
    errors: NDArray[Any] = np.full(got.shape, np.inf)
    met = normal & np.isfinite(got)
    errors[met] = absolute(exactly(got[met]) - true[met]) / unit[met]
    found: NDArray[Any] = errors[normal]
    return found


# --- What the ops are built on -----------------------------------------------------------------


def measure_elementary(points: int = POINTS) -> dict[str, dict[str, float]]:
    """Measure NumPy's and SciPy's elementary functions: the largest error by name and dtype, in ulp."""
    from scipy import special

    functions = {
        "exp": (np.exp, mpmath.exp, 700.0),
        "expm1": (np.expm1, mpmath.expm1, 700.0),
        "log": (lambda x: np.log(np.abs(x)), lambda x: mpmath.log(abs(x)), 1e37),
        "log1p": (lambda x: np.log1p(np.abs(x)), lambda x: mpmath.log1p(abs(x)), 1e37),
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
                found[name][np.dtype(dtype).name] = float(_sizes(function(inputs), true, unit).max())
    return found
