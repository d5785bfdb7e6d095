"""Adamax: Adam with the largest gradient in place of the mean square."""

from __future__ import annotations

from dataclasses import dataclass

from backproof._typing import Array, Float, Namespace
from backproof.updates.update import DecayingRule, State, running_average, scaled_step, update_rule

__all__ = ["Adamax"]


@update_rule
@dataclass(frozen=True, kw_only=True)
class Adamax(DecayingRule):
    """Adam by the infinity norm.

    With the gradient g, the decay rates β₁ and β₂, the learning rate η and the step t = 1, 2, …:

    - m ← β₁ m + (1 − β₁) g
    - u ← max(β₂ u, |g| + ε)
    - θ ← θ − η / (1 − β₁ᵗ) · m / u

    With ``weight_decay`` λ, g stands for g + λ θ; with ``maximize``, for −g.

    Source: Kingma and Ba, "Adam: a method for stochastic optimization", 2015, algorithm 2. Their α is
    ``lr``, their (β₁, β₂) ``betas``; ε is PyTorch's, so that u is not 0.

    Raises
    ------
    ValueError
        If a hyperparameter is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> rule = Adamax(lr=0.1)
    >>> parameter = np.array([1.0])
    >>> parameter, state = rule.update(np, parameter, np.array([5.0]), rule.start(np, parameter))
    >>> parameter.round(6).tolist()
    [0.9]
    """

    lr: float = 2e-3
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.0
    maximize: bool = False

    def start(self, xp: Namespace, parameter: Float[Array, "*shape"]) -> State:
        """Start with zeros, at step 0."""
        return {"step": 0, "exp_avg": xp.zeros_like(parameter), "exp_inf": xp.zeros_like(parameter)}

    def update(
        self, xp: Namespace, parameter: Float[Array, "*shape"], gradient: Float[Array, "*shape"], state: State
    ) -> tuple[Float[Array, "*shape"], State]:
        """Give θ − η / (1 − β₁ᵗ) · m / u, with m, u and the step."""
        gradient = self.prepared(parameter, gradient)
        step = state["step"] + 1
        mean = running_average(xp, state["exp_avg"], gradient, self.betas[0])
        largest = xp.maximum(self.betas[1] * state["exp_inf"], xp.abs(gradient) + self.eps)
        rate = self.lr / (1 - self.betas[0] ** step)
        return scaled_step(xp, parameter, rate, mean, largest), {
            "step": step,
            "exp_avg": mean,
            "exp_inf": largest,
        }
