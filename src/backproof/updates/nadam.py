"""NAdam: Adam with Nesterov's momentum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from backproof._typing import Array, Float, Namespace
from backproof.updates.moments import MomentsRule
from backproof.updates.update import State, scaled_step, update_rule

__all__ = ["NAdam"]


@update_rule
@dataclass(frozen=True, kw_only=True)
class NAdam(MomentsRule):
    """Adam with Nesterov's momentum.

    With the moments m and v of Adam, the momentum decay ψ, the learning rate η and the step t = 1, 2, …:

    - μₜ = β₁ (1 − ½ · 0.96^(t ψ)): the momentum grows to β₁
    - Π ← Π μₜ, from 1: the product of the momenta so far
    - m̂ = (1 − μₜ) g / (1 − Π) + μₜ₊₁ m / (1 − Π μₜ₊₁), v̂ = v / (1 − β₂ᵗ)
    - θ ← θ − η m̂ / (√v̂ + ε)

    With ``weight_decay`` λ, g stands for g + λ θ; where the decay is decoupled, θ ← (1 − η λ) θ comes
    first instead. With ``maximize``, g stands for −g.

    Source: Dozat, "Incorporating Nesterov momentum into Adam", 2016, algorithm 2, in PyTorch's form:
    the momenta change by the schedule of its section 3, m itself decays by β₁.

    Raises
    ------
    ValueError
        If a hyperparameter is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> rule = NAdam(lr=0.1)
    >>> parameter = np.array([1.0])
    >>> parameter, state = rule.update(np, parameter, np.array([5.0]), rule.start(np, parameter))
    >>> parameter.round(6).tolist(), round(state["mu_product"], 6)
    ([0.894355], 0.450073)
    """

    aliases: ClassVar[Mapping[str, Mapping[str, object]]] = {
        "nesterov adam": {},
        "adam with nesterov momentum": {},
    }
    numbers: ClassVar[tuple[str, ...]] = ("step", "mu_product")
    not_negative: ClassVar[tuple[str, ...]] = (*MomentsRule.not_negative, "momentum_decay")

    lr: float = 2e-3
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.0
    momentum_decay: float = 4e-3
    decoupled_weight_decay: bool = False
    maximize: bool = False

    def start(self, xp: Namespace, parameter: Float[Array, "*shape"]) -> State:
        """Start with moments of zero, at step 0, the product of no momenta being 1."""
        return {**super().start(xp, parameter), "mu_product": 1.0}

    def momentum_at(self, step: float) -> float:
        """Give μₜ."""
        power: float = 0.96 ** (step * self.momentum_decay)
        return self.betas[0] * (1 - 0.5 * power)

    def update(
        self, xp: Namespace, parameter: Float[Array, "*shape"], gradient: Float[Array, "*shape"], state: State
    ) -> tuple[Float[Array, "*shape"], State]:
        """Give θ − η m̂ / (√v̂ + ε), the moments, the step and the product of the momenta."""
        gradient = self.prepared(parameter, gradient)
        after = self.moments(xp, gradient, state)
        step = after["step"]
        now, then = self.momentum_at(step), self.momentum_at(step + 1)
        product = after["mu_product"] = state["mu_product"] * now
        of_gradient = self.lr * (1 - now) / (1 - product)
        of_first = self.lr * then / (1 - product * then)
        scale = xp.sqrt(after["exp_avg_sq"] / self.correction(self.betas[1], step)) + self.eps
        direction = of_gradient * gradient + of_first * after["exp_avg"]
        return scaled_step(xp, self.decayed(parameter), 1.0, direction, scale), after
