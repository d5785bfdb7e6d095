"""Random expressions, as text: for the derivations, and whoever else wants some."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from hypothesis import strategies as st

__all__ = ["ARRAYS", "EXPRESSIONS", "NAMES", "by_torch"]

NAMES = ("x", "y", "z")
#: Functions that are real everywhere, and what keeps an argument in the domain of others.
_ONE = (
    *("sin({})", "cos({})", "tanh({})", "exp(sin({}))", "sigmoid({})", "softplus({})", "-({})"),
    *("log(1 + ({})**2)", "sqrt(1 + ({})**2)", "1/(2 + sin({}))", "({})**2", "({})**3", "atan({})"),
)
_TWO = ("({} + {})", "({} - {})", "({}*{})", "({}/(1 + ({})**2))")
#: Functions of all elements: a number, which goes with arrays of any shape.
_ALL = ("sum({})", "mean({})")
_LEAVES = st.sampled_from((*NAMES, *NAMES, "2", "0.5", "3", "1.25"))


def _wider(parts: st.SearchStrategy[str], ones: tuple[str, ...] = _ONE) -> st.SearchStrategy[str]:
    one = st.builds(lambda form, a: form.format(a), st.sampled_from(ones), parts)
    two = st.builds(lambda form, a, b: form.format(a, b), st.sampled_from(_TWO), parts, parts)
    return one | two


#: Expressions of x, y and z with at most eight leaves.
EXPRESSIONS = st.recursive(_LEAVES, _wider, max_leaves=8)
#: The same for arrays, of shapes that go together.
ARRAYS = st.recursive(_LEAVES, lambda parts: _wider(parts, (*_ONE, *_ALL)), max_leaves=8)


def _function(name: str) -> Any:
    function = getattr(torch, name, None) or getattr(torch.nn.functional, name)
    return lambda value: function(torch.as_tensor(value, dtype=torch.float64))


_NAMES = ("sin", "cos", "tanh", "exp", "log", "sqrt", "atan", "sigmoid", "softplus", "sum", "mean")
_TORCH = {name: _function(name) for name in _NAMES}


def by_torch(text: str, tensors: Mapping[str, torch.Tensor]) -> torch.Tensor:
    """Compute an expression with PyTorch."""
    return torch.as_tensor(eval(text, dict(_TORCH), dict(tensors)))  # noqa: S307 - the text is made here
