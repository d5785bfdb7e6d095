"""What the rules with two running moments share: Adam and its relatives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backproof._typing import Array, Float, Namespace
from backproof.updates.update import DecayingRule, State, UpdateRule, running_average

__all__ = ["MomentsRule"]


@dataclass(frozen=True, kw_only=True)
class MomentsRule(DecayingRule):
    """Base of the update rules with running moments m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g².

    Their decay λ may be decoupled from the moments: θ ← (1 − η λ) θ before the step, and no λ θ in g.

    Source: Kingma and Ba, "Adam: a method for stochastic optimization", 2015; for the decoupled decay
    Loshchilov and Hutter, "Decoupled weight decay regularization", 2019.
    """

    if TYPE_CHECKING:
        betas: tuple[float, float] = (0.9, 0.999)
        eps: float = 1e-8
        decoupled_weight_decay: bool = False

    def start(self, xp: Namespace, parameter: Float[Array, "*shape"]) -> State:
        """Start with moments of zero, at step 0."""
        return {"step": 0, "exp_avg": xp.zeros_like(parameter), "exp_avg_sq": xp.zeros_like(parameter)}

    def prepared(
        self, parameter: Float[Array, "*shape"], gradient: Float[Array, "*shape"]
    ) -> Float[Array, "*shape"]:
        """Give g, with λ θ in it unless the decay is decoupled."""
        if self.decoupled_weight_decay:
            return UpdateRule.prepared(self, parameter, gradient)
        return super().prepared(parameter, gradient)

    def decayed(self, parameter: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        """Give the parameter that the step starts from: (1 − η λ) θ with decoupled decay."""
        if self.decoupled_weight_decay and self.weight_decay:
            return (1 - self.lr * self.weight_decay) * parameter
        return parameter

    def correction(self, beta: float, step: float) -> float:
        """Give 1 − βᵗ: a moment is too small by this factor, for it started at 0."""
        power: float = beta**step
        return 1 - power

    def moments(self, xp: Namespace, gradient: Float[Array, "*shape"], state: State) -> State:
        """Give the step and the moments after it."""
        return {
            "step": state["step"] + 1,
            "exp_avg": running_average(xp, state["exp_avg"], gradient, self.betas[0]),
            "exp_avg_sq": running_average(xp, state["exp_avg_sq"], self.square(gradient), self.betas[1]),
        }
