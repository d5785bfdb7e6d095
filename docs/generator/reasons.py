"""Why ours on PyTorch is worse than PyTorch's own, where it is."""

from __future__ import annotations

__all__ = ["REASONS"]

#: By row of true values and result.
REASONS: dict[tuple[str, str], str] = {
    (
        "atan",
        "input",
    ): "1/(1 + x²) is the square of 1/√(1 + x²), in which x² cannot overflow: two more roundings",
    (
        "BatchNorm1d",
        "input",
    ): "the terms are multiplied by the factor r w and then subtracted, so that the gradients of the mean "
    "and the variance join them in one pass; PyTorch, which has none, subtracts first: a rounding less",
    (
        "LayerNorm",
        "weight",
    ): "PyTorch's kernel computes r x − r μ, and adds its product with the upstream gradient, by fused "
    "multiplications and additions, of one rounding each; array libraries have none",
}
