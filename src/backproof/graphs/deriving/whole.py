"""Ops that see whole arrays, run on arrays of formulas, and held against their numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from backproof._typing import Namespace
from backproof.graphs.deriving.meant import exactly, meaning
from backproof.graphs.deriving.shifts import unshifted
from backproof.graphs.symbols import SPACE, NotSymbolic
from backproof.ops.op import Op

__all__ = ["gradient", "output"]


def output(op: Op, inputs: Sequence[Any], options: Mapping[str, object]) -> Any:
    """Give what an op computes of formulas.

    Raises
    ------
    NotSymbolic
        If there is no formula: it asks for numbers, or gives several arrays.
    """
    return _run(op, lambda xp, known, how: op.evaluate(xp, known, **how).output, inputs, options)


def gradient(
    op: Op, argument: str, upstream: Any, inputs: Sequence[Any], options: Mapping[str, object]
) -> Any:
    """Give what the rule for an argument makes of an upstream gradient.

    Raises
    ------
    NotSymbolic
        If there is no formula.
    """

    def run(xp: Namespace, known: Sequence[Any], how: Mapping[str, Any]) -> Any:
        *given, above = known
        found = op.evaluate(xp, given, **how).values
        values = tuple(map(_array, found)) if op.outputs[1:] else _array(found)
        return op.gradients(xp, above, given, values, wrt=[argument], **how)[argument]

    return _run(op, run, [*inputs, upstream], options)


def _array(value: Any) -> NDArray[Any]:
    return value if isinstance(value, np.ndarray) else np.asarray(value, dtype=_dtype(value))


def _dtype(value: Any) -> Any:
    return object if isinstance(value, sympy.Basic) else None


def _run(
    op: Op,
    function: Callable[[Namespace, Sequence[Any], Mapping[str, Any]], Any],
    inputs: Sequence[Any],
    options: Mapping[str, object],
) -> Any:
    known, how = [_array(given) for given in inputs], {**op.options, **options}
    try:
        with meaning():
            found = function(SPACE, known, exactly(how))
    except (AttributeError, TypeError, ValueError, IndexError) as error:
        why = "what it does depends on its numbers"
        raise NotSymbolic(f"{op.name} has no formula element by element: {why}") from error
    if isinstance(found, tuple):
        raise NotSymbolic(f"{op.name} has no formula element by element: it gives several arrays")
    formulas = np.frompyfunc(unshifted, 1, 1)(np.asarray(found, dtype=object))
    _require_true(op, lambda given: function(np, given, how), known, formulas)
    return formulas


def _require_true(
    op: Op, function: Callable[[Sequence[Any]], Any], known: Sequence[Any], formulas: Any
) -> None:
    """Refuse formulas that have not the numbers of the op: it asks whether an input equals something."""
    parts = [part for given in (*known, formulas) if _is_formula(given) for part in np.ravel(given)]
    names = sorted(set().union(*(sympy.sympify(part).free_symbols for part in parts)), key=str)
    draw = np.random.default_rng(0)
    point = {name: sympy.Float(draw.uniform(0.1, 0.9)) for name in names}

    def numbers(given: Any) -> Any:
        if not _is_formula(given):
            return given
        at = [sympy.sympify(part).xreplace(point).evalf() for part in np.ravel(given)]
        return np.array([float(value) if value.is_real else np.nan for value in at]).reshape(np.shape(given))

    with np.errstate(all="ignore"):
        expected = function([numbers(given) for given in known])
    if not np.allclose(numbers(np.asarray(formulas, dtype=object)), expected, 1e-9, 1e-9, equal_nan=True):
        raise NotSymbolic(f"{op.name} has no formula of real numbers: it distinguishes some of them")


def _is_formula(given: Any) -> bool:
    return np.asarray(given).dtype == np.dtype(object)
