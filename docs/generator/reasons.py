"""Why a row of the table of accuracy is as it is, where neither the figures nor the tests' row say it."""

from __future__ import annotations

__all__ = ["REASONS"]

#: By row of true values and result; what needs no explanation has none here.
REASONS: dict[tuple[str, str], str] = {
    (
        "atan",
        "input",
    ): "1/(1 + x²) is the square of 1/√(1 + x²), in which x² cannot overflow: two more roundings",
    (
        "GaussianNLLLoss",
        "output",
    ): "log v and (x − t)²/v cancel, and PyTorch multiplies in another order; with "
    "thirty thousand points its own is 3.5",
}
