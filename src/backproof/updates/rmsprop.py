"""RMSprop: steps scaled by the root of the gradient's running mean square."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from backproof._typing import Array, Float, Namespace
from backproof.updates.update import DecayingRule, State, plain_step, running_average, update_rule

__all__ = ["RMSprop"]


@update_rule
@dataclass(frozen=True, kw_only=True)
class RMSprop(DecayingRule):
    """RMSprop, plain or centered, with momentum where asked for.

    With the gradient g, the decay rate α, the momentum μ and the learning rate η:

    - v ← α v + (1 − α) g²
    - with ``centered``: m ← α m + (1 − α) g, and v − m², the variance, in place of v in the next line
    - d = g / (√v + ε)
    - with momentum: b ← μ b + d, and b in place of d in the next line
    - θ ← θ − η d

    With ``weight_decay`` λ, g stands for g + λ θ; with ``maximize``, for −g.

    Source: Tieleman and Hinton, "Neural networks for machine learning", lecture 6.5, 2012; centered:
    Graves, "Generating sequences with recurrent neural networks", 2013, equations 38 to 45. As in
    PyTorch ε stands outside the root, and α is 0.99 unless given (0.9 in the lecture).

    Raises
    ------
    ValueError
        If a hyperparameter is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> rule = RMSprop(lr=0.1)
    >>> parameter = np.array([1.0])
    >>> parameter, state = rule.update(np, parameter, np.array([5.0]), rule.start(np, parameter))
    >>> parameter.round(6).tolist()
    [0.0]
    """

    aliases: ClassVar[Mapping[str, Mapping[str, object]]] = {
        "root mean square propagation": {},
        "rmsprop momentum": {"momentum": 0.9},
        "rmsprop with momentum": {"momentum": 0.9},
        "centered rmsprop": {"centered": True},
    }
    not_negative: ClassVar[tuple[str, ...]] = (*DecayingRule.not_negative, "alpha")

    lr: float = 1e-2
    alpha: float = 0.99
    eps: float = 1e-8
    weight_decay: float = 0.0
    momentum: float = 0.0
    centered: bool = False
    maximize: bool = False

    def start(self, xp: Namespace, parameter: Float[Array, "*shape"]) -> State:
        """Start with zeros, at step 0."""
        state: State = {"step": 0, "square_avg": xp.zeros_like(parameter)}
        if self.momentum:
            state["momentum_buffer"] = xp.zeros_like(parameter)
        if self.centered:
            state["grad_avg"] = xp.zeros_like(parameter)
        return state

    def scale(
        self, xp: Namespace, square: Float[Array, "*shape"], mean: Float[Array, "*shape"] | None
    ) -> Float[Array, "*shape"]:
        """Give √v + ε, with v − m² for v where the mean is known."""
        return xp.sqrt(square if mean is None else square - mean * mean) + self.eps

    def update(
        self, xp: Namespace, parameter: Float[Array, "*shape"], gradient: Float[Array, "*shape"], state: State
    ) -> tuple[Float[Array, "*shape"], State]:
        """Give θ − η d, the averages, the velocity and the step."""
        gradient = self.prepared(parameter, gradient)
        square = running_average(xp, state["square_avg"], self.square(gradient), self.alpha)
        after: State = {"step": state["step"] + 1, "square_avg": square}
        if self.centered:
            after["grad_avg"] = running_average(xp, state["grad_avg"], gradient, self.alpha)
        direction = gradient / self.scale(xp, square, after.get("grad_avg"))
        if self.momentum:
            direction = after["momentum_buffer"] = self.momentum * state["momentum_buffer"] + direction
        return plain_step(xp, parameter, self.lr, direction), after
