"""Deriving what need not have values: an expression, steps, a function."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from backproof.graphs.graph import graph
from backproof.graphs.inputs.sources import needed

if TYPE_CHECKING:
    from backproof.graphs.deriving.derivation import Derivation

__all__ = ["derive"]


def derive(source: Any, /, *wrt: str, seconds: float = 10.0, **inputs: Any) -> Derivation:
    r"""Write out the derivative of an expression, of steps or of a function, as a person would.

    The chain rule ∂f/∂x = Σ ∂f/∂e · ∂e/∂d ⋯ ∂a/∂x along the paths, each factor replaced by what the op's
    gradient rule says, then in terms of the inputs, then simplified; each step is checked against the one
    before.

    Parameters
    ----------
    source
        What `graph` takes.
    wrt
        The names to derive for: of two, the second derivative.
    seconds
        How long SymPy may think about it.
    inputs
        The values of inputs. Without one for each the derivation ends with the formula.

    Raises
    ------
    ExpressionError
        If an expression is not understood; it points at the place.
    NotSymbolic
        If an op between has no formula for single numbers.
    KeyError
        If there is no such name.

    Examples
    --------
    >>> print(derive("tanh(w*x)", "w"))
    a = w*x
    b = tanh(a)
    ∂b/∂w
      = ∂b/∂a · ∂a/∂w
          chain rule: proven
      = (1 - b**2) · x
          local derivatives: proven
            ∂b/∂a = 1 - b**2  (derivative of tanh)
            ∂a/∂w = x  (product rule)
      = x*(1 - tanh(w*x)**2)
          substitution: proven
    """
    lacking = [name for name in needed(source) if name not in inputs]
    found = graph(source, **inputs, **dict(zip(lacking, _stand_ins(len(lacking)), strict=True)))
    derivation = found.derive(*wrt, seconds=seconds)
    return replace(derivation, value=None) if lacking else derivation


def _stand_ins(count: int) -> list[float]:
    """Give numbers in the place of values that nobody gave: all different, and no round ones."""
    return [0.7 + 0.31 * ((place * 7) % 11) / 11 + 0.013 * place for place in range(count)]
