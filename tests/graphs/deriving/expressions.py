"""Random expressions, as text: for the derivations, and whoever else wants some."""

from __future__ import annotations

from hypothesis import strategies as st

__all__ = ["EXPRESSIONS", "NAMES"]

NAMES = ("x", "y", "z")
#: Functions that are real everywhere, and what keeps an argument in the domain of others.
_ONE = (
    *("sin({})", "cos({})", "tanh({})", "exp(sin({}))", "sigmoid({})", "softplus({})", "-({})"),
    *("log(1 + ({})**2)", "sqrt(1 + ({})**2)", "1/(2 + sin({}))", "({})**2", "({})**3", "atan({})"),
)
_TWO = ("({} + {})", "({} - {})", "({}*{})", "({}/(1 + ({})**2))")
_LEAVES = st.sampled_from((*NAMES, *NAMES, "2", "0.5", "3", "1.25"))


def _wider(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    one = st.builds(lambda form, a: form.format(a), st.sampled_from(_ONE), parts)
    two = st.builds(lambda form, a, b: form.format(a, b), st.sampled_from(_TWO), parts, parts)
    return one | two


#: Expressions of x, y and z with at most eight leaves.
EXPRESSIONS = st.recursive(_LEAVES, _wider, max_leaves=8)
