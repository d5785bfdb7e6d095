"""Adagrad: steps scaled by the root of all squared gradients so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from backproof._typing import Array, Float, Namespace
from backproof.updates.update import DecayingRule, State, scaled_step, update_rule

__all__ = ["Adagrad"]


@update_rule
@dataclass(frozen=True, kw_only=True)
class Adagrad(DecayingRule):
    """Adagrad.

    With the gradient g, the learning rate η, its decay ζ and the step t = 1, 2, …:

    - s ← s + g², from ``initial_accumulator_value``
    - θ ← θ − η / (1 + (t − 1) ζ) · g / (√s + ε)

    With ``weight_decay`` λ, g stands for g + λ θ; with ``maximize``, for −g.

    Source: Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning and stochastic
    optimization", 2011, section 1.1, with diagonal matrices. Their η is ``lr``, their G is s, their δ
    ``eps``; ζ is ``lr_decay``.

    Raises
    ------
    ValueError
        If a hyperparameter is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> rule = Adagrad(lr=0.1)
    >>> parameter = np.array([1.0])
    >>> parameter, state = rule.update(np, parameter, np.array([5.0]), rule.start(np, parameter))
    >>> parameter.round(6).tolist(), state["sum"].tolist()
    ([0.9], [25.0])
    """

    aliases: ClassVar[Mapping[str, Mapping[str, object]]] = {"adaptive gradient": {}}
    not_negative: ClassVar[tuple[str, ...]] = (
        *DecayingRule.not_negative,
        "lr_decay",
        "initial_accumulator_value",
    )

    lr: float = 1e-2
    lr_decay: float = 0.0
    weight_decay: float = 0.0
    initial_accumulator_value: float = 0.0
    eps: float = 1e-10
    maximize: bool = False

    def start(self, xp: Namespace, parameter: Float[Array, "*shape"]) -> State:
        """Start with the sum that is asked for, at step 0."""
        return {"step": 0, "sum": xp.full_like(parameter, self.initial_accumulator_value)}

    def update(
        self, xp: Namespace, parameter: Float[Array, "*shape"], gradient: Float[Array, "*shape"], state: State
    ) -> tuple[Float[Array, "*shape"], State]:
        """Give the parameter a step further, the sum of squares and the step."""
        gradient = self.prepared(parameter, gradient)
        step, total = state["step"] + 1, state["sum"] + self.square(gradient)
        rate = self.lr / (1 + (step - 1) * self.lr_decay)
        scale = xp.sqrt(total) + self.eps
        return scaled_step(xp, parameter, rate, gradient, scale), {"step": step, "sum": total}
