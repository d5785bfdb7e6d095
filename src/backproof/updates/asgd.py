"""ASGD: gradient descent whose path is averaged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from backproof._typing import Array, Float, Namespace
from backproof.updates.update import DecayingRule, State, plain_step, update_rule

__all__ = ["ASGD"]


@update_rule
@dataclass(frozen=True, kw_only=True)
class ASGD(DecayingRule):
    """Averaged gradient descent.

    With the gradient g, the learning rate η₀, its decay λ and power α, and the step t = 1, 2, …:

    - θ ← (1 − λ η) θ − η g, with η from the step before, η₀ in the first
    - a ← a + μ (θ − a), with μ from the step before, 1 in the first: the average, in the state as ``ax``
    - η ← η₀ / (1 + λ η₀ t)^α
    - μ ← 1 / max(1, t − t₀): up to the step t₀ the average is θ itself

    With ``weight_decay`` w, g stands for g + w θ; with ``maximize``, for −g.

    Source: Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", 1992; in
    the form of Bottou, "Stochastic gradient descent tricks", 2012, section 5.3. λ is ``lambd``, α
    ``alpha``, t₀ ``t0``.

    Raises
    ------
    ValueError
        If a hyperparameter is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> rule = ASGD(lr=0.1)
    >>> parameter = np.array([1.0])
    >>> parameter, state = rule.update(np, parameter, np.array([5.0]), rule.start(np, parameter))
    >>> parameter.round(6).tolist(), state["ax"].round(6).tolist()
    ([0.49999], [0.49999])
    """

    aliases: ClassVar[Mapping[str, Mapping[str, object]]] = {
        "averaged sgd": {},
        "averaged stochastic gradient descent": {},
    }
    numbers: ClassVar[tuple[str, ...]] = ("step", "eta", "mu")

    lr: float = 1e-2
    lambd: float = 1e-4
    alpha: float = 0.75
    t0: float = 1e6
    weight_decay: float = 0.0
    maximize: bool = False

    def start(self, xp: Namespace, parameter: Float[Array, "*shape"]) -> State:
        """Start with the whole learning rate, and an average that the first step replaces."""
        return {"step": 0, "eta": self.lr, "mu": 1.0, "ax": xp.zeros_like(parameter)}

    def update(
        self, xp: Namespace, parameter: Float[Array, "*shape"], gradient: Float[Array, "*shape"], state: State
    ) -> tuple[Float[Array, "*shape"], State]:
        """Give the parameter a step further, the average, the step, η and μ."""
        gradient = self.prepared(parameter, gradient)
        step, eta, mu = state["step"] + 1, state["eta"], state["mu"]
        parameter = plain_step(xp, (1 - self.lambd * eta) * parameter, eta, gradient)
        average = parameter if mu == 1 else state["ax"] + mu * (parameter - state["ax"])
        return parameter, {
            "step": step,
            "eta": self.lr / (1 + self.lambd * self.lr * step) ** self.alpha,
            "mu": 1 / max(1, step - self.t0),
            "ax": average,
        }
