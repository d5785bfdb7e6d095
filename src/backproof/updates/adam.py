"""Adam and AdamW: steps scaled by running moments of the gradient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from backproof._typing import Array, Float, Namespace
from backproof.updates.moments import MomentsRule
from backproof.updates.update import State, scaled_step, update_rule

__all__ = ["Adam", "AdamW"]


@update_rule
@dataclass(frozen=True, kw_only=True)
class Adam(MomentsRule):
    """Adam.

    With the gradient g, the decay rates β₁ and β₂, the learning rate η and the step t = 1, 2, …:

    - m ← β₁ m + (1 − β₁) g
    - v ← β₂ v + (1 − β₂) g²
    - m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ): both moments start at 0, and this removes the bias
    - θ ← θ − η m̂ / (√v̂ + ε)

    With ``amsgrad`` the largest v so far takes the place of v in v̂, so that no rate grows again. With
    ``weight_decay`` λ, g stands for g + λ θ; where the decay is decoupled, θ ← (1 − η λ) θ comes first
    instead. With ``maximize``, g stands for −g.

    Source: Kingma and Ba, "Adam: a method for stochastic optimization", 2015, algorithm 1. Their α
    is ``lr``, their (β₁, β₂) ``betas``, their ε ``eps``. AMSGrad: Reddi, Kale and Kumar, "On the
    convergence of Adam and beyond", 2018.

    Raises
    ------
    ValueError
        If a hyperparameter is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> rule = Adam(lr=0.1)
    >>> parameter = np.array([1.0])
    >>> parameter, state = rule.update(np, parameter, np.array([5.0]), rule.start(np, parameter))
    >>> parameter.round(6).tolist(), state["step"]
    ([0.9], 1)
    """

    aliases: ClassVar[Mapping[str, Mapping[str, object]]] = {"amsgrad": {"amsgrad": True}}

    lr: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.0
    amsgrad: bool = False
    maximize: bool = False
    decoupled_weight_decay: bool = False

    def start(self, xp: Namespace, parameter: Float[Array, "*shape"]) -> State:
        """Start with moments of zero, at step 0."""
        largest = {"max_exp_avg_sq": xp.zeros_like(parameter)} if self.amsgrad else {}
        return {**super().start(xp, parameter), **largest}

    def scale(self, xp: Namespace, second: Float[Array, "*shape"], step: float) -> Float[Array, "*shape"]:
        """Give √v̂ + ε."""
        scale = xp.sqrt(second) / self.correction(self.betas[1], step) ** 0.5
        scale += self.eps
        return scale

    def update(
        self, xp: Namespace, parameter: Float[Array, "*shape"], gradient: Float[Array, "*shape"], state: State
    ) -> tuple[Float[Array, "*shape"], State]:
        """Give θ − η m̂ / (√v̂ + ε), the moments and the step."""
        after = self.moments(xp, self.prepared(parameter, gradient), state)
        second, step = after["exp_avg_sq"], after["step"]
        if self.amsgrad:
            second = after["max_exp_avg_sq"] = xp.maximum(state["max_exp_avg_sq"], second)
        # m is not divided by its correction, the rate is: that is one array less.
        rate = self.lr / self.correction(self.betas[0], step)
        scale = self.scale(xp, second, step)
        return scaled_step(xp, self.decayed(parameter), rate, after["exp_avg"], scale), after


@update_rule
@dataclass(frozen=True, kw_only=True)
class AdamW(Adam):
    """Adam with weight decay that does not pass through the moments.

    With the moments m and v of Adam, the decay λ and the learning rate η:

    - θ ← (1 − η λ) θ
    - θ ← θ − η m̂ / (√v̂ + ε)

    In Adam with λ θ added to the gradient, a weight decays the less the larger its gradients are;
    here all decay alike.

    Source: Loshchilov and Hutter, "Decoupled weight decay regularization", 2019, algorithm 2. Their λ
    is ``weight_decay``, times the learning rate as in PyTorch.

    Raises
    ------
    ValueError
        If a hyperparameter is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> rule = AdamW(lr=0.1, weight_decay=0.5)
    >>> parameter = np.array([1.0])
    >>> parameter, state = rule.update(np, parameter, np.array([5.0]), rule.start(np, parameter))
    >>> parameter.round(6).tolist()
    [0.85]
    """

    aliases: ClassVar[Mapping[str, Mapping[str, object]]] = {
        "adam with weight decay": {},
        "adam with decoupled weight decay": {},
    }

    weight_decay: float = 1e-2
    decoupled_weight_decay: bool = field(default=True, init=False)
