"""Shifts by the largest number, which keep exponentials from overflowing and change nothing else."""

from __future__ import annotations

from typing import Any

import sympy

__all__ = ["unshifted"]


def unshifted(formula: Any) -> Any:
    """Take the shift by the largest out of a formula that does not depend on it: a softmax, a log-sum-exp.

    Examples
    --------
    >>> x, y = sympy.symbols("x y", real=True)
    >>> m = sympy.Max(x, y)
    >>> unshifted(m + sympy.log(sympy.exp(x - m) + sympy.exp(y - m)))
    log(exp(x) + exp(y))
    """
    for largest in formula.atoms(sympy.Max) if isinstance(formula, sympy.Basic) else ():
        formula = _without_shift(formula, largest)
    return formula


def _without_shift(formula: Any, largest: Any) -> Any:
    """Write e^(x − m) as e^x · t with t = e^(−m): where m and t then cancel, the formula is free of m."""
    shift, scale = sympy.Dummy("shift", real=True), sympy.Dummy("scale", positive=True)

    def scaled(part: Any) -> Any:
        power = -sympy.diff(part.args[0], shift)
        return sympy.exp(part.args[0].xreplace({shift: sympy.S.Zero})) * scale**power

    def collected(part: Any) -> Any:
        return sympy.factor_terms(part) if part.has(scale) else part

    free = formula.xreplace({largest: shift})
    free = free.replace(lambda part: part.func == sympy.exp and part.has(shift), scaled)
    free = free.replace(lambda part: part.is_Add, collected)
    free = free.replace(
        lambda part: part.func == sympy.log and part.has(scale),
        lambda part: sympy.expand_log(part).xreplace({sympy.log(scale): -shift}),
    )
    if free.has(shift):
        free = free.replace(lambda part: part.is_Add and part.has(shift), sympy.expand_mul)
    return formula if free.has(shift, scale) else free
