"""Adam: steps scaled by running moments of the gradient."""

from __future__ import annotations

from dataclasses import dataclass

from backproof._typing import Array, Float, Namespace
from backproof.updates.update import State, UpdateRule, update_rule

__all__ = ["Adam"]


@update_rule
@dataclass(frozen=True, kw_only=True)
class Adam(UpdateRule):
    """Adam.

    With the gradient g, the decay rates β₁ and β₂, the learning rate η and the step t = 1, 2, …:

    - m ← β₁ m + (1 − β₁) g
    - v ← β₂ v + (1 − β₂) g²
    - m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ): both moments start at 0, and this removes the bias
    - θ ← θ − η m̂ / (√v̂ + ε)

    Source: Kingma and Ba, "Adam: a method for stochastic optimization", 2015, algorithm 1. Their α
    is ``lr``, their (β₁, β₂) ``betas``, their ε ``eps``.

    Examples
    --------
    >>> import numpy as np
    >>> rule = Adam(lr=0.1)
    >>> parameter = np.array([1.0])
    >>> parameter, state = rule.update(np, parameter, np.array([5.0]), rule.start(np, parameter))
    >>> parameter.round(6).tolist(), state["step"]
    ([0.9], 1)
    """

    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8

    def start(self, xp: Namespace, parameter: Float[Array, "*shape"]) -> State:
        """Start with moments of zero, at step 0."""
        return {"step": 0, "first": xp.zeros_like(parameter), "second": xp.zeros_like(parameter)}

    def average(
        self, moment: Float[Array, "*shape"], value: Float[Array, "*shape"], beta: float
    ) -> Float[Array, "*shape"]:
        """Give the running average β m + (1 − β) value."""
        return beta * moment + (1 - beta) * value

    def square(self, gradient: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        """Give what the second moment averages."""
        return gradient * gradient

    def corrected(self, moment: Float[Array, "*shape"], beta: float, step: float) -> Float[Array, "*shape"]:
        """Give the moment without its bias towards the zero it started at."""
        return moment / (1 - beta**step)

    def scale(self, xp: Namespace, second: Float[Array, "*shape"], step: float) -> Float[Array, "*shape"]:
        """Give √v̂ + ε."""
        return xp.sqrt(self.corrected(second, self.betas[1], step)) + self.eps

    def update(
        self, xp: Namespace, parameter: Float[Array, "*shape"], gradient: Float[Array, "*shape"], state: State
    ) -> tuple[Float[Array, "*shape"], State]:
        """Give θ − η m̂ / (√v̂ + ε), the moments and the step."""
        step = state["step"] + 1
        first = self.average(state["first"], gradient, self.betas[0])
        second = self.average(state["second"], self.square(gradient), self.betas[1])
        direction = self.corrected(first, self.betas[0], step) / self.scale(xp, second, step)
        return parameter - self.lr * direction, {"step": step, "first": first, "second": second}
