"""Adadelta: steps in the units of the parameter."""

from __future__ import annotations

from dataclasses import dataclass

from backproof._typing import Array, Float, Namespace
from backproof.updates.update import DecayingRule, State, plain_step, running_average, update_rule

__all__ = ["Adadelta"]


@update_rule
@dataclass(frozen=True, kw_only=True)
class Adadelta(DecayingRule):
    """Adadelta.

    With the gradient g, the decay rate ρ and the learning rate η:

    - v ← ρ v + (1 − ρ) g²
    - Δ = √(u + ε) / √(v + ε) · g: the root of the past steps' mean square gives it their unit
    - u ← ρ u + (1 − ρ) Δ²
    - θ ← θ − η Δ

    With ``weight_decay`` λ, g stands for g + λ θ; with ``maximize``, for −g.

    Source: Zeiler, "ADADELTA: an adaptive learning rate method", 2012, algorithm 1. Its E[g²] is
    ``square_avg``, its E[Δx²] ``acc_delta``; the factor η is PyTorch's.

    Raises
    ------
    ValueError
        If a hyperparameter is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> rule = Adadelta()
    >>> parameter = np.array([1.0])
    >>> parameter, state = rule.update(np, parameter, np.array([5.0]), rule.start(np, parameter))
    >>> parameter.round(6).tolist()
    [0.996838]
    """

    lr: float = 1.0
    rho: float = 0.9
    eps: float = 1e-6
    weight_decay: float = 0.0
    maximize: bool = False

    def __post_init__(self) -> None:
        """Refuse hyperparameters out of their range."""
        super().__post_init__()
        if not 0 <= self.rho <= 1:
            self.refuse("rho", "from 0 to 1")

    def start(self, xp: Namespace, parameter: Float[Array, "*shape"]) -> State:
        """Start with averages of zero, at step 0."""
        return {"step": 0, "square_avg": xp.zeros_like(parameter), "acc_delta": xp.zeros_like(parameter)}

    def update(
        self, xp: Namespace, parameter: Float[Array, "*shape"], gradient: Float[Array, "*shape"], state: State
    ) -> tuple[Float[Array, "*shape"], State]:
        """Give θ − η Δ, both averages and the step."""
        gradient = self.prepared(parameter, gradient)
        square = running_average(xp, state["square_avg"], self.square(gradient), self.rho)
        delta = xp.sqrt(state["acc_delta"] + self.eps) / xp.sqrt(square + self.eps) * gradient
        past = running_average(xp, state["acc_delta"], delta * delta, self.rho)
        after = {"step": state["step"] + 1, "square_avg": square, "acc_delta": past}
        return plain_step(xp, parameter, self.lr, delta), after
