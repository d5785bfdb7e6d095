"""Gradient descent, with momentum where asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from backproof._typing import Array, Float, Namespace
from backproof.updates.update import DecayingRule, State, plain_step, update_rule

__all__ = ["SGD"]


@update_rule
@dataclass(frozen=True, kw_only=True)
class SGD(DecayingRule):
    """Gradient descent, momentum and Nesterov's momentum.

    With the gradient g, the momentum μ, the dampening τ and the learning rate η:

    - v ← g in the first step, v ← μ v + (1 − τ) g in the others
    - d = g + μ v with ``nesterov``, d = v without
    - θ ← θ − η d

    Without momentum this is θ ← θ − η g. As in PyTorch the learning rate stands outside the
    velocity; Sutskever et al. have it inside, which is the same until the rate changes. With
    ``weight_decay`` λ, g stands for g + λ θ; with ``maximize``, for −g.

    Source: Sutskever, Martens, Dahl and Hinton, "On the importance of initialization and momentum
    in deep learning", 2013. Their ε is ``lr``, their μ ``momentum``, their v is −η v here.

    Raises
    ------
    ValueError
        If a hyperparameter is out of its range, or ``nesterov`` is asked for without momentum or with
        dampening.

    Examples
    --------
    >>> import numpy as np
    >>> rule = SGD(lr=0.1, momentum=0.9)
    >>> parameter = np.array([1.0])
    >>> state = rule.start(np, parameter)
    >>> for _ in range(2):
    ...     parameter, state = rule.update(np, parameter, np.array([1.0]), state)
    >>> parameter.round(6).tolist()
    [0.71]
    """

    aliases: ClassVar[Mapping[str, Mapping[str, object]]] = {
        "gradient descent": {},
        "gd": {},
        "stochastic gradient descent": {},
        "batch gradient descent": {},
        "vanilla": {},
        "momentum": {"momentum": 0.9},
        "sgd momentum": {"momentum": 0.9},
        "sgd with momentum": {"momentum": 0.9},
        "gradient descent momentum": {"momentum": 0.9},
        "heavy ball": {"momentum": 0.9},
        "nesterov": {"momentum": 0.9, "nesterov": True},
        "nag": {"momentum": 0.9, "nesterov": True},
        "nesterov momentum": {"momentum": 0.9, "nesterov": True},
        "sgd nesterov": {"momentum": 0.9, "nesterov": True},
        "nesterov sgd": {"momentum": 0.9, "nesterov": True},
        "nesterov accelerated gradient": {"momentum": 0.9, "nesterov": True},
    }
    numbers: ClassVar[tuple[str, ...]] = ()

    lr: float = 1e-3
    momentum: float = 0.0
    dampening: float = 0.0
    weight_decay: float = 0.0
    nesterov: bool = False
    maximize: bool = False

    def __post_init__(self) -> None:
        """Refuse hyperparameters out of their range."""
        super().__post_init__()
        if self.nesterov and not self.momentum > 0:
            raise ValueError(
                f"nesterov needs a momentum above 0, e.g. momentum=0.9; got momentum={self.momentum!r}"
            )
        if self.nesterov and self.dampening:
            raise ValueError(f"nesterov needs dampening=0; got dampening={self.dampening!r}")

    def start(self, xp: Namespace, parameter: Float[Array, "*shape"]) -> State:
        """Start with nothing: the first velocity is the first gradient."""
        return {}

    def velocity(
        self, velocity: Float[Array, "*shape"] | None, gradient: Float[Array, "*shape"]
    ) -> Float[Array, "*shape"]:
        """Give μ v + (1 − τ) g; g where there is no v yet."""
        return gradient if velocity is None else self.momentum * velocity + (1 - self.dampening) * gradient

    def direction(
        self, velocity: Float[Array, "*shape"], gradient: Float[Array, "*shape"]
    ) -> Float[Array, "*shape"]:
        """Give what the parameter moves against."""
        return gradient + self.momentum * velocity if self.nesterov else velocity

    def moved(
        self, xp: Namespace, parameter: Float[Array, "*shape"], direction: Float[Array, "*shape"]
    ) -> Float[Array, "*shape"]:
        """Give θ − η d."""
        return plain_step(xp, parameter, self.lr, direction)

    def update(
        self, xp: Namespace, parameter: Float[Array, "*shape"], gradient: Float[Array, "*shape"], state: State
    ) -> tuple[Float[Array, "*shape"], State]:
        """Give θ − η d and the new velocity."""
        gradient = self.prepared(parameter, gradient)
        if not self.momentum:
            return self.moved(xp, parameter, gradient), state
        velocity = self.velocity(state.get("momentum_buffer"), gradient)
        direction = self.direction(velocity, gradient)
        return self.moved(xp, parameter, direction), {"momentum_buffer": velocity}
