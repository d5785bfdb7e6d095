"""Rprop: steps by the gradient's sign alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from backproof._typing import Array, Float, Namespace
from backproof.updates.update import State, UpdateRule, update_rule

__all__ = ["Rprop"]


@update_rule
@dataclass(frozen=True, kw_only=True)
class Rprop(UpdateRule):
    """Resilient backpropagation.

    With the gradient g, that of the step before g', the factors η⁻ < 1 < η⁺ and the bounds of a step:

    - where g g' > 0: s ← min(η⁺ s, largest), a longer step in the same direction
    - where g g' < 0: s ← max(η⁻ s, smallest), and g ← 0: a minimum was passed, so no step this time
    - θ ← θ − sign(g) s

    All steps s start at ``lr``. With ``maximize``, g stands for −g.

    Source: Riedmiller and Braun, "A direct adaptive method for faster backpropagation learning: the
    RPROP algorithm", 1993; without going back after a change of sign: Igel and Hüsken, "Improving
    the Rprop learning algorithm", 2000, Rprop⁻ with g ← 0. (η⁻, η⁺) is ``etas``, the bounds are
    ``step_sizes``.

    Raises
    ------
    ValueError
        If a hyperparameter is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> rule = Rprop(lr=0.1)
    >>> parameter = np.array([1.0])
    >>> state = rule.start(np, parameter)
    >>> for _ in range(2):
    ...     parameter, state = rule.update(np, parameter, np.array([5.0]), state)
    >>> parameter.round(6).tolist(), state["step_size"].round(6).tolist()
    ([0.78], [0.12])
    """

    aliases: ClassVar[Mapping[str, Mapping[str, object]]] = {
        "resilient propagation": {},
        "resilient backpropagation": {},
    }

    lr: float = 1e-2
    etas: tuple[float, float] = (0.5, 1.2)
    step_sizes: tuple[float, float] = (1e-6, 50)
    maximize: bool = False

    def __post_init__(self) -> None:
        """Refuse hyperparameters out of their range."""
        super().__post_init__()
        if not 0 < self.etas[0] < 1 < self.etas[1]:
            self.refuse("etas", "a factor between 0 and 1, then one above 1")

    def start(self, xp: Namespace, parameter: Float[Array, "*shape"]) -> State:
        """Start with steps of the learning rate, and no gradient before."""
        return {
            "step": 0,
            "prev": xp.zeros_like(parameter),
            "step_size": xp.full_like(parameter, self.lr),
        }

    def update(
        self, xp: Namespace, parameter: Float[Array, "*shape"], gradient: Float[Array, "*shape"], state: State
    ) -> tuple[Float[Array, "*shape"], State]:
        """Give θ − sign(g) s, with g, s and the step."""
        gradient = self.prepared(parameter, gradient)
        agreement, size = gradient * state["prev"], state["step_size"]
        shorter, longer = self.etas
        size = xp.where(agreement > 0, longer * size, xp.where(agreement < 0, shorter * size, size))
        size = xp.clip(size, *self.step_sizes)
        gradient = xp.where(agreement < 0, xp.zeros_like(gradient), gradient)
        after = {"step": state["step"] + 1, "prev": gradient, "step_size": size}
        return parameter - xp.sign(gradient) * size, after
