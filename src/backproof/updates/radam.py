"""RAdam: Adam whose first steps are rectified."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from backproof._typing import Array, Float, Namespace
from backproof.updates.moments import MomentsRule
from backproof.updates.update import State, plain_step, scaled_step, update_rule

__all__ = ["RAdam"]

#: Below as many effective terms in the average, the variance of the scale is not known well enough.
_ENOUGH = 5.0


@update_rule
@dataclass(frozen=True, kw_only=True)
class RAdam(MomentsRule):
    """Adam whose scale is used only as far as its variance is known.

    With the moments m and v of Adam, the learning rate η and the step t = 1, 2, …:

    - ρ∞ = 2 / (1 − β₂) − 1, ρ = ρ∞ − 2 t β₂ᵗ / (1 − β₂ᵗ): the length of the average v
    - r = √((ρ − 4) (ρ − 2) ρ∞ / ((ρ∞ − 4) (ρ∞ − 2) ρ))
    - m̂ = m / (1 − β₁ᵗ)
    - θ ← θ − η m̂ r √(1 − β₂ᵗ) / (√v + ε) if ρ > 5, θ ← θ − η m̂ otherwise

    With ``weight_decay`` λ, g stands for g + λ θ; where the decay is decoupled, θ ← (1 − η λ) θ comes
    first instead. With ``maximize``, g stands for −g.

    Source: Liu et al., "On the variance of the adaptive learning rate and beyond", 2020, algorithm 2;
    as PyTorch, with 5 where the paper has 4, and ε before the bias correction.

    Raises
    ------
    ValueError
        If a hyperparameter is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> rule = RAdam(lr=0.1)
    >>> parameter = np.array([1.0])
    >>> parameter, state = rule.update(np, parameter, np.array([5.0]), rule.start(np, parameter))
    >>> parameter.round(6).tolist()
    [0.5]
    """

    aliases: ClassVar[Mapping[str, Mapping[str, object]]] = {"rectified adam": {}}

    lr: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.0
    decoupled_weight_decay: bool = False
    maximize: bool = False

    def length(self, step: float) -> float:
        """Give ρ, the number of gradients that the second moment is worth."""
        decay = self.betas[1]
        power: float = decay**step
        return self.longest - 2 * step * power / self.correction(decay, step)

    @property
    def longest(self) -> float:
        """ρ∞, the length after many steps."""
        return 2 / (1 - self.betas[1]) - 1

    def rectification(self, length: float) -> float:
        """Give r."""
        longest = self.longest
        squared = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
        root: float = squared**0.5
        return root

    def update(
        self, xp: Namespace, parameter: Float[Array, "*shape"], gradient: Float[Array, "*shape"], state: State
    ) -> tuple[Float[Array, "*shape"], State]:
        """Give the parameter a step further, the moments and the step."""
        after = self.moments(xp, self.prepared(parameter, gradient), state)
        step = after["step"]
        rate, mean = self.lr / self.correction(self.betas[0], step), after["exp_avg"]
        length = self.length(step)
        if length <= _ENOUGH:
            return plain_step(xp, self.decayed(parameter), rate, mean), after
        rate *= self.rectification(length) * self.correction(self.betas[1], step) ** 0.5
        scale = xp.sqrt(after["exp_avg_sq"]) + self.eps
        return scaled_step(xp, self.decayed(parameter), rate, mean, scale), after
